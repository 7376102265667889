"""The multimodal panel: each modality tells of its truth, in any pieces, the same from the same seed."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from tratteggio.errors import BadUsage
from tratteggio.painting import Region
from tratteggio.painting.pixels import Pixels
from tratteggio.phantom import Examination, multimodal
from tratteggio.phantom.capture import Capture
from tratteggio.phantom.examination import RETOUCHED
from tratteggio.phantom.modalities import MODALITIES, Modality
from tratteggio.phantom.motifs import MOTIFS, motif_of
from tratteggio.phantom.overpaint import Overpaint, retouched
from tratteggio.phantom.strata import Painting
from tratteggio.phantom.support import Support
from tratteggio.phantom.work import Work

GRID = (200, 540)  # more than one block in each direction
LUMA = np.array([0.3, 0.59, 0.11])


@cache
def example(motif: str = "landscape") -> Examination:
    return multimodal(
        *GRID, seed=5, motif=motif, cracks=0.03, losses=0.08, overpaint=0.08, cradled=True, misregistered=True
    )


def layers(found: Examination) -> dict[str, Pixels]:
    truth = found.truth
    return {
        **{f"stack {scan.modality}": scan.pixels for scan in found.stack.scans},
        **{f"scan {scan.modality}": scan.pixels for scan in found.scans},
        "painted": truth.painted.pixels,
        "cracks": truth.cracks.lost,
        "losses": truth.losses.lost,
        "overpaint": truth.overpaint,
        "retouch": truth.retouch,
        "underdrawing": truth.underdrawing,
        "displaced irr": truth.displacements["irr"],
    }


@cache
def read(motif: str = "landscape") -> dict[str, np.ndarray]:
    return {name: np.asarray(pixels[:, :]) for name, pixels in layers(example(motif)).items()}


@cache
def painting(motif: str) -> Painting:
    """What `example` is made of."""
    work = Work(GRID, 5, 100.0, 0.03, 0.08, motif, matter=True)
    return Painting(
        work,
        Support(GRID, 5, 100.0, cradled=True),
        Overpaint.aimed(0.08, seed=5, um_per_px=100.0, grid=GRID),
        retouched(work.losses, RETOUCHED),
    )


# --- in pieces ---------------------------------------------------------------------------------------


@given(
    name=st.sampled_from(sorted(layers(example()))),
    rows=st.tuples(st.integers(0, GRID[0] - 1), st.integers(1, 150)),
    cols=st.tuples(st.integers(0, GRID[1] - 1), st.integers(1, 300)),
)
@settings(max_examples=60, deadline=None)
def test_any_region_equals_its_part_of_the_whole(
    name: str, rows: tuple[int, int], cols: tuple[int, int]
) -> None:
    whole = read()[name]
    top, left = min(rows[0], whole.shape[0] - 1), min(cols[0], whole.shape[1] - 1)
    down, right = slice(top, top + rows[1]), slice(left, left + cols[1])
    assert_array_equal(layers(example())[name][down, right], whole[down, right])


def test_float_scans_are_the_same_in_any_pieces_to_the_last_bit() -> None:
    found = multimodal(140, 530, seed=2, motif="saint", depth="float32", overpaint=0.1, misregistered=True)
    for scan in (*found.stack.scans, *found.scans[1:]):
        whole = scan.read()
        for region in (Region(0, 0, 1, 1), Region(3, 400, 100, 420), Region(77, 1, 78, 420)):
            assert_array_equal(scan.read(region), whole[region.slices])


def test_the_same_seed_gives_the_same_bits_and_another_seed_another_panel() -> None:
    one, again, other = (
        multimodal(50, 40, seed=seed, motif="still life", misregistered=True) for seed in (8, 8, 9)
    )
    for name, pixels in layers(one).items():
        assert_array_equal(pixels[:, :], layers(again)[name][:, :])
    for scan, different in zip(one.scans, other.scans, strict=True):
        assert (scan.read() != different.read()).any()


@pytest.mark.parametrize("grid", [(1, 1), (2, 300), (300, 2), (31, 33)])
def test_panels_of_odd_sizes_can_be_examined(grid: tuple[int, int]) -> None:
    found = multimodal(*grid, seed=3, motif="still life", misregistered=True, cradled=True)
    for scan in (*found.stack.scans, *found.scans):
        assert np.isfinite(scan.read()).all()
    assert found.stack.grid == grid


def test_the_end_of_a_huge_panel_is_read_without_the_rest() -> None:
    found = multimodal(400_000, 2_000, motif="saint", depth="uint16", misregistered=True)
    assert found.stack["uvf"].pixels[399_900:400_000, 1_950:2_000].shape == (100, 50, 3)
    assert found.scans[2].pixels[200_000:200_010, 700:720].shape == (10, 20)


# --- what is in a stack ------------------------------------------------------------------------------


def test_a_stack_has_eleven_channels_on_one_grid_at_one_scale() -> None:
    stack = example().stack
    assert [(name, stack[name].channels) for name in stack] == [
        ("rgb_before", 3), ("rgb_during", 3), ("irr", 1), ("xray", 1), ("uvf", 3),
    ]  # fmt: skip
    assert [scan.um_per_px for scan in stack.scans] == pytest.approx([100.0] * 5)


def test_scans_are_the_stack_unless_misregistered() -> None:
    found = multimodal(40, 30)
    assert found.scans == found.stack.scans
    assert not any(np.asarray(moved[:, :]).any() for moved in found.truth.displacements.values())


def test_infrared_is_taken_at_fewer_pixels_and_says_so() -> None:
    taken = {scan.modality: scan for scan in example().scans}
    assert taken["irr"].grid == (160, 432)
    assert taken["irr"].um_per_px == pytest.approx(125.0)
    assert taken["rgb_before"] is example().stack["rgb_before"]


def test_depths_show_one_panel() -> None:
    eight, sixteen, real = (
        multimodal(40, 30, seed=1, motif="saint", depth=depth).stack
        for depth in ("uint8", "uint16", "float32")
    )
    for name in real:
        exact = real[name].read()
        assert exact.dtype == np.float32
        for stack, full in ((eight, 255), (sixteen, 65535)):
            assert np.abs(stack[name].read() / full - exact).max() <= 0.51 / full


def test_motifs_are_drawn_from_the_seed_and_differ() -> None:
    assert {motif_of(None, seed) for seed in range(12)} == set(MOTIFS)
    seen = [multimodal(24, 24, seed=1, motif=motif).stack["xray"].read().tobytes() for motif in MOTIFS]
    assert len(set(seen)) == len(MOTIFS)


# --- truth -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("motif", MOTIFS)
def test_the_radiograph_is_brighter_where_paint_is_dense(motif: str) -> None:
    got = read(motif)
    dense = painting(motif).at(Region(0, 0, *GRID)).matter[..., 0]
    sound = ~(got["losses"] | got["overpaint"] | got["retouch"])
    heavy, light = (sound & (dense > 0.13)), (sound & (dense < 0.05))
    xray = got["stack xray"].astype(float)
    assert heavy.any()
    assert xray[heavy].mean() > xray[light].mean() + 40


@pytest.mark.parametrize("motif", MOTIFS)
def test_losses_are_dark_in_the_radiograph_though_retouched(motif: str) -> None:
    got = read(motif)
    xray, lost = got["stack xray"].astype(float), got["losses"]
    beside = ndimage.binary_dilation(lost, iterations=6) & ~lost
    assert xray[lost].mean() < xray[beside].mean() - 8
    hidden = lost & got["retouch"]
    assert hidden.any()
    assert xray[hidden].mean() < xray[beside].mean()


def test_infrared_shows_the_drawing_far_above_noise_and_light_hardly_does() -> None:
    """The same layers with and without their drawing."""
    with_it, without = (painting("still life").at(Region(0, 0, *GRID)) for _ in range(2))
    without.__dict__["ink"] = np.zeros_like(with_it.ink)
    drawn = with_it.drawn & ~with_it.damage.lost & (with_it.overpaint == 0) & ~with_it.retouch
    fades = {
        name: (MODALITIES[name].shows(without) - MODALITIES[name].shows(with_it)).mean(axis=2)
        for name in ("irr", "rgb_during", "xray", "uvf")
    }
    assert fades["irr"][drawn].mean() > 5 * MODALITIES["irr"].noise
    assert fades["irr"][drawn].mean() > 4 * fades["rgb_during"][drawn].mean() > 0
    assert not fades["xray"].any()
    assert not fades["uvf"].any()


@pytest.mark.parametrize("motif", MOTIFS)
def test_drawn_lines_are_darker_than_what_is_beside_them_in_infrared(motif: str) -> None:
    got = read(motif)
    drawn = got["underdrawing"]
    sound = ~ndimage.binary_dilation(
        got["cracks"] | got["losses"] | got["overpaint"] | got["retouch"], iterations=3
    )
    beside = ndimage.binary_dilation(drawn, iterations=3) & ~ndimage.binary_dilation(drawn) & sound
    irr = got["stack irr"].astype(float)
    assert irr[beside].mean() - irr[drawn & sound].mean() > 3 * 255 * MODALITIES["irr"].noise


def test_retouches_are_dark_under_ultraviolet_and_hidden_in_light() -> None:
    got = read("saint")
    retouch = got["retouch"] & ~got["overpaint"]
    beside = (
        ndimage.binary_dilation(retouch, iterations=8) & ~got["retouch"] & ~got["losses"] & ~got["overpaint"]
    )
    uvf = got["stack uvf"] @ LUMA
    assert uvf[retouch].mean() < 0.5 * uvf[beside].mean()
    hidden = got["losses"] & ndimage.binary_erosion(got["retouch"], iterations=2) & ~got["overpaint"]
    apart = {
        name: np.abs(got[f"stack {name}"].astype(float) - got["painted"])[hidden].mean()
        for name in ("rgb_before", "rgb_during")
    }
    assert apart["rgb_before"] < 0.6 * apart["rgb_during"]


def test_varnish_is_green_under_ultraviolet_and_yellow_in_light() -> None:
    got = read("landscape")
    sound = ~(got["losses"] | got["overpaint"] | got["retouch"])
    red, green, blue = got["stack uvf"][sound].mean(axis=0)
    assert green > 1.1 * red
    assert green > 1.1 * blue
    before, during = (got[f"stack rgb_{state}"][sound].mean(axis=0) for state in ("before", "during"))
    assert during[2] / before[2] > 1.15 * during[0] / before[0]


def test_overpaint_hides_paint_before_treatment_and_is_gone_after() -> None:
    got = read("landscape")
    inside = ndimage.binary_erosion(got["overpaint"], iterations=3)
    kept = inside & ~ndimage.binary_dilation(got["cracks"] | got["losses"], iterations=4)
    assert_array_equal(got["stack rgb_during"][kept], got["painted"][kept])
    detail = {
        name: np.abs(ndimage.laplace(got[f"stack {name}"] @ LUMA))[kept].mean()
        for name in ("rgb_before", "rgb_during")
    }
    assert detail["rgb_before"] < 0.8 * detail["rgb_during"]


def test_cleaned_paint_is_the_painted_truth_wherever_no_damage_is_near() -> None:
    got = read("saint")
    near = ndimage.binary_dilation(got["cracks"] | got["losses"], iterations=4)
    near |= np.pad(
        np.zeros((GRID[0] - 8, GRID[1] - 8), bool), 4, constant_values=True
    )  # cracks beyond the edge
    assert_array_equal(got["stack rgb_during"][~near], got["painted"][~near])
    assert (got["stack rgb_during"] != got["painted"])[got["losses"]].mean() > 0.9


def test_the_truth_is_the_same_panel_without_damage() -> None:
    whole = multimodal(*GRID, seed=5, motif="saint", cracks=0, losses=0, overpaint=0)
    assert_array_equal(whole.stack["rgb_during"].read(), read("saint")["painted"])
    assert whole.truth.lacunae.lost_px == 0
    assert not np.asarray(whole.truth.overpaint[:, :]).any()
    assert not np.asarray(whole.truth.retouch[:, :]).any()


def test_shares_come_near_what_was_asked_for() -> None:
    got = read("landscape")
    assert 0.05 < got["overpaint"].mean() < 0.11
    assert 0.04 < got["losses"].mean() < 0.12
    assert 0.2 < (got["retouch"] & got["losses"]).sum() / got["losses"].sum() < 0.8


def test_noise_is_as_strong_as_stated() -> None:
    """Of a flat grey before the camera nothing but noise is left."""

    class Grey:
        work = Work((200, 200), 0, 100.0, 0.0, 0.0, "saint")

        def at(self, region: Region) -> np.ndarray:
            return np.full((region.rows, region.cols, 1), 0.5, np.float32)

    flat = Modality(lambda values: values, 1, 50.0, 0.02, encoded=False)
    values = Capture(Grey(), flat, None, 7, "float32").at(Region(0, 0, 200, 200))
    assert abs(values.mean() - 0.5) < 5e-4
    assert values.std() == pytest.approx(0.02 * np.sqrt(0.25 + 0.75 * 0.5), rel=0.03)


@pytest.mark.parametrize("modality", ["rgb_during", "xray", "uvf"])
def test_scans_are_displaced_as_the_truth_says(modality: str) -> None:
    """Measured by phase correlation of patches, an independent reference."""
    found = multimodal(420, 400, seed=11, motif="landscape", misregistered=True)
    still = found.stack[modality].read().reshape(420, 400, -1).mean(axis=2)
    moved = {scan.modality: scan for scan in found.scans}[modality].read().reshape(420, 400, -1).mean(axis=2)
    for row, col in ((140, 120), (200, 230), (260, 160)):
        expected = np.asarray(found.truth.displacements[modality][row : row + 1, col : col + 1])[0, 0]
        near = np.rint(expected).astype(int)
        one = still[row - 48 : row + 48, col - 48 : col + 48]
        two = moved[row + near[0] - 48 : row + near[0] + 48, col + near[1] - 48 : col + near[1] + 48]
        window = np.outer(np.hanning(96), np.hanning(96))
        shift, _, _ = phase_cross_correlation(
            (one - one.mean()) * window, (two - two.mean()) * window, upsample_factor=20, normalization=None
        )
        assert np.abs(near - shift - expected).max() < 0.5


# --- what cannot be ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"rows": 0},
        {"cols": -3},
        {"um_per_px": float("inf")},
        {"depth": "int16"},
        {"cracks": 0.5},
        {"losses": float("nan")},
        {"overpaint": 0.7},
        {"motif": "portrait"},
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options: dict) -> None:
    with pytest.raises(BadUsage, match="got"):
        multimodal(**{"rows": 8, "cols": 8, **options})
