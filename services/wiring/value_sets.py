"""Read an installation's value sets, and the measure pages that need them: all that `value-sets check` asks for."""

from pathlib import Path

from models.errors import FileIsWrong
from services.measures.loading import Loaded
from services.measures.value_sets import ValueSets, read_value_sets
from services.wiring.measures import read_measures
from services.wiring.setup import measure_files, read_settings, value_set_files


def pages_and_sets(config: Path | None) -> tuple[Loaded, ValueSets]:
    """The measure pages, and the value sets that are loaded for them.

    Raises:
        FileIsWrong: every problem of the configuration, of the value sets or of the pages.
    """
    settings = read_settings(config)
    sets = read_value_sets(value_set_files(settings))
    loaded, problems = read_measures(measure_files(settings), sets)
    if problems:
        raise FileIsWrong(problems)
    return loaded, sets
