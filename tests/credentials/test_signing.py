"""A signed picture has the same samples, names its signer, and one flipped byte is found."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile

import tratteggio as tg
from tratteggio import files
from tratteggio.credentials import checking, read_signature, sign, signing
from tratteggio.errors import BadUsage, UnreadableFile, UnsafeOutput, UnwritableFile
from tratteggio.files.source_type import COMPUTED
from tratteggio.treatment.enhancing import enhance_file

c2pa = pytest.importorskip("c2pa")
MIME = {".tif": "image/tiff", ".png": "image/png", ".jpg": "image/jpeg"}


def store(path):
    """What the library of C2PA reads, without any code of ours."""
    with c2pa.Context() as context, path.open("rb") as file:
        return json.loads(c2pa.Reader(MIME[path.suffix], file, context=context).json())


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
def test_a_signed_picture_has_the_same_samples_and_names_its_signer(proposal, museum, suffix):
    path = proposal(suffix)
    before = files.read(path).read()
    assert read_signature(path) is None
    assert sign(path, **museum.signer).file == path
    np.testing.assert_array_equal(files.read(path).read(), before)
    found = read_signature(path, trusted=museum.root)
    assert (found.kind, found.trust, found.unchanged) == ("Content Credentials", "trusted", True)
    assert found.signer == "A. Conservator, Museum of Tests"
    assert found.history_as_signed
    assert read_signature(path).trust == "untrusted"
    assert read_signature(path, trusted=museum.other).trust == "untrusted"


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
def test_one_flipped_byte_is_found(proposal, museum, suffix):
    path = proposal(suffix)
    sign(path, **museum.signer)
    sound = path.read_bytes()
    outside = sound.find(b"jumdc2pa")
    rng = np.random.default_rng(5)
    places = [1000, outside + 2000, *rng.integers(outside, outside + 3000, 4)]
    for place in places:
        changed = bytearray(sound)
        changed[place % len(sound)] ^= 1
        path.write_bytes(changed)
        found = read_signature(path, trusted=museum.root)
        assert found is not None
        assert not found.unchanged or found.trust != "trusted", place


def test_the_manifest_tells_what_was_done_and_holds_no_thumbnail(proposal, museum):
    path = proposal()
    sign(path, **museum.signer)
    found = store(path)
    manifest = found["manifests"][found["active_manifest"]]
    (actions,) = [one["data"]["actions"] for one in manifest["assertions"] if "actions" in one["label"]]
    assert [one["action"] for one in actions] == ["c2pa.opened", "c2pa.edited"]
    assert actions[1]["digitalSourceType"] == COMPUTED
    assert "engine diffusion" in actions[1]["description"]
    (ingredient,) = manifest["ingredients"]
    assert (ingredient["title"], ingredient["relationship"]) == ("panel.tif", "parentOf")
    source = json.loads(files.sidecar(path, "history").read_text())["source"]["sha256"]
    assert ingredient["instance_id"] == f"sha256:{source}"
    assert b"thumbnail" not in path.read_bytes()


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_still_reads_the_metadata_of_a_signed_picture(proposal, museum):
    path = proposal()
    sign(path, **museum.signer)
    told = subprocess.run(["exiftool", "-json", "-n", path], capture_output=True, text=True, check=True)
    found = json.loads(told.stdout)[0]
    assert found["DigitalSourceType"] == COMPUTED
    assert found["ImageWidth"] == 80
    assert "Error" not in found


def test_verify_proves_the_paint_and_the_signature_together(proposal, museum):
    path = proposal()
    sign(path, **museum.signer)
    proof = tg.verify(path, trusted=museum.root)
    assert proof.passed
    assert "signed by A. Conservator, Museum of Tests" in proof.as_text()
    history = files.sidecar(path, "history")
    history.write_text(history.read_text().replace('"seed": 0', '"seed": 1'))
    proof = tg.verify(path, trusted=museum.root)
    assert not proof.passed
    assert "history was changed" in proof.why


def test_a_picture_that_is_signed_again_keeps_the_former_credentials(proposal, museum):
    path = proposal()
    sign(path, **museum.signer)
    sign(path, **museum.p384)
    found = store(path)
    assert len(found["manifests"]) == 2
    assert read_signature(path, trusted=museum.root).signer == "B, Museum of Tests"
    assert read_signature(path, trusted=museum.root).unchanged
    changed = bytearray(path.read_bytes())
    changed[9000] ^= 1
    path.write_bytes(changed)
    with pytest.raises(UnreadableFile, match="signed already, but its bytes were changed"):
        sign(path, **museum.signer)
    assert path.read_bytes() == changed


def test_credentials_of_a_source_are_not_copied_into_a_proposal(proposal, museum, tmp_path, caplog):
    path = proposal()
    sign(path, **museum.signer)
    lost = np.zeros((60, 80), bool)
    lost[2:6, 2:6] = True
    for suffix in (".tif", ".png"):
        tg.inpaint(path, lost, engine="diffusion").save(tmp_path / f"next{suffix}")
        assert read_signature(tmp_path / f"next{suffix}") is None
    assert "its Content Credentials (C2PA)" in caplog.text


def test_a_tiff_of_several_pages_gets_a_receipt_and_is_not_touched(proposal, museum):
    path = proposal()
    pages = files.read(path).read()
    tifffile.imwrite(path, np.stack([pages, pages[::-1]]), photometric="rgb")
    before = path.read_bytes()
    done = sign(path, **museum.signer)
    assert done.file.name == "out.tif.receipt.json"
    assert "several pages" in done.receipt
    assert path.read_bytes() == before
    found = read_signature(path, trusted=museum.root)
    assert (found.kind, found.trust, found.unchanged) == ("receipt", "trusted", True)
    with pytest.raises(UnsafeOutput):
        sign(path, **museum.signer)


@pytest.mark.parametrize("who", ["signer", "p384"])
def test_a_large_picture_gets_a_receipt_that_finds_every_change(proposal, museum, monkeypatch, who):
    path = proposal()
    monkeypatch.setattr(signing, "MOST_BYTES", 1000)
    receipt = sign(path, **getattr(museum, who)).file
    assert read_signature(path, trusted=museum.root).passed
    assert read_signature(path).trust == "untrusted"
    sound = path.read_bytes()
    path.write_bytes(sound + b"\0")
    assert read_signature(path).problems == ("its samples are the same",)
    pixels = files.read(path).read()
    pixels[3, 3, 0] ^= 1
    files.write(pixels, path)
    assert read_signature(path).problems == ("samples differ",)
    path.write_bytes(sound)
    signed = json.loads(receipt.read_text())
    for key in ("payload", "signature"):
        text = signed[key]
        forged = {**signed, key: text[:40] + ("A" if text[40] != "A" else "B") + text[41:]}
        receipt.write_text(json.dumps(forged))
        try:
            assert not read_signature(path).unchanged
        except UnreadableFile as error:
            assert "receipt" in str(error)  # noqa: PT017 either is right: the payload may be no JSON now


def test_a_receipt_is_a_signature_that_others_can_check(proposal, museum, monkeypatch):
    """RFC 7515, by hand: ECDSA with SHA-256 over protected.payload, as two numbers of 32 bytes."""
    import base64

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.x509 import load_pem_x509_certificate

    path = proposal()
    monkeypatch.setattr(signing, "MOST_BYTES", 1000)
    signed = json.loads(sign(path, **museum.signer).file.read_text())
    raw = base64.urlsafe_b64decode(signed["signature"] + "==")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key = load_pem_x509_certificate(museum.signer["certificate"].read_bytes()).public_key()
    message = f"{signed['protected']}.{signed['payload']}".encode()
    key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    ("who", "problem"),
    [
        ("expired", r"expired on \d{4}-\d\d-\d\d"),
        ("encrypted", "is encrypted; give its passphrase"),
        ("alone", "C2PA does not take this certificate"),
    ],
)
def test_a_certificate_that_cannot_sign_is_refused(proposal, museum, who, problem):
    path = proposal()
    before = path.read_bytes()
    with pytest.raises(BadUsage, match=problem):
        sign(path, **getattr(museum, who))
    assert path.read_bytes() == before


def test_a_key_that_does_not_fit_is_refused_and_a_passphrase_opens_one(proposal, museum):
    path = proposal()
    with pytest.raises(BadUsage, match="does not fit the first certificate"):
        sign(path, certificate=museum.signer["certificate"], key=museum.p384["key"])
    with pytest.raises(BadUsage, match="cannot be read with this passphrase"):
        sign(path, **museum.encrypted, passphrase="giorgione")
    with pytest.raises(UnreadableFile, match="holds no private key"):
        sign(path, certificate=museum.signer["certificate"], key=museum.signer["certificate"])
    with pytest.raises(UnreadableFile, match="holds no certificate"):
        sign(path, certificate=museum.signer["key"], key=museum.signer["key"])
    sign(path, **museum.encrypted, passphrase="titian")
    assert read_signature(path).unchanged


def test_what_is_no_picture_of_ours_is_refused(proposal, museum, tmp_path):
    path = proposal()
    with pytest.raises(BadUsage, match="has no history beside it"):
        sign(tmp_path / "panel.tif", **museum.signer)
    with pytest.raises(BadUsage, match="TIFF, PNG and JPEG can be signed"):
        sign(files.sidecar(path, "history"), **museum.signer)
    path.chmod(0o444)
    with pytest.raises(UnwritableFile, match="is write-protected"):
        sign(path, **museum.signer)


def test_a_full_disk_leaves_the_picture_as_it_was(proposal, museum, monkeypatch):
    path = proposal()
    before = path.read_bytes()

    def full(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UnwritableFile, match="No space left"):
        sign(path, **museum.signer)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*part"))


def test_an_authority_that_is_not_there_is_named(proposal, museum):
    path = proposal()
    before = path.read_bytes()
    with pytest.raises(UnreadableFile, match="http://127.0.0.1:9/ gave no timestamp"):
        sign(path, **museum.signer, timestamp_url="http://127.0.0.1:9/")
    with pytest.raises(BadUsage, match="begins with https://"):
        sign(path, **museum.signer, timestamp_url="file:///etc/passwd")
    assert path.read_bytes() == before


def test_the_commands_sign_and_verify_also_without_the_history(proposal, museum, run):
    path = proposal()
    arguments = [part for name, value in museum.signer.items() for part in (f"--{name}", value)]
    signed = run("sign", path, *arguments)
    assert signed.exit_code == 0, signed.output
    assert "Signed" in signed.stdout
    assert run("verify", path, "--trusted", museum.root).exit_code == 0
    received = path.with_name("received.tif")
    shutil.copy(path, received)
    told = run("verify", received, "--trusted", museum.root)
    assert told.exit_code == 0, told.output
    assert "signed by A. Conservator, Museum of Tests (Content Credentials)" in told.stdout
    changed = bytearray(received.read_bytes())
    changed[9000] ^= 1
    received.write_bytes(changed)
    assert run("verify", received).exit_code == 4
    assert run("sign", path.with_name("panel.tif"), *arguments).exit_code == 2


def test_an_enhanced_picture_is_signed_as_filtered(tmp_path, museum):
    files.write(np.random.default_rng(2).integers(0, 255, (40, 40, 3), np.uint8), tmp_path / "panel.tif")
    target = tmp_path / "smooth.tif"
    enhance_file(tmp_path / "panel.tif", target, "gaussian:sigma=1")
    sign(target, **museum.signer)
    found = store(target)
    manifest = found["manifests"][found["active_manifest"]]
    (actions,) = [one["data"]["actions"] for one in manifest["assertions"] if "actions" in one["label"]]
    assert [one["action"] for one in actions] == ["c2pa.opened", "c2pa.filtered"]


def test_credentials_are_found_across_the_blocks_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "BLOCK", 16)
    for before in range(40):
        (tmp_path / "a.png").write_bytes(b"x" * before + checking.STORE + b"y" * 20)
        assert checking.has_credentials(tmp_path / "a.png"), before
    (tmp_path / "a.png").write_bytes(checking.STORE[:-1] * 9)
    assert not checking.has_credentials(tmp_path / "a.png")
