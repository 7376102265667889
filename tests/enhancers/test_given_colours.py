"""Colours from hints and from a reference: where they go, how large scans are coloured, what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio import files
from tratteggio.cli.main import app
from tratteggio.enhancers import colorize
from tratteggio.errors import BadUsage, GridMismatch, UnreadableFile
from tratteggio.painting import Scan
from tratteggio.windows import Outputs

RED, BLUE = (200, 40, 40), (40, 60, 200)


def halves(rows: int = 60, cols: int = 80) -> np.ndarray:
    """Grey, darker on the left half."""
    grey = np.full((rows, cols), 90, np.uint8)
    grey[:, cols // 2 :] = 170
    return grey


def write_hints(path: Path, rows: int = 60, cols: int = 80) -> Path:
    """A red dot on the left and a blue one on the right, on a transparent layer."""
    layer = np.zeros((rows, cols, 4), np.uint8)
    layer[rows // 2, cols // 4] = (*RED, 255)
    layer[rows // 2, cols * 3 // 4] = (*BLUE, 255)
    Image.fromarray(layer).save(path)
    return path


def hue(image: np.ndarray) -> np.ndarray:
    """Red less blue, as a share of the range."""
    return (image[..., 0].astype(float) - image[..., 2]) / np.iinfo(image.dtype).max


@pytest.mark.parametrize("side", [1, 12])
def test_each_dot_colours_its_own_side_up_to_the_edge(tmp_path: Path, side: int) -> None:
    """Scans above 320 px are coloured reduced, and colours still end at the edge of the full size."""
    rows, cols = 60 * side, 80 * side
    hints = write_hints(tmp_path / "hints.png", rows, cols)
    coloured = hue(tg.enhance(halves(rows, cols), enhancer=f"colorize:hints={hints}"))
    middle = cols // 2
    assert coloured[:, : middle - 1].min() > 0.15
    assert coloured[:, middle + 1 :].max() < -0.15


def test_dots_on_a_grey_copy_do_as_those_on_a_layer(tmp_path: Path) -> None:
    layer = write_hints(tmp_path / "layer.png")
    copy = np.stack([halves()] * 3, axis=-1)
    drawn = np.asarray(Image.open(layer))
    copy[drawn[..., 3] > 0] = drawn[drawn[..., 3] > 0, :3]
    Image.fromarray(copy).save(tmp_path / "copy.png")
    one, other = (
        tg.enhance(halves(), enhancer=f"colorize:hints={tmp_path / name}")
        for name in ("layer.png", "copy.png")
    )
    np.testing.assert_array_equal(one, other)


def test_a_reference_lends_its_colours_by_lightness(tmp_path: Path) -> None:
    """Darker paint of the sister painting is red, lighter blue; it has another size."""
    sister = np.zeros((30, 50, 3), np.uint8)
    sister[:15], sister[15:] = RED, (150, 170, 255)
    Image.fromarray(sister).save(tmp_path / "sister.png")
    coloured = hue(tg.enhance(halves(), enhancer=f"colorize:reference={tmp_path / 'sister.png'}"))
    assert coloured[:, :38].min() > 0.2
    assert coloured[:, 42:].max() < -0.1


def test_chosen_regions_say_which_goes_with_which(tmp_path: Path) -> None:
    """Crosswise: the darker half takes its colour from the lighter half of the reference."""
    sister = np.zeros((30, 50, 3), np.uint8)
    sister[:15], sister[15:] = RED, (150, 170, 255)
    Image.fromarray(sister).save(tmp_path / "sister.png")
    green, yellow = (0, 255, 0), (255, 255, 0)
    mine, theirs = np.zeros((60, 80, 3), np.uint8), np.zeros_like(sister)
    mine[:, :40], mine[:, 40:] = green, yellow
    theirs[:15], theirs[15:] = yellow, green
    Image.fromarray(mine).save(tmp_path / "mine.png")
    Image.fromarray(theirs).save(tmp_path / "theirs.png")
    words = f"reference={tmp_path / 'sister.png'},regions={tmp_path / 'mine.png'}"
    coloured = hue(
        tg.enhance(halves(), enhancer=f"colorize:{words},reference_regions={tmp_path / 'theirs.png'}")
    )
    assert coloured[:, :38].max() < -0.1
    assert coloured[:, 42:].min() > 0.1


def test_windows_equal_the_whole(tmp_path: Path) -> None:
    enhancer = colorize.make(hints=write_hints(tmp_path / "hints.png", 300, 400))
    scan = Scan(halves(300, 400))
    context = enhancer.prepare(scan)
    whole = Outputs(scan, enhancer, context)[:, :]
    np.testing.assert_allclose(Outputs(scan, enhancer, context, window=64)[:, :], whole, atol=1e-5)


def test_the_command_takes_hints_and_its_history_names_them(tmp_path: Path) -> None:
    files.write(halves(), tmp_path / "grey.png")
    hints = write_hints(tmp_path / "hints.png")
    out = tmp_path / "out.png"
    words = ["enhance", str(tmp_path / "grey.png"), "-o", str(out), "--hints", str(hints)]
    assert CliRunner().invoke(app, words).exit_code == 0
    history = files.read_history(files.sidecar(out, "history"))
    assert history["inputs"][1]["name"].endswith("hints.png")
    assert hue(np.asarray(Image.open(out)))[:, :38].min() > 0.2
    over = CliRunner().invoke(app, [*words[:3], str(hints), "--overwrite", "--hints", str(hints)])
    assert over.exit_code != 0
    wrong = CliRunner().invoke(app, [*words, "--with", "denoise", "--overwrite"])
    assert "hints and a reference are for colorize, not for denoise" in wrong.output


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    hints = write_hints(tmp_path / "hints.png")
    with pytest.raises(UnreadableFile):
        colorize.make(hints=tmp_path / "none.png")
    with pytest.raises(GridMismatch, match="hints of colorize must have the size"):
        tg.enhance(halves(61), enhancer=f"colorize:hints={hints}")
    Image.fromarray(halves()).save(tmp_path / "plain.png")
    with pytest.raises(BadUsage, match="has no hint: draw dots or strokes"):
        tg.enhance(halves(), enhancer=f"colorize:hints={tmp_path / 'plain.png'}")
    with pytest.raises(BadUsage, match="a reference of colorize is in colour"):
        tg.enhance(halves(), enhancer=f"colorize:reference={tmp_path / 'plain.png'}")
    with pytest.raises(BadUsage, match="regions of colorize come in pairs"):
        colorize.make(reference=hints, regions=hints)
    with pytest.raises(BadUsage, match="uses no net beside hints"):
        colorize.make(hints=hints, weights="colorizer-compact")
