"""A sender whose TLS does not come about hears why and what to do, and never speaks in clear text instead."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from connectors.mllp.client import Client, NoHandshake, send
from connectors.mllp.settings import TlsSettings
from connectors.mllp.trust import client_context
from models.errors import FileIsWrong, WorldIsAway
from tests.unit.mllp.support import PATIENCE_S, adt, house


class Papers:
    """Certificates made for an hour: a good one, one for another name, one that has expired."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._make("ca", "-subj", "/CN=Test CA", "-days", "1")
        self.issue("server", "IP:127.0.0.1")
        self.issue("elsewhere", "DNS:elsewhere.example")
        self.issue("us", "DNS:us.example")
        # One day, begun ten years ago.
        self.issue("old", "IP:127.0.0.1", "-not_before", "20150101000000Z", "-not_after", "20150102000000Z")
        self._run("openssl", "ec", "-in", "us.key", "-aes256", "-passout", "pass:x", "-out", "locked.key")
        self._make("stranger", "-subj", "/CN=stranger", "-days", "1")

    def issue(self, name: str, alternative: str, *validity: str) -> None:
        self._run("openssl", "req", "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}", *KEY,
                  "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        folder = self._folder / f"{name}-issued"
        folder.mkdir()
        (folder / "index.txt").touch()
        (self._folder / "ca.conf").write_text(
            f"[ca]\ndefault_ca=here\n[here]\ndatabase={folder}/index.txt\nnew_certs_dir={folder}\nrand_serial=yes\n"
            "default_md=sha256\npolicy=any\ncopy_extensions=copy\n[any]\ncommonName=supplied\n"
        )
        when = [word.replace("not_before", "startdate").replace("not_after", "enddate") for word in validity]
        self._run("openssl", "ca", "-config", "ca.conf", "-batch", "-cert", "ca.pem", "-keyfile", "ca.key", "-notext",
                  *(when or ["-days", "1"]), "-in", f"{name}.csr", "-out", f"{name}.pem")  # fmt: skip

    def path(self, name: str) -> str:
        return str(self._folder / name)

    def tls(self, name: str = "server", **options: Path) -> TlsSettings:
        return TlsSettings(Path(self.path(f"{name}.pem")), Path(self.path(f"{name}.key")), **options)

    def _make(self, name: str, *options: str) -> None:
        self._run("openssl", "req", "-x509", *options, *KEY, "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def _run(self, *words: str) -> None:
        subprocess.run(words, cwd=self._folder, check=True, capture_output=True)


KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-batch")


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(tmp_path_factory.mktemp("papers"))


async def told(port: int, context: ssl.SSLContext | None, kind: type[WorldIsAway] = NoHandshake) -> str:
    with pytest.raises(kind) as raised:
        async for _ in send("127.0.0.1", port, [adt("1")], tls=context, server_name="127.0.0.1", timeout_s=PATIENCE_S,
                            retries=1, retry_delay_s=0 if kind is WorldIsAway else 60):  # fmt: skip
            pass
    return str(raised.value)


async def codes(port: int, context: ssl.SSLContext) -> list[str]:
    return [each.code async for each in send("127.0.0.1", port, [adt("1")], tls=context, server_name="127.0.0.1")]


@pytest.mark.parametrize(
    ("receiver", "ca", "what", "remedy"),
    [
        ("server", "stranger", "signed by nobody whom we trust", "--ca"),
        ("elsewhere", "ca", "for another address", "host name"),
        ("old", "ca", "has expired", "new certificate"),
    ],
)
async def test_a_certificate_that_does_not_do_is_named(
    papers: Papers, receiver: str, ca: str, what: str, remedy: str
) -> None:
    async with house(tls=papers.tls(receiver)) as at:
        said = await told(at.port, client_context(papers.path(f"{ca}.pem")))
        assert f"127.0.0.1:{at.port}: " in said
        assert what in said
        assert remedy in said
        assert at.keeper.lines == []


async def test_a_name_that_the_certificate_lacks_is_named(papers: Papers) -> None:
    async with house(tls=papers.tls("elsewhere")) as at:
        client = Client("127.0.0.1", at.port, tls=client_context(papers.path("ca.pem")), server_name="here.example")
        with pytest.raises(NoHandshake, match="for another name"):
            await client.connect()


async def test_a_receiver_that_closes_without_a_word_may_want_a_certificate(papers: Papers) -> None:
    async with house(tls=papers.tls(client_ca=Path(papers.path("ca.pem")))) as at:
        ca = papers.path("ca.pem")
        for context in (
            client_context(ca),
            client_context(ca, papers.path("stranger.pem"), papers.path("stranger.key")),
        ):
            said = await told(at.port, context, WorldIsAway)
            assert "closed right after the TLS handshake" in said
            assert "want a certificate of ours" in said
        ours = client_context(ca, papers.path("us.pem"), papers.path("us.key"))
        assert await codes(at.port, ours) == ["AA"]


@pytest.mark.parametrize(
    ("shown", "version", "says"),
    [
        ("", "-tls1_3", "wants a certificate of ours"),
        ("", "-tls1_2", "wants a certificate of ours"),
        ("stranger", "-tls1_3", "does not accept our certificate"),
        ("stranger", "-tls1_2", "does not accept our certificate"),
    ],
)
async def test_a_receiver_that_says_why_is_quoted(papers: Papers, shown: str, version: str, says: str) -> None:
    """OpenSSL's own server sends the alert that most receivers send."""
    server = await asyncio.create_subprocess_exec(
        "openssl", "s_server", "-accept", "127.0.0.1:0", version, "-cert", papers.path("server.pem"),
        "-key", papers.path("server.key"), "-Verify", "1", "-CAfile", papers.path("ca.pem"), "-verify_return_error",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert server.stdout
        port = 0
        while not port:
            line = (await asyncio.wait_for(server.stdout.readline(), PATIENCE_S)).decode()
            port = int(line.rpartition(":")[2]) if line.startswith("ACCEPT") else 0
        ours = (papers.path(f"{shown}.pem"), papers.path(f"{shown}.key")) if shown else ()
        assert says in await told(port, client_context(papers.path("ca.pem"), *ours))
    finally:
        server.kill()
        await server.wait()


async def test_tls_to_a_plain_port_is_named_and_so_is_clear_text_to_tls(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = client_context(papers.path("ca.pem"))
    # Who never answers is waited for as long as a handshake may take, and for a test that is a second.
    monkeypatch.setattr("connectors.mllp.client._HANDSHAKE_SHARE", 1 / PATIENCE_S)
    async with house() as at:
        # It waits for a block, or hangs up where the random bytes of a greeting happen to look like two of them.
        assert "Is it the right port" in await told(at.port, context)

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        assert "speaks no TLS" in await told(server.sockets[0].getsockname()[1], context)

    monkeypatch.undo()

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        assert "closed in the TLS handshake" in await told(server.sockets[0].getsockname()[1], context)

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 welcome\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        assert "speaks no TLS" in await told(server.sockets[0].getsockname()[1], context)
    async with house(tls=papers.tls()) as at:
        assert "want TLS (--ca)?" in await told(at.port, None, WorldIsAway)


@pytest.mark.parametrize(
    ("ca", "certificate", "key", "says"),
    [
        (None, None, "us.key", "--key\n  A key without its certificate"),
        ("ca.pem", None, "us.key", "--key\n  A key without its certificate"),
        ("ca.pem", "us.pem", None, "--cert\n  It holds no certificate with its key"),
        ("ca.pem", "us.pem", "server.key", "--cert, --key\n  It is no certificate, or no key of it"),
        ("ca.pem", "us.pem", "none.key", "--key\n  There is no such file"),
        ("none.pem", None, None, "--ca\n  It cannot be read"),
        ("us.key", None, None, "--ca\n  It is no certificate"),
        ("ca.pem", "us.pem", "locked.key", "--key\n  The key has a password"),
    ],
)
def test_half_of_what_tls_needs_is_refused(
    papers: Papers, ca: str | None, certificate: str | None, key: str | None, says: str
) -> None:
    with pytest.raises(FileIsWrong) as refused:
        client_context(*(name and papers.path(name) for name in (ca, certificate, key)))
    assert says in str(refused.value)


@pytest.fixture
def with_its_key(papers: Papers) -> str:
    both = Path(papers.path("both.pem"))
    both.write_text("".join(Path(papers.path(name)).read_text() for name in ("us.key", "us.pem")))
    return str(both)


async def test_a_certificate_may_bring_its_key_in_the_same_file(papers: Papers, with_its_key: str) -> None:
    async with house(tls=papers.tls(client_ca=Path(papers.path("ca.pem")))) as at:
        assert await codes(at.port, client_context(papers.path("ca.pem"), with_its_key)) == ["AA"]
