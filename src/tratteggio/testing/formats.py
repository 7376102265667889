"""The laws of formats."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from PIL import ImageCms

import tratteggio as tg
from tratteggio import files, registry
from tratteggio.errors import BadUsage, TratteggioError, UnreadableFile
from tratteggio.painting import Metadata, Region, Scan, Stack
from tratteggio.roles import Format, Keeps, ScanWriter, StackWriter
from tratteggio.testing.laws import DEPTHS, Laws
from tratteggio.testing.phantoms import WHITES, draw_lacunae, draw_painting

Array = NDArray[Any]

GRID = (45, 70)
BLUR = 0.04  # mean difference that a lossy format may make, as a share of white


class FormatLaws(Laws):
    """What every format must do. `names` are those of entry points: "png"."""

    def test_its_facts_are_complete(self, name: str) -> None:
        """Title, suffixes and depths are such that messages and choices can use them."""
        facts = registry.load("formats", name).FACTS
        assert facts.title
        assert "\n" not in facts.title
        assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in facts.suffixes)
        assert set(facts.keeps.depths) <= set(DEPTHS)
        assert facts.keeps.longest is None or facts.keeps.longest > 0

    def test_it_recognizes_its_own_files_and_no_others(self, name: str, tmp_path: Path) -> None:
        """A text, an empty folder and a file that is missing are of no format."""
        one = registry.load("formats", name)
        text = b"This is a text, and no image of any kind. It has more than 64 bytes."
        (tmp_path / "notes.unknown").write_bytes(text)
        (tmp_path / "folder").mkdir()
        assert not one.recognizes(tmp_path / "notes.unknown", text[:64])
        assert not one.recognizes(tmp_path / "folder", b"")
        assert not one.recognizes(_target(one, tmp_path), b"")
        if isinstance(one, ScanWriter):
            file = _write_scan(name, tmp_path, draw_painting(*GRID, _keeps(one).depths[0], _colours(one)))
            assert one.recognizes(file, file.read_bytes()[:64])
        if isinstance(one, StackWriter):
            folder = _write_stack(name, tmp_path)
            assert one.recognizes(folder, folder.read_bytes()[:64] if folder.is_file() else b"")


class ScanFormatLaws(FormatLaws):
    """What every format must do that reads and writes scans (`ScanReader`, `ScanWriter`)."""

    @pytest.mark.parametrize("depth", DEPTHS)
    @pytest.mark.parametrize("channels", [0, 3])
    @pytest.mark.parametrize("alpha", [False, True])
    def test_what_is_written_is_read_again_or_refused(
        self, name: str, depth: str, channels: int, alpha: bool, tmp_path: Path
    ) -> None:
        """Every sample comes back as it was. What a format does not keep is refused, and no file is left."""
        keeps = _keeps(registry.load("formats", name))
        pixels = (
            draw_painting(*GRID, depth, max(1, channels) + 1)
            if alpha
            else draw_painting(*GRID, depth, channels)
        )
        kept = keeps.channels is None or max(1, channels) in keeps.channels
        if depth not in keeps.depths or not kept or (alpha and not keeps.alpha):
            with pytest.raises(BadUsage):
                _write_scan(name, tmp_path, pixels, alpha=alpha)
            assert not list(tmp_path.iterdir())
            return
        scan = files.read(_write_scan(name, tmp_path, pixels, alpha=alpha))
        assert (scan.dtype, scan.grid, scan.alpha) == (np.dtype(depth), GRID, alpha)
        _assert_same(scan.read(), pixels, keeps)

    def test_every_compression_keeps_every_sample(self, name: str, tmp_path: Path) -> None:
        """A choice of compression changes the size of the file, not the samples."""
        one = registry.load("formats", name)
        for depth in _keeps(one).depths:
            pixels = draw_painting(*GRID, depth, _colours(one))
            for compression in one.FACTS.compressions:
                file = _target(one, tmp_path / f"{depth}-{compression}")
                file.parent.mkdir()
                files.write(pixels, file, compression=compression)
                _assert_same(files.read(file).read(), pixels, _keeps(one))

    def test_a_region_is_the_same_part_of_the_whole(self, name: str, tmp_path: Path) -> None:
        """Reading a part gives the samples that reading the whole gives there."""
        one = registry.load("formats", name)
        pixels = draw_painting(300, 410, _keeps(one).depths[-1], _colours(one))
        scan = files.read(_write_scan(name, tmp_path, pixels))
        whole = scan.read()
        for region in (
            Region(0, 0, 1, 1),
            Region(7, 250, 290, 270),
            Region(299, 409, 300, 410),
            Region(100, 0, 130, 410),
        ):
            assert_array_equal(scan.read(region), whole[region.slices])

    def test_a_source_is_never_written(self, name: str, tmp_path: Path) -> None:
        """Reading works on a file that may only be read, and does not change a byte."""
        one = registry.load("formats", name)
        file = _write_scan(name, tmp_path, draw_painting(*GRID, _keeps(one).depths[0], _colours(one)))
        file.chmod(0o444)
        before = hashlib.sha256(file.read_bytes()).hexdigest()
        files.read(file).read()
        assert hashlib.sha256(file.read_bytes()).hexdigest() == before
        assert [path.name for path in tmp_path.iterdir()] == [file.name]

    def test_it_keeps_the_metadata_that_it_states(self, name: str, tmp_path: Path) -> None:
        """Resolution, orientation and profile come back if `Keeps` says so, and else not at all."""
        one = registry.load("formats", name)
        keeps = _keeps(one)
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        colours = 3 if keeps.channels is None or 3 in keeps.channels else 0
        told = Metadata(
            resolution=(300.0, 200.0), unit="inch", orientation=6, icc=profile if colours == 3 else None
        )
        pixels = draw_painting(*GRID, keeps.depths[0], colours)
        found = files.read(_write_scan(name, tmp_path, pixels, metadata=told)).metadata
        dots = (
            None
            if found.resolution is None
            else [n * (1 if found.unit == "inch" else 2.54) for n in found.resolution]
        )
        assert dots == (pytest.approx([300, 200], rel=1e-3) if keeps.resolution else None)
        assert found.orientation == (6 if keeps.orientation else 1)
        assert found.icc == (told.icc if keeps.profile else None)

    @pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.9])
    def test_a_file_that_is_cut_is_never_another_image(self, name: str, share: float, tmp_path: Path) -> None:
        """Part of a file is an error that names it, unless all samples are in the part."""
        one = registry.load("formats", name)
        pixels = draw_painting(*GRID, _keeps(one).depths[0], _colours(one))
        file = _write_scan(name, tmp_path, pixels)
        whole, data = files.read(file).read(), file.read_bytes()
        file.write_bytes(data[: int(share * len(data))])
        try:
            found = files.read(file).read()
        except UnreadableFile as error:
            _assert_sentence(error, file)
        else:
            assert_array_equal(found, whole)

    @pytest.mark.parametrize("seed", range(8))
    def test_a_damaged_file_is_an_error_of_ours(self, name: str, seed: int, tmp_path: Path) -> None:
        """Whatever a decoder raises, the user reads one sentence that names the file."""
        one = registry.load("formats", name)
        file = _write_scan(name, tmp_path, draw_painting(*GRID, _keeps(one).depths[0], _colours(one)))
        rng, data = np.random.default_rng(seed), bytearray(file.read_bytes())
        for place in [*rng.integers(0, min(200, len(data)), 6), *rng.integers(0, len(data), 6)]:
            data[place] = rng.integers(0, 256)
        file.write_bytes(data)
        try:
            files.read(file).read()
        except TratteggioError as error:
            _assert_sentence(error, file)

    def test_a_proposal_keeps_every_known_pixel(self, name: str, tmp_path: Path) -> None:
        """A painting of this format is filled and saved as this format; known samples are the same bits."""
        one = registry.load("formats", name)
        if not _keeps(one).lossless:
            pytest.skip(f"{name} changes samples when it writes")
        lost = draw_lacunae(*GRID)
        source = _write_scan(name, tmp_path, draw_painting(*GRID, _keeps(one).depths[-1], _colours(one)))
        target = source.with_name(f"proposal{one.FACTS.suffixes[0]}")
        tg.inpaint(source, lost, engine="diffusion").save(target)
        before, after = files.read(source).read(), files.read(target).read()
        assert_array_equal(after[~lost], before[~lost])
        assert after.dtype == before.dtype
        assert (after[lost] != before[lost]).any()


class StackFormatLaws(FormatLaws):
    """What every format must do that reads and writes stacks (`StackReader`, `StackWriter`)."""

    def test_the_scans_of_a_stack_come_back(self, name: str, tmp_path: Path) -> None:
        """A stack keeps its scans, their order, their depths and its history."""
        one = registry.load("formats", name)
        stack = _stack(one)
        found = files.read_stack(_write_stack(name, tmp_path, history={"made": ["twice", 2]}))
        assert list(found) == list(stack)
        for modality in stack:
            assert found[modality].dtype == stack[modality].dtype
            _assert_same(found[modality].read(), stack[modality].read(), _keeps(one))
        history = one.read_history(_target(one, tmp_path))
        assert history is not None
        assert history["made"] == ["twice", 2]

    def test_a_region_of_a_stack_is_the_same_part_of_the_whole(self, name: str, tmp_path: Path) -> None:
        """Reading a part of a scan gives the samples that reading the whole gives there."""
        stack = files.read_stack(_write_stack(name, tmp_path))
        for modality in stack:
            whole = stack[modality].read()
            for region in (Region(0, 0, 1, 1), Region(3, 40, 44, 70), Region(44, 0, 45, 70)):
                assert_array_equal(stack[modality].read(region), whole[region.slices])


def _keeps(one: Format) -> Keeps:
    return one.FACTS.keeps


def _colours(one: Format) -> int:
    """Return the number of channels to draw: RGB if the format keeps that, else grey."""
    channels = _keeps(one).channels
    return 3 if channels is None or 3 in channels else 0


def _target(one: Format, folder: Path) -> Path:
    return folder / f"panel{(one.FACTS.suffixes or ('',))[0]}"


def _write_scan(
    name: str, folder: Path, pixels: Array, *, alpha: bool = False, metadata: Metadata | None = None
) -> Path:
    file = _target(registry.load("formats", name), folder)
    files.write(pixels, file, alpha=alpha, metadata=metadata or Metadata())
    return file


def _stack(one: Format) -> Stack:
    """Make two scans, of the shallowest and of the deepest samples that a format keeps."""
    depths = _keeps(one).depths
    return Stack(
        (
            Scan(draw_painting(*GRID, depths[0], _colours(one))),
            Scan(draw_painting(*GRID, depths[-1], 0, seed=1), "irr"),
        )
    )


def _write_stack(name: str, folder: Path, history: dict[str, Any] | None = None) -> Path:
    one = registry.load("formats", name)
    target = _target(one, folder)
    files.write_stack(_stack(one), target, history=history)
    return target


def _assert_same(found: Array, written: Array, keeps: Keeps) -> None:
    if keeps.lossless:
        assert_array_equal(found, written)
    else:
        away = np.abs(found.astype(float) - written.astype(float)).mean()
        assert away <= BLUR * WHITES[written.dtype.name]


def _assert_sentence(error: TratteggioError, file: Path) -> None:
    assert str(file) in str(error), f"an error names the file, got: {error}"
    assert "\n" not in str(error), f"an error is one sentence, got: {error}"
