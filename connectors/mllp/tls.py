"""Who may connect: server contexts, and whether a sender's certificate is the feed's."""

import hashlib
import ssl

from connectors.mllp.settings import TlsSettings
from models.errors import FileIsWrong, Problem


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """Read the certificates.

    Raises:
        FileIsWrong: a file is missing, or is no certificate or key, or the two do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.certificate, settings.key)
    except OSError as error:
        raise _wrong(str(settings.certificate), "tls.certificate, tls.key", error) from error
    if settings.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        # A pinned certificate, self-signed or issued, is trusted as it is.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(settings.client_ca)
        except OSError as error:
            raise _wrong(str(settings.client_ca), "tls.client_ca", error) from error
    return context


def admits(settings: TlsSettings, connected: ssl.SSLObject) -> bool:
    """Say whether the certificate shown is one of the feed's."""
    if not settings.fingerprints and not settings.names:
        return True
    binary, told = connected.getpeercert(binary_form=True), connected.getpeercert()
    if binary is None or told is None:
        return False
    fingerprint = hashlib.sha256(binary).hexdigest()
    shown = {name[1] for name in told.get("subjectAltName", ()) if isinstance(name, tuple)}
    return fingerprint in map(_bare, settings.fingerprints) or bool(shown & settings.names)


def _bare(fingerprint: str) -> str:
    return fingerprint.replace(":", "").strip().lower()


def _wrong(path: str, field: str, error: OSError) -> FileIsWrong:
    what = error.strerror or type(error).__name__
    return FileIsWrong([Problem(path, 1, field, what, "Name a readable PEM file; the key must be the certificate's.")])
