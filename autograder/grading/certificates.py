"""`autograder certificates DIR`: what the machines of a cluster know each other by.

Dask asks of everybody who connects for a certificate that one authority has signed, and of nothing
else. So there is one certificate for all machines of a course, and the authority's own key is
forgotten: nobody can ever make a second one.
"""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from autograder.course.secret import private
from autograder.errors import UserError

DAYS = 365
AUTHORITY, CERTIFICATE, KEY = "ca.pem", "certificate.pem", "key.pem"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder certificates` takes."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder to be made")
    parser.add_argument(
        "--days", metavar="N", type=int, default=DAYS, help=f"how long they hold (default: {DAYS})"
    )


def run(arguments: argparse.Namespace) -> None:
    """Make the certificates and say what they are for."""
    folder = create_certificates(arguments.folder, arguments.days)
    print(
        f"Made {AUTHORITY}, {CERTIFICATE} and {KEY} in {folder}, for {arguments.days} days. Copy "
        "them to each machine of the cluster; whoever has them can run programs there."
    )


def create_certificates(folder: Path, days: int = DAYS) -> Path:
    """Make a folder with an authority, a certificate that it has signed, and the latter's key.

    Raises:
        UserError: something stands at `folder` already, or the days are none.
    """
    folder = folder.expanduser().resolve()
    if folder.exists():
        raise UserError(f"{folder} exists and is left as it is; give the name of a new folder")
    if days < 1:
        raise UserError("certificates should hold for a day at least; see --days")
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _signed("Authority of a grading cluster", authority_key, None, authority_key, days)
    certificate = _signed("Grading cluster", key, authority, authority_key, days)
    folder.mkdir(parents=True, mode=0o700)
    for name, content in {
        AUTHORITY: authority.public_bytes(serialization.Encoding.PEM),
        CERTIFICATE: certificate.public_bytes(serialization.Encoding.PEM),
        KEY: key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    }.items():
        with open(folder / name, "xb", opener=private) as file:
            file.write(content)
    return folder


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate | None,
    authority_key: ec.EllipticCurvePrivateKey,
    days: int,
) -> x509.Certificate:
    """Return a certificate; without an authority it is one."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(minutes=10)  # clocks differ
    is_authority = authority is None
    usage = x509.KeyUsage(
        digital_signature=not is_authority, key_cert_sign=is_authority, crl_sign=is_authority,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if is_authority else authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), True)
        .add_extension(usage, True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), False
        )
    )
    if not is_authority:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), False)
    return builder.sign(authority_key, hashes.SHA256())
