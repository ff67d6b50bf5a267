"""Which partners there are, whether this machine has them, and the certificates of their TLS."""

import datetime as dt
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import partner_asterisk_registrar  # noqa: F401 - enters its checks into the list
from check_list import TLS_NAME
from partner_asterisk import AsteriskPartner
from partner_baresip import BaresipPartner
from partner_kamailio import KamailioPartner, module_folders
from partner_sipp import SippPartner

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import asterisk

PARTNERS: dict[str, Callable[[Path, int, Path], Any]] = {
    "sipp": SippPartner,
    "baresip": BaresipPartner,
    "kamailio": KamailioPartner,
    "asterisk": AsteriskPartner,
}
PACKAGES = {"sipp": "sip-tester", "baresip": "baresip-core"}


def absent(partner: str) -> str:
    """Why a partner cannot take part on this machine, and what to do; "" where it can."""
    if partner == "asterisk":
        try:
            asterisk.fetch()
        except asterisk.Missing as error:
            return str(error)
        return ""
    if partner == "kamailio":
        if shutil.which("kamailio", path="/usr/sbin:/usr/local/sbin:/usr/bin") is None:
            return "not installed; apt-get install kamailio kamailio-tls-modules"
        if not any((folder / "tls.so").exists() for folder in module_folders()):
            return "its TLS is not installed; apt-get install kamailio-tls-modules"
        return ""
    if shutil.which(partner) is None:
        return f"not installed; apt-get install --no-install-recommends {PACKAGES[partner]}"
    return ""


def make_certificates(folder: Path) -> Path:
    """Makes an authority of our own and a certificate for `TLS_NAME`; returns the folder of both."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder.mkdir(parents=True, exist_ok=True)
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def builder(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named("authority.example"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
        )

    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = (
        builder("authority.example", authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    leaf = (
        builder(TLS_NAME, own)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(TLS_NAME)]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(root.public_bytes(pem))
    (folder / "partner.pem").write_bytes(leaf.public_bytes(pem))
    (folder / "partner.key").write_bytes(
        own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder
