"""NumPy, Dask and Matplotlib take the pixels of files and proposals as the arrays that they are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import tratteggio as tg
from tratteggio import files
from tratteggio.painting import Pixels, Scan, Stack
from tratteggio.testing.phantoms import draw_lacunae, draw_painting

GRID = (150, 210)

Samples = NDArray[np.uint16]
Source = Callable[[Samples, Path], tuple[Pixels, Samples]]


def read_tiff(painting: Samples, folder: Path) -> tuple[Pixels, Samples]:
    files.write(painting, folder / "panel.tif")
    return tg.open(folder / "panel.tif").primary.pixels, painting


def read_ome_zarr(painting: Samples, folder: Path) -> tuple[Pixels, Samples]:
    files.write_stack(Stack((Scan(painting),)), folder / "panel.ome.zarr")
    return tg.open(folder / "panel.ome.zarr").primary.pixels, painting


def propose(painting: Samples, folder: Path) -> tuple[Pixels, Samples]:
    restoration = tg.inpaint(Scan(painting), draw_lacunae(*GRID), engine="diffusion")
    return restoration.pixels, restoration.image


sources = pytest.mark.parametrize("source", [read_tiff, read_ome_zarr, propose])


@sources
def test_numpy_takes_pixels(source: Source, tmp_path: Path) -> None:
    pixels, expected = source(draw_painting(*GRID, "uint16"), tmp_path)
    array = np.asarray(pixels)
    assert (array.dtype, array.shape) == (np.uint16, (*GRID, 3))
    assert_array_equal(array, expected)
    assert_array_equal(np.asarray(pixels[10:40, ::7, 1]), expected[10:40, ::7, 1])


@sources
def test_dask_takes_pixels(source: Source, tmp_path: Path) -> None:
    """Block by block, so that a painting need not fit into memory."""
    dask = pytest.importorskip("dask.array")
    pixels, expected = source(draw_painting(*GRID, "uint16"), tmp_path)
    lazy = dask.from_array(pixels, chunks=(64, 64, -1))
    assert (lazy.dtype, lazy.shape, lazy.numblocks) == (np.uint16, (*GRID, 3), (3, 4, 1))
    assert_array_equal(lazy.compute(scheduler="threads"), expected)
    assert_array_equal(lazy[100:, 5].compute(), expected[100:, 5])
    assert int(lazy.max().compute()) == expected.max()


@sources
def test_matplotlib_shows_pixels(source: Source, tmp_path: Path) -> None:
    """In grey, since Matplotlib shows RGB of 8 bits and of floats only."""
    figures = pytest.importorskip("matplotlib.figure")
    pixels, expected = source(draw_painting(*GRID, "uint16", channels=0), tmp_path)
    shown = figures.Figure().subplots().imshow(pixels)
    assert_array_equal(shown.get_array(), expected)


def test_matplotlib_shows_rgb(tmp_path: Path) -> None:
    figures = pytest.importorskip("matplotlib.figure")
    painting = draw_painting(*GRID)
    files.write(painting, tmp_path / "panel.png")
    shown = figures.Figure().subplots().imshow(tg.open(tmp_path / "panel.png").primary.pixels)
    assert_array_equal(shown.get_array(), painting)
