"""Where a discharge goes, in codes of UB-04 field 17, which HL7 v2 table 0112 shares.

Source: contract, "Community discharge" (from the UB-04 codes).
"""

_ELSEWHERE = {"02", "03", "04", "05", "20", "21", "30", "40", "41", "42", "43", "50", "51"}
_ELSEWHERE |= {"61", "62", "63", "64", "65", "66", "70"}
# 81 to 95 say "with a planned readmission": 81 twins 01 (home) and 86 twins 06 (home health), 87 is law enforcement.
_TWINS = {"82", "83", "84", "85", "87", "88", "89", "90", "91", "92", "93", "94", "95"}
NOT_COMMUNITY: frozenset[str] = frozenset(_ELSEWHERE | _TWINS)
"""After these the member is not at home: no follow-up clock starts. Empty and unknown codes count as home."""

DIED: frozenset[str] = frozenset({"20", "40", "41", "42"})
"""The stay ended in death; 40 to 42 say where a hospice patient died."""
