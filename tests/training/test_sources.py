"""Folders, arrays, stacks and phantoms as pictures by number; bad ones are left out, named, and few."""

import logging
import pickle

import numpy as np
import pytest

from tratteggio import files
from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.painting import Scan, Stack
from tratteggio.phantom import multimodal, panel
from tratteggio.training.image_cache import ImageCache
from tratteggio.training.image_lists import list_images, read_image_list, split
from tratteggio.training.sources import Arrays, Chosen, Folder, Halved, Joined, Phantoms, Reduced, Stacks

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deep").mkdir()
    files.write(RGB, tmp_path / "b.png")
    files.write(RGB[:10, :, 0], tmp_path / "deep" / "a.tif")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def damaged(folder, name, *, header):
    """A file that cannot be opened, or that opens and then cannot be decoded."""
    data = (folder / "b.png").read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2] if header else b"")


def test_a_folder_gives_the_pictures_below_it_by_name(folder):
    source = Folder(folder)
    assert source.names == ("b.png", "deep/a.tif")
    assert [source.grid(k) for k in range(len(source))] == [(20, 30), (10, 30)]
    assert np.array_equal(source.read(0), RGB)


def test_joined_sources_are_numbered_one_after_the_other(folder):
    near = Chosen(Folder(folder), (0, 1), left_out=("c.png",))
    source = Joined((near, Halved(near)))
    assert len(source) == 4
    assert [source.name(k) for k in range(4)] == ["b.png", "deep/a.tif"] * 2
    assert [source.grid(k) for k in range(4)] == [(20, 30), (10, 30), (10, 15), (5, 15)]
    assert np.array_equal(source.read(0), RGB)
    assert source.read(2).shape == (10, 15, 3)
    assert source.unreadable == near.unreadable == ("c.png",)
    with pytest.raises(IndexError, match="4 pictures"):
        source.grid(4)


def test_some_pictures_of_a_source_keep_their_names_and_tell_of_all_that_were_left_out(folder):
    chosen = Chosen(Folder(folder), (1,), left_out=("c.png",))
    assert len(chosen) == 1
    assert (chosen.name(0), chosen.grid(0), chosen.unreadable) == ("deep/a.tif", (10, 30), ("c.png",))
    assert np.array_equal(chosen.read(0), Folder(folder).read(1))


def test_a_picture_at_half_its_size_has_the_tones_of_the_whole():
    y, x = np.mgrid[:21, :30]
    smooth = np.stack([100 + 3 * y, 200 - 2 * x, y + x], axis=2).astype(np.uint8)
    halved = Halved(Arrays([smooth]))
    half = halved.read(0)
    assert half.shape == (*halved.grid(0), 3) == (10, 15, 3)
    means = smooth[:20].reshape(10, 2, 15, 2, 3).mean(axis=(1, 3))
    assert np.abs(half[2:-2, 2:-2] - means[2:-2, 2:-2]).max() < 3
    assert (len(halved), halved.name(0), halved.unreadable) == (1, "array 0", ())


def test_grey_becomes_rgb_and_rgb_becomes_luma(folder):
    grey = Folder(folder).read(1)
    assert grey.shape == (10, 30, 3)
    assert (grey == RGB[:10, :, :1]).all()
    luma = Folder(folder, channels=1).read(0)
    assert luma.shape == (20, 30, 1)
    assert np.abs(luma[..., 0] - RGB @ [0.299, 0.587, 0.114]).max() <= 0.501


@pytest.mark.parametrize(("dtype", "most"), [(np.uint16, 65535), (np.float32, 1)])
def test_other_depths_become_8_bits_by_rounding(tmp_path, dtype, most):
    deep = (RNG.random((9, 7, 3)) * most).astype(dtype)
    files.write(deep, tmp_path / "deep.tif")
    assert np.array_equal(Folder(tmp_path).read(0), np.rint(deep.astype(float) / most * 255))


