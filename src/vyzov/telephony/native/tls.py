"""TLS of SIP connections: which certificates are shown, which are believed, and why one is not.

TLS 1.2 at least. A carrier's certificate must lead to a known authority and bear the trunk's name;
there is no switch to turn that off. Phones are not asked for certificates, they sign in. Files that
changed are read again, so that a renewed certificate needs no restart.
"""

import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger("vyzov.engine.tls")


class NoTls(RuntimeError):
    """TLS cannot be spoken with the files that were given; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: our certificate with its chain, its key, and authorities to believe.

    Without `ca` the system's authorities are believed; with it, those in the file alone. Without
    `certificate` nothing is listened for, and carriers see no certificate of ours.
    """

    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None


class TlsContexts:
    """The settings of both sides of a handshake, read from the files when first needed."""

    def __init__(self, files: TlsFiles) -> None:
        """Reads nothing yet."""
        self._files = files
        self._read_as: dict[str, tuple[float, ...]] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}

    def client(self) -> ssl.SSLContext:
        """Returns what is needed to connect; raises `NoTls`."""
        return self._fresh("client")

    def server(self) -> ssl.SSLContext:
        """Returns what is needed to be connected to; raises `NoTls`."""
        return self._fresh("server")

    def _fresh(self, side: str) -> ssl.SSLContext:
        files = self._files
        paths = [path for path in (files.certificate, files.key, files.ca) if path is not None]
        try:
            stamp = tuple(path.stat().st_mtime for path in paths)
            if self._read_as.get(side) != stamp:
                self._contexts[side] = self._read(side)
                self._read_as[side] = stamp
        except OSError as error:  # Every error of ssl is one too.
            if side not in self._contexts:
                names = ", ".join(str(path) for path in paths)
                raise NoTls(
                    f"TLS needs {names}, which cannot be used: {error}; correct tls_certificate, "
                    "tls_key and tls_ca in the settings"
                ) from error
            log.warning("TLS goes on with the certificates it has; the new ones fail: %s", error)
        return self._contexts[side]

    def _read(self, side: str) -> ssl.SSLContext:
        files = self._files
        if side == "client":
            context = ssl.create_default_context(
                cafile=str(files.ca) if files.ca is not None else None
            )
        else:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if files.certificate is not None:
            key = files.key if files.key is not None else files.certificate
            context.load_cert_chain(files.certificate, key)
        return context


def why(error: BaseException) -> str:
    """Says in a few words why a connection failed, for people and for diagnosis.

    The words before the colon are fixed: `certificate refused`, `TLS failed`, `refused`, `reset`,
    `timed out`, `unreachable`.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    if isinstance(error, ConnectionRefusedError):
        return "refused: nobody listens there"
    if isinstance(error, ConnectionError):
        return f"reset: {error}"
    if isinstance(error, TimeoutError):
        return "timed out: the peer does not answer"
    return f"unreachable: {error}" if isinstance(error, OSError) else str(error)
