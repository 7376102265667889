"""Registration against warps that are known."""

from functools import cache

import numpy as np
import pytest

from align.warps import Case, warped
from tratteggio.align import Registration, locate
from tratteggio.align.locate import _lattice, locate_all
from tratteggio.errors import BadUsage, Misaligned
from tratteggio.painting import Metadata, Scan
from tratteggio.phantom import panel


@cache
def bent(modality: str, seed: int) -> tuple[Case, Registration]:
    case = warped(448, seed, modality=modality)
    return case, locate(case.reference, case.source)


@pytest.mark.parametrize(("modality", "seed"), [("irr", 0), ("uvf", 1)])
def test_a_homography_and_a_bent_field_are_found_to_half_a_pixel(modality, seed):
    case, found = bent(modality, seed)
    errors = case.errors(found.transform)
    assert errors.mean() < 0.5
    assert np.percentile(errors, 95) < 1.0


def test_the_residual_tells_the_true_error():
    """It is measured at held-out patches, so it must not be smaller than what is true."""
    case, found = bent("irr", 0)
    true = case.errors(found.transform).mean()
    assert true < found.residual.mean < 3 * true + 0.3


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("patch", [32, 64])
def test_no_patch_of_the_fit_overlaps_one_that_is_held_out(patch, dense):
    corners, held_out, fitted = _lattice((700, 500), patch, dense=dense)
    assert held_out.sum() > 10
    apart = np.abs(corners[held_out][:, None] - corners[fitted][None]).max(axis=-1)
    assert apart.min() >= patch


def test_a_scan_that_lies_well_helps_to_locate_the_next():
    """The right half of the reference shows nothing that the X-ray shares; the infrared does."""
    case = warped(288, 2, field_px=3)
    seen = case.reference.read().copy()
    seen[:, 190:] = np.random.default_rng(0).integers(90, 110, (288, 98, 1), np.uint8)
    half = Scan(seen, name="half")
    places = np.stack(np.meshgrid(np.arange(20, 270, 20.0), np.arange(200, 270, 10.0)), -1).reshape(-1, 2)

    def aside(found: Registration) -> float:
        there = found.transform.at(places) - case.truth.at(places)
        return float(np.linalg.norm(there, axis=1).mean())

    whole = Scan(case.reference.read(), modality="irr", name="irr")
    alone = locate(half, case.source, max_error=5)
    _, helped = locate_all(half, (whole, case.source), max_error=5)
    assert aside(helped) < 0.7 < aside(alone)


def test_the_error_that_a_fit_expects_is_near_the_true_one():
    case, found = bent("irr", 0)
    true, expected = case.errors(found.transform).mean(), found.residual.expected
    assert expected is not None
    assert true / 2 < expected.mean() < 4 * true


def test_a_finer_scan_is_found_by_its_stated_resolution():
    case = warped(320, 3, scale=1.6, field_px=1)
    per_cm = (100.0, 100.0), (160.0, 160.0)
    reference, source = (
        Scan(scan.read(), metadata=Metadata(resolution, "cm"))
        for scan, resolution in zip((case.reference, case.source), per_cm, strict=True)
    )
    assert case.errors(locate(reference, source).transform).mean() < 0.5


def test_a_scan_on_its_side_and_of_other_scale_is_found_without_help():
    case = warped(320, 4, scale=1.5, field_px=1)
    upright = locate(case.reference, Scan(case.source.read())).transform
    turned = locate(case.reference, Scan(np.rot90(case.source.read()).copy())).transform
    places = np.array([[40.0, 50], [200, 100], [280, 300]])
    # rot90 takes (row, column) of a picture w wide to (w - 1 - column, row).
    expected = upright.at(places)
    expected = np.stack([case.source.grid[1] - 1 - expected[:, 1], expected[:, 0]], axis=1)
    assert np.abs(turned.at(places) - expected).max() < 1.0


def test_a_resolution_that_contours_contradict_is_not_believed(caplog):
    case = warped(320, 3, scale=1.6, field_px=1)
    screen = Metadata((96.0, 96.0), "inch")
    reference, source = (Scan(scan.read(), metadata=screen) for scan in (case.reference, case.source))
    assert case.errors(locate(reference, source).transform).mean() < 0.5
    assert "contours are used" in caplog.text


def test_equal_scans_lie_on_each_other():
    scan = panel(256, 200, seed=5).painted
    found = locate(scan, scan)
    assert np.allclose(found.transform.at(np.array([[0.0, 0], [255, 199]])), [[0, 0], [255, 199]], atol=0.1)
    assert found.residual.mean < 0.1


def test_a_black_frame_is_no_contour():
    case = warped(384, 6, field_px=1)
    framed = np.zeros((460, 470), np.uint16)
    framed[30:414, 50:434] = case.source.read()
    found = locate(case.reference, Scan(framed)).transform
    places = np.array([[100.0, 100], [300, 200], [200, 330]])
    assert np.abs(found.at(places) - case.truth.at(places) - [30, 50]).max() < 1.0


# --- what cannot be --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scan() -> Scan:
    return Scan(panel(160, 160, seed=1).painted.read(), metadata=Metadata((100, 100), "cm"), name="ref.tif")


def test_a_black_xray_is_named(scan):
    black = Scan(np.zeros((160, 160), np.uint8), modality="xray", name="x.tif")
    with pytest.raises(BadUsage, match=r"x\.tif \(xray\) is black everywhere"):
        locate(scan, black)


def test_a_constant_scan_is_named(scan):
    with pytest.raises(BadUsage, match="one single value everywhere"):
        locate(scan, Scan(np.full((160, 160), 7, np.uint8)))


def test_a_tiny_scan_is_refused(scan):
    with pytest.raises(BadUsage, match="31 rows x 160 columns"):
        locate(scan, Scan(scan.read()[:31]))


@pytest.mark.parametrize("max_error", [0.0, -1.0, float("nan")])
def test_an_error_bound_must_be_positive(scan, max_error):
    with pytest.raises(BadUsage, match="max_error must be"):
        locate(scan, scan, max_error=max_error)


def test_scans_that_share_nothing_are_refused(scan):
    noise = np.random.default_rng(0).integers(0, 255, (160, 160), np.uint8)
    with pytest.raises(Misaligned, match="no contours of"):
        locate(scan, Scan(noise, metadata=scan.metadata, name="noise"))


def test_scans_that_overlap_by_one_column_are_refused():
    wide = panel(160, 319, seed=8).painted.read()
    metadata = Metadata((100, 100), "cm")
    left = Scan(wide[:, :160], metadata=metadata, name="left")
    right = Scan(wide[:, 159:], metadata=metadata, name="right")
    with pytest.raises(Misaligned, match="right"):
        locate(left, right)


def test_a_wildly_different_stated_scale_is_refused(scan):
    coarse = Scan(scan.read(), metadata=Metadata((10_000.0, 10_000.0), "cm"), name="fine")
    small = Scan(scan.read()[:40, :40].repeat(8, 0).repeat(8, 1), metadata=Metadata((10.0, 10.0), "cm"))
    with pytest.raises(Misaligned):
        locate(coarse, small)


def test_a_residual_above_the_bound_is_refused():
    case = warped(256, 7, field_px=1)
    with pytest.raises(
        Misaligned, match=r"misaligned with reference by .* pixels on average.* `max_error=0\.001`"
    ):
        locate(case.reference, case.source, max_error=0.001)
