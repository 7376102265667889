"""Pixels computed window by window: the same bits whatever is read, on any executor; they can be stopped."""

from __future__ import annotations

import pickle
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tratteggio import files, registry
from tratteggio.damage import Strengths
from tratteggio.errors import Cancelled, Stopped
from tratteggio.painting import Lacunae, Region, Scan, Stack
from tratteggio.treatment import FillOptions, inpaint, inpaint_file
from tratteggio.windows import MemoryLedger, Windowed, compute_in_order, run
from tratteggio.windows.blend import ConfidencePixels, FillPixels
from tratteggio.windows.executing import AHEAD


class Sums(Windowed):
    """The sum over a neighbourhood, and which windows were computed."""

    def __init__(self, array: np.ndarray, **options: Any) -> None:
        self.array = array
        self.computed: list[Region] = []
        super().__init__(**options)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.int64)

    def _compute(self, window: Region) -> np.ndarray:
        self.computed.append(window)
        seen = window.grow(1, within=self.shape)
        padded = np.pad(self.array[seen.slices].astype(np.int64), 1)
        rows, cols = padded.shape
        sums = sum(padded[i : rows - 2 + i, j : cols - 2 + j] for i in range(3) for j in range(3))
        return sums[window.relative_to(seen).slices]


@settings(max_examples=40, deadline=None)
@given(data=st.data(), rows=st.integers(1, 30), cols=st.integers(1, 30), window=st.integers(1, 12))
def test_any_part_equals_the_whole_at_any_window_memory_and_executor(data, rows, cols, window):
    array = np.random.default_rng(rows * 31 + cols).integers(0, 99, (rows, cols))
    plain = np.asarray(Sums(array, window=64))
    top, left = data.draw(st.integers(0, rows)), data.draw(st.integers(0, cols))
    bottom, right = data.draw(st.integers(top, rows)), data.draw(st.integers(left, cols))
    kept = data.draw(st.integers(0, 5))
    with ThreadPoolExecutor(2) as threads:
        executor = data.draw(st.sampled_from([None, threads]))
        pixels = Sums(array, window=window, kept=kept, executor=executor)
        for _ in range(2):
            assert_array_equal(pixels[top:bottom, left:right], plain[top:bottom, left:right])


def test_a_reader_from_top_to_bottom_computes_each_window_once_and_is_told_so():
    told = []
    pixels = Sums(np.ones((25, 17), int), window=5, kept=5, progress=lambda *counts: told.append(counts))
    for band in Region.whole((25, 17)).bands(3):
        _ = pixels[band.slices]
    assert len(pixels.computed) == len(set(pixels.computed)) == 5 * 4
    assert told[-1] == (25 * 17, 25 * 17)
    assert len(pixels._windows) <= 5


