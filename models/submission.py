"""What people decide about a submission: who answers for it, and that it is sent as it stands."""

from typing import Literal

import msgspec

from models.subjects import submission_of
from models.time import Instant


class SubmissionDecision(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="fact", tag="submission"):
    """A contact was named, or the values were frozen.

    Args:
        round: the submission's id (`ipp.5`).
        name, email: of a contact.
        values: of a freeze, sorted (field, exact value) pairs such as `("cbp", "5/8")`; "" where there was none.
    """

    at: Instant
    by: str
    action: Literal["contact", "freeze"]
    round: str
    name: str = ""
    email: str = ""
    values: tuple[tuple[str, str], ...] = ()
    reason: str = ""

    @property
    def subject(self) -> str:
        """Whose record holds it: the submission's."""
        return submission_of(self.round)