def test_floats_beyond_0_and_1_are_no_picture(tmp_path):
    files.write(np.full((4, 4), 3.0, np.float32), tmp_path / "wide.tif")
    with pytest.raises(UnreadableFile, match=r"wide.tif.* 0 \.\. 1, got 3"):
        Folder(tmp_path).read(0)


def test_names_choose_among_the_pictures(folder):
    assert Folder(folder, names=["deep/a.tif"]).names == ("deep/a.tif",)
    with pytest.raises(BadUsage, match=r"among the 2 in .*, but c.png is not"):
        Folder(folder, names=["b.png", "c.png"])
    with pytest.raises(BadUsage, match="none is named"):
        Folder(folder, names=[])


def test_a_list_is_read_line_by_line(tmp_path):
    (tmp_path / "list.txt").write_text("# set aside\nb.png\n\n  deep/a.tif \n")
    assert read_image_list(tmp_path / "list.txt") == ["b.png", "deep/a.tif"]
    with pytest.raises(UnreadableFile, match="one name per line"):
        read_image_list(tmp_path / "gone.txt")


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(BadUsage, match="holds no images"):
        Folder(tmp_path)
    with pytest.raises(UnreadableFile, match="no such folder"):
        Folder(tmp_path / "gone")


def test_channels_other_than_1_and_3_are_refused(folder):
    with pytest.raises(BadUsage, match="1 channel or 3, got 2"):
        Folder(folder, channels=2)


# --- unreadable pictures -----------------------------------------------------------------------------


@pytest.mark.parametrize("header", [True, False])
def test_a_bad_picture_among_many_is_left_out_told_of_once_and_named(tmp_path, caplog, header):
    for k in range(24):
        files.write(np.full((4, 4, 3), k, np.uint8), tmp_path / f"{k:02}.png")
    files.write(RGB, tmp_path / "b.png")
    damaged(tmp_path, "05.png", header=header)
    with caplog.at_level(logging.WARNING, "tratteggio"):
        source = Folder(tmp_path)
        decoded = ImageCache(source, mib=1)
        for _ in range(2):
            shown = [int(decoded[k].max()) for k in range(len(source))]
    assert 5 not in shown
    assert decoded.unreadable == ("05.png",)
    assert sum("05.png" in record.message for record in caplog.records) == 1
    if header:
        assert shown[5] == 6  # the next one in its place


@pytest.mark.parametrize("header", [True, False])
def test_more_than_a_twentieth_of_bad_pictures_is_an_error(folder, header):
    damaged(folder, "bad.png", header=header)

    def read_all():
        source = Folder(folder)
        return [ImageCache(source, mib=1)[k] for k in range(len(source))]

    with pytest.raises(UnreadableFile, match=r"1 of 3 images cannot be read, more than 5 %: bad.png"):
        read_all()


# --- what is kept ------------------------------------------------------------------------------------


class Counting(Arrays):
    def __init__(self, arrays):
        super().__init__(arrays)
        self.asked = []

    def read(self, number):
        self.asked.append(number)
        return super().read(number)


def test_pictures_are_kept_while_there_is_room_and_the_oldest_go_first():
    source = Counting([np.zeros((256, 256, 4), np.uint8)] * 4)  # a quarter of a MiB each
    decoded = ImageCache(source, mib=0.75)
    for number in (0, 1, 2, 0, 3, 0, 1):
        decoded[number]
        assert decoded.kept_bytes <= 0.75 * 2**20
    assert source.asked == [0, 1, 2, 3, 1]


def test_the_last_picture_is_kept_even_without_room():
    source = Counting([RGB, RGB])
    decoded = ImageCache(source, mib=0)
    for number in (0, 0, 1, 1):
        decoded[number]
    assert source.asked == [0, 1]


def test_pictures_do_not_travel():
    decoded = ImageCache(Phantoms(1, rows=64, cols=64), mib=8)
    empty = len(pickle.dumps(decoded))
    decoded[0]
    assert len(pickle.dumps(decoded)) == empty
    assert decoded.kept_bytes == 64 * 64 * 3


# --- other sources -----------------------------------------------------------------------------------


