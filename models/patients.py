"""How a source patient is called: `feed|authority|value`, the unit of merging and linking.

A bar or percent sign inside a part is written as in a URL, so that a key has three parts whatever a feed is called.
"""


def key_of(feed: str, authority: str, value: str) -> str:
    """The key of a patient identifier."""
    joined = f"{feed}{authority}{value}"
    if "|" in joined or "%" in joined:
        feed, authority, value = map(_written, (feed, authority, value))
    return f"{feed}|{authority}|{value}"


def feed_of(key: str) -> str:
    """The feed that speaks of the patient."""
    return key.partition("|")[0].replace("%7C", "|").replace("%25", "%")


def prefix_of(feed: str) -> str:
    """What the keys of a feed's patients begin with, and no others."""
    return f"{_written(feed)}|"


def _written(part: str) -> str:
    return part.replace("%", "%25").replace("|", "%7C")
