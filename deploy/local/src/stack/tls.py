"""The local certificate authority and one certificate per service (gRPC over mutual TLS)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stack.files import private_folder, write_private

CA_LIFE = timedelta(days=3652)
SERVICE_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
CLOCK_SKEW = timedelta(hours=1)


def issue(directory: Path, names: Iterable[str]) -> None:
    """Make `ca/` and one folder (ca.pem, cert.pem, key.pem) per name; keep what is still good."""
    authority, key = _authority(private_folder(directory / "ca"))
    for name in names:
        folder = private_folder(directory / name)
        if not _is_current(folder, authority):
            _issue_one(folder, name, authority, key)


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    cert_file, key_file = folder / "ca.pem", folder / "ca.key"
    if cert_file.exists() and key_file.exists():
        cert = x509.load_pem_x509_certificate(cert_file.read_bytes())
        key = load_pem_private_key(key_file.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and _lasts(cert):
            return cert, key
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tastebuds"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Tastebuds local CA"),
        ]
    )
    cert = (
        _builder(subject, subject, key.public_key(), CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    write_private(key_file, _pem(key))
    write_private(cert_file, cert.public_bytes(Encoding.PEM))
    return cert, key


def _issue_one(
    folder: Path, name: str, authority: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    both_sides = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    cert = (
        _builder(subject, authority.subject, own.public_key(), SERVICE_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both_sides), critical=False)
        # The name is the identity, so no certificate also speaks for "localhost".
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .sign(key, SHA256())
    )
    write_private(folder / "key.pem", _pem(own))
    write_private(folder / "ca.pem", authority.public_bytes(Encoding.PEM))
    write_private(folder / "cert.pem", cert.public_bytes(Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _is_current(folder: Path, authority: x509.Certificate) -> bool:
    """False when anything is missing (an interrupted first boot), old, or of an earlier CA."""
    files = [folder / name for name in ("ca.pem", "key.pem", "cert.pem")]
    if not all(file.exists() for file in files):
        return False
    cert = x509.load_pem_x509_certificate(files[2].read_bytes())
    key = load_pem_private_key(files[1].read_bytes(), password=None)
    return (
        files[0].read_bytes() == authority.public_bytes(Encoding.PEM)
        and cert.public_key() == key.public_key()
        and cert.issuer == authority.subject
        and _lasts(cert)
    )


def _lasts(cert: x509.Certificate) -> bool:
    return cert.not_valid_after_utc > datetime.now(UTC) + RENEW_BEFORE


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
