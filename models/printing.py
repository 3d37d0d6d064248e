"""Text from outside, where people read it."""


def printable(text: str) -> str:
    """Text on one line that no terminal obeys: what cannot be printed is escaped."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
