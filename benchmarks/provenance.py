"""What a report for the archive and a signature cost: CPU seconds and peak memory of the commands.

    .venv/bin/python benchmarks/provenance.py [--side 10000]

A panel of 16 bits (repeated rows of noise, 300 lacunae) is written and filled. Measured are
`report --to pdf`, `sign` and `verify` of the proposal, which gets a receipt above 256 MiB; and the same for a
panel whose file is just below that. The certificates are made here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import tratteggio as tg
from tratteggio import files
from tratteggio.painting import Lacunae, Metadata

Key = ec.EllipticCurvePrivateKey
BELOW = 5_700  # pixels a side: 248 MiB of 16 bits with smaller copies, uncompressed
MEASURED = (
    "import json, sys, time; from tratteggio.cli.main import app\n"
    "app(sys.argv[1:], standalone_mode=False)\n"
    "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1]\n"
    "print(json.dumps([time.process_time(), int(peak) / 1024]), file=sys.stderr)"
)


class Rows:
    """A square of 256 rows of noise, again and again: no picture in memory."""

    def __init__(self, side: int) -> None:
        self.shape, self.dtype = (side, side, 3), np.dtype(np.uint16)
        self.noise = np.random.default_rng(0).integers(0, 65_535, (256, side, 3)).astype(np.uint16)

    def __getitem__(self, key: tuple[slice, ...]) -> np.ndarray:
        rows, cols = (range(*part.indices(self.shape[0])) for part in key[:2])
        return self.noise[np.arange(rows.start, rows.stop) % 256][:, cols.start : cols.stop]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=10_000)
    side = parser.parse_args().side
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        identity = certify(folder)
        for pixels in (side, BELOW):
            proposal = propose(folder, pixels)
            print(f"{pixels:,} px a side, {proposal.stat().st_size / 2**20:.0f} MiB", flush=True)
            if pixels == side:
                measure("report", proposal, "--to", "pdf", "-o", folder / "report.pdf")
            measure("sign", proposal, *identity)
            measure("verify", proposal, "--trusted", folder / "root.pem")


def measure(verb: str, *words: object) -> None:
    """Print what a command costs, the start of Python and its imports in it."""
    command = [sys.executable, "-c", MEASURED, verb, *map(str, words), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, peak = json.loads(done.stderr.splitlines()[-1])
    print(f"  {verb:7} {seconds:6.1f} s CPU {peak:6.0f} MiB", flush=True)


def propose(folder: Path, side: int) -> Path:
    """Write a panel and a proposal for it."""
    scan, target = folder / f"panel-{side}.tif", folder / f"out-{side}.tif"
    scale = Metadata(resolution=(200.0, 200.0), unit="cm")
    files.write(Rows(side), scan, metadata=scale, compression="none")
    lost = np.zeros((side, side), bool)
    for row, col in np.random.default_rng(1).integers(0, side - 60, (300, 2)):
        lost[row : row + 40, col : col + 30] = True
    tg.inpaint(scan, Lacunae(lost), engine="diffusion").save(target)
    return target


def certify(folder: Path) -> list[object]:
    """Write a root, a certificate that it issued and its key; return the options of `sign`."""
    above, chain = None, []
    for name in ("Root", "Signer"):
        key = ec.generate_private_key(ec.SECP256R1())
        named = {NameOID.ORGANIZATION_NAME: "Bench", NameOID.COMMON_NAME: name}
        subject = x509.Name([x509.NameAttribute(kind, text) for kind, text in named.items()])
        issuer, signing = above or (subject, key)
        chain.insert(0, _issue(subject, key, issuer, signing).public_bytes(serialization.Encoding.PEM))
        above = subject, key
    (folder / "root.pem").write_bytes(chain[-1])
    (folder / "chain.pem").write_bytes(b"".join(chain))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    return ["--certificate", folder / "chain.pem", "--key", folder / "key.pem"]


def _issue(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signing: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """Issue a certificate as C2PA asks for it: of the root if it signs itself, else of a signer."""
    root = subject == issuer
    no = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment"), False)
    no |= dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False)
    usage = x509.KeyUsage(digital_signature=not root, key_cert_sign=root, crl_sign=root, **no)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    made = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(above, critical=False)
    )
    if not root:
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(usages, critical=False)
    return made.sign(signing, hashes.SHA256())


if __name__ == "__main__":
    main()
