"""Lazy pixels are arrays: any basic index reads what it reads of a plain array."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import tratteggio
from tratteggio import files
from tratteggio.painting import Mapped, Region, Scan, Stack
from tratteggio.painting.lazy import LazyPixels
from tratteggio.phantom import panel
from tratteggio.treatment import inpaint
from tratteggio.windows import filtered as windows

GRID = (23, 31)
PAINT = np.random.default_rng(0).integers(0, 65_536, (*GRID, 3), np.uint16)
LOST = np.zeros(GRID, bool)
LOST[5:9, 7:12] = True
KEPT = TemporaryDirectory()  # as long as the tests run


def below(one: type[LazyPixels]) -> Iterator[type[LazyPixels]]:
    for other in one.__subclasses__():
        yield other
        yield from below(other)


def test_every_kind_of_pixels_indexes_as_the_base_does() -> None:
    """A subclass says how a region is read and nothing else, so that the laws below hold for all."""
    for module in pkgutil.walk_packages(tratteggio.__path__, "tratteggio."):
        importlib.import_module(module.name)
    found = [one for one in below(LazyPixels) if one.__module__.startswith("tratteggio.")]
    assert len(found) > 30
    own = {"__getitem__", "__array__", "__len__", "ndim", "size"}
    assert not [one for one in found if own & set(vars(one))]


@cache
def examples() -> dict[str, LazyPixels]:
    """Pixels that are made, and pixels on disk in each way that files hold them."""
    folder, scan = Path(KEPT.name), Scan(PAINT)
    files.write(PAINT, folder / "raw.tif", compression="none")
    files.write(PAINT, folder / "zip.tif")
    files.write(PAINT, folder / "a.png")
    files.write_stack(Stack((scan,)), folder / "a.ome.zarr")
    made = inpaint(scan, LOST, engine="diffusion")
    return {
        "mapped": Mapped(PAINT, lambda array: array[..., 0], 0, np.dtype(np.uint16)),
        "proposal": made.pixels,
        "fill": made.fill,
        "phantom": panel(*GRID).painted.pixels,
        "light": windows.Light(scan, np.dtype(np.float32)),
        "raw": files.read(folder / "raw.tif").pixels,
        "zip": files.read(folder / "zip.tif").pixels,
        "png": files.read(folder / "a.png").pixels,
        "zarr": files.read(folder / "a.ome.zarr").pixels,
    }


def indices(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Basic indices: numbers, slices with steps of 1 or more, `...` and None; not always for all axes."""

    def part(side: int) -> st.SearchStrategy[Any]:
        edge = st.none() | st.integers(-side - 2, side + 2)
        return st.integers(-side, side - 1) | st.builds(slice, edge, edge, st.none() | st.integers(1, 5))

    def spread(parts: tuple[Any, ...]) -> st.SearchStrategy[Any]:
        return st.sampled_from(
            [parts, parts[:-1], (*parts[:1], ...), (..., parts[-1]), (None, *parts), (*parts, None), parts[0]]
        )

    return st.tuples(*map(part, shape)).flatmap(spread)


NAMES = ["mapped", "proposal", "fill", "phantom", "light", "raw", "zip", "png", "zarr"]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(data=st.data())
def test_any_basic_index_reads_what_it_reads_of_a_plain_array(name: str, data: st.DataObject) -> None:
    pixels = examples()[name]
    plain = np.asarray(pixels)
    assert (plain.shape, plain.dtype, plain.ndim, plain.size, len(plain)) == (
        pixels.shape, pixels.dtype, pixels.ndim, pixels.size, len(pixels),
    )  # fmt: skip
    index = data.draw(indices(pixels.shape))
    assert_array_equal(pixels[index], plain[index], strict=True)


@pytest.mark.parametrize(
    ("index", "told"),
    [
        (np.s_[::-1], "reverse what was read"),
        (np.s_[:, 40], "out of range"),
        (np.s_[0, 0, 0, 0], "too many indices"),
        ([1, 2], "numpy.asarray"),
        (np.s_[LOST], "numpy.asarray"),
        (True, "numpy.asarray"),
        ((..., ...), "too many indices"),
    ],
)
def test_what_is_no_basic_index_is_refused_in_a_sentence(index: Any, told: str) -> None:
    with pytest.raises(IndexError, match=told):
        examples()["raw"][index]


def test_only_what_is_asked_for_is_read() -> None:
    class Counting(LazyPixels):
        shape, dtype = (10_000, 10_000), np.dtype(np.uint8)
        read = 0

        def _read(self, region: Region) -> np.ndarray:
            self.read = max(self.read, region.rows * region.cols)
            return np.zeros((region.rows, region.cols), np.uint8)

    pixels = Counting()
    assert pixels[7, 3:9].shape == (6,)
    assert pixels.read == 6
    assert pixels[::100, ::100].shape == (100, 100)
    assert pixels.read <= 1 << 22


def test_pixels_print_as_one_short_line() -> None:
    scan = Scan(np.full((40, 50, 3), 9, np.uint8))
    fill = inpaint(scan, np.eye(40, 50, dtype=bool), engine="tension").fill
    assert repr(fill).endswith(": 40 x 50 x 3, uint8, read by region")
    assert len(repr(fill)) < 60
