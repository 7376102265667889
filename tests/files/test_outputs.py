"""All outputs against all inputs, before the first pixel."""

import os
import unicodedata
from pathlib import Path

import pytest

from tratteggio.errors import BadUsage, UnsafeOutput, UnwritableFile
from tratteggio.files import outputs
from tratteggio.files.outputs import require_outputs


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "panel.tif"
    file.write_bytes(b"paint")
    return file


@pytest.mark.parametrize("link", ["path", "dots", "symlink", "hard link"])
def test_an_output_is_never_an_input_by_whatever_name(tmp_path, source, link):
    output = tmp_path / "out.tif"
    if link == "path":
        output = source
    elif link == "dots":
        output = tmp_path / "x" / ".." / "panel.tif"
        (tmp_path / "x").mkdir()
    elif link == "symlink":
        output.symlink_to(source)
    else:
        os.link(source, output)
    with pytest.raises(UnsafeOutput, match="never overwritten"):
        require_outputs([output], inputs=[source], overwrite=True)


def test_an_output_is_never_a_later_input(tmp_path, source):
    others = [tmp_path / "a.png", tmp_path / "b.png"]
    for file in others:
        file.touch()
    with pytest.raises(UnsafeOutput, match=r"b\.png"):
        require_outputs([tmp_path / "out.tif", others[1]], inputs=[source, *others], overwrite=True)


def test_an_output_lies_in_no_stack_that_is_read_and_holds_none(tmp_path):
    stack = tmp_path / "panel.ome.zarr"
    (stack / "rgb").mkdir(parents=True)
    (stack / "zarr.json").write_text("{}")
    for output in (stack / "out.tif", stack / "rgb" / "out.tif"):
        with pytest.raises(UnsafeOutput, match="the input"):
            require_outputs([output], inputs=[stack], overwrite=True)
    with pytest.raises(UnsafeOutput):
        require_outputs([stack], inputs=[stack / "rgb"], overwrite=True)
    tiff = tmp_path / "panel.ome.tif"
    tiff.touch()
    with pytest.raises(UnsafeOutput):
        require_outputs([tiff], inputs=[tiff / "irr"], overwrite=True)


def test_two_outputs_are_never_one_file(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(UnsafeOutput, match="the same file"):
        require_outputs([tmp_path / "a.png", tmp_path / "b.png", tmp_path / "x" / ".." / "a.png"])


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.png", "A.png"), ("caf\u00e9.png", unicodedata.normalize("NFD", "caf\u00e9.png"))],
)
@pytest.mark.parametrize("alike", [True, False])
def test_names_that_a_file_system_takes_for_one_are_one_file(tmp_path, monkeypatch, one, other, alike):
    """This disk tells them apart; one that does not is stood in for by its answer."""
    if not alike:
        require_outputs([tmp_path / one, tmp_path / other])
        assert not list(tmp_path.iterdir())
        return
    monkeypatch.setattr(outputs.os.path, "lexists", lambda path: Path(path).parent != tmp_path)
    with pytest.raises(UnsafeOutput, match="the same file"):
        require_outputs([tmp_path / one, tmp_path / other])
    assert not list(tmp_path.iterdir())


def test_what_is_there_stays_unless_the_user_says_otherwise(tmp_path):
    output = tmp_path / "out.tif"
    require_outputs([output])
    output.write_bytes(b"mine")
    with pytest.raises(UnsafeOutput, match="overwrite=True"):
        require_outputs([output])
    require_outputs([output], overwrite=True)
    assert output.read_bytes() == b"mine"


def test_a_dangling_link_is_there_too(tmp_path):
    (tmp_path / "out.tif").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UnsafeOutput, match="already exist"):
        require_outputs([tmp_path / "out.tif"])


@pytest.mark.parametrize("name", ["a" * 252 + ".tif", "漢" * 84 + ".tif"])
def test_a_name_that_is_too_long_in_bytes_is_refused_and_said_by_how_much(tmp_path, name):
    with pytest.raises(BadUsage, match="1 bytes shorter"):
        require_outputs([tmp_path / name])
    require_outputs([tmp_path / name[1:]])


def test_a_folder_or_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(UnwritableFile, match="is a folder"):
        require_outputs([tmp_path], overwrite=True)
    with pytest.raises(UnwritableFile, match="there is no folder"):
        require_outputs([tmp_path / "none" / "out.tif"])
    (tmp_path / "mine.ome.zarr").mkdir()
    with pytest.raises(UnwritableFile, match=r"zarr\.json"):
        require_outputs([tmp_path / "mine.ome.zarr"], overwrite=True)


def test_an_input_that_is_a_circle_of_links_is_no_fault_of_the_program(tmp_path):
    circle = tmp_path / "circle.tif"
    circle.symlink_to("circle.tif")
    require_outputs([tmp_path / "out.tif"], inputs=[circle])
    with pytest.raises(UnsafeOutput, match="never overwritten"):
        require_outputs([circle], inputs=[circle], overwrite=True)
