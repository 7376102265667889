"""Registration by control points, and of scans that are mirrored or turned."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tratteggio as tg
from align.warps import warped
from tratteggio.align import Registration, locate, read_points
from tratteggio.align.control_points import locate_by_points
from tratteggio.align.mirror import mirror_scan, mirror_transform
from tratteggio.errors import BadUsage, Misaligned
from tratteggio.painting import Scan
from tratteggio.phantom import panel

H = np.array([[1.2, 0.1, 5.0], [-0.2, 0.9, 40.0], [1e-4, -2e-4, 1.0]])
PLACES = np.array([[10, 10], [10, 180], [150, 15], [145, 170], [80, 90], [60, 40.0]])
REFERENCE, SOURCE = Scan(np.zeros((160, 200), np.uint8)), Scan(np.zeros((260, 260), np.uint8), "xray")


def through(matrix: np.ndarray, places: np.ndarray = PLACES) -> np.ndarray:
    there = np.column_stack([places, np.ones(len(places))]) @ matrix.T
    return np.column_stack([places[:, ::-1], (there[:, :2] / there[:, 2:])[:, ::-1]])


def test_six_points_give_a_homography_and_no_residual() -> None:
    found = locate_by_points(REFERENCE, SOURCE, through(H))
    assert_allclose(found.transform.homography, H / H[2, 2], atol=1e-8)
    assert found.residual.mean == pytest.approx(0, abs=1e-8)
    assert found.as_json()["method"] == "control points"


def test_the_residual_of_a_point_does_not_see_the_point() -> None:
    """By hand: four points of a shift; the fourth is 8 px off, and three points predict it exactly."""
    shift = np.array([[1, 0, 3], [0, 1, 4], [0, 0, 1.0]])
    points = through(shift, PLACES[:4])
    points[3, 2] += 8
    found = locate_by_points(REFERENCE, SOURCE, points)
    assert_allclose(found.residual.shifts[3], [0, 8], atol=1e-9)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (through(H)[:3], "at least 4 control points"),
        (through(H) + 200, "outside"),
        (through(H, np.array([[10.0 * k, 10.0 * k] for k in range(1, 7)])), "nearly on one line"),
    ],
)
def test_points_that_cannot_do_are_refused(points, said) -> None:
    with pytest.raises(BadUsage, match=said):
        locate_by_points(REFERENCE, SOURCE, points)


@pytest.mark.parametrize("separator", [",", ";"])
def test_points_are_read_from_a_table(tmp_path, separator) -> None:
    file = tmp_path / "points.csv"
    lines = ["modality,ref column,ref row,column,row", "xray,1,2,3.5,4", "", "irr,5,6,7,8", "xray,9,8,7,6"]
    text = "\n".join(lines)
    if separator == ";":
        text = text.replace(",", ";").replace(".", ",")
    file.write_text(text)
    found = read_points(file)
    assert_array_equal(found["xray"], [[1, 2, 3.5, 4], [9, 8, 7, 6]])
    assert_array_equal(found["irr"], [[5, 6, 7, 8]])


@pytest.mark.parametrize(("text", "said"), [("", "no control points"), ("a,b\nirr,1,2,3\n", "line 2")])
def test_a_table_without_points_is_refused(tmp_path, text, said) -> None:
    (tmp_path / "points.csv").write_text(text)
    with pytest.raises(BadUsage, match=said):
        read_points(tmp_path / "points.csv")


def test_mirroring_and_its_transform_are_each_others_inverse() -> None:
    scan = Scan(np.arange(35, dtype=np.uint8).reshape(5, 7))
    assert_array_equal(mirror_scan(scan).pixels[1:3, 2:6], scan.read()[..., ::-1][1:3, 2:6])
    transform = locate_by_points(REFERENCE, SOURCE, through(H)).transform
    cols = 259 - transform.at(PLACES)[:, 1]
    assert_allclose(mirror_transform(transform).at(PLACES)[:, 1], cols)


@pytest.mark.parametrize(("mirrored", "turns"), [(True, 0), (True, 1), (False, 3)])
def test_a_scan_that_was_turned_over_is_found_and_said_to_be_so(mirrored, turns) -> None:
    case = warped(256, 1, field_px=1)
    pixels = np.rot90(case.source.read(), -turns)  # clockwise
    pixels = pixels[:, ::-1] if mirrored else pixels
    found = locate(case.reference, Scan(np.ascontiguousarray(pixels), "xray", name="x.tif"))
    assert (found.mirrored, found.quarter_turns) == (mirrored, 90 * turns)
    there = found.transform.at(np.array([[128.0, 128.0]]))[0]
    straight = case.truth.at(np.array([[128.0, 128.0]]))[0]
    assert np.abs(there - _turned(straight, turns, mirrored)).max() < 1


def _turned(place: np.ndarray, turns: int, mirrored: bool) -> np.ndarray:
    row, col = place
    for _ in range(turns):
        row, col = col, 255 - row
    return np.array([row, 255 - col if mirrored else col])


def test_scans_that_match_are_kept_and_those_that_do_not_are_named() -> None:
    case = warped(192, 1, field_px=1)
    other = panel(192, 192, seed=9, motif="landscape").painted.read()[..., 0]
    others = {"xray": Scan(other, name="other.tif"), "irr": case.source}
    with pytest.raises(Misaligned, match=r"other\.tif"):
        tg.register(case.reference, others)
    found = tg.register(case.reference, others, keep_matching=True)
    assert list(found.stack) == ["rgb", "irr"]
    assert list(found.failed) == ["xray"]
    assert found.history()["not_registered"] == ["xray"]
    with pytest.raises(Misaligned):
        tg.register(case.reference, {"xray": others["xray"]}, keep_matching=True)


def test_control_points_locate_what_contours_do_not() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (160, 200), np.uint8)
    points = through(np.array([[1, 0, 3], [0, 1, 4], [0, 0, 1.0]]), PLACES[:5])
    wide = Scan(np.pad(noise, 20), name="x")
    found = tg.register(Scan(np.full((160, 200), 7, np.uint8)), {"xray": wide}, points={"xray": points})
    assert isinstance(found.registrations["xray"], Registration)
    assert_array_equal(found.stack["xray"].read()[17:, 16:], noise[:-17, :-16])
    with pytest.raises(BadUsage, match="no such scan"):
        tg.register(wide, {"irr": wide}, points={"xray": points})
