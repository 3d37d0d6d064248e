"""Why a file is refused whole, and what would make it readable. A header row's own words are never shown: a file
without one begins with a person.
"""

from connectors.files.sniffing import HEAD_BYTES, FileKind
from connectors.tabular.kinds import kind_of, resembling
from connectors.tabular.records import cells, record_end

_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def why_not(kind: FileKind | None, head: bytes) -> tuple[str, str]:
    """What is wrong with a file of this kind, and the remedy.

    Args:
        kind: `archive`, or None for what `sniff` does not know. head: the file's first bytes.
    """
    if kind == "archive":
        return "An archive (gzip, zip or the like); archives come later.", "Unpack it first."
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    header = text[: min(record_end(text, 0), HEAD_BYTES // 4)].decode("utf-8", "replace")
    for sign, name in _DELIMITERS.items():
        if header.count(sign) > header.count(",") and kind_of(header.split(sign)):
            return f"A table whose columns are parted by {name}.", "Save it with commas."
    if near := resembling(cells(header)):
        like, lacks = near
        named = f"the column{'s' * (len(lacks) > 1)} {', '.join(lacks)}"
        return f"A table like {like}, without {named}.", "Add what is missing to the header row, and to each row."
    remedy = "Send HL7 v2, our journal NDJSON, FHIR JSON, or CSV in UTF-8 whose header row has a known kind's columns."
    return "The content is of no kind that we know.", remedy
