"""What can be set on a listener: one port is one feed."""

from pathlib import Path
from typing import Literal

import msgspec

from connectors.mllp.framing import MIB
from connectors.mllp.modes import AckMode


class TlsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """TLS on a listener. With `client_ca` the sender must show a certificate that it vouches for.

    `fingerprints` (SHA-256 of the certificate, hex, colons allowed) and `names` (subject alternative names) then say
    which of those certificates are this feed's; both empty: all. Name two while a certificate is being rotated. A
    self-signed certificate is its own `client_ca`.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None
    fingerprints: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if (self.fingerprints or self.names) and self.client_ca is None:
            raise ValueError("tls.fingerprints and tls.names need tls.client_ca: else no certificate is asked for")


class ListenerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One listener. Lengths of time are in seconds, sizes in bytes.

    `allow` lists (MSH-3, MSH-4); `*` stands for any; empty allows all. `processing_ids` refuses nobody: other
    messages are kept and answered, and counted as test traffic.
    """

    feed: str
    host: str = "127.0.0.1"
    port: int = 2575
    ack_mode: AckMode = "auto"
    on_unparsable: Literal["quarantine", "AE"] = "quarantine"
    on_disallowed: Literal["AR", "quarantine"] = "AR"
    processing_ids: frozenset[str] = frozenset({"P", ""})
    allow: frozenset[tuple[str, str]] = frozenset()
    hard_limit: int = 16 * MIB
    soft_limit: int = MIB
    discard_limit: int = 64 * MIB
    mid_block_timeout_s: float = 30
    idle_timeout_s: float | None = None
    keep_alive_s: int = 180
    write_timeout_s: float = 10
    ack_deadline_s: float = 10
    max_connections: int = 16
    max_in_flight: int = 64
    tls: TlsSettings | None = None
    tls_handshake_timeout_s: float = 2
