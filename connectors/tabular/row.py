"""What every row at the border has: cells by column name, and marks on what a person should look at."""

from pydantic import AfterValidator, BaseModel, ConfigDict

from connectors.tabular.cells import wrong


class Row(BaseModel):
    """A row at the border: cells by column name, white space already stripped; unknown columns are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def marks(self) -> tuple[str, ...]:
        """What a person should look at, `what:column`, though the row was taken."""
        return ()


def one_of(words: frozenset[str]) -> AfterValidator:
    """Admit only these words, and an empty cell."""

    def check(word: str) -> str:
        if word and word not in words:
            raise wrong("unknown_word", f"Write one of: {', '.join(sorted(words))}.")
        return word

    return AfterValidator(check)
