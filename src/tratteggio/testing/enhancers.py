"""The laws of enhancers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tratteggio as tg
from tratteggio import files
from tratteggio.errors import BadPixels, BadUsage
from tratteggio.options import name_of
from tratteggio.painting import Metadata, Region, Scan
from tratteggio.testing.laws import DEPTHS, Laws
from tratteggio.testing.phantoms import draw_painting
from tratteggio.treatment import enhance_file, list_available, make_enhancer
from tratteggio.windows import Outputs


class EnhancerLaws(Laws):
    """What every enhancer must do. `names` are written as in `tg.enhance(..., enhancer=...)`.

    An enhancer takes RGB, or grey, or both; it refuses the other in one sentence that names the scan.
    """

    @pytest.mark.parametrize("depth", DEPTHS)
    def test_depth_is_kept_and_the_grid_is_finer_by_the_scale(self, name: str, depth: str) -> None:
        """The answer has the depth of the scan, and `scale` pixels a side for each of its pixels."""
        scan = _accepted_scan(name, 40, 52, depth)
        before = scan.read().copy()
        answer = tg.enhance(scan, enhancer=name)
        assert answer.dtype == scan.dtype
        assert answer.grid == (40 * _scale(name), 52 * _scale(name))
        assert np.isfinite(answer.read()).all()
        assert_array_equal(scan.read(), before)

    def test_16_bit_is_not_quantised_to_8(self, name: str) -> None:
        """A ramp of few levels of 8 bits has many of 16."""
        scan = _accepted_scan(name, 40, 60)
        ramp = np.broadcast_to(np.linspace(20_000, 22_000, 60)[None, :], (40, 60)).astype(np.uint16)
        pixels = ramp if len(scan.pixels.shape) == 2 else np.repeat(ramp[..., None], 3, axis=2)
        assert len(np.unique(tg.enhance(pixels, enhancer=name))) > 12

    def test_the_same_bits_come_whatever_region_is_read(self, name: str) -> None:
        """Reading a part gives the pixels that reading the whole gives there."""
        scan = _accepted_scan(name, 530, 60)
        whole = tg.enhance(scan, enhancer=name).read()
        rows, cols = whole.shape[:2]
        pieces = tg.enhance(scan, enhancer=name)
        for region in (
            Region(rows // 3, 5, rows // 3 + 7, 19),
            Region(0, 0, 1, 1),
            Region(rows - 9, cols - 3, rows, cols),
        ):
            assert_array_equal(pieces.read(region), whole[region.slices])
        for band in Region.whole((rows, cols)).bands(101):
            assert_array_equal(pieces.read(band), whole[band.slices])

    def test_windows_equal_the_whole(self, name: str) -> None:
        """The reach is wide enough: small windows give what one window gives."""
        scan = _accepted_scan(name, 150, 140, "float32")
        enhancer, _ = make_enhancer(name)
        context = enhancer.prepare(scan)
        whole = Outputs(scan, enhancer, context)[:, :]
        assert_allclose(Outputs(scan, enhancer, context, window=64)[:, :], whole, atol=1e-4)

    def test_an_enhancer_made_twice_gives_the_same_bits(self, name: str) -> None:
        """An answer can be made again."""
        scan = _accepted_scan(name, 50, 70, "float32")
        assert_array_equal(tg.enhance(scan, enhancer=name).read(), tg.enhance(scan, enhancer=name).read())

    @pytest.mark.parametrize("channels", [1, 3])
    def test_alpha_is_kept(self, name: str, channels: int) -> None:
        """Opacity is repeated onto the finer grid, and does not change the colours."""
        colour = draw_painting(30, 41, "uint16", channels)
        alpha = np.random.default_rng(1).integers(0, 65536, (30, 41, 1), np.uint16)
        scan = Scan(np.concatenate([colour, alpha], axis=2), alpha=True)
        if not _accepts(name, scan):
            return
        answer = tg.enhance(scan, enhancer=name)
        assert answer.alpha
        finer = np.kron(alpha[..., 0], np.ones((_scale(name), _scale(name)), np.uint16))
        assert_array_equal(answer.read()[..., -1], finer)
        opaque = tg.enhance(Scan(colour), enhancer=name).read()
        assert_array_equal(answer.read()[..., :-1], opaque)

    @pytest.mark.parametrize("grid", [(1, 1), (1, 40), (40, 1), (3, 2), (2, 700)])
    def test_extreme_shapes_are_enhanced(self, name: str, grid: tuple[int, int]) -> None:
        """A pixel, a row, a column and a long strip are scans too."""
        scale = _scale(name)
        for channels in (3, 0):
            scan = Scan(draw_painting(*grid, "uint8", channels))
            if _accepts(name, scan):
                shape = tg.enhance(scan, enhancer=name).read().shape
                assert shape[:2] == (grid[0] * scale, grid[1] * scale)

    def test_a_value_that_is_no_number_is_refused_with_its_place(self, name: str) -> None:
        """NaN is an error that names row and column."""
        scan = _accepted_scan(name, 20, 30, "float32")
        pixels = scan.read().copy()
        pixels[7, 11] = np.nan
        with pytest.raises(BadPixels, match="row 7, column 11"):
            tg.enhance(Scan(pixels), enhancer=name).read()

    def test_what_a_scan_does_not_show_stays_as_it_is(self, name: str) -> None:
        """Where a scan does not show the painting, its stored pixels are repeated."""
        scan = _accepted_scan(name, 40, 40)
        seen = np.ones((40, 40), bool)
        seen[:, 25:] = False
        answer = tg.enhance(Scan(scan.pixels, seen=seen), enhancer=name)
        finer = np.kron(seen, np.ones((_scale(name), _scale(name)), bool))
        assert_array_equal(answer.read_seen(), finer)
        stored = scan.colour()
        for axis in (0, 1):
            stored = np.repeat(stored, _scale(name), axis=axis)
        assert_array_equal(answer.colour()[~finer], np.broadcast_to(stored, answer.colour().shape)[~finer])

    def test_a_file_keeps_its_profile_and_scale_and_says_that_it_is_a_hypothesis(
        self, name: str, tmp_path: Path
    ) -> None:
        """The output has the depth and resolution of the input, and its history names the enhancer."""
        scan, scale = _accepted_scan(name, 30, 44, "uint16"), _scale(name)
        scaled = Metadata(resolution=(300.0, 200.0), unit="inch")
        files.write(scan.pixels, tmp_path / "in.tif", metadata=scaled)
        before = hashlib.sha256((tmp_path / "in.tif").read_bytes()).hexdigest()
        enhance_file(tmp_path / "in.tif", tmp_path / "out.tif", enhancer=name)
        assert hashlib.sha256((tmp_path / "in.tif").read_bytes()).hexdigest() == before
        out = files.read(tmp_path / "out.tif")
        assert out.dtype == np.uint16
        assert out.metadata.resolution == (300.0 * scale, 200.0 * scale)
        assert out.um_per_px == pytest.approx(25_400 / 300 / scale)
        history = files.read_history(files.sidecar(tmp_path / "out.tif", "history"))
        assert history["what"].startswith("a hypothesis")
        (step,) = history["hypothesis"]
        assert step["enhancer"] == name_of(name)
        assert isinstance(step["learnt"], bool)
        assert step["learnt"] or "weights_sha256" not in step["parameters"]
        assert history["chain"].startswith(f"--with {name}")
        assert len(history["source"]["sha256"]) == 64

    def test_an_enhancer_is_listed_with_what_it_does_and_made_again_from_its_words(self, name: str) -> None:
        """Listings give an example that works and a sentence; options written in full make the same."""
        base = name_of(name)
        example, meaning = next(entry for entry in list_available("enhancers") if name_of(entry[0]) == base)
        assert meaning.endswith(".")
        one, full = make_enhancer(example)
        other, again = make_enhancer(full)
        assert full == again
        assert one.parameters == other.parameters == make_enhancer(base)[0].parameters

    def test_a_misspelt_option_is_refused_with_the_options_there_are(self, name: str) -> None:
        """An unknown option is an error, not a note."""
        base = name_of(name)
        with pytest.raises(BadUsage, match=f"no option of {base} named 'scales'"):
            make_enhancer(f"{base}:scales=2")


def _scale(name: str) -> int:
    return make_enhancer(name)[0].scale


def _accepts(name: str, scan: Scan) -> bool:
    """True if the enhancer takes such a scan; it refuses others in one sentence that names them."""
    enhancer, _ = make_enhancer(name)
    try:
        enhancer.channels(scan)
    except BadUsage as error:
        if scan.name not in str(error) or "\n" in str(error):
            raise AssertionError(f"{name} refuses {scan.name} with {error}") from error
        return False
    return True


def _accepted_scan(name: str, rows: int, cols: int, depth: str = "uint8") -> Scan:
    """Make a scan that the enhancer takes: RGB, or else grey."""
    for channels in (3, 0):
        scan = Scan(draw_painting(rows, cols, depth, channels))
        if _accepts(name, scan):
            return scan
    raise AssertionError(f"{name} takes neither RGB nor grey")
