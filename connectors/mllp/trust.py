"""TLS for a sender: whom it trusts, what it shows, and in words why a handshake failed."""

import ssl
from pathlib import Path

from models.errors import FileIsWrong, Problem

Remedy = tuple[str, str]
"""What is wrong, and what to do about it."""

_EXPIRED, _NOT_YET, _OTHER_NAME, _OTHER_ADDRESS = 10, 9, 62, 64
_TIME = "the receiver's certificate has expired, or is not valid yet"
_VERIFIED: dict[int, Remedy] = {  # X509_V_ERR_*, by number
    _EXPIRED: (_TIME, "Ask the receiver for a new certificate; is our own clock right?"),
    _NOT_YET: (_TIME, "Is our own clock right?"),
    _OTHER_NAME: (
        "the receiver's certificate is for another name",
        "Name the receiver by a name in its certificate, or ask for one with this name.",
    ),
    _OTHER_ADDRESS: (
        "the receiver's certificate is for another address",
        "Name the receiver by the host name in its certificate, or ask for one with this address.",
    ),
}
_STRANGER: Remedy = (
    "the receiver's certificate is signed by nobody whom we trust",
    "Give the certificate of the authority that signed it (--ca); its own one, when it signed itself.",
)
_ASKED: Remedy = (
    "the receiver wants a certificate of ours",
    "Give one that it trusts, and its key (--cert, --key).",
)
_OURS: Remedy = (
    "the receiver does not accept our certificate",
    "Is it the one agreed on (--cert), signed by the receiver's authority, and still valid?",
)
_PLAIN: Remedy = (
    "what answers there speaks no TLS",
    "Is it the right port? To send in clear text leave out --ca and --cert.",
)
PORT = "Is it the right port, and does it speak TLS 1.2 or later?"
_ALERTS: tuple[tuple[str, Remedy], ...] = (  # parts of OpenSSL's names
    ("CERTIFICATE_REQUIRED", _ASKED),
    ("ALERT_HANDSHAKE_FAILURE", _ASKED),
    ("ALERT_UNKNOWN_CA", _OURS),
    ("ALERT_BAD_CERTIFICATE", _OURS),
    ("ALERT_CERTIFICATE", _OURS),
    ("ALERT_DECRYPT_ERROR", _OURS),
    ("ALERT_ACCESS_DENIED", _OURS),
    ("WRONG_VERSION_NUMBER", _PLAIN),
    ("RECORD_LAYER_FAILURE", _PLAIN),
    ("HTTP_REQUEST", _PLAIN),
)


def client_context(ca: str | None = None, certificate: str | None = None, key: str | None = None) -> ssl.SSLContext:
    """TLS for a sender: trust `ca` (default: the system's authorities), show `certificate`.

    Args:
        ca, certificate, key: PEM files. The key may stand in the certificate's file.

    Raises:
        FileIsWrong: a file is missing, or is no certificate or key, or the two do not belong together.
    """
    if key is not None and certificate is None:
        what = "A key without its certificate: nothing could be shown, and nothing would be encrypted."
        raise _wrong("command line", "--key", what, "Give the certificate too (--cert).")
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise _wrong(ca or "", "--ca", _of(error, "no certificate"), "Name a PEM file of certificates.") from None
    if certificate is not None:
        _show(context, certificate, key)
    return context


def _show(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    for path, option in ((certificate, "--cert"), (key, "--key")):
        if path is not None and not Path(path).is_file():
            raise _wrong(path, option, "There is no such file.", "Correct the path.")
    try:
        # Without this OpenSSL would ask a terminal for the key's password, and wait.
        context.load_cert_chain(certificate, key, password=_no_password)
    except _Locked:
        raise _wrong(key or certificate, "--key", "The key has a password.", "Give a key without one.") from None
    except OSError as error:
        if key is None:
            what, remedy = "It holds no certificate with its key.", "Give the key too (--key)."
            raise _wrong(certificate, "--cert", what, remedy) from None
        what = _of(error, "no certificate, or no key of it")
        raise _wrong(certificate, "--cert, --key", what, "Name PEM files; the key must be the certificate's.") from None


class _Locked(Exception):
    """A key asks for a password."""


def _no_password() -> str:
    raise _Locked


def why_not(error: Exception) -> Remedy | None:
    """A handshake's failure in words; None for what has nothing to do with TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFIED.get(error.verify_code, _STRANGER)
    if isinstance(error, ssl.SSLError):
        named = error.reason or str(error)
        return next((words for part, words in _ALERTS if part in named), (f"the TLS handshake failed ({named})", PORT))
    # asyncio's own word for a handshake that nobody answered.
    return _PLAIN if isinstance(error, ConnectionAbortedError) and "handshake" in str(error) else None


def _of(error: OSError, what: str) -> str:
    return f"It cannot be read: {error.strerror}." if not isinstance(error, ssl.SSLError) else f"It is {what}."


def _wrong(path: str, option: str, what: str, remedy: str) -> FileIsWrong:
    return FileIsWrong([Problem(path, 1, option, what, remedy)])
