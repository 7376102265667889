"""One rule for every file that lies on a scan with an orientation tag."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tratteggio import files, treatment
from tratteggio.damage import PALETTE
from tratteggio.errors import BadUsage, GridMismatch, Renamed
from tratteggio.files.orientation import orient_to_scan
from tratteggio.files.rasters import to_display, to_stored
from tratteggio.painting import Lacunae, Metadata, Scan

OBLONG = np.random.default_rng(3).random((5, 8)) < 0.4
SQUARE = np.random.default_rng(4).random((6, 6)) < 0.4


def scan(grid: tuple[int, int], orientation: int) -> Scan:
    return Scan(np.zeros(grid, np.uint8), metadata=Metadata(orientation=orientation), name="panel.tif")


def lie(array: np.ndarray, own: int, on: Scan, asked: str | None = None) -> np.ndarray:
    lying = orient_to_scan(array, on, name="mask.png", orientation=own, what="mask", mask_orientation=asked)
    return np.asarray(lying[0 : on.grid[0], 0 : on.grid[1]])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("own", range(1, 9))
@pytest.mark.parametrize("drawn", [OBLONG, SQUARE])
def test_as_displayed_is_as_both_files_are_shown(orientation, own, drawn):
    """`drawn` is the mask in the stored order of the scan; the file holds it turned for its own tag."""
    on = scan(drawn.shape, orientation)
    file = to_stored(to_display(drawn, orientation), own)
    assert_array_equal(lie(file, own, on, "displayed"), drawn)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("drawn", [OBLONG, SQUARE])
def test_as_stored_and_with_the_same_tag_nothing_is_turned(orientation, drawn):
    on = scan(drawn.shape, orientation)
    assert_array_equal(lie(drawn, 1, on, "stored"), drawn)
    assert_array_equal(lie(drawn, orientation, on), drawn)
    assert_array_equal(lie(drawn, orientation, on, "displayed"), drawn)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_size_that_fits_one_way_settles_it(orientation, caplog):
    on = scan(OBLONG.shape, orientation)
    assert_array_equal(lie(OBLONG, 1, on), OBLONG)
    assert not caplog.records
    assert_array_equal(lie(to_display(OBLONG, orientation), 1, on), OBLONG)
    assert f"orientation {orientation}" in caplog.text


@pytest.mark.parametrize("orientation", range(2, 9))
def test_squares_are_refused_whatever_the_tag(orientation):
    with pytest.raises(BadUsage, match=f"panel.tif has orientation {orientation} and mask.png has 1"):
        lie(SQUARE, 1, scan(SQUARE.shape, orientation))


def test_a_tag_of_the_mask_alone_is_as_ambiguous():
    with pytest.raises(BadUsage, match="panel.tif has orientation 1 and mask.png has 3"):
        lie(OBLONG, 3, scan(OBLONG.shape, 1))
    assert_array_equal(lie(to_display(OBLONG, 6).copy(), 8, scan(OBLONG.shape, 1)), OBLONG)


def test_what_was_asked_for_must_fit():
    with pytest.raises(
        GridMismatch,
        match="mask.png has 5 rows x 8 columns and panel.tif has 5 rows x 8 .*taken as displayed",
    ):
        lie(OBLONG, 1, scan(OBLONG.shape, 6), "displayed")
    with pytest.raises(GridMismatch, match="mask.png has 5 rows x 8 columns and panel.tif has 5 rows x 9"):
        lie(OBLONG, 1, scan((5, 9), 3))
    with pytest.raises(BadUsage, match="displayed or stored, got 'upright'"):
        lie(OBLONG, 1, scan(OBLONG.shape, 1), "upright")


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_masks_strokes_and_damage_maps_follow_the_same_rule(tmp_path, suffix):
    on = scan(OBLONG.shape, 3)
    shown = np.ascontiguousarray(to_display(OBLONG, 3))
    mask, strokes, damage = (tmp_path / (name + suffix) for name in ("mask", "strokes", "damage"))
    files.write_lacunae(Lacunae(shown), mask)
    files.write(shown[..., None] * np.array([255, 0, 0], np.uint8), strokes)
    files.write_indexed(shown.astype(np.uint8), damage, PALETTE)

    def read(asked: str | None) -> list[np.ndarray]:
        return [
            files.read_lacunae(mask, on, mask_orientation=asked).read(),
            files.read_labels(strokes, on, mask_orientation=asked).of("loss"),
            treatment.read_damage(damage, on, mask_orientation=asked).of("loss").read(),
        ]

    for lost in read("displayed"):
        assert_array_equal(lost, OBLONG)
    for lost in read("stored"):
        assert_array_equal(lost, shown)
    for reader, file in (
        (files.read_lacunae, mask),
        (files.read_labels, strokes),
        (treatment.read_damage, damage),
    ):
        with pytest.raises(BadUsage, match="mask_orientation=displayed"):
            reader(file, on)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_what_we_write_for_a_turned_scan_needs_no_word(tmp_path, suffix, caplog):
    on = scan(SQUARE.shape, 7)
    files.write_indexed(SQUARE.astype(np.uint8), tmp_path / f"d{suffix}", PALETTE, metadata=on.metadata)
    assert_array_equal(treatment.read_damage(tmp_path / f"d{suffix}", on).of("loss").read(), SQUARE)
    files.write_lacunae(Lacunae(SQUARE), tmp_path / f"m{suffix}", metadata=on.metadata)
    assert_array_equal(files.read_lacunae(tmp_path / f"m{suffix}", on).read(), SQUARE)
    assert not caplog.records


def test_the_former_name_leads_to_the_new_one() -> None:
    with pytest.raises(Renamed, match=r"tratteggio\.files\.laid is now tratteggio\.files\.orient_to_scan"):
        files.laid  # noqa: B018
