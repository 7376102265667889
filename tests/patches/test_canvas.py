"""Swatches beside a window: all of their paint serves, none of it mixes."""

import numpy as np
from numpy.testing import assert_array_equal

from tratteggio.patches import Swatch, fill_from_patches
from tratteggio.patches.canvas import laid_out
from tratteggio.patches.lattice import lay


def swatch(rows: int, cols: int, level: float) -> Swatch:
    return Swatch(np.full((rows, cols, 3), level), np.ones((rows, cols), bool))


def test_every_swatch_is_laid_once_and_patches_hold_one_paint_alone():
    lost = np.zeros((70, 45), bool)
    lost[20:30, 20:30] = True
    more = [swatch(40, 50, 2.0), swatch(33, 20, 3.0), swatch(100, 9, 4.0), swatch(64, 64, 5.0)]
    colours, wanting, void = laid_out(np.ones((70, 45, 3)), lost, more)
    assert_array_equal(wanting[:70, :45], lost)
    assert wanting.sum() == lost.sum()
    for level, one in zip((2, 3, 4, 5), more, strict=True):
        assert (colours[..., 0] == level).sum() == one.known.size
    assert_array_equal(void, colours[..., 0] == 0)
    lattice = lay(wanting, patch=8, void=void)
    colours = lattice.with_border(colours)
    for row, col in np.argwhere(lattice.whole)[::7]:
        assert np.ptp(colours[row : row + 8, col : col + 8]) == 0


def test_paint_comes_from_a_swatch_where_the_window_shows_none_like_it():
    """A weave that the window shows at the rim of its lacuna alone, and whole nowhere."""
    weave = np.tile(np.random.default_rng(3).integers(0, 256, (11, 11, 3)), (12, 12, 1)).astype(np.uint8)
    truth, lost = weave[:90, :90].copy(), np.zeros((90, 90), bool)
    lost[12:78, 12:78] = True
    truth[:4], truth[-4:], truth[:, :4], truth[:, -4:] = 0, 0, 0, 0
    other = Swatch(weave[5:105, 3:103], np.ones((100, 100), bool))

    def misfit(more: list[Swatch]) -> float:
        found = fill_from_patches(truth, lost, patch=8, rng=np.random.default_rng(0), more=more)
        assert found.colours.shape == truth.shape
        assert found.sure.shape == lost.shape
        return float(np.abs(found.colours - truth)[lost].mean())

    assert misfit([other]) < 0.5 * misfit([])


def test_what_a_swatch_does_not_know_is_never_used():
    rng = np.random.default_rng(0)
    picture, lost = rng.integers(0, 256, (60, 60, 3)).astype(np.uint8), np.zeros((60, 60), bool)
    lost[20:40, 20:40] = True
    paint, known = rng.integers(0, 256, (50, 50, 3)).astype(np.uint8), np.ones((50, 50), bool)
    known[10:30, 15:40] = False
    fills = [
        fill_from_patches(
            picture, lost, patch=8, rng=np.random.default_rng(0), more=[Swatch(colours, known)]
        ).colours
        for colours in (paint, np.where(known[..., None], paint, 255))
    ]
    assert_array_equal(*fills)


def test_without_a_whole_patch_in_the_window_a_swatch_serves():
    lost = np.zeros((40, 40), bool)
    lost[::7] = True
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    options = {"patch": 8, "rng": np.random.default_rng(0)}
    assert fill_from_patches(picture, lost, **options) is None
    assert fill_from_patches(picture, lost, **options, more=[swatch(30, 30, 90.0)]) is not None
