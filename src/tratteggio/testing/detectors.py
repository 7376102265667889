"""The laws of detectors."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from PIL import Image

import tratteggio as tg
from tratteggio import damage
from tratteggio.damage import Strengths
from tratteggio.errors import BadPixels
from tratteggio.options import name_of
from tratteggio.painting import Region, Scan, Stack
from tratteggio.testing.laws import Laws
from tratteggio.testing.phantoms import draw_wall
from tratteggio.treatment import list_available, make_detector, stack_of

Array = NDArray[Any]


class DetectorLaws(Laws):
    """What every detector must do. `names` are written as in `tg.detect(..., detector=...)`.

    Attributes:
        infrared: those of `names` that need an infrared scan beside the visible one.
    """

    infrared: ClassVar[Collection[str]] = ()

    def make_stack(self, pixels: Array | Scan, name: str) -> Stack:
        """Make what a detector takes: a visible scan, with infrared beside it for those of `infrared`.

        In infrared the wall looks as to the eye, but for a square that is dark there.
        """
        visible = stack_of(pixels).primary
        if name not in self.infrared:
            return Stack((visible,))
        light = visible.colour()[..., 0].copy()
        square = light[10:40, 10:40]
        light[10:40, 10:40] = square // 2 if light.dtype.kind == "u" else square / 2
        return Stack((visible, Scan(light, "irr")))

    def _plain_stack(self, visible: Scan, name: str) -> Stack:
        """Make what a detector takes of a scan that looks the same in infrared."""
        scans = (visible, Scan(visible.read()[..., 0], "irr"))
        return Stack(scans if name in self.infrared else scans[:1])

    def _strengths(self, pixels: Array, name: str) -> Array:
        return Strengths(self.make_stack(pixels, name), make_detector(name)[0])[:, :]

    def _detect(self, pixels: Array | Scan, name: str, threshold: float | None = None) -> NDArray[np.bool_]:
        return tg.detect(self.make_stack(pixels, name), name, threshold=threshold).read()

    def test_strengths_are_the_same_bits_in_whatever_regions_they_are_read(self, name: str) -> None:
        """Reading a part gives the strengths that reading the whole gives there."""
        stack = self.make_stack(draw_wall(560, 620), name)
        detector, _ = make_detector(name)
        whole = Strengths(stack, detector)[:, :]
        pieces = Strengths(stack, detector)
        for region in (Region(500, 490, 540, 530), Region(0, 0, 1, 1), Region(551, 611, 560, 620)):
            assert_array_equal(pieces[region.slices], whole[region.slices])

    def test_windows_equal_the_whole(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The reach is wide enough, for strengths and for pieces: smaller windows find the same."""
        pixels = draw_wall(300, 340)
        detector, _ = make_detector(name)
        levels, found = self._strengths(pixels, name), self._detect(pixels, name)
        monkeypatch.setattr(damage.finding, "LATTICE", max(64, detector.step))
        pieces = self._strengths(pixels, name)
        assert_allclose(pieces.astype(int), levels.astype(int), atol=1)
        from_levels = [
            damage.threshold_and_trace(levels, threshold=detector.threshold, trace=detector.trace, name="")
        ]
        monkeypatch.setattr(damage.finding, "LATTICE", 4096)
        from_levels.append(
            damage.threshold_and_trace(levels, threshold=detector.threshold, trace=detector.trace, name="")
        )
        assert_array_equal(from_levels[0].read(), from_levels[1].read())
        assert_array_equal(from_levels[0].read(), found)

    def test_what_is_moved_is_found_as_far_on(self, name: str) -> None:
        """Strengths far from the border move with the paint, by multiples of the step."""
        detector, _ = make_detector(name)
        step = detector.step * 3
        far = detector.reach + step
        side = 2 * far + 60
        stack = self.make_stack(draw_wall(side + step, side + step), name)
        one, two = (
            Strengths(Stack(stack.crop(Region(off, off, off + side, off + side)).scans), detector)[:, :]
            for off in (0, step)
        )
        inner = slice(far, side - far)
        moved = slice(far - step, side - far - step)
        assert_allclose(one[inner, inner].astype(int), two[moved, moved].astype(int), atol=1)

    def test_a_detector_made_twice_finds_the_same(self, name: str) -> None:
        """A result can be made again."""
        pixels = draw_wall(120, 140)
        assert_array_equal(self._strengths(pixels, name), self._strengths(pixels, name))

    def test_the_painting_is_not_touched(self, name: str) -> None:
        """A detector only reads."""
        pixels = draw_wall(120, 140)
        before = pixels.copy()
        pixels.setflags(write=False)
        self._detect(pixels, name)
        assert_array_equal(pixels, before)

    @pytest.mark.parametrize("depth", ["uint16", "float32", "float64"])
    def test_depth_does_not_matter(self, name: str, depth: str) -> None:
        """The same paint at another depth has the same strengths, to one level."""
        pixels = draw_wall(150, 160)
        deep = pixels.astype(np.uint16) * 257 if depth == "uint16" else (pixels / 255).astype(depth)
        strengths = self._strengths(pixels, name).astype(int)
        assert_allclose(self._strengths(deep, name).astype(int), strengths, atol=1)

    def test_grey_is_as_good_as_grey_in_three_channels_and_opacity_does_not_count(self, name: str) -> None:
        """Grey, grey as RGBA and grey with opacity give the same."""
        grey = draw_wall(150, 160)[..., 0]
        alpha = np.random.default_rng(1).integers(0, 256, grey.shape, np.uint8)
        coloured = np.repeat(grey[..., None], 3, axis=2)
        found = self._detect(grey, name)
        assert_array_equal(self._detect(np.dstack([coloured, alpha]), name), found)
        assert_array_equal(self._detect(np.dstack([grey, alpha]), name), found)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 5), (3, 1100)])
    def test_extreme_shapes_are_looked_at(self, name: str, shape: tuple[int, int]) -> None:
        """A pixel, a row, a column and a long strip are paintings too."""
        found = tg.detect(self.make_stack(draw_wall(*shape), name), name)
        assert found.grid == shape
        assert found.read().dtype == bool

    @pytest.mark.parametrize("tone", [0, 128, 255])
    def test_on_a_blank_scan_nothing_is_found(self, name: str, tone: int) -> None:
        """Black, grey or white: where nothing is shown there is no damage."""
        blank = Scan(np.full((200, 220, 3), tone, np.uint8))
        assert tg.detect(self._plain_stack(blank, name), name).lost_px == 0

    def test_the_lattice_of_strong_compression_is_no_damage(self, name: str, tmp_path: Path) -> None:
        """The blocks of a strongly compressed JPEG are not marked."""
        y, x = np.mgrid[0:300, 0:300]
        smooth = 128 + 70 * np.sin(x / 47) * np.cos(y / 61)
        pixels = np.repeat(smooth[..., None], 3, axis=2).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "blocky.jpg", quality=12)
        visible = tg.open(tmp_path / "blocky.jpg").primary
        assert tg.detect(self._plain_stack(visible, name), name).share < 0.002

    def test_pixels_that_are_no_numbers_are_refused_with_their_place(self, name: str) -> None:
        """NaN is an error that names row and column."""
        pixels = (draw_wall(600, 90) / 255).astype(np.float32)
        pixels[571, 33, 1] = np.nan
        with pytest.raises(BadPixels, match=r"row 571, column 33"):
            self._detect(pixels, name)

    def test_beyond_what_a_scan_shows_nothing_is_found(self, name: str) -> None:
        """Where a scan does not show the painting, nothing is known of damage."""
        pixels = draw_wall(160, 180)
        seen = np.ones(pixels.shape[:2], bool)
        seen[:, 120:] = False
        assert not self._detect(Scan(pixels, seen=seen), name)[:, 120:].any()

    def test_a_higher_threshold_finds_no_more(self, name: str) -> None:
        """A threshold of 0.9 marks at most as many pixels as one of 0.3."""
        pixels = draw_wall(150, 160)
        low, high = (self._detect(pixels, name, threshold).sum() for threshold in (0.3, 0.9))
        assert high <= low

    def test_a_detector_says_what_it_is(self, name: str) -> None:
        """Name, threshold and step are valid, and listings show it with a sentence."""
        detector, full = make_detector(name)
        base = name_of(name)
        assert detector.name == base
        assert name_of(full) == base
        assert 0 < detector.threshold <= 1
        assert 512 % detector.step == 0
        assert any(name_of(example) == base and meaning for example, meaning in list_available("detectors"))
