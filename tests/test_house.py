"""The rules of the house, checked over everything that stands in it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from api_surface import surface

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "tratteggio"
MODULES = sorted(SOURCE.rglob("*.py"))
HEAVY = {
    *("torch", "scipy", "skimage", "cv2", "tifffile", "imagecodecs"),
    *("lightning_fabric", "rawpy", "pytest", "hypothesis"),
}


def nodes(file: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(file.read_text("utf-8"), str(file)))


def where(file: Path, node: ast.AST) -> str:
    return f"{file.relative_to(ROOT)}:{node.lineno}"


def heavy_after(code: str) -> set[str]:
    """Run code in a fresh interpreter and tell which heavy libraries it brought in."""
    told = "import sys; print('modules:', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{told}"], capture_output=True, text=True, check=True, timeout=60
    )
    return HEAVY & set(done.stdout.rpartition("modules:")[2].split())


# --- imports -----------------------------------------------------------------------------------------


def test_imports_go_down_the_layers_and_keep_the_torch_line() -> None:
    # In a process of its own: the linter sets up logging anew and would silence ours for later tests.
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], check=False, capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", ["tratteggio", "tratteggio.cli.main"])
def test_importing_is_light(module: str) -> None:
    assert heavy_after(f"import {module}") == set()


def test_help_answers_without_heavy_libraries() -> None:
    ask = (
        "import sys; sys.argv = ['tratteggio', '--help']\n"
        "from tratteggio.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code"
    )
    assert heavy_after(ask) == set()


def test_verbs_that_need_no_net_do_without_torch(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)).save(tmp_path / "scan.png")
    lost = np.zeros((24, 24), np.uint8)
    lost[8:12, 8:12] = 255
    Image.fromarray(lost).save(tmp_path / "lost.png")
    scan, mask, out = (str(tmp_path / name) for name in ("scan.png", "lost.png", "out.png"))
    verbs = [
        ["recipes"],
        ["inspect", scan],
        ["inpaint", scan, "--mask", mask, "-o", out, "--engine", "diffusion"],
        ["detect", scan, "-o", str(tmp_path / "found.png"), "--kind", "tophat"],
        ["verify", out],
    ]
    ask = (
        "from tratteggio.cli.main import app\n"
        f"for words in {verbs!r}: assert app(words, standalone_mode=False) in (None, 0)"
    )
    assert "torch" not in heavy_after(ask)
    assert (tmp_path / "out.png").exists()


# --- what is offered ---------------------------------------------------------------------------------


def test_the_surface_is_the_one_agreed_upon() -> None:
    agreed = (ROOT / "tests" / "api_surface.txt").read_text("utf-8").splitlines()
    now = surface()
    gone = [f"- {line}" for line in agreed if line not in now]
    new = [f"+ {line}" for line in now if line not in agreed]
    hint = "if this is wanted: python tests/api_surface.py > tests/api_surface.txt"
    assert now == agreed, "\n".join([*gone, *new, hint])


def test_no_public_call_takes_unnamed_options() -> None:
    """A misspelt option in `**kwargs` would sail on."""
    found = [
        where(file, node)
        for file in MODULES
        for node in nodes(file)
        if isinstance(node, ast.FunctionDef) and node.args.kwarg and not node.name.startswith("_")
    ]
    assert not found


# --- what is kept out --------------------------------------------------------------------------------


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [file for file in MODULES if drawers & set(file.relative_to(SOURCE).with_suffix("").parts)]


def test_the_library_neither_prints_nor_exits() -> None:
    banned = {"print", "exit", "quit", "sys.exit", "os._exit"}
    found = [
        where(file, node)
        for file in MODULES
        for node in nodes(file)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in banned
    ]
    assert not found


def test_the_library_knows_no_command_line() -> None:
    """Errors name options and functions as Python does; `cli.wording` makes flags and commands of them."""
    found = [
        f"{where(file, part)}: {part.value}"
        for file in MODULES
        if file.relative_to(SOURCE).parts[0] != "cli"
        for part in said_to_users(file)
        if re.search(r"--[a-z]|`tratteggio [a-z-]", part.value)
    ]
    assert not found, "\n".join(found)


def said_to_users(file: Path) -> Iterator[ast.Constant]:
    """Yield the texts of errors and notes, and of constants in capitals and arguments that end up in them."""
    for node in nodes(file):
        told = isinstance(node, ast.Raise)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            told = called.startswith("log.") or called.endswith(("Error", "File", "Usage", "untrusted"))
            yield from (
                part
                for keyword in node.keywords
                if keyword.arg in ("remedy", "advice")
                for part in ast.walk(keyword.value)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
        if isinstance(node, ast.Assign):
            name = ast.unparse(node.targets[0])
            told = name.endswith(("ADVICE", "REMEDY", "remedy", "advice"))
        if told:
            texts = (part for part in ast.walk(node) if isinstance(part, ast.Constant))
            yield from (part for part in texts if isinstance(part.value, str))


def test_a_proposal_is_never_called_restored() -> None:
    """In no string: messages, help, pages and docstrings alike."""
    found = [
        where(file, node)
        for file in MODULES
        for node in nodes(file)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"\brestored\b", node.value, re.IGNORECASE)
    ]
    assert not found


def test_pictures_in_the_repository_are_small() -> None:
    suffixes = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".svg", ".avif"}
    folders = [ROOT / name for name in ("src", "tests", "docs", "benchmarks")]
    files = [*ROOT.glob("*"), *(file for folder in folders for file in folder.rglob("*"))]
    large = [file for file in files if file.suffix.lower() in suffixes and file.stat().st_size > 100_000]
    assert not large


def test_constraints_name_no_host_and_no_build_of_torch() -> None:
    lines = (ROOT / "requirements" / "constraints.txt").read_text("utf-8").splitlines()
    assert not [line for line in lines if "://" in line or "+cpu" in line]
    assert [line for line in lines if line.startswith("torch==")] == ["torch==2.13.0"]