class Elsewhere:
    """Workers elsewhere, as far as a reader can tell: they compute when they are asked for what was begun."""

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead
        self.open: set[int] = set()
        self.most = self.begun = self.given_up = 0

    def submit(self, compute, item):
        number = self.begun
        self.begun += 1
        self.open.add(number)
        self.most = max(self.most, len(self.open))

        def result():
            self.open.remove(number)
            return pickle.loads(pickle.dumps(compute.__self__))._compute(item)

        def cancel():
            self.given_up += 1
            self.open.discard(number)
            return True

        return SimpleNamespace(result=result, cancel=cancel)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 30), cols=st.integers(1, 30), window=st.integers(2, 12), ahead=st.integers(1, 9),
    high=st.integers(1, 12), wide=st.integers(1, 40),
)  # fmt: skip
def test_windows_ahead_of_a_reader_are_begun_elsewhere_once_each(rows, cols, window, ahead, high, wide):
    """The reader goes from top to bottom, block by block, as writers of files do."""
    array = np.random.default_rng(rows).integers(0, 99, (rows, cols))
    workers, kept = Elsewhere(ahead), -(-rows // window) * -(-cols // window)
    pixels = Sums(array, window=window, kept=kept, executor=workers)
    read = np.zeros((rows, cols), int)
    for band in Region.whole((rows, cols)).bands(high):
        for left in range(0, cols, wide):
            block = Region(band.top, left, band.bottom, min(left + wide, cols))
            read[block.slices] = pixels[block.slices]
    assert_array_equal(read, np.asarray(Sums(array, window=64)))
    assert workers.begun == kept
    assert workers.most <= ahead
    assert not workers.open


def test_what_was_begun_elsewhere_is_given_up_when_a_reader_fails():
    workers = Elsewhere(4)

    def stop(done: int, total: int) -> None:
        raise Cancelled

    pixels = Sums(np.ones((40, 40), int), window=10, executor=workers, progress=stop)
    with pytest.raises(Cancelled):
        _ = pixels[:10]
    assert workers.given_up == workers.begun - 1 >= 2
    assert not workers.open


def test_progress_is_called_by_the_reader_alone():
    threads = set()
    with ThreadPoolExecutor(3) as executor:
        pixels = Sums(
            np.ones((20, 20), int),
            window=4,
            progress=lambda *_: threads.add(threading.current_thread()),
            executor=executor,
        )
        _ = np.asarray(pixels)
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize("threads", [0, 3])
def test_progress_can_cancel_and_reading_goes_on_later(threads):
    def stop(done: int, every: int) -> None:
        if done > 100:
            raise Cancelled("stop")

    array = np.arange(400).reshape(20, 20)
    with ThreadPoolExecutor(max(1, threads)) as executor:
        pixels = Sums(array, window=4, kept=99, progress=stop, executor=executor if threads else None)
        with pytest.raises(Cancelled):
            _ = np.asarray(pixels)
        assert len(pixels.computed) <= 100 // 16 + 1 + (AHEAD if threads else 0)
        pixels.progress = None
        assert_array_equal(np.asarray(pixels), np.asarray(Sums(array, window=64)))


def test_what_fails_comes_at_its_place_and_nothing_is_begun_after_it():
    begun = []

    def work(n: int) -> int:
        begun.append(n)
        if n == 5:
            raise ValueError("five")
        return n

    with ThreadPoolExecutor(2) as executor:
        outputs, got = compute_in_order(work, iter(range(100)), executor=executor), []
        with pytest.raises(ValueError, match="five"):
            got += outputs  # a list takes what came before
        settled = len(begun)  # all that began has ended, so the pool has nothing left
    assert got == [0, 1, 2, 3, 4]
    assert len(begun) == settled <= 5 + AHEAD


# --- fills -----------------------------------------------------------------------------------------------


def painting(seed: int = 3) -> tuple[Stack, Lacunae]:
    rng = np.random.default_rng(seed)
    image = rng.integers(40, 200, (700, 900, 3), np.uint8)
    lost = np.zeros((700, 900), bool)
    for _ in range(40):
        top, left = rng.integers(0, 690), rng.integers(0, 890)
        lost[top : top + rng.integers(2, 14), left : left + rng.integers(2, 60)] = True
    return Stack((Scan(image),)), Lacunae(lost)


ENGINES = ("biharmonic", "diffusion", "pconv", "telea", "tension")


def test_the_engines_of_this_test_are_there():
    assert set(ENGINES) <= set(registry.included("engines"))


@pytest.mark.parametrize("name", ENGINES)
def test_a_fill_on_threads_is_the_fill_of_one_thread_bit_by_bit(name):
    stack, lacunae = painting()
    ledgers = MemoryLedger(), MemoryLedger()
    run(stack, lacunae, registry.load("engines", name).make(), ledgers[0], tile=512)
    with ThreadPoolExecutor(3) as threads:
        run(stack, lacunae, registry.load("engines", name).make(), ledgers[1], tile=512, executor=threads)
    for kind in (FillPixels, ConfidencePixels):
        assert_array_equal(*(np.asarray(kind(stack.primary, ledger)) for ledger in ledgers))


class CallersLedger(MemoryLedger):
    """Notes which threads keep tiles."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[threading.Thread] = set()

    def keep(self, tile, pieces):
        self.threads.add(threading.current_thread())
        super().keep(tile, pieces)


@pytest.mark.parametrize("threads", [0, 3])
def test_a_fill_cancelled_at_random_windows_goes_on_to_the_same_bits(threads):
    stack, lacunae = painting(4)
    engine = registry.load("engines", "diffusion").make()
    whole = MemoryLedger()
    run(stack, lacunae, engine, whole, tile=512)
    rng, ledger, stops = random.Random(6), CallersLedger(), 0
    with ThreadPoolExecutor(max(1, threads)) as executor:
        while True:
            left = rng.randint(1, 3)

            def progress(done: int, every: int) -> None:
                nonlocal left
                left -= 1
                if left == 0:
                    raise Cancelled("stopped by the user")

            try:
                run(
                    stack, lacunae, engine, ledger,
                    tile=512, progress=progress, executor=executor if threads else None,
                )  # fmt: skip
                break
            except Cancelled:
                stops += 1
                assert stops < 100
    assert stops > 1
    assert ledger.threads == {threading.current_thread()}
    fills = [np.asarray(FillPixels(stack.primary, one)) for one in (whole, ledger)]
    assert_array_equal(*fills)


def test_a_file_cancelled_at_random_windows_resumes_to_the_same_file(tmp_path: Path):
    stack, lacunae = painting(5)
    files.write(np.asarray(stack.primary.pixels), tmp_path / "scan.tif")
    options = {"engine": "diffusion", "options": FillOptions(tile=512)}
    inpaint_file(tmp_path / "scan.tif", lacunae, tmp_path / "alone.tif", **options)
    rng, said, out = random.Random(2), list[str](), tmp_path / "out.tif"
    while not out.exists():
        left = rng.randint(2, 4)

        def progress(done: int, every: int) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Cancelled("stopped by the user")

        try:
            inpaint_file(tmp_path / "scan.tif", lacunae, out, resume=bool(said), progress=progress, **options)
        except Stopped as stopped:
            said.append(str(stopped))
            assert (tmp_path / "out.tif.job").is_dir()
            assert not out.exists()
            assert len(said) < 100
    assert len(said) > 1
    assert all("resume=True" in one for one in said)
    assert out.read_bytes() == (tmp_path / "alone.tif").read_bytes()
    assert not (tmp_path / "out.tif.job").exists()


def test_a_proposal_in_memory_is_cancelled_by_the_callers_own_error():
    stack, lacunae = painting()

    def stop(done: int, every: int) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled, match="stop"):
        inpaint(stack, lacunae, engine="diffusion", progress=stop)


@pytest.mark.parametrize("name", ["lacunae", "ridge", "tophat"])
def test_strengths_on_threads_are_those_of_one_thread(name):
    stack, _ = painting()
    detector = registry.load("detectors", name).make()
    with ThreadPoolExecutor(3) as threads:
        assert_array_equal(
            np.asarray(Strengths(stack, detector, executor=threads)), np.asarray(Strengths(stack, detector))
        )
