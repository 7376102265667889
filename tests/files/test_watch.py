"""Inputs that change while they are read are noticed, and those that only look changed are not."""

import os
import shutil

import pytest

from tratteggio import files
from tratteggio.errors import SourceChanged
from tratteggio.files.watch import Watch


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "panel.tif"
    file.write_bytes(b"paint" * 100)
    return file


def watched(source) -> Watch:
    watch = Watch([source])
    watch.know(source, files.sha256(source))
    watch.check()
    return watch


def replace_by_renaming(source) -> None:
    other = source.with_name("other.tif")
    other.write_bytes(b"other" * 100)
    os.utime(other, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))
    other.replace(source)


def write_in_place(source) -> None:
    before = source.stat()
    source.write_bytes(b"other" * 100)
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [replace_by_renaming, write_in_place])
def test_a_change_is_noticed_though_size_and_time_are_put_back(source, change):
    watch = watched(source)
    change(source)
    with pytest.raises(SourceChanged, match=r"panel\.tif was changed"):
        watch.check()


def test_a_missing_file_is_noticed(source):
    watch = watched(source)
    source.unlink()
    with pytest.raises(SourceChanged, match="was removed"):
        watch.check()


def test_a_file_that_is_copied_back_or_touched_is_the_same(source):
    watch = watched(source)
    shutil.copy(source, source.with_name("copy"))
    source.with_name("copy").replace(source)
    watch.check()
    source.touch()
    watch.check()


def test_without_a_hash_a_new_time_is_a_change_and_new_permissions_are_none(source):
    watch = Watch([source])
    source.chmod(0o600)
    watch.check()
    os.utime(source, ns=(1, 1))
    with pytest.raises(SourceChanged):
        watch.check()


def test_a_stack_is_watched_file_by_file(tmp_path):
    chunk = tmp_path / "panel.ome.zarr" / "rgb" / "c"
    chunk.parent.mkdir(parents=True)
    chunk.write_bytes(b"paint")
    watch = Watch([tmp_path / "panel.ome.zarr"])
    watch.check()
    chunk.write_bytes(b"other!")
    with pytest.raises(SourceChanged, match="panel.ome.zarr"):
        watch.check()


def test_a_file_that_is_not_looked_at_is_not_hashed(source, monkeypatch):
    watch = watched(source)
    monkeypatch.setattr("tratteggio.files.watch.sha256", lambda _: pytest.fail("hashed again"))
    watch.check()
