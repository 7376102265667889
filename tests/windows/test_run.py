"""Filling window by window: what engines see, what is kept, how it is blended and resumed."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import ndimage

from tratteggio.errors import BadUsage, OutOfMemory, TratteggioError, UnreadableFile
from tratteggio.painting import Lacunae, Region, Scan, Stack
from tratteggio.windows import DiskLedger, MemoryLedger, run
from tratteggio.windows.blend import ConfidencePixels, FillPixels
from tratteggio.windows.guide import guide


@dataclass(frozen=True)
class LocalMean:
    """An engine that is local by construction: the mean of the known paint within `halo` pixels."""

    halo: int = 6
    capacity: int = 10**6
    name: str = "local_mean"
    reads: tuple[str, ...] = ()
    learnt: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)

    def prepare(self, stack: Stack, lacunae: Lacunae) -> None:
        return None

    def fill(self, window: Stack, lacunae: Lacunae, context: None):
        lost = lacunae.read()
        assert lost.any()
        assert not lost.all()
        colours = window.primary.colour().astype(np.float64)
        size = (2 * self.halo + 1, 2 * self.halo + 1)
        # Zero beyond the border, so that a sum near the painting's edge is over the painting alone.
        total = ndimage.uniform_filter(
            colours * ~lost[..., None], (*size, 1), mode="constant", output=np.float64
        )
        weight = ndimage.uniform_filter((~lost).astype(np.float64), size, mode="constant")
        fill = np.round(total / np.maximum(weight[..., None], 1e-9), 3)
        return fill, weight.astype(np.float32).clip(0, 1)


def damaged(rows: int, cols: int, seed: int, largest: int = 40, n: int = 10) -> tuple[Stack, Lacunae]:
    rng = np.random.default_rng(seed)
    lost = np.zeros((rows, cols), bool)
    for _ in range(n):
        top, left = rng.integers(0, rows), rng.integers(0, cols)
        h, w = rng.integers(1, largest + 1, 2)
        lost[top : top + h, left : left + w] = True
    lost[0, 0] = False
    lost[rows // 2, cols // 2] = True
    return Stack((Scan(rng.integers(0, 65536, (rows, cols, 3)).astype(np.uint16)),)), Lacunae(lost)


def fill_of(stack: Stack, lacunae: Lacunae, engine: Any, **options: int) -> tuple[np.ndarray, np.ndarray]:
    ledger = MemoryLedger()
    run(stack, lacunae, engine, ledger, **options)
    scan = stack.primary
    return FillPixels(scan, ledger)[:, :], ConfidencePixels(scan, ledger)[:, :]


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 50), rows=st.integers(3, 900), cols=st.integers(3, 900))
def test_windows_give_what_one_call_on_the_whole_gives(seed, rows, cols):
    stack, lacunae = damaged(rows, cols, seed, largest=12)
    fill, confidence = fill_of(stack, lacunae, LocalMean(halo=14))
    # The engine is called with 0 where lost, as the runner does.
    colours = stack.primary.colour()
    colours[lacunae.read()] = 0
    whole, sure = LocalMean(halo=14).fill(Stack((Scan(colours),)), lacunae, None)
    lost = lacunae.read()
    np.testing.assert_allclose(fill[lost], np.rint(whole[lost]), atol=1)
    np.testing.assert_allclose(confidence[lost], sure[lost], atol=1e-5)


@pytest.mark.parametrize("capacity", [200, 10**6])
@pytest.mark.parametrize("tile", [1, 512, 1024, 10**6])
def test_the_result_is_the_same_bits_at_any_tile_size(tile, capacity):
    stack, lacunae = damaged(1100, 700, 3)
    engine = LocalMean(capacity=capacity)
    for one, other in zip(
        fill_of(stack, lacunae, engine, tile=tile), fill_of(stack, lacunae, engine), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_values_found_in_lacunae_have_no_influence():
    stack, lacunae = damaged(300, 300, 1)
    other = stack.primary.read().copy()
    other[lacunae.read()] = 4711
    one = fill_of(stack, lacunae, LocalMean())[0]
    np.testing.assert_array_equal(one, fill_of(Stack((Scan(other),)), lacunae, LocalMean())[0])


def test_the_source_is_not_written_to():
    stack, lacunae = damaged(300, 300, 1)
    before = stack.primary.read().copy()
    fill_of(stack, lacunae, LocalMean(capacity=50))
    np.testing.assert_array_equal(stack.primary.read(), before)


def test_nothing_is_proposed_outside_the_lacunae():
    stack, lacunae = damaged(300, 400, 2)
    fill, confidence = fill_of(stack, lacunae, LocalMean(capacity=300))
    assert not fill[~lacunae.read()].any()
    assert not confidence[~lacunae.read()].any()


def test_the_pieces_of_a_wide_lacuna_meet_without_a_seam():
    """On a linear ramp, the fill climbs by about 20 a pixel everywhere: no step where windows meet."""
    rows, cols = np.mgrid[0:400, 0:2600]
    ramp = (rows * 20 + cols * 20).astype(np.float32)
    lost = np.zeros(ramp.shape, bool)
    lost[150:230, 50:2550] = True
    fill, _ = fill_of(Stack((Scan(ramp),)), Lacunae(lost), LocalMean(halo=60))
    steps = np.abs(np.diff(fill[160:220, 60:2540, 0], axis=1))
    assert steps.max() < 150


@dataclass(frozen=True)
class WindowMean(LocalMean):
    """Proposes the mean of all known paint in the window."""

    def fill(self, window: Stack, lacunae: Lacunae, context: None):
        colours, lost = window.primary.colour().astype(np.float64), lacunae.read()
        return np.broadcast_to(colours[~lost].mean(axis=0), colours.shape), np.ones(lost.shape, np.float32)


def test_windows_of_unequal_size_blend_to_what_they_agree_on():
    """A net of cracks through one large loss: where every window proposes the same, so does the blend."""
    lost = np.zeros((1100, 1100), bool)
    lost[::50] = lost[300:700, 300:700] = True
    paint = np.full((1100, 1100, 3), 1234, np.uint16)
    fill, _ = fill_of(Stack((Scan(paint),)), Lacunae(lost), WindowMean(halo=30, capacity=30_000))
    assert (fill[lost] == 1234).all()


@dataclass(frozen=True)
class BreaksAt(LocalMean):
    """Fails in the window that holds a given number of lost pixels, and counts the calls."""

    after: int = 2
    calls: list[int] = field(default_factory=list)

    def fill(self, window: Stack, lacunae: Lacunae, context: None):
        self.calls.append(lacunae.lost_px)
        fill, confidence = super().fill(window, lacunae, context)
        if len(self.calls) > self.after:
            fill[:] = np.nan
        return fill, confidence


def test_a_failed_window_stops_the_job_and_names_the_place():
    stack, lacunae = damaged(1400, 1400, 5, n=30)
    with pytest.raises(TratteggioError, match=r"local_mean gave no usable fill for rows \d+ to \d+, columns"):
        fill_of(stack, lacunae, BreaksAt(after=1))


def test_what_was_done_before_a_failure_is_not_done_again(tmp_path):
    stack, lacunae = damaged(1400, 1400, 5, n=30)
    engine = BreaksAt(after=3)
    with pytest.raises(TratteggioError):
        run(stack, lacunae, engine, DiskLedger(tmp_path / "job", {}), tile=512)
    again = BreaksAt(after=10**9)
    ledger = DiskLedger(tmp_path / "job", {}, resume=True)
    laid = run(stack, lacunae, again, ledger, tile=512)
    assert len(again.calls) == len(list(laid.windows)) - 3
    whole = fill_of(stack, lacunae, LocalMean())[0]
    np.testing.assert_array_equal(FillPixels(stack.primary, ledger)[:, :], whole)


def test_progress_ends_at_the_number_of_lost_pixels():
    stack, lacunae = damaged(600, 600, 8)
    seen: list[tuple[int, int]] = []
    run(stack, lacunae, LocalMean(), MemoryLedger(), progress=lambda done, all_: seen.append((done, all_)))
    assert seen[-1] == (lacunae.lost_px, lacunae.lost_px)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_other_modalities_reach_the_engine_in_the_same_window():
    @dataclass(frozen=True)
    class CopiesInfrared(LocalMean):
        def fill(self, window: Stack, lacunae: Lacunae, context: None):
            return window["irr"].colour().astype(np.float32), np.ones(window.grid, np.float32)

    stack, lacunae = damaged(700, 700, 4)
    irr = np.arange(700 * 700, dtype=np.float32).reshape(700, 700) % 1000
    stack = Stack((Scan(stack.primary.read()[..., 0]), Scan(irr, modality="irr")))
    fill, _ = fill_of(stack, lacunae, CopiesInfrared())
    lost = lacunae.read()
    np.testing.assert_array_equal(fill[lost][:, 0], irr[lost].astype(np.uint16))


def test_what_a_scan_does_not_show_is_lost_to_the_engine_and_holds_0():
    stack, lacunae = damaged(80, 90, 2, largest=8)
    rng = np.random.default_rng(0)
    seen, seen_irr = rng.random((2, 80, 90)) > 0.2
    infrared = Scan(rng.integers(1, 256, (80, 90), dtype=np.uint8), "irr", seen=seen_irr)
    seen[0] = True

    class Watching(LocalMean):
        def fill(self, window, lacunae, context):
            lost = lacunae.read()
            assert (lost >= (window.primary.read()[..., 0] == 0)).all()
            assert lost.sum() > self.lost_px
            np.testing.assert_array_equal(window["irr"].read() == 0, ~window["irr"].read_seen())
            return super().fill(window, lacunae, context)

        lost_px = lacunae.lost_px

    rgb = Scan(stack.primary.read() | 1, seen=seen)
    fill, _ = fill_of(Stack((rgb, infrared)), lacunae, Watching(halo=200))
    assert (fill[~lacunae.read()] == 0).all()
    assert (fill[lacunae.read()] > 0).all()


@pytest.mark.parametrize("size", [5, 700])
def test_lacunae_where_the_scan_shows_nothing_are_refused_by_place(size):
    rows, cols = 900, 900
    lost, seen = np.zeros((2, rows, cols), bool)
    seen[:20] = True
    lost[150 : 150 + size, 100 : 100 + size] = True
    scan = Scan(np.ones((rows, cols), np.uint8), seen=seen, name="panel.tif")
    with pytest.raises(BadUsage, match=r"panel\.tif does not show the painting in rows .*mask"):
        run(Stack((scan,)), Lacunae(lost), LocalMean(capacity=10_000), MemoryLedger())


def test_the_guide_of_a_wide_lacuna_goes_by_what_is_seen():
    values, lost, seen = np.full((900, 900), 100, np.uint8), *np.zeros((2, 900, 900), bool)
    values[:, 450:] = 7
    lost[:800, 100:800] = True
    seen[:, :450] = True
    scan = Scan(values, seen=seen)
    made = guide(scan, Lacunae(lost), Region(0, 100, 800, 800))
    np.testing.assert_allclose(made.colours, 100, atol=1e-3)


@settings(max_examples=15, deadline=None)
@given(rows=st.integers(2, 60), cols=st.integers(2, 60), seed=st.integers(0, 20))
def test_the_guide_of_a_small_group_is_the_known_paint_itself(rows, cols, seed):
    stack, lacunae = damaged(rows, cols, seed, largest=5, n=3)
    found = guide(stack.primary, lacunae, lacunae.groups(16).regions[0])
    known = ~lacunae.read(found.region)
    np.testing.assert_allclose(found.colours[known], stack.primary.colour(found.region)[known], rtol=1e-5)


def test_the_guide_of_a_large_group_is_a_block_mean():
    rng = np.random.default_rng(0)
    pixels = rng.random((1600, 1600)).astype(np.float32)
    lost = np.zeros((1600, 1600), bool)
    lost[100:1500, 100:1500] = True
    found = guide(Scan(pixels), Lacunae(lost), Lacunae(lost).groups(16).regions[0])
    assert found.factor == 2
    corner = pixels[found.region.slices][:2, :2].mean()
    np.testing.assert_allclose(found.colours[0, 0, 0], corner, rtol=1e-5)


@pytest.mark.parametrize("change", ["another lacuna", "a piece less", "grey", "another window"])
def test_a_kept_tile_that_does_not_fill_these_lacunae_is_refused(change: str) -> None:
    """A ledger is read back from disk; what it lacks would be left black without a word."""
    stack, lacunae = damaged(120, 700, seed=3)
    ledger = MemoryLedger()
    run(stack, lacunae, LocalMean(), ledger)
    first, *rest = ledger.kept(0)
    match change:
        case "another lacuna":
            other = first.lost.copy()
            other[np.unravel_index(np.argmax(other), other.shape)] = False
            ledger.keep(0, [replace(first, lost=other), *rest])
        case "a piece less":
            ledger.keep(0, rest)
        case "grey":
            ledger.keep(0, [replace(first, values=first.values[:, :1]), *rest])
        case _:
            window = replace(first.window, core=Region(0, 0, 1, 1))
            ledger.keep(0, [replace(first, window=window), *rest])
    with pytest.raises(UnreadableFile, match=r"tile-00000\.npz.*does not fill the lacunae of this job"):
        run(stack, lacunae, LocalMean(), ledger)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: 9 TB"),
        RuntimeError("CUDA out of memory. Tried to allocate 9 GiB"),
    ],
)
def test_an_engine_that_runs_out_of_memory_says_so(error: Exception) -> None:
    class Greedy(LocalMean):
        def fill(self, window: Stack, lacunae: Lacunae, context: None):
            raise error

    stack, lacunae = damaged(60, 60, seed=1)
    with pytest.raises(OutOfMemory, match="not enough memory"):
        run(stack, lacunae, Greedy(), MemoryLedger())


@dataclass(frozen=True)
class SeesKept(LocalMean):
    """It notes where damage is kept, on the grid of the painting."""

    seen: np.ndarray | None = None

    def fill(self, window: Stack, lacunae: Lacunae, context: None):
        top, left = window.origin
        kept = lacunae.read_kept_damage()
        assert not (kept & lacunae.read()).any()
        self.seen[top : top + kept.shape[0], left : left + kept.shape[1]] |= kept
        return super().fill(window, lacunae, context)


class Travels(ThreadPoolExecutor):
    """Threads that get copies of their jobs, as processes and other machines do."""

    def submit(self, compute, item):
        return super().submit(compute, pickle.loads(pickle.dumps(item)))


@pytest.mark.parametrize("executor", [None, Travels])
def test_damage_that_is_kept_reaches_the_engine(executor):
    stack, lacunae = damaged(90, 120, seed=4, n=30)
    kept = np.zeros((90, 120), bool)
    kept[::7] = True
    engine = SeesKept(seen=np.zeros_like(kept))
    with (executor or nullcontext)() as at_work:
        run(stack, replace(lacunae, kept_damage=kept), engine, MemoryLedger(), executor=at_work)
    near = ndimage.maximum_filter(lacunae.read(), size=2 * engine.halo + 1)
    assert_array_equal(engine.seen[near], (kept & ~lacunae.read())[near])