def test_arrays_must_be_pictures_of_one_kind():
    assert Arrays([RGB[..., 0], RGB[:5, :5, 0]]).read(1).shape == (5, 5, 1)
    for arrays in ([], [RGB, RGB[..., 0]], [RGB / 255], [RGB[None]]):
        with pytest.raises(BadUsage, match="uint8"):
            Arrays(arrays)


def test_stacks_put_the_channels_of_their_scans_side_by_side():
    infrared = RNG.integers(0, 65536, (20, 30), dtype=np.uint16)
    source = Stacks([Stack((Scan(RGB), Scan(infrared, modality="irr")))])
    assert np.array_equal(source.read(0)[..., :3], RGB)
    assert np.array_equal(source.read(0)[..., 3], np.rint(infrared / 257))
    with pytest.raises(BadUsage, match="share their modalities"):
        Stacks([Stack((Scan(RGB),)), Stack((Scan(RGB, modality="uvf"),))])


def test_stacks_on_disk_travel_to_other_processes(tmp_path):
    files.write(RGB, tmp_path / "rgb.tif", compression="deflate")
    files.write(RGB[..., 0], tmp_path / "irr.png")
    (tmp_path / "painting.toml").write_text(
        '[[scan]]\nfile = "rgb.tif"\nmodality = "rgb"\n[[scan]]\nfile = "irr.png"\nmodality = "irr"\n'
    )
    sent = pickle.loads(pickle.dumps(Stacks([files.read_stack(tmp_path)])))
    assert np.array_equal(sent.read(0), np.dstack([RGB, RGB[..., 0]]))


def test_phantoms_are_panels_by_seed_without_damage():
    source = Phantoms(2, rows=40, cols=32, first_seed=6)
    assert np.array_equal(source.read(1), panel(40, 32, seed=7).painted.read())
    with pytest.raises(BadUsage, match="at least 1"):
        Phantoms(0)


def test_examined_phantoms_are_stacks_by_seed_with_all_channels_side_by_side():
    source, stack = (
        Phantoms(2, rows=40, cols=32, first_seed=6, examined=True),
        multimodal(40, 32, seed=7).stack,
    )
    assert source.read(1).shape == (40, 32, 11)
    assert np.array_equal(source.read(1)[..., 6], stack["irr"].read())
    assert np.array_equal(source.read(1)[..., 8:], stack["uvf"].read())


# --- what is set aside -------------------------------------------------------------------------------


def test_a_split_depends_on_each_name_alone():
    names = [f"painting {k}.jpg" for k in range(400)]
    learnt, aside = split(names, share=0.2)
    assert sorted(learnt + aside) == sorted(names)
    assert 50 < len(aside) < 110
    assert split(reversed(names), share=0.2) == (learnt, aside)
    assert set(split(names[:200], share=0.2)[1]) == set(aside) & set(names[:200])


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_both_sides_of_a_split_have_a_picture(share):
    learnt, aside = split(["a", "b", "c"], share=share)
    assert learnt
    assert aside
    with pytest.raises(BadUsage, match="at least two"):
        split(["a"])


def test_the_list_of_a_folder_is_sorted_and_relative(folder):
    assert list_images(folder) == ["b.png", "deep/a.tif"]


def test_pictures_are_reduced_to_a_longer_side_and_never_enlarged():
    ramp = np.repeat(np.linspace(0, 255, 90).astype(np.uint8)[None, :, None], 60, axis=0)
    small = np.zeros((8, 5, 1), np.uint8)
    source = Reduced(Arrays([ramp, ramp.swapaxes(0, 1), small]), 30)
    assert [source.grid(k) for k in range(3)] == [(20, 30), (30, 20), (8, 5)]
    assert [source.read(k).shape[:2] for k in range(3)] == [(20, 30), (30, 20), (8, 5)]
    inner = source.read(0)[:, 3:-3, 0].astype(float)
    assert np.abs(inner - ramp[0, 1::3, 0].astype(float)[3:-3]).max() <= 1.5  # means of three columns
