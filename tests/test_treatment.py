"""Files in, proposals out: metadata kept, interruptions survived, nothing lost."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

import tratteggio as tg
from tratteggio import evaluation, files
from tratteggio.errors import BadUsage, GridMismatch, Stopped, UnknownName, UnreadableFile, UnsafeOutput
from tratteggio.painting import Lacunae, Metadata, Scan, Stack
from tratteggio.treatment import FillOptions, enhance_file, inpaint_file

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def panel(tmp_path: Path) -> tuple[Path, Path]:
    """A 16-bit scan with profile, resolution, orientation and description, and its mask."""
    rng = np.random.default_rng(0)
    tifffile.imwrite(
        tmp_path / "panel.tif",
        rng.integers(0, 65535, (700, 900, 3), np.uint16),
        photometric="rgb",
        compression="zlib",
        predictor=True,
        iccprofile=SRGB,
        resolution=(600, 600),
        resolutionunit="inch",
        description="Inv. 12, recto",
        metadata=None,
        extratags=[(274, "H", 1, 3, True), (315, "s", 0, "A photographer", True)],
    )
    lost = np.zeros((700, 900), np.uint8)
    for row in range(20, 700, 60):
        lost[row : row + 6, 10:880:3] = 255
    files.write(lost, tmp_path / "lost.png", metadata=Metadata(orientation=3))
    return tmp_path / "panel.tif", tmp_path / "lost.png"


def test_metadata_is_the_source_s_as_an_independent_reader_sees_it(panel, tmp_path):
    scan, mask = panel
    inpaint_file(scan, mask, tmp_path / "out.tif", engine="diffusion")
    with Image.open(scan) as before, Image.open(tmp_path / "out.tif") as after:
        assert after.size == before.size
        assert after.info["icc_profile"] == SRGB
        assert after.info["dpi"] == before.info["dpi"] == (600, 600)
        for tag in (270, 274, 282, 283, 296, 315):
            assert after.tag_v2[tag] == before.tag_v2[tag]
    assert tifffile.imread(tmp_path / "out.tif").dtype == np.uint16


def test_known_paint_is_the_source_s_bit_by_bit_in_the_file(panel, tmp_path):
    scan, mask = panel
    inpaint_file(scan, mask, tmp_path / "out.tif", engine="diffusion")
    known = np.asarray(Image.open(mask)) == 0
    before, after = tifffile.imread(scan), tifffile.imread(tmp_path / "out.tif")
    np.testing.assert_array_equal(after[known], before[known])
    assert (after[~known] != before[~known]).any()


@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_a_saved_proposal_opens_again_with_all_its_layers(panel, tmp_path, suffix):
    scan, mask = panel
    inpaint_file(scan, mask, tmp_path / f"out{suffix}", engine="diffusion", options=FillOptions(seed=3))
    restoration = tg.reopen(tmp_path / f"out{suffix}")
    np.testing.assert_array_equal(restoration.original.read(), tifffile.imread(scan))
    np.testing.assert_array_equal(restoration.lacunae.read(), np.asarray(Image.open(mask)) > 0)
    straight = tg.inpaint(
        tg.open(scan), Lacunae(np.asarray(Image.open(mask)) > 0), engine="diffusion", seed=3
    )
    np.testing.assert_array_equal(restoration.image, straight.image)
    np.testing.assert_allclose(restoration.confidence[:, :], straight.confidence[:, :], atol=0.5 / 255)
    assert restoration.history["seed"] == 3


def test_a_proposal_made_in_python_can_be_reopened_and_verified(panel, tmp_path):
    scan, mask = panel
    tg.inpaint(scan, mask, engine="diffusion").save(tmp_path / "out.tif")
    assert tg.reopen(tmp_path / "out.tif").original.grid == (700, 900)
    assert tg.verify(tmp_path / "out.tif").passed
    tg.report(tg.reopen(tmp_path / "out.tif"), tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_a_proposal_whose_source_has_gone_says_so(panel, tmp_path):
    scan, mask = panel
    inpaint_file(scan, mask, tmp_path / "out.tif", engine="diffusion")
    scan.rename(tmp_path / "moved.tif")
    with pytest.raises(UnreadableFile, match="source=FILE"):
        tg.reopen(tmp_path / "out.tif")
    assert tg.reopen(tmp_path / "out.tif", source=tmp_path / "moved.tif").image.shape == (700, 900, 3)


SLOW = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background would ignore it
import tratteggio.windows
from tratteggio.treatment import FillOptions, enhance_file, inpaint_file
run = sys.modules["tratteggio.windows.run"]  # the module: the name in the package is the function
fast = run._Filling.fill
run._Filling.fill = lambda *a: (time.sleep(0.15), fast(*a))[1]
scan, mask, out = map(Path, sys.argv[1:])
inpaint_file(scan, mask, out, engine="diffusion", options=FillOptions(tile=512))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_job_resumes_to_the_same_file(panel, tmp_path, how):
    scan, mask = panel
    inpaint_file(scan, mask, tmp_path / "alone.tif", engine="diffusion", options=FillOptions(tile=512))
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, scan, mask, tmp_path / "out.tif"], stderr=subprocess.PIPE
    )
    ledger = tmp_path / "out.tif.job"
    deadline = time.monotonic() + 300  # for a busy machine; a free one takes a second
    while not list(ledger.glob("tile-*.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(how)
    process.communicate()
    assert list(ledger.glob("tile-*.npz")), "the job was killed on the way, with some of it done"
    assert not (tmp_path / "out.tif").exists()
    with pytest.raises(UnsafeOutput, match="resume=True"):
        inpaint_file(scan, mask, tmp_path / "out.tif", engine="diffusion", options=FillOptions(tile=512))
    inpaint_file(
        scan, mask, tmp_path / "out.tif", engine="diffusion", options=FillOptions(tile=512), resume=True
    )
    assert (tmp_path / "out.tif").read_bytes() == (tmp_path / "alone.tif").read_bytes()
    assert not ledger.exists()


def test_an_interrupt_says_how_to_go_on(panel, tmp_path, monkeypatch):
    scan, mask = panel

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["tratteggio.windows.run"]._Filling, "fill", interrupted)
    with pytest.raises(Stopped, match="resume=True"):
        inpaint_file(scan, mask, tmp_path / "out.tif", engine="diffusion")
    assert not (tmp_path / "out.tif").exists()


def test_resuming_a_finished_job_does_nothing_again(panel, tmp_path, monkeypatch):
    scan, mask = panel
    inpaint_file(scan, mask, tmp_path / "out.tif", engine="diffusion")
    before = (tmp_path / "out.tif").stat().st_mtime_ns
    monkeypatch.setattr(sys.modules["tratteggio.treatment.inpainting"], "run", None)
    history = inpaint_file(scan, mask, tmp_path / "out.tif", engine="diffusion", resume=True)
    assert history["engine"]["name"] == "diffusion"
    assert (tmp_path / "out.tif").stat().st_mtime_ns == before


def test_arrays_in_give_arrays_out_and_nouns_give_nouns():
    before = np.random.default_rng(0).random((30, 40, 3)).astype(np.float32)
    lost = np.zeros((30, 40), bool)
    lost[10:12, 10:12] = True
    array = tg.inpaint(before, lost, engine="diffusion")
    assert isinstance(array, np.ndarray)
    for painting in (Scan(before), Stack((Scan(before),))):
        restoration = tg.inpaint(painting, lost, engine="diffusion")
        assert isinstance(restoration, tg.Restoration)
        np.testing.assert_array_equal(restoration.image, array)


def test_the_scan_called_rgb_is_the_one_that_is_filled():
    rgb, irr = np.full((20, 20, 3), 9, np.uint8), np.full((20, 20), 200, np.uint8)
    lost = np.zeros((20, 20), bool)
    lost[5, 5] = True
    restoration = tg.inpaint(Stack((Scan(irr, modality="irr"), Scan(rgb))), lost, engine="diffusion")
    assert restoration.original.modality == "rgb"


def test_scans_of_different_size_are_not_one_stack(panel, tmp_path):
    Image.fromarray(np.zeros((10, 10), np.uint8)).save(tmp_path / "irr.png")
    with pytest.raises(GridMismatch, match="700 rows x 900"):
        tg.open({"rgb": panel[0], "irr": tmp_path / "irr.png"})


def test_an_array_mask_of_another_size_is_refused():
    with pytest.raises(GridMismatch, match="9 rows x 10"):
        tg.inpaint(np.zeros((10, 10), np.uint8), np.eye(9, 10, dtype=bool))


def test_an_engine_is_told_its_options_with_its_name(panel, tmp_path):
    scan, mask = panel
    history = inpaint_file(scan, mask, tmp_path / "out.tif", engine="telea:radius=7")
    assert history["engine"]["parameters"]["radius"] == 7
    with pytest.raises(UnknownName, match="did you mean 'radius'"):
        tg.inpaint(scan, mask, engine="telea:radios=7")
    with pytest.raises(BadUsage, match="radius must be a whole number, got 'wide'"):
        tg.inpaint(scan, mask, engine="telea:radius=wide")


def masked(share: float) -> tuple[np.ndarray, np.ndarray]:
    """Noise of 40 x 50, and lacunae of a share of it, from the left."""
    lost = np.zeros((40, 50), bool)
    lost[:, : round(50 * share)] = True
    return np.random.default_rng(0).integers(0, 256, (40, 50), np.uint8), lost


def test_what_a_mask_marks_is_said_and_kept_in_the_history(caplog):
    array, lost = masked(0.1)
    with caplog.at_level("INFO", logger="tratteggio"):
        made = tg.inpaint(Scan(array), Lacunae(lost, "lost.png", "white pixels"), engine="telea")
    said = "white pixels of lost.png are taken as lost: 10.00 % of the area, 1 lacuna"
    assert said in caplog.messages
    assert made.history["understood"] == said


def test_a_mask_that_marks_much_is_noted_and_one_that_marks_most_is_refused(caplog):
    array, lost = masked(0.4)
    tg.inpaint(array, lost, engine="telea")
    assert not caplog.records
    array, lost = masked(0.9)
    tg.inpaint(array, lost, engine="telea")
    assert "marks 90 % of the area as lost (white = lost); check that the mask is not inverted" in caplog.text
    array, lost = masked(0.92)
    with pytest.raises(BadUsage, match="92.00 % of the area, 1 lacuna; .*mostly_lost=True"):
        tg.inpaint(array, lost, engine="telea")
    known = ~lost
    assert (tg.inpaint(array, lost, engine="telea", mostly_lost=True)[known] == array[known]).all()


@pytest.mark.parametrize("channels", [5, 6])
def test_channels_without_a_meaning_are_refused_and_no_job_is_left(tmp_path, channels):
    array = np.random.default_rng(0).integers(0, 256, (20, 30, channels), np.uint8)
    lost = np.zeros((20, 30), bool)
    lost[4:8, 4:9] = True
    for verb in (
        lambda: tg.inpaint(array, lost),
        lambda: tg.detect(array),
        lambda: tg.inpaint(Scan(array[..., :2]), lost),
        lambda: tg.inpaint(Scan(array[..., :4]), lost),
    ):
        with pytest.raises(BadUsage, match="channels .without opacity., but an image is grey or RGB"):
            verb()
    files.write_stack(Stack((Scan(array, "features"),)), tmp_path / "f.ome.zarr")
    with pytest.raises(BadUsage, match=f"have {channels} channels"):
        inpaint_file(tmp_path / "f.ome.zarr", Lacunae(lost), tmp_path / "out.tif")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.ome.zarr"]


@pytest.mark.parametrize("suffix", [".tif", ".png"])
@pytest.mark.parametrize("channels", [2, 4])
def test_a_fill_of_a_transparent_lacuna_is_seen_and_verified(tmp_path, caplog, suffix, channels):
    rng = np.random.default_rng(0)
    array = rng.integers(1, 255, (30, 40, channels), np.uint8)
    lost = np.zeros((30, 40), bool)
    lost[10:14, 10:20] = True
    array[lost] = 0
    files.write(array, tmp_path / f"in{suffix}", alpha=True)
    out = tmp_path / f"out{suffix}"
    history = inpaint_file(tmp_path / f"in{suffix}", Lacunae(lost), out, engine="telea")
    assert "is transparent in 40 lost pixels; the fill is opaque" in caplog.text
    assert history["opacity"] == "opaque inside the lacunae, that of the source elsewhere"
    made = files.read(out).read()
    assert (made[lost][:, -1] == 255).all()
    np.testing.assert_array_equal(made[~lost], array[~lost])
    assert evaluation.verify(out).passed


def test_a_fill_does_not_hit_the_clear_colour_of_its_png(tmp_path, caplog):
    """The paint is of one grey, which any engine fills with, and that grey stands for clear."""
    Image.fromarray(np.full((20, 24), 77, np.uint8)).save(tmp_path / "in.png", transparency=77)
    lost = np.zeros((20, 24), bool)
    lost[5:9, 5:9] = True
    inpaint_file(tmp_path / "in.png", Lacunae(lost), tmp_path / "out.png", engine="telea")
    opacity = np.asarray(Image.open(tmp_path / "out.png").convert("LA"))[..., 1]
    np.testing.assert_array_equal(opacity == 255, lost)
    assert evaluation.verify(tmp_path / "out.png").passed


def test_a_mask_over_a_turned_scan_is_refused_until_its_orientation_is_said(panel, tmp_path):
    scan, _ = panel
    lost = np.zeros((700, 900), bool)
    lost[5:9, 5:9] = True
    files.write_lacunae(Lacunae(lost), tmp_path / "corner.png")
    with pytest.raises(BadUsage, match="mask_orientation="):
        inpaint_file(scan, tmp_path / "corner.png", tmp_path / "out.tif", engine="telea")
    assert not list(tmp_path.glob("out*"))
    for asked, expected in (("stored", lost), ("displayed", lost[::-1, ::-1])):
        out = tmp_path / f"{asked}.tif"
        inpaint_file(
            scan, tmp_path / "corner.png", out, engine="telea", options=FillOptions(mask_orientation=asked)
        )
        np.testing.assert_array_equal(tg.reopen(out).lacunae.read(), expected)
        found = evaluation.verify(out, lost=tmp_path / "corner.png", mask_orientation=asked)
        assert found.passed
        scores = evaluation.evaluate(scan, out, tmp_path / "corner.png", mask_orientation=asked)
        assert scores.changed_outside == 0


def test_what_is_computed_from_a_png_with_a_clear_colour_is_opaque(tmp_path, caplog):
    Image.fromarray(np.full((20, 24), 77, np.uint8)).save(tmp_path / "in.png", transparency=77)
    enhance_file(tmp_path / "in.png", tmp_path / "out.png", "gaussian:sigma=1")
    assert "the output is opaque" in caplog.text
    with Image.open(tmp_path / "out.png") as made:
        assert "transparency" not in made.info
        assert (np.asarray(made) == 77).all()


def test_the_other_picture_of_a_hybrid_must_be_turned_alike(tmp_path):
    for name, orientation in (("near", 1), ("far", 3)):
        files.write(
            np.zeros((40, 50), np.uint8), tmp_path / f"{name}.tif", metadata=Metadata(orientation=orientation)
        )
    with pytest.raises(BadUsage, match="near.tif has orientation 1 and .*far.tif has 3"):
        tg.enhance(tmp_path / "near.tif", f"hybrid:far={tmp_path / 'far.tif'},low=2,high=3")
