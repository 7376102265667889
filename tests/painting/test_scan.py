"""Scans and stacks: what they accept, what they tell, and that nothing is loaded before it is asked for."""

import numpy as np
import pytest

from tratteggio.errors import BadPixels, BadUsage, GridMismatch, UnknownName
from tratteggio.painting import Lacunae, Metadata, Region, Scan, Stack


@pytest.mark.parametrize(
    ("pixels", "alpha", "words"),
    [
        (np.zeros((4, 4), np.int16), False, "int16"),
        (np.zeros((4, 4, 4), bool), False, "bool"),
        (np.zeros((0, 4), np.uint8), False, "(0, 4)"),
        (np.zeros(4, np.uint8), False, "(4,)"),
        (np.zeros((4, 4), np.uint8), True, "alpha"),
        (np.zeros((4, 4, 1), np.uint8), True, "alpha"),
    ],
    ids=["signed", "bool", "no row", "one axis", "alpha of grey", "alpha alone"],
)
def test_what_is_no_scan_is_refused_by_name(pixels: np.ndarray, alpha: bool, words: str) -> None:
    with pytest.raises(BadUsage, match="panel.tif") as error:
        Scan(pixels, alpha=alpha, name="panel.tif")
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("shape", "alpha", "channels"),
    [((5, 6), False, 1), ((5, 6, 2), True, 1), ((5, 6, 3), False, 3), ((5, 6, 4), True, 3)],
)
def test_colour_leaves_alpha_out_and_always_has_channels(
    shape: tuple[int, ...], alpha: bool, channels: int
) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    scan = Scan(values, alpha=alpha)
    assert scan.channels == channels
    colour = scan.colour(Region(1, 2, 4, 6))
    np.testing.assert_array_equal(colour, values.reshape(5, 6, -1)[1:4, 2:6, :channels])
    colour[:] = 0
    np.testing.assert_array_equal(values, scan.read())  # a copy: the source is not written to


def test_known_paint_must_be_finite_but_lost_pixels_may_hold_anything() -> None:
    values = np.zeros((300, 5, 3), np.float32)
    values[280, 2, 1] = np.nan
    lost = np.zeros((300, 5), bool)
    with pytest.raises(BadPixels, match="panel.tif.*row 280, column 2"):
        Scan(values, name="panel.tif").require_finite(Lacunae(lost))
    lost[280, 2] = True
    Scan(values).require_finite(Lacunae(lost))


@pytest.mark.parametrize(
    ("resolution", "unit", "um"),
    [
        ((254.0, 254.0), "inch", 100.0),
        ((100.0, 100.0), "cm", 100.0),
        ((72, 72), "none", None),
        (None, "inch", None),
    ],
)
def test_micrometres_per_pixel_follow_from_the_resolution(
    resolution: tuple[float, float] | None, unit: str, um: float | None
) -> None:
    assert Metadata(resolution, unit).um_per_px == um


def test_a_stack_has_one_grid() -> None:
    with pytest.raises(
        GridMismatch,
        match=r"rgb \(a.tif\) has 4 rows x 5 .*(b.tif.) has 5 rows x 5 .*tratteggio.register",
    ):
        Stack(
            (
                Scan(np.zeros((4, 5), np.uint8), name="a.tif"),
                Scan(np.zeros((5, 5), np.uint8), "irr", name="b.tif"),
            )
        )


def test_scans_of_one_name_are_told_apart_by_their_grids() -> None:
    with pytest.raises(GridMismatch):
        Stack((Scan(np.zeros((4, 5), np.uint8)), Scan(np.zeros((5, 5), np.uint8), "irr")))


def test_a_scan_shows_the_painting_where_it_is_seen_and_everywhere_without() -> None:
    values = np.zeros((4, 5), np.uint8)
    seen = np.zeros((4, 5), bool)
    seen[1:3, 2:] = True
    scan = Scan(values, seen=seen)
    np.testing.assert_array_equal(scan.read_seen(), seen)
    crop = Stack((scan, Scan(values, "irr")), title="Saint with a book").crop(Region(1, 1, 4, 5))
    np.testing.assert_array_equal(crop["rgb"].read_seen(), seen[1:, 1:])
    assert crop["irr"].seen is None
    assert crop["irr"].read_seen(Region(0, 0, 2, 3)).all()
    assert crop["irr"].read_seen(Region(0, 0, 2, 3)).shape == (2, 3)
    assert crop.title == "Saint with a book"


def test_known_is_what_is_seen_and_not_lost() -> None:
    lost, seen = np.array([[0, 0, 1, 1], [0, 1, 0, 1]], bool)
    scan = Scan(np.zeros((2, 4)), seen=np.stack([seen, seen]))
    known = scan.known(Lacunae(np.stack([lost, lost])), Region(1, 0, 2, 4))
    assert known.tolist() == [[False, True, False, False]]


def test_what_a_float_scan_does_not_show_may_be_no_number() -> None:
    values, seen = np.zeros((4, 5)), np.ones((4, 5), bool)
    values[2, 3], seen[2, 3] = np.nan, False
    Scan(values, seen=seen).require_finite(Lacunae(np.zeros((4, 5), bool)))
    with pytest.raises(BadPixels, match="row 2, column 3"):
        Scan(values).require_finite(Lacunae(np.zeros((4, 5), bool)))


@pytest.mark.parametrize(
    ("seen", "error"),
    [
        (np.ones((4, 5), np.uint8), BadUsage),
        (np.ones((4, 5, 1), bool), BadUsage),
        (np.ones((5, 5), bool), GridMismatch),
    ],
    ids=["levels", "channels", "another grid"],
)
def test_where_a_scan_is_seen_lies_on_its_grid(seen: np.ndarray, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"panel\.tif.*`seen`"):
        Scan(np.zeros((4, 5), np.uint8), name="panel.tif", seen=seen)


@pytest.mark.parametrize("modalities", [(), ("rgb", "rgb")], ids=["none", "one twice"])
def test_a_stack_has_each_modality_once(modalities: tuple[str, ...]) -> None:
    with pytest.raises(BadUsage):
        Stack(tuple(Scan(np.zeros((4, 5), np.uint8), name) for name in modalities))


def test_a_stack_is_read_by_modality() -> None:
    irr, rgb = (Scan(np.zeros((4, 5), np.uint8), name) for name in ("irr", "rgb"))
    stack = Stack((irr, rgb))
    assert list(stack) == ["irr", "rgb"]
    assert stack["irr"] is irr
    assert stack.primary is rgb
    assert stack.crop(Region(0, 0, 2, 2)).grid == (2, 2)
    with pytest.raises(UnknownName, match="'xray'.*irr, rgb"):
        stack["xray"]
