"""A museum's own certificates, made for a test run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio import files
from tratteggio.cli.main import app

x509 = pytest.importorskip("cryptography.x509")
pytest.importorskip("c2pa")

from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: E402

PEM = serialization.Encoding.PEM


def issue(name, issuer=None, *, days=(-10, 300), curve=None):
    """Return a certificate and its key; without an issuer one that issues others."""
    key, alone = ec.generate_private_key(curve or ec.SECP256R1()), issuer is None
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Museum of Tests"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    above, above_key = (subject, key) if alone else (issuer[0].subject, issuer[1])
    first, last = (datetime.now(UTC) + timedelta(days=one) for one in days)
    names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")
    usage = dict.fromkeys((*names, "decipher_only"), False)
    usage |= {"digital_signature": not alone, "key_cert_sign": alone, "crl_sign": alone}
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=alone, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(above_key.public_key()), critical=False
        )
    )
    if not alone:
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(usages, critical=False)
    return made.sign(above_key, hashes.SHA256()), key


def write_identity(folder, name, issued, root, *, passphrase=None):
    """Write a chain and a key; return their paths as the arguments of `sign`."""
    hidden = (
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(passphrase.encode())
    )
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(issued[0].public_bytes(PEM) + root[0].public_bytes(PEM))
    key.write_bytes(issued[1].private_bytes(PEM, serialization.PrivateFormat.PKCS8, hidden))
    return {"certificate": chain, "key": key}


@pytest.fixture(scope="session")
def museum(tmp_path_factory):
    """`signer`: arguments of `sign`; `root`: what to trust; `other`: another root; `expired`; `encrypted`."""
    folder = tmp_path_factory.mktemp("certificates")
    root, other = issue("Root"), issue("Another root")
    signer = issue("A. Conservator", root)
    for name, one in (("root", root), ("other", other)):
        (folder / f"{name}.pem").write_bytes(one[0].public_bytes(PEM))
    return SimpleNamespace(
        root=folder / "root.pem",
        other=folder / "other.pem",
        signer=write_identity(folder, "signer", signer, root),
        expired=write_identity(folder, "expired", issue("Former", root, days=(-20, -5)), root),
        encrypted=write_identity(folder, "encrypted", signer, root, passphrase="titian"),
        p384=write_identity(folder, "p384", issue("B", root, curve=ec.SECP384R1()), root),
        alone=write_identity(folder, "alone", root, root),
    )


@pytest.fixture
def proposal(tmp_path):
    """Write a proposal of this suffix: 16 bit unless JPEG."""

    def make(suffix=".tif"):
        depth = np.uint8 if suffix == ".jpg" else np.uint16
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, np.iinfo(depth).max, (60, 80, 3)).astype(depth)
        lost = np.zeros((60, 80), bool)
        lost[20:30, 30:44] = True
        files.write(pixels, tmp_path / f"panel{suffix}")
        target = tmp_path / f"out{suffix}"
        tg.inpaint(tmp_path / f"panel{suffix}", lost, engine="diffusion").save(target)
        return target

    return make


@pytest.fixture
def run():
    """Run a command line."""
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])
