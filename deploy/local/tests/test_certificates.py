import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from stack import tls


def load(file):
    return x509.load_pem_x509_certificate(file.read_bytes())


def test_a_service_is_verified_by_its_name_on_both_sides(tmp_path):
    tls.issue(tmp_path, ["menus"])
    cert, ca = load(tmp_path / "menus" / "cert.pem"), load(tmp_path / "menus" / "ca.pem")
    policy = PolicyBuilder().store(Store([ca]))
    policy.build_server_verifier(x509.DNSName("menus")).verify(cert, [])
    with pytest.raises(VerificationError):
        policy.build_server_verifier(x509.DNSName("catalog")).verify(cert, [])
    with pytest.raises(VerificationError):
        policy.build_server_verifier(x509.DNSName("localhost")).verify(cert, [])
    policy.build_client_verifier().verify(cert, [])
    usage = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}


def test_the_ca_lives_ten_years_and_signs_only(tmp_path):
    tls.issue(tmp_path, ["menus"])
    ca = load(tmp_path / "ca" / "ca.pem")
    assert ca.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3650)
    usage = ca.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_cert_sign
    assert not usage.digital_signature


def test_issuing_again_keeps_good_files_and_mends_missing_ones(tmp_path):
    tls.issue(tmp_path, ["auth", "menus"])
    before = (tmp_path / "auth" / "cert.pem").read_bytes()
    (tmp_path / "menus" / "key.pem").unlink()
    tls.issue(tmp_path, ["auth", "menus"])
    assert (tmp_path / "auth" / "cert.pem").read_bytes() == before
    context = ssl.create_default_context(cafile=tmp_path / "menus" / "ca.pem")
    context.load_cert_chain(tmp_path / "menus" / "cert.pem", tmp_path / "menus" / "key.pem")


def test_old_certificates_and_those_of_another_ca_are_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(tls, "SERVICE_LIFE", timedelta(days=20))
    tls.issue(tmp_path, ["auth"])
    monkeypatch.undo()
    tls.issue(tmp_path, ["auth"])
    cert = load(tmp_path / "auth" / "cert.pem")
    assert cert.not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)
    (tmp_path / "ca" / "ca.key").unlink()
    tls.issue(tmp_path, ["auth"])
    assert (tmp_path / "auth" / "ca.pem").read_bytes() == (tmp_path / "ca" / "ca.pem").read_bytes()
    load(tmp_path / "auth" / "cert.pem").verify_directly_issued_by(load(tmp_path / "ca" / "ca.pem"))


def test_keys_are_only_their_owners(tmp_path):
    tls.issue(tmp_path / "tls", ["menus"])
    for file in (tmp_path / "tls").rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) == (0o700 if file.is_dir() else 0o600), file
