"""A layer of an .ora or .psd file is a mask, by its name and where it lies on the canvas."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from PIL import Image

from tratteggio import files
from tratteggio.errors import BadUsage, GridMismatch, TratteggioError, UnreadableFile
from tratteggio.formats.ora import MIMETYPE
from tratteggio.painting import Scan

ROWS, COLS = 40, 60
SCAN = Scan(np.full((ROWS, COLS, 3), 90, np.uint8), name="panel.tif")
ENTITIES = b'<!DOCTYPE l [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

Layer = tuple[str, NDArray[Any], int, int]


def strokes(dtype: type[Any] = np.uint8) -> NDArray[Any]:
    """A red stroke on a clear layer of 10 x 12 pixels."""
    layer = np.zeros((10, 12, 4), dtype)
    layer[2:6, 3:9, 0] = layer[2:6, 3:9, 3] = np.iinfo(dtype).max
    return layer


def lost_at(top: int, left: int) -> NDArray[np.bool_]:
    """Where the stroke lies if the layer begins at (top, left)."""
    lost = np.zeros((ROWS + 40, COLS + 40), bool)
    lost[20 + top + 2 : 20 + top + 6, 20 + left + 3 : 20 + left + 9] = True
    return lost[20:-20, 20:-20]


def write_ora(path: Path, *layers: Layer, before: bytes = b"", size: tuple[int, int] = (ROWS, COLS)) -> Path:
    """Write layers, the topmost first, as GIMP and Krita do."""
    stack = b""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        for number, (name, pixels, top, left) in enumerate(layers):
            file = io.BytesIO()
            if pixels.dtype == np.uint16:
                files.write(pixels, path.with_suffix(".png"), alpha=True)
                file.write(path.with_suffix(".png").read_bytes())
            else:
                Image.fromarray(pixels).save(file, "PNG")
            archive.writestr(f"data/{number}.png", file.getvalue())
            stack += f'<layer name="{name}" src="data/{number}.png" x="{left}" y="{top}"/>'.encode()
        rows, cols = size
        image = b'%s<image w="%d" h="%d"><stack>%s</stack></image>' % (before, cols, rows, stack)
        archive.writestr("stack.xml", image)
    return path


def write_psd(path: Path, *layers: Layer, depth: int = 8) -> Path:
    """Write layers, the topmost first, with psd-tools."""
    psd_tools = pytest.importorskip("psd_tools")
    image = psd_tools.PSDImage.new("RGB", (COLS, ROWS), depth=depth)
    for name, pixels, top, left in layers[::-1]:
        image.create_pixel_layer_from_array(pixels, name=name, top=top, left=left)
    image.save(path)
    return path


WRITERS = {".ora": write_ora, ".psd": write_psd}
PAINTING: Layer = ("painting", np.full((ROWS, COLS, 3), 90, np.uint8), 0, 0)


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize(("top", "left"), [(0, 0), (7, 20), (-4, -5), (35, 52)])
def test_a_layer_marks_where_it_lies_on_the_canvas(tmp_path: Path, suffix: str, top: int, left: int) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}", ("losses", strokes(), top, left), PAINTING)
    lacunae = files.read_lacunae(path, SCAN, mask_layer="losses")
    assert_array_equal(lacunae.read(), lost_at(top, left))
    assert lacunae.marked == "opaque strokes in layer 'losses'"


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_layer_of_16_bit(tmp_path: Path, suffix: str) -> None:
    deep: Layer = ("losses", strokes(np.uint16), 3, 4)
    path = (
        write_ora(tmp_path / "a.ora", deep)
        if suffix == ".ora"
        else write_psd(tmp_path / "a.psd", deep, depth=16)
    )
    assert_array_equal(files.read_lacunae(path, SCAN).read(), lost_at(3, 4))


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_wrong_or_missing_name_lists_the_layers(tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}", ("losses", strokes(), 0, 0), PAINTING)
    with pytest.raises(BadUsage, match=r"has no layer 'Losses'; its layers are 'losses', 'painting'"):
        files.read_lacunae(path, SCAN, mask_layer="Losses")
    with pytest.raises(BadUsage, match=r"has 2 layers \('losses', 'painting'\); say which one with"):
        files.read_lacunae(path, SCAN)


def test_two_layers_of_one_name_are_not_guessed_between(tmp_path: Path) -> None:
    layer: Layer = ("losses", strokes(), 0, 0)
    with pytest.raises(BadUsage, match="2 layers called 'losses'"):
        files.read_lacunae(write_ora(tmp_path / "a.ora", layer, layer), SCAN, mask_layer="losses")


def test_a_layer_that_is_painted_over_counts_as_a_marked_copy(tmp_path: Path) -> None:
    copy = np.random.default_rng(0).integers(60, 120, (ROWS, COLS, 3), np.uint8)
    scan = Scan(copy.copy(), name="panel.tif")
    copy[5:9, 6:16] = (255, 0, 255)
    lacunae = files.read_lacunae(write_ora(tmp_path / "a.ora", ("copy", copy, 0, 0)), scan)
    assert lacunae.lost_px == 40
    assert lacunae.marked.startswith("pixels in #ff00ff")


def test_an_empty_layer_marks_nothing(tmp_path: Path) -> None:
    clear = np.zeros((ROWS, COLS, 4), np.uint8)
    assert files.read_lacunae(write_ora(tmp_path / "a.ora", ("losses", clear, 0, 0)), SCAN).lost_px == 0
    with pytest.raises(BadUsage, match="has no layer with pixels"):
        files.read_lacunae(write_ora(tmp_path / "b.ora"), SCAN)


def test_a_canvas_of_another_size_is_refused(tmp_path: Path) -> None:
    path = write_ora(tmp_path / "a.ora", ("losses", strokes(), 0, 0), size=(ROWS, COLS + 1))
    with pytest.raises(GridMismatch, match=r"a\.ora has 40 rows x 61 columns"):
        files.read_lacunae(path, SCAN)


def test_a_layer_of_an_image_without_layers_is_refused(tmp_path: Path) -> None:
    files.write(np.zeros((ROWS, COLS), np.uint8), tmp_path / "lost.png")
    with pytest.raises(BadUsage, match=r"lost\.png has no layers, so it has no layer 'losses'"):
        files.read_lacunae(tmp_path / "lost.png", SCAN, mask_layer="losses")


def test_hostile_layers_are_refused(tmp_path: Path) -> None:
    layer: Layer = ("losses", strokes(), 0, 0)
    for before, words in ((ENTITIES, "defines XML entities"), (b"<g>" * 300, "more than 200 levels")):
        with pytest.raises(UnreadableFile, match=words):
            files.read_lacunae(write_ora(tmp_path / "a.ora", layer, before=before), SCAN)
    huge = write_ora(tmp_path / "b.ora", layer, size=(10**9, 10**9))
    with pytest.raises(GridMismatch):
        files.read_lacunae(huge, SCAN)


@pytest.mark.parametrize("suffix", WRITERS)
def test_damaged_files_with_layers_are_named_in_one_sentence(tmp_path: Path, suffix: str) -> None:
    path = WRITERS[suffix](tmp_path / f"a{suffix}", ("losses", strokes(), 0, 0), PAINTING)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    for size in (10, 40, 300):
        path.write_bytes(data[:size])
        with pytest.raises(TratteggioError, match=rf"a\{suffix}"):
            files.read_lacunae(path, SCAN, mask_layer="losses")
    for _ in range(40):
        damaged = bytearray(data)
        for place in rng.integers(0, len(data), 3):
            damaged[place] = int(rng.integers(0, 256))
        path.write_bytes(damaged)
        try:
            files.read_lacunae(path, SCAN, mask_layer="losses").read()
        except TratteggioError as error:
            assert path.name in str(error)  # noqa: PT017 some damage is harmless
