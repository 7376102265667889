"""White: what files and users state, how it is carried, and what everything that scales makes of it."""

from __future__ import annotations

import logging
import struct
import zlib

import numpy as np
import pytest
import tifffile
import zarr
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

import tratteggio as tg
from tratteggio import files
from tratteggio.errors import BadUsage
from tratteggio.evaluation import evaluate
from tratteggio.files.white import note_range, on_one_white
from tratteggio.formats.ora import read_ora
from tratteggio.painting import Lacunae, Metadata, Scan, Stack
from tratteggio.windows.light import Light

TWELVE = 4095


def painted(side=64, *, top=TWELVE, seed=0):
    """Grey steps with some noise, 0 to `top`, uint16."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0.1, 0.9, side)[:, None] * np.linspace(0.5, 1, side)
    return np.rint((ramp + rng.normal(0, 0.01, ramp.shape)).clip(0, 1) * top).astype(np.uint16)


def twelve_bit(white=TWELVE):
    return Scan(painted(), metadata=Metadata(white=white))


def lost_spot(side=64):
    lost = np.zeros((side, side), bool)
    lost[20:26, 30:37] = True
    return lost


def test_white_is_that_of_the_dtype_unless_stated():
    assert [Scan(np.zeros((2, 2), t)).white for t in ("u1", "u2", "f4")] == [255, 65535, 1]
    assert twelve_bit().white == TWELVE


@pytest.mark.parametrize(
    ("dtype", "white"), [("u1", 4095), ("u2", 0), ("u2", 1), ("u2", 70000), ("f4", np.inf)]
)
def test_a_white_that_samples_cannot_have_is_refused(dtype, white):
    with pytest.raises(BadUsage, match="white is a number above 0"):
        Scan(np.zeros((2, 2), dtype), metadata=Metadata(white=white))


@pytest.mark.parametrize("counts", [(4095,), (4095, 4095, 4095)])
def test_a_tiff_states_it_by_its_largest_sample(tmp_path, counts):
    tag = (281, 3, len(counts), counts if len(counts) > 1 else counts[0], True)
    tifffile.imwrite(tmp_path / "a.tif", np.stack([painted()] * 3, -1), photometric="rgb", extratags=[tag])
    assert files.read(tmp_path / "a.tif").white == TWELVE


def test_a_float_tiff_states_it_by_its_largest_sample(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", painted().astype("f4"), extratags=[(341, 11, 1, 4095.0, True)])
    assert files.read(tmp_path / "a.tif").white == TWELVE


def test_ome_xml_states_it_by_significant_bits(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", painted(), ome=True, metadata={"axes": "YX", "SignificantBits": 12})
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert 'SignificantBits="12"' in tiff.ome_metadata
    assert files.read(tmp_path / "a.tif").white == TWELVE


def test_the_white_of_an_alpha_channel_is_not_that_of_the_colours(tmp_path):
    rgba = np.dstack([painted()] * 3 + [np.full((64, 64), 65535, np.uint16)])
    tag = (281, 3, 4, (4095, 4095, 4095, 65535), True)
    tifffile.imwrite(tmp_path / "a.tif", rgba, photometric="rgb", extrasamples=[2], extratags=[tag])
    assert files.read(tmp_path / "a.tif").white == TWELVE


def test_a_stated_white_that_cannot_be_is_ignored_with_a_note(tmp_path, caplog):
    tifffile.imwrite(tmp_path / "a.tif", painted().astype("u1"), extratags=[(281, 3, 1, 4095, True)])
    assert files.read(tmp_path / "a.tif").metadata.white is None
    assert "states a white of 4095" in caplog.text


def foreign_zarr(folder, pixels, window):
    group = zarr.create_group(str(folder))
    scale = [{"type": "scale", "scale": [1.0, 1.0]}]
    axes = [{"name": name, "type": "space"} for name in "yx"]
    image = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
    omero = {"channels": [{"window": window, "color": "FFFFFF"}]}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [image], "omero": omero}
    group.create_array("0", shape=pixels.shape, chunks=(32, 32), dtype=pixels.dtype)[:] = pixels


def test_an_omero_window_states_it(tmp_path):
    window = {"min": 0, "max": 4095, "start": 100, "end": 3000}
    foreign_zarr(tmp_path / "a.ome.zarr", painted(), window)
    assert files.read(tmp_path / "a.ome.zarr").white == TWELVE


def with_chunk(path, kind, data):
    """Put a chunk behind the header of a PNG."""
    whole = path.read_bytes()
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(whole[:33] + chunk + whole[33:])


@pytest.mark.parametrize(("top", "white"), [(4095, 4095), (65535, 65535)])
def test_sbit_states_it_where_samples_were_not_scaled_up(tmp_path, top, white):
    """PNG asks that 12 bits are scaled up to 16; then white is 65,535 as ever."""
    Image.fromarray(painted(top=top)).save(tmp_path / "a.png")
    with_chunk(tmp_path / "a.png", b"sBIT", b"\x0c")
    assert files.read(tmp_path / "a.png").white == white


def test_what_the_user_states_goes_before_the_file(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", painted(), extratags=[(281, 3, 1, 1023, True)])
    assert files.read(tmp_path / "a.tif", white=TWELVE).white == TWELVE
    assert tg.open(tmp_path / "a.tif", white=TWELVE).primary.white == TWELVE
    assert tg.open(tmp_path / "a.tif", white=65535).primary.white == 65535


@pytest.mark.parametrize(("name", "dtype"), [("a.tif", "u2"), ("a.tif", "f4"), ("a.png", "u2")])
def test_it_is_written_and_read_again(tmp_path, name, dtype):
    scan = Scan(painted().astype(dtype), metadata=Metadata(white=TWELVE))
    files.write(scan.pixels, tmp_path / name, metadata=scan.metadata)
    assert files.read(tmp_path / name).white == TWELVE
    assert_array_equal(files.read(tmp_path / name).read(), scan.pixels)


def test_the_tag_is_that_of_the_tiff_specification(tmp_path):
    files.write(np.stack([painted()] * 3, -1), tmp_path / "a.tif", metadata=Metadata(white=TWELVE))
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.pages[0].tags[281].value == (4095, 4095, 4095)


@pytest.mark.parametrize("name", ["a.ome.zarr", "a.ome.tif"])
def test_stacks_carry_it(tmp_path, name):
    files.write_stack(Stack((twelve_bit(), Scan(painted(), "irr"))), tmp_path / name)
    stack = files.read_stack(tmp_path / name)
    assert [scan.white for scan in stack.scans] == [TWELVE, 65535]


def test_a_jpeg_cannot_state_it_and_a_note_says_so(tmp_path, caplog):
    files.write(painted(top=200).astype("u1"), tmp_path / "a.jpg", metadata=Metadata(white=200.0))
    assert "that white is 200" in caplog.text


def test_a_picture_looks_the_same_however_its_range_is_stored():
    shares = painted() / TWELVE
    stored = [twelve_bit(), Scan(shares), Scan(painted().astype("f4"), metadata=Metadata(white=TWELVE))]
    shown = [files.overview(scan) for scan in stored]
    assert_array_equal(shown[0], shown[1])
    assert_array_equal(shown[0], shown[2])
    assert shown[0].mean() > 60
    assert_allclose(Light(stored[0], np.dtype("f8"))[:, :], Light(stored[1], np.dtype("f8"))[:, :], atol=1e-9)


def test_layers_of_an_exchange_copy_look_like_it(tmp_path):
    restored = tg.inpaint(twelve_bit(), lost_spot(), engine="tension")
    restored.save(tmp_path / "a.ora")
    original = next(layer for layer in read_ora(tmp_path / "a.ora") if layer.name == "original")
    assert_array_equal(original.pixels[..., :3], files.overview(twelve_bit()))


def test_detectors_find_the_same_damage():
    dark = painted()
    dark[30:32, 4:60] = 0
    shares = (dark / TWELVE).astype(np.float32)
    found = [tg.detect(one, "tophat") for one in (Scan(dark, metadata=Metadata(white=TWELVE)), Scan(shares))]
    assert found[0].lost_px > 50
    assert_array_equal(found[0].read(), found[1].read())


@pytest.mark.parametrize("engine", ["tension", "biharmonic"])
def test_fills_end_at_the_stated_white(engine):
    bright = np.full((48, 48), 3600, np.uint16)
    bright[:, 20:24] = 4095  # both engines overshoot beside such a step
    bright += np.arange(48, dtype=np.uint16)[:, None] * 10
    known = bright.copy()
    lost = np.zeros(bright.shape, bool)
    lost[10:40, 15:30] = True
    stated = Scan(known, metadata=Metadata(white=3800.0))
    filled = tg.inpaint(stated, lost, engine=engine).image
    free = tg.inpaint(Scan(known), lost, engine=engine).image
    assert free[lost].max() > 3800
    assert filled[lost].max() == 3800
    assert_array_equal(filled[~lost], known[~lost])


@pytest.mark.parametrize("finish", ["hatched", "neutral", "outlined"])
def test_finishes_are_those_of_the_full_range(finish):
    """Light is the same, so that lines have the same tones; rounding costs at most a level."""
    full = np.rint(painted() * (65535 / TWELVE)).astype(np.uint16)
    shown = [
        tg.inpaint(scan, lost_spot(), engine="tension", finish=finish).image / scan.white
        for scan in (twelve_bit(), Scan(full))
    ]
    assert_allclose(*shown, atol=1.5 / TWELVE)


def test_filters_and_what_they_give_end_at_it():
    brighter = tg.enhance(twelve_bit(), "brightness:by=0.5")
    assert brighter.white == TWELVE
    assert brighter.read().max() == TWELVE
    shares = tg.enhance(Scan(painted() / TWELVE), "brightness:by=0.5")
    assert_allclose(brighter.read() / TWELVE, shares.read().clip(0, 1), atol=1 / TWELVE)


def test_measures_take_it_for_their_range():
    truth, result = painted(), painted(seed=1)
    stored = [(Scan(a, metadata=Metadata(white=TWELVE)) for a in (truth, result))]
    stored.append(Scan(a / np.float64(TWELVE)) for a in (truth, result))
    scores = [evaluate(*pair).whole for pair in stored]
    for name in ("psnr", "ssim", "ciede2000_mean"):
        assert getattr(scores[0], name) == pytest.approx(getattr(scores[1], name), rel=1e-6)


def test_float_counts_have_a_sensible_psnr_once_white_is_stated(tmp_path):
    for name, seed in (("a", 0), ("b", 1)):
        files.write(painted(seed=seed).astype("f4"), tmp_path / f"{name}.tif")
    found = evaluate(tmp_path / "a.tif", tmp_path / "b.tif", white=TWELVE)
    assert 30 < found.whole.psnr < 60
    assert found.parameters["psnr"]["data_range"] == TWELVE


def test_where_one_of_two_states_it_it_holds_for_both(caplog):
    evaluate(twelve_bit(), Scan(painted()))
    assert "4095 is used" in caplog.text
    with pytest.raises(BadUsage, match="must share one white"):
        on_one_white([twelve_bit(), twelve_bit(1023.0 * 8)])


def test_a_note_says_that_nobody_states_it(caplog):
    note_range(Scan(painted(), name="panel"))
    largest = f"{painted().max():,}"
    assert f"the largest sample is {largest} of 65,535" in caplog.text
    assert "if white is 4,095" in caplog.text
    caplog.clear()
    note_range(Scan(painted().astype("f4")))
    assert "of 1, and the file states no white" in caplog.text


def test_a_note_says_that_samples_lie_above_the_stated_white(caplog):
    note_range(Scan(painted(), metadata=Metadata(white=1023.0)))
    assert "above the stated white of 1,023" in caplog.text


@pytest.mark.parametrize(
    "scan",
    [
        Scan(painted(), metadata=Metadata(white=4095.0)),
        Scan(painted(top=65535)),
        Scan(painted().astype("f4") / 4095 * 2),  # highlights beyond white
        Scan(np.full((4, 4), 3, np.uint8)),
        Scan(np.zeros((4, 4), np.uint16)),
        Scan(np.full((4, 4, 80), 37.0, np.float32)),  # features
    ],
)
def test_there_is_no_note_where_there_is_no_doubt(scan, caplog):
    note_range(scan)
    assert not caplog.records


def test_the_look_for_it_is_bounded():
    class Counting:
        shape, dtype, read = (20_000, 30_000), np.dtype("u2"), 0

        def __getitem__(self, key):
            rows = len(range(*key[0].indices(self.shape[0])))
            self.read += rows * self.shape[1]
            return np.full((rows, self.shape[1]), 100, np.uint16)

    pixels = Counting()
    note_range(Scan(pixels))
    assert 0 < pixels.read <= 1 << 23


def test_the_history_keeps_it_and_a_report_uses_it(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    tifffile.imwrite(tmp_path / "a.tif", painted())
    files.write_lacunae(Lacunae(lost_spot()), tmp_path / "m.png")
    history = tg.treatment.inpaint_file(
        tmp_path / "a.tif",
        tmp_path / "m.png",
        tmp_path / "b.tif",
        engine="tension",
        options=tg.treatment.FillOptions(white=TWELVE),
    )
    assert history["source"]["white"] == TWELVE
    assert tg.reopen(tmp_path / "b.tif").original.white == TWELVE
    assert files.read(tmp_path / "b.tif").white == TWELVE
    assert "states no white" not in caplog.text


def test_a_note_says_that_floats_lie_below_0(caplog):
    note_range(Scan(np.linspace(0, 1, 12, dtype="f4").reshape(3, 4)))
    assert not caplog.text
    note_range(Scan(np.linspace(-0.5, 0.5, 12, dtype="f4").reshape(3, 4)))
    assert "smallest sample found is -0.5" in caplog.text


def test_a_fill_in_float_counts_is_as_opaque_as_the_paint_around():
    counts = np.full((64, 64, 4), 200, "f4")
    counts[..., -1] = 255
    counts[lost_spot()] = 0
    scan = Scan(counts, alpha=True, metadata=Metadata(white=255.0))
    assert (tg.inpaint(scan, lost_spot(), engine="telea").image[..., -1] == 255).all()
