"""Whom a record is about: a member, or something that only files and programs speak of.

Such other subjects live among the members' records under ids that begin with `@`, which no member's id may. They are
counted and explained like members and never listed as such.
"""

from models.patients import key_of

_FILES, _INPUTS, _SUBMISSION = "@files", "@inputs", "@submission"


def files_of(mcp_id: str, provider_id: str) -> str:
    """The subject of the return files that a provider sends to a plan: `@files|PLANA|P1`."""
    return key_of(_FILES, mcp_id, provider_id)


def inputs_of(program: str, provider_id: str) -> str:
    """The subject of what a program is told about a provider: `@inputs|plan_a.qip|P1`."""
    return key_of(_INPUTS, program, provider_id)


def submission_of(submission: str) -> str:
    """The subject of what people decided about a submission: `@submission|ipp.5`."""
    return f"{_SUBMISSION}|{submission}"


def is_member(subject: str) -> bool:
    """Say whether a subject is a member."""
    return not subject.startswith("@")


def is_files(subject: str) -> bool:
    """Say whether a subject is a provider's return files to a plan."""
    return subject.startswith(f"{_FILES}|")
