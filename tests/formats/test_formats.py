"""Formats are found in one registry, and nothing is written that cannot be read."""

import ast
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import tratteggio
from tratteggio import files, registry
from tratteggio.cli.main import app
from tratteggio.errors import BadUsage
from tratteggio.files.kinds import by_suffix, formats, image_suffixes, name_of, recognize, suffixes
from tratteggio.painting.scan import DEPTHS
from tratteggio.roles import (
    Format,
    LayerReader,
    OutlineReader,
    ProposalWriter,
    Publisher,
    ScanReader,
    ScanWriter,
    StackReader,
    StackWriter,
)

SUFFIX = re.compile(r"(\.ome)?\.(tiff?|png|jpe?g|ora|zarr|dng)")


@pytest.mark.parametrize("name", registry.names("formats"))
def test_a_module_of_the_role_is_a_format(name: str) -> None:
    module = registry.load("formats", name)
    assert isinstance(module, Format)
    abilities = (ScanReader, StackReader, ScanWriter, StackWriter, ProposalWriter, LayerReader, OutlineReader)
    assert any(isinstance(module, ability) for ability in abilities)


def test_no_two_formats_have_one_suffix() -> None:
    for one, other in combinations(formats(Format).values(), 2):
        assert not set(one.FACTS.suffixes) & set(other.FACTS.suffixes)


def test_no_codec_is_imported_to_look_at_a_file() -> None:
    """Every format is asked about every file, so that one heavy format would slow all others."""
    code = (
        "import sys; from tratteggio.files.kinds import recognize; from tratteggio.roles import Format\n"
        "from pathlib import Path; recognize(Path('panel.tif'), Format)\n"
        "print(sorted({'imagecodecs', 'tifffile', 'zarr', 'rawpy', 'PIL', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_longest_suffix_decides() -> None:
    assert by_suffix(Path("a.ome.tif"), ScanWriter).FACTS.title == "OME-TIFF"
    assert by_suffix(Path("A.TIFF"), ScanWriter).FACTS.title == "TIFF"
    with pytest.raises(BadUsage, match=r"must be one of \.tif \.tiff \.png \.jpg \.jpeg; got '\.gif'"):
        by_suffix(Path("a.gif"), ScanWriter)
    with pytest.raises(BadUsage, match="got ''"):
        by_suffix(Path(".tif"), ScanWriter)


def test_what_lies_on_disk_is_recognized_by_its_content(tmp_path: Path) -> None:
    files.write(np.zeros((4, 4), np.uint8), tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.tif")
    assert [one.FACTS.title for one in recognize(tmp_path / "a.tif", ScanReader)] == ["PNG"]
    assert recognize(tmp_path / "missing.tif", Format) == []


def test_lists_of_suffixes_come_from_the_formats() -> None:
    assert suffixes(ScanWriter) == image_suffixes() == [".tif", ".tiff", ".png", ".jpg", ".jpeg"]
    assert sorted(suffixes(StackWriter)) == [".ome.tif", ".ome.tiff", ".ome.zarr"]


def test_no_other_module_has_a_table_of_suffixes() -> None:
    house = Path(tratteggio.__file__).parent
    tables = {
        f"{file.relative_to(house)}:{node.lineno}"
        for file in house.rglob("*.py")
        if "formats" not in file.relative_to(house).parts
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict)
        and len([text for text in _texts(node) if SUFFIX.fullmatch(text)]) > 1
    }
    # Names of the files beside an output; and what the studio offers to save as.
    chosen = ("files/provenance.py", "studio/asks.py", "studio/filling.py")
    assert {at for at in tables if not at.startswith(chosen)} == set()


def _texts(node: ast.AST) -> set[str]:
    parts = [*node.keys, *node.values] if isinstance(node, ast.Dict) else node.elts
    return {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}


@given(
    suffix=st.sampled_from([*image_suffixes(), ".ome.tif"]),
    dtype=st.sampled_from([*DEPTHS, "bool", "int8", "int32", "uint32", "int64", "float16", "complex64"]),
    shape=st.sampled_from([(5, 7), (5, 7, 1), (5, 7, 2), (5, 7, 3), (5, 7, 4), (5, 7, 5), (0, 7), (5, 0, 3)]),
    alpha=st.booleans(),
)
def test_what_can_be_written_can_be_read(
    suffix: str, dtype: str, shape: tuple[int, ...], alpha: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("written") / f"panel{suffix}"
    pixels = np.ones(shape, dtype)
    try:
        files.write(pixels, path, alpha=alpha)
    except BadUsage:
        assert not list(path.parent.iterdir())
        return
    scan = files.read(path)
    assert scan.read().squeeze().shape == pixels.squeeze().shape
    assert (scan.dtype, scan.alpha) == (pixels.dtype, alpha)


def test_the_help_of_export_names_every_format_that_it_writes() -> None:
    """It is written by hand, because no command imports a format for its help."""
    text = " ".join(CliRunner().invoke(app, ["export", "--help"], env={"COLUMNS": "200"}).stdout.split())
    for ability in (StackWriter, ProposalWriter, Publisher):
        assert all(name_of(one) in text for one in formats(ability).values())
