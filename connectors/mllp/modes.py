"""Which answers a message gets: original mode, enhanced mode, and what a feed makes of them. Pure.

```
           kept                 kept, unreadable      refused
original   AA                   AE                    AR
enhanced   MSH-15 AL,SU: CA     MSH-15 AL,SU: CA      MSH-15 AL,ER: CR, and that is all;
           MSH-16 AL,SU: AA     MSH-16 AL,ER: AE      else MSH-16 AL,ER: AR
aa_only    AA                   AA                    AA
none
```

Source: HL7 v2.5.1 chapter 2.9; interop R-13, R-15.
"""

from typing import Literal

import msgspec

from connectors.mllp.header import Header

AckMode = Literal["auto", "original", "enhanced", "aa_only", "none"]
Verdict = Literal["kept", "unreadable", "refused"]


class Wanted(msgspec.Struct, frozen=True):
    """What the sender asks for, once the feed's `ack_mode` has had its say.

    `accept` and `application` are MSH-15 and MSH-16 (AL, NE, ER, SU) and count in enhanced mode only.
    """

    mode: Literal["original", "enhanced", "aa_only", "none"]
    accept: str = "NE"
    application: str = "NE"

    def needs_reading(self, on_unparsable: str) -> bool:
        """Must the content be read before the answer?

        After a CA the sender moves on, so the application answer is told as it is. Where the application answer is
        the only one, the feed decides: by default an unreadable message is quarantined and answered AA, since an AE
        that a sender repeats for ever blocks every patient behind it.
        """
        if self.mode == "original":
            return on_unparsable == "AE"
        if self.mode == "enhanced" and self.application != "NE":
            return on_unparsable == "AE" or self.accept in ("AL", "SU")
        return False

    def codes(self, verdict: Verdict) -> tuple[str, ...]:
        """The answers, in the order in which they are sent."""
        if self.mode == "none":
            return ()
        if self.mode == "aa_only":
            return ("AA",)
        if self.mode == "original":
            return ({"kept": "AA", "unreadable": "AE", "refused": "AR"}[verdict],)
        if verdict == "refused":
            if self.accept in ("AL", "ER"):
                return ("CR",)
            return ("AR",) if self.application in ("AL", "ER") else ()
        commit = ("CA",) if self.accept in ("AL", "SU") else ()
        if verdict == "kept":
            return commit + (("AA",) if self.application in ("AL", "SU") else ())
        return commit + (("AE",) if self.application in ("AL", "ER") else ())


def wanted(header: Header, ack_mode: AckMode) -> Wanted:
    """Say what is asked for: a valued MSH-15 or MSH-16 means enhanced mode, and the empty one of the two then NE.

    A feed set to `enhanced` whose sender values neither is answered as if MSH-15 were AL.
    """
    if ack_mode in ("original", "aa_only", "none"):
        return Wanted(ack_mode)
    accept, application = _condition(header.field(15)), _condition(header.field(16))
    if not accept and not application:
        return Wanted("original") if ack_mode == "auto" else Wanted("enhanced", accept="AL")
    return Wanted("enhanced", accept or "NE", application or "NE")


def _condition(value: bytes) -> str:
    word = value.strip().upper().decode("ascii", "replace")
    # An unknown word is still a wish for an answer, and one answer too many is the smaller harm.
    return word if word in ("", "AL", "NE", "ER", "SU") else "AL"
