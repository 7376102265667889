"""A package from outside is found, runs, and is held to the laws, without a change in tratteggio."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from plugins.package import PAGE, ROOT, Installed
from tratteggio import files
from tratteggio.phantom import panel

TRATTEGGIO = ("-m", "tratteggio")
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A small panel and its mask under the names that the page uses."""
    phantom = panel(96, 80, seed=2, depth="uint16")
    files.write(phantom.damaged.read(), tmp_path / "panel.tif")
    files.write(np.where(phantom.lacunae.read(), 255, 0).astype(np.uint8), tmp_path / "lost.png")
    return tmp_path


# --- found ---------------------------------------------------------------------------------------------


def test_listings_show_its_parts(plugin: Installed, tmp_path: Path) -> None:
    facts = json.loads(plugin.run(*TRATTEGGIO, "doctor", "--json", cwd=tmp_path))
    assert facts["engines"]["nearest"] == "ready"
    assert facts["broken"] == {}
    said = plugin.run(*TRATTEGGIO, "detect", "--list", cwd=tmp_path)
    assert re.search(r"stains\n +Find spots that are darker than the paint around them\.", said)


def test_a_misspelt_name_is_answered_with_its_name(plugin: Installed, desk: Path) -> None:
    words = ["inpaint", "panel.tif", "--mask", "lost.png", "-o", "out.tif", "--engine", "nearst"]
    assert "did you mean 'nearest'?" in plugin.run(*TRATTEGGIO, *words, cwd=desk, fails=True)


# --- run -----------------------------------------------------------------------------------------------


def test_the_commands_of_the_page_run(plugin: Installed, desk: Path) -> None:
    commands = re.findall(r"^tratteggio (?:inpaint|detect) .*$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        plugin.run(*TRATTEGGIO, *shlex.split(command)[1:], cwd=desk)
    plugin.run(*TRATTEGGIO, "verify", "proposal.tif", cwd=desk)
    before, after = files.read(desk / "panel.tif").read(), files.read(desk / "proposal.tif").read()
    lost = files.read_lacunae(desk / "lost.png").read()
    assert (after[~lost] == before[~lost]).all()
    assert (after[lost] != before[lost]).any()
    history = files.read_history(files.sidecar(desk / "proposal.tif", "history"))
    assert history["engine"]["name"] == "nearest"
    assert files.read_lacunae(desk / "stains.png").grid == (96, 80)
    array = np.load(desk / "proposal.npy")
    assert array.dtype == np.uint16
    assert (array[~lost] == before[~lost]).all()


def test_its_files_are_read_like_any_other(plugin: Installed, desk: Path) -> None:
    array = files.read(desk / "panel.tif").read()
    np.save(desk / "panel.npy", array)
    facts = json.loads(plugin.run(*TRATTEGGIO, "inspect", "panel.npy", "--json", cwd=desk))["files"][0]
    assert (facts["rows"], facts["cols"], facts["depth"]) == (96, 80, "uint16")
    words = ["inpaint", "panel.npy", "--mask", "lost.png", "-o", "proposal.tif", "--engine", "nearest"]
    plugin.run(*TRATTEGGIO, *words, cwd=desk)
    plugin.run(*TRATTEGGIO, "verify", "proposal.tif", cwd=desk)
    lost = files.read_lacunae(desk / "lost.png").read()
    assert (files.read(desk / "proposal.tif").read()[~lost] == array[~lost]).all()


def test_a_damaged_file_of_it_is_one_sentence(plugin: Installed, desk: Path) -> None:
    np.save(desk / "panel.npy", np.zeros((20, 20), np.uint8))
    data = (desk / "panel.npy").read_bytes()
    (desk / "panel.npy").write_bytes(data[:-100])
    said = plugin.run(*TRATTEGGIO, "inspect", "panel.npy", cwd=desk, fails=True)
    assert re.search(r"panel\.npy .*NumPy", said)
    assert "Traceback" not in said


# --- held to the laws ----------------------------------------------------------------------------------


def test_its_own_tests_pass(plugin: Installed, tmp_path: Path) -> None:
    said = plugin.run(*PYTEST, str(plugin.source / "tests"), cwd=tmp_path)
    laws = (ROOT / "tests" / "api_surface.txt").read_text("utf-8").splitlines()
    engine, detector, scans = (
        len([line for line in laws if f"testing.{role}Laws.test_" in line])
        for role in ("Engine", "Detector", "ScanFormat")
    )
    passed = int(re.search(r"(\d+) passed", said).group(1))
    assert passed >= 2 * engine + detector + scans
    assert "skipped" not in said


@pytest.mark.parametrize(
    ("file", "old", "new", "law"),
    [
        pytest.param(
            "nearest.py",
            "return fill, confidence",
            "fill += np.random.default_rng().random(fill.shape)\n        return fill, confidence",
            "test_the_same_seed_gives_the_same_bits",
            id="random without the seed",
        ),
        pytest.param(
            "nearest.py",
            "return fill, confidence",
            "fill = fill // 256 * 256\n        return fill, confidence",
            "test_16_bit_is_not_quantised_to_8",
            id="8 bits",
        ),
        pytest.param(
            "nearest.py",
            'name = "nearest"',
            'name = "closest"',
            "test_history_says_how_the_proposal_came_to_be",
            id="another name",
        ),
        pytest.param(
            "stains.py",
            "2 * self.reach + 1",
            "6 * self.reach + 1",
            "test_windows_equal_the_whole",
            id="short reach",
        ),
        pytest.param(
            "stains.py",
            "/ scan.white",
            "/ 255",
            "test_depth_does_not_matter",
            id="levels of 8 bits",
        ),
        pytest.param(
            "npy.py",
            "array[band.slices] = pixels[band.slices]",
            "array[band.slices] = pixels[band.slices] // 2 * 2",
            "test_what_is_written_is_read_again_or_refused",
            id="the last bit",
        ),
        pytest.param(
            "npy.py",
            'start.startswith(b"\\x93NUMPY")',
            "path.is_file()",
            "test_it_recognizes_its_own_files_and_no_others",
            id="takes every file",
        ),
    ],
)
def test_a_part_that_breaks_a_law_fails_its_test(
    changed: Callable[[str, str, str], Installed], tmp_path: Path, *, file: str, old: str, new: str, law: str
) -> None:
    broken = changed(file, old, new)
    said = broken.run(*PYTEST, "-k", law, str(broken.source / "tests"), cwd=tmp_path, fails=True)
    assert re.search(rf"FAILED .*::{law}\[", said)


# --- beside our own tests ------------------------------------------------------------------------------


def test_our_own_tests_pass_with_it(plugin: Installed) -> None:
    ours = [str(ROOT / "tests" / f"test_{subject}.py") for subject in ("registry", "options")]
    said = plugin.run(*PYTEST[:-2], *ours, cwd=ROOT)
    assert " passed" in said
