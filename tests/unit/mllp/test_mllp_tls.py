"""R-30: TLS, mutual TLS, and whose certificate is the feed's. Certificates are made here, for an hour."""

import asyncio
import hashlib
import ssl
import subprocess
from pathlib import Path

import pytest

from connectors.mllp.client import send
from connectors.mllp.listener import Listener
from connectors.mllp.settings import ListenerSettings, TlsSettings
from connectors.mllp.trust import client_context
from models.errors import FileIsWrong, WorldIsAway
from tests.unit.mllp.support import PATIENCE_S, MemoryKeeper, adt, house, until


class Certificates:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._openssl("req", "-x509", "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem")
        for name in ("server", "hie-west", "hie-east"):
            self.issue(name)
        self._openssl("req", "-x509", "-subj", "/CN=stranger", "-keyout", "stranger.key", "-out", "stranger.pem")

    def issue(self, name: str) -> None:
        self._openssl("req", "-x509", "-subj", f"/CN={name}", "-CA", "ca.pem", "-CAkey", "ca.key",
                      "-addext", f"subjectAltName=DNS:{name}.example,IP:127.0.0.1",
                      "-addext", "basicConstraints=critical,CA:FALSE",
                      "-keyout", f"{name}.key", "-out", f"{name}.pem")  # fmt: skip

    def path(self, name: str) -> Path:
        return self.folder / name

    def fingerprint(self, name: str) -> str:
        der = ssl.PEM_cert_to_DER_cert(self.path(f"{name}.pem").read_text())
        digits = hashlib.sha256(der).hexdigest().upper()
        return ":".join(digits[at : at + 2] for at in range(0, 64, 2))

    def settings(self, **options: object) -> TlsSettings:
        return TlsSettings(certificate=self.path("server.pem"), key=self.path("server.key"), **options)

    def client(self, name: str | None = None) -> ssl.SSLContext:
        ca = str(self.path("ca.pem"))
        if name is None:
            return client_context(ca)
        return client_context(ca, str(self.path(f"{name}.pem")), str(self.path(f"{name}.key")))

    def _openssl(self, command: str, *arguments: str) -> None:
        subprocess.run(
            ["openssl", command, *arguments, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "1", "-batch"],
            cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


async def outcome(port: int, context: ssl.SSLContext | None, *messages: bytes) -> list[str]:
    return [each.code async for each in send("127.0.0.1", port, messages, tls=context, timeout_s=PATIENCE_S)]


async def test_a_sender_may_speak_tls(certificates: Certificates) -> None:
    async with house(tls=certificates.settings()) as at:
        large = adt("2") + b"NTE|" + b"x" * 1_000_000
        assert await outcome(at.port, certificates.client(), adt("1"), large) == ["AA", "AA"]
        assert at.keeper.bodies == [adt("1"), large]


async def test_pipelined_answers_come_in_order_over_tls(certificates: Certificates) -> None:
    context = certificates.client()
    async with house(tls=certificates.settings()) as at, at.sender(ssl=context) as sender:
        await sender.send(*(adt(str(number)) for number in range(300)))
        assert [(await sender.code())[1] for _ in range(300)] == [str(number) for number in range(300)]


async def test_plain_senders_do_not_get_in(certificates: Certificates) -> None:
    async with house(tls=certificates.settings()) as at, at.sender() as sender:
        await sender.send(adt("1"))
        assert await sender.silent_until_closed()
        await until(lambda: at.listener.stats.tls_failures == 1)
        assert at.keeper.lines == []


async def test_a_handshake_that_stalls_is_cut_off(certificates: Certificates) -> None:
    async with house(tls=certificates.settings(), tls_handshake_timeout_s=0.1) as at, at.sender() as sender:
        assert await sender.silent_until_closed()
        await until(lambda: at.listener.stats.tls_failures == 1)
        await until(lambda: at.listener.stats.open_connections == 0)


@pytest.mark.parametrize("name", [None, "stranger"])
async def test_mutual_tls_keeps_others_out(certificates: Certificates, name: str | None) -> None:
    async with house(tls=certificates.settings(client_ca=certificates.path("ca.pem"))) as at:
        with pytest.raises(WorldIsAway):
            await outcome(at.port, certificates.client(name), adt("1"))
        assert await outcome(at.port, certificates.client("hie-west"), adt("1")) == ["AA"]
        assert len(at.keeper.lines) == 1


async def test_only_the_feeds_own_certificates_are_admitted(certificates: Certificates) -> None:
    by_fingerprint = {"fingerprints": frozenset({certificates.fingerprint("hie-west")})}
    by_name = {"names": frozenset({"hie-west.example", "hie-west-2.example"})}
    for admitted in (by_fingerprint, by_name):
        tls = certificates.settings(client_ca=certificates.path("ca.pem"), **admitted)
        async with house(tls=tls) as at:
            assert await outcome(at.port, certificates.client("hie-west"), adt("1")) == ["AA"]
            with pytest.raises(WorldIsAway):
                await outcome(at.port, certificates.client("hie-east"), adt("2"))
            assert at.keeper.bodies == [adt("1")]
            assert at.listener.stats.tls_failures == 1


async def test_certificates_are_replaced_without_dropping_connections(certificates: Certificates) -> None:
    context = certificates.client()
    async with house(tls=certificates.settings()) as at, at.sender(ssl=context) as old:
        assert await old.ask(adt("1")) == "AA"
        before = certificates.fingerprint("server")
        certificates.issue("server")
        at.listener.reload_certificates()
        async with at.sender(ssl=context) as new:
            shown = new.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            assert hashlib.sha256(shown).hexdigest() != before.replace(":", "").lower()
            assert [await new.ask(adt("2")), await old.ask(adt("3"))] == ["AA", "AA"]


async def test_a_sender_that_closes_over_tls_is_kept(certificates: Certificates) -> None:
    keeper = MemoryKeeper()
    keeper.gate = asyncio.Event()
    async with house(tls=certificates.settings(), keeper=keeper) as at:
        async with at.sender(ssl=certificates.client()) as sender:
            await sender.send(adt("1"))
            await until(lambda: keeper.concurrent == 1)
        await until(lambda: at.listener.stats.open_connections == 0)
        keeper.gate.set()
        await until(lambda: keeper.events == ["kept 1"])


async def test_a_certificate_that_is_none_is_told(certificates: Certificates, tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    for tls in (
        TlsSettings(certificate=tmp_path / "missing.pem", key=certificates.path("server.key")),
        TlsSettings(certificate=tmp_path / "bad.pem", key=certificates.path("server.key")),
        certificates.settings(client_ca=tmp_path / "bad.pem"),
    ):
        listener = Listener(ListenerSettings(feed="F1", port=0, tls=tls), MemoryKeeper(), lambda *_: None)
        with pytest.raises(FileIsWrong, match=r"\.pem:1: tls\."):
            await listener.start()


def test_pinning_needs_an_authority(certificates: Certificates) -> None:
    with pytest.raises(ValueError, match="client_ca"):
        certificates.settings(names=frozenset({"hie-west.example"}))
