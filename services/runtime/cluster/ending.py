"""Why a worker ends by itself: what the same process cannot mend by trying again. Each has its exit code."""

from typing import ClassVar

from models.errors import WorldIsAway


class Ending(WorldIsAway):
    """The process must end, with `code`; nothing was committed that it should not have been."""

    code: ClassVar[int]


class OtherRules(Ending):
    """The store was derived with other rules, pages, value sets, calendars or feeds than this worker has."""

    code = 2


class OtherTopic(Ending):
    """A topic is not the one that was read: it was made anew, or cut off behind what was taken last."""

    code = 3


class Superseded(Ending):
    """Another process has started under the same instance id."""

    code = 4


class Gap(Ending):
    """Records were left out: an agent that failed went on with the next batch. Whoever starts anew reads them."""

    code = 70


class TopicGrew(Ending):
    """A topic has partitions of which this process knows nothing, so what lies there would wait unseen."""

    code = 70


class ReadingBroke(Ending):
    """What reads from Kafka failed, as at a record that cannot be parsed; nothing is read any more."""

    code = 70


class SeekTookTooLong(Ending):
    """The cursors could not be read in time; Faust would go on without reading anything (domain trial, §4.1)."""

    code = 75
