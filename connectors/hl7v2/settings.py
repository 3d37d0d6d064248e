"""The words of a `feeds:` page: where a feed listens, whom it trusts, how it answers. A closed vocabulary."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from connectors.hl7v2.charset import is_known
from models.pages import host_and_port, zone_name


def _is_address(value: object) -> object:
    if not (isinstance(value, str) and host_and_port(value)):
        known = value if isinstance(value, int) and 0 < value <= 65535 else 2575  # YAML reads a port alone as a number
        raise ValueError(f"{value!r} is no address to listen on.\nWrite HOST:PORT, such as 0.0.0.0:{known}.")
    return value


def _is_charset(name: str) -> str:
    if name and not is_known(name):
        raise ValueError(
            f"{name!r} is no character set that is known here.\nWrite one of HL7 table 0211, such as 8859/1."
        )
    return name


class Words(BaseModel):
    """The base of every mapping in a page: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Sender(Words):
    """A sender that may speak on the feed: MSH-3 and MSH-4, first component; an absent one admits any."""

    app: str | None = None
    facility: str | None = None


class Limits(Words):
    """Sizes and counts (R-07, R-31)."""

    connections: int = Field(default=16, ge=1, le=10_000)
    frame_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    discard_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)


class Timeouts(Words):
    """Seconds (R-05, R-18, R-31). `idle` null: a quiet connection is kept for ever."""

    frame: float = Field(default=30, gt=0)
    idle: float | None = Field(default=None, gt=0)
    write: float = Field(default=10, gt=0)
    handshake: float = Field(default=2, gt=0)
    ack_deadline: float = Field(default=10, gt=0)


class Tls(Words):
    """PEM files; with `client_ca` the sender must show a certificate that it signed (R-30)."""

    cert: str = Field(min_length=1)
    key: str = Field(min_length=1)
    client_ca: str | None = None


class FeedSettings(Words):
    """One feed. `processing_ids` null admits any MSH-11; left out, a feed that listens takes P and empty. A `shadow`
    feed is kept, answered and matched, and nothing of it leaves the system.
    """

    listen: Annotated[str, BeforeValidator(_is_address)] | None = None
    profile: str = "default"
    time_zone: Annotated[str, AfterValidator(zone_name)] | None = None
    charset: Annotated[str, AfterValidator(_is_charset)] = ""
    ack_mode: Literal["auto", "original", "enhanced", "aa_only", "none"] = "auto"
    on_unparsable: Literal["quarantine", "AE"] = "quarantine"
    on_disallowed: Literal["AR", "quarantine"] = "AR"
    processing_ids: tuple[str, ...] | None = None
    shadow: bool = False
    allow: tuple[Sender, ...] = ()
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()
    tls: Tls | None = None

    @model_validator(mode="after")
    def _production_only(self) -> Self:
        if self.listen is None or "processing_ids" in self.model_fields_set:
            return self
        return self.model_copy(update={"processing_ids": ("P", "")})

    def admits(self, app: str, facility: str) -> bool:
        """Say whether the allow list admits a sender; an empty list admits all."""
        pairs = ((one.app, one.facility) for one in self.allow)
        return not self.allow or any(a in {None, app} and f in {None, facility} for a, f in pairs)
