"""The laws of engines."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import tratteggio as tg
from tratteggio.options import name_of
from tratteggio.painting import Lacunae, Region, Restoration, Scan, Stack
from tratteggio.testing.laws import DEPTHS, FIXED, Laws
from tratteggio.testing.phantoms import WHITES, add_scans, draw_lacunae, draw_painting
from tratteggio.treatment import make_engine
from tratteggio.windows import MemoryLedger, run
from tratteggio.windows.blend import FillPixels

Array = NDArray[Any]


class EngineLaws(Laws):
    """What every engine must do. `names` are written as in `tg.inpaint(..., engine=...)`."""

    @pytest.mark.parametrize("depth", DEPTHS)
    @settings(FIXED, max_examples=4)
    @given(
        rows=st.integers(2, 90),
        cols=st.integers(2, 90),
        seed=st.integers(0, 99),
        channels=st.sampled_from([0, 3, 4]),
    )
    def test_a_pixel_that_is_not_lost_is_never_touched(
        self, name: str, depth: str, *, rows: int, cols: int, seed: int, channels: int
    ) -> None:
        """Known pixels are bit-identical at every depth, and a fill is opaque."""
        before, lost = draw_painting(rows, cols, depth, channels, seed), draw_lacunae(rows, cols, seed)
        after = _fill(before, lost, name)
        assert after.dtype == before.dtype
        assert after.shape == before.shape
        assert_array_equal(after[~lost], before[~lost])
        if channels == 4:
            assert (after[lost][:, 3] == WHITES[depth]).all(), "a fill is never transparent"

    @pytest.mark.parametrize("tile", [1, 512, 10**6])
    def test_tiled_equals_whole_bit_by_bit(self, name: str, tile: int) -> None:
        """The size of tiles changes nothing."""
        rows, cols = 620, 700
        before, lost = draw_painting(rows, cols, "uint16"), draw_lacunae(rows, cols, 1)
        assert_array_equal(_fill(before, lost, name, tile=tile), _fill(before, lost, name))

    def test_windows_give_what_one_window_would(self, name: str) -> None:
        """The halo is wide enough: the same lacunae, filled from a crop and from the whole, agree.

        An engine that is not local promises less: a window gives what this crop of the painting would by the
        same look at the whole.
        """
        before = draw_painting(900, 400, "uint16", seed=3)
        lost = np.zeros(before.shape[:2], bool)
        lost[40:60, 40:44] = lost[700:720, 300:330] = lost[450:453, 10:390] = True
        scan = Scan(np.where(lost[..., None], 0, before).astype(np.uint16))
        engine, ledger, stack = make_engine(name), MemoryLedger(), stack_for(scan, name)
        windows = [window.box for window in run(stack, Lacunae(lost), engine, ledger).windows]
        context = engine.prepare(stack, Lacunae(lost))
        assert len(windows) > 1
        for box in [Region.whole(scan.grid)] if engine.local else windows:
            crop, lacunae = stack.crop(box), Lacunae(lost).crop(box)
            by_itself, _ = engine.fill(crop, lacunae, context)
            fill = FillPixels(scan, ledger)[box.slices][lacunae.read()].astype(float)
            assert_allclose(fill, np.clip(by_itself[lacunae.read()], 0, 65535), atol=1)

    def test_the_same_seed_gives_the_same_bits(self, name: str) -> None:
        """A proposal can be made again."""
        before, lost = draw_painting(120, 150, "float32", seed=5), draw_lacunae(120, 150, 5)
        assert_array_equal(_fill(before, lost, name, seed=7), _fill(before, lost, name, seed=7))

    def test_what_a_lacuna_held_has_no_influence(self, name: str) -> None:
        """What the scan shows inside a lacuna is damage, not paint."""
        before, lost = draw_painting(100, 100, "uint8"), draw_lacunae(100, 100)
        other = before.copy()
        other[lost] = 255 - other[lost]
        assert_array_equal(_fill(before, lost, name), _fill(other, lost, name))

    def test_what_a_scan_does_not_show_has_no_influence(self, name: str) -> None:
        """Beyond the border of a warped scan, beside lacunae and across them, there is no paint."""
        before, lost = draw_painting(100, 120, "uint16", seed=4), draw_lacunae(100, 120, 4)
        seen = np.ones(lost.shape, bool)
        seen[:, 70:] = seen[90:] = False
        lost[:, 90:] = False
        lost[40:60, 60:80] = True
        other = before.copy()
        other[~seen] = 65535 - other[~seen]
        one, two = (_propose(Scan(pixels, seen=seen), lost, name).image for pixels in (before, other))
        assert_array_equal(one[lost], two[lost])
        assert_array_equal(two[~lost], other[~lost])

    def test_16_bit_is_not_quantised_to_8(self, name: str) -> None:
        """A fill of a fine ramp of 16 bits is as fine as the ramp."""
        ramp = np.linspace(20_000, 22_000, 200).astype(np.uint16)
        before = np.tile(ramp, (60, 1))
        lost = np.zeros(before.shape, bool)
        lost[25:35, 90:100] = True
        after = _fill(np.where(lost, 0, before).astype(np.uint16), lost, name)
        assert np.abs(after[lost].astype(int) - before[lost].astype(int)).max() < 257 / 2
        assert len(np.unique(after[lost])) > 5

    @pytest.mark.parametrize("shape", [(1, 2), (2, 1), (3, 5000), (5000, 3), (16, 16)])
    def test_extreme_shapes_are_filled(self, name: str, shape: tuple[int, int]) -> None:
        """A row, a column and a long strip are paintings too."""
        before = draw_painting(*shape, "uint8", 0)
        lost = np.zeros(shape, bool)
        lost[shape[0] // 2, shape[1] // 2] = True
        assert_array_equal(_fill(before, lost, name)[~lost], before[~lost])

    def test_history_says_how_the_proposal_came_to_be(self, name: str) -> None:
        """The history names version, engine, seed, lacunae and source, and whether a net was trained."""
        before, lost = draw_painting(40, 40, "uint8"), draw_lacunae(40, 40)
        history = _propose(Scan(before), lost, name, seed=3).history
        assert history["tratteggio"] == tg.__version__
        assert history["engine"]["name"] == name_of(name)
        assert isinstance(history["engine"]["learnt"], bool)
        assert history["engine"]["learnt"] or history["engine"]["weights_sha256"] is None
        assert history["seed"] == 3
        assert history["lacunae"]["lost_px"] == int(lost.sum())
        assert history["filled_share"] == pytest.approx(lost.mean())
        assert len(history["source"]["sha256"]) == 64

    def test_confidence_is_between_0_and_1_where_lost_and_0_elsewhere(self, name: str) -> None:
        """Confidence speaks of the fill alone."""
        before, lost = draw_painting(80, 80, "uint8"), draw_lacunae(80, 80)
        confidence = _propose(Scan(before), lost, name).confidence[0:80, 0:80]
        assert confidence.dtype == np.float32
        assert (confidence[~lost] == 0).all()
        assert (confidence[lost] >= 0).all()
        assert (confidence[lost] <= 1).all()
        assert (confidence[lost] > 0).any()


def _fill(
    before: Array, lost: NDArray[np.bool_], name: str, *, seed: int = 0, tile: int | None = None
) -> Array:
    scan = Scan(before, alpha=before.ndim == 3 and before.shape[2] in (2, 4))
    return _propose(scan, lost, name, seed=seed, tile=tile).image


def _propose(
    scan: Scan, lost: NDArray[np.bool_], name: str, *, seed: int = 0, tile: int | None = None
) -> Restoration:
    return tg.inpaint(stack_for(scan, name), lost, engine=name, mostly_lost=True, seed=seed, tile=tile)


def stack_for(scan: Scan, name: str) -> Stack:
    """Make what an engine takes: the scan alone, or with two others if the engine reads other modalities."""
    return add_scans(scan) if _looks_at_others(name) else Stack((scan,))


@cache
def _looks_at_others(name: str) -> bool:
    return make_engine(name).reads != ()
