"""Laws that every finish obeys, and what each of the four promises."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from tratteggio import registry
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.finish import apply_finish, hatched, neutral, outlined, require_finish
from tratteggio.painting import Lacunae, Metadata, Restoration, Scan
from tratteggio.painting.tone import from_light, to_light

NAMES = registry.names("finish")
DEPTHS = ["uint8", "uint16", "float32", "float64"]


def proposal(
    dtype: str = "uint8",
    channels: int = 3,
    um_per_px: float | None = None,
    shape: tuple[int, int] = (150, 190),
) -> Restoration:
    """A smooth picture with a crack, a wide lacuna, a lacuna at the border and single lost pixels."""
    rng = np.random.default_rng(7)
    light = ndimage.gaussian_filter(rng.random((*shape, channels)), (9, 9, 0))
    light = (light - light.min()) / np.ptp(light)
    white = np.iinfo(dtype).max if dtype.startswith("uint") else 1
    picture = (light * white).astype(dtype)
    lost = rng.random(shape) < 0.002
    lost[20:90, 30:140] = True
    lost[shape[0] - 25 :, :60] = True
    rows = np.arange(shape[0])
    cols = (0.7 * rows).astype(int) % (shape[1] - 2)
    lost[rows, cols] = lost[rows, cols + 1] = True
    fill = np.where(lost[..., None], picture[::-1, ::-1], 0).astype(dtype)
    metadata = Metadata() if um_per_px is None else Metadata(resolution=(10_000 / um_per_px,) * 2, unit="cm")
    scan = Scan(picture[..., 0] if channels == 1 else picture, metadata=metadata)
    return Restoration(scan, Lacunae(lost), fill, lost.astype(np.float32) / 2, {"engine": "none"})


def read(restoration: Restoration) -> Any:
    return restoration.fill[0 : restoration.original.grid[0], 0 : restoration.original.grid[1]]


def constant(value: Any, dtype: str = "float64", shape: tuple[int, int] = (72, 90)) -> Restoration:
    """Everything is lost, and the fill is one colour."""
    fill = np.broadcast_to(np.asarray(value, dtype), (*shape, len(value))).copy()
    lost = np.ones(shape, bool)
    return Restoration(Scan(np.zeros_like(fill)), Lacunae(lost), fill, lost.astype(np.float32), {})


def test_the_four_finishes_are_found_by_their_file_names() -> None:
    assert {"hatched", "mimetic", "neutral", "outlined"} <= set(NAMES)
    with pytest.raises(UnknownName, match="did you mean 'hatched'"):
        apply_finish(proposal(), "hatchet")


@pytest.mark.parametrize(
    ("finish", "key", "value"),
    [
        ("hatched:line_px=5", "line_px", 5),
        ("outlined:outline_px=6", "outline_px", 6),
        ("neutral:saturation=0.25", "saturation", 0.25),
    ],
)
def test_options_of_a_finish_change_the_fill_and_are_in_the_history(
    finish: str, key: str, value: float
) -> None:
    before, name = proposal(um_per_px=40.0), finish.partition(":")[0]
    after = apply_finish(before, finish)
    assert (read(after) != read(apply_finish(before, name))).any()
    assert after.history["finish"]["name"] == name
    assert after.history["finish"][key] == value
    assert after.history["finish"]["options"] == {key: value}


@pytest.mark.parametrize(
    ("finish", "sentence"),
    [
        ("hatched:line=4", "no option of hatched named 'line'; did you mean 'line_px'"),
        ("hatched:line_px=1", "line_px must be 2 or more, got 1"),
        ("outlined:outline_px=0", "outline_px must be 1 or more, got 0"),
        ("neutral:saturation=2", "saturation must be 0 to 1, got 2"),
        ("mimetic:strength=2", "mimetic takes no options"),
    ],
)
def test_options_of_a_finish_are_checked_before_anything_is_filled(finish: str, sentence: str) -> None:
    with pytest.raises(BadUsage, match=sentence):
        require_finish(finish)


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_only_lost_pixels_change_and_the_depth_stays(name: str, dtype: str, channels: int) -> None:
    before = proposal(dtype, channels)
    after = apply_finish(before, name)
    known = ~before.lacunae.read()
    assert after.image.dtype == np.dtype(dtype)
    assert after.image.shape == before.original.pixels.shape
    assert_array_equal(after.image[known], before.original.read()[known])
    assert_array_equal(read(after)[known], before.fill[:, :][known])
    assert np.isfinite(read(after)).all()


@pytest.mark.parametrize("um_per_px", [None, 40.0])
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_tile_shows_the_same_bits_as_the_whole(
    name: str, um_per_px: float | None, data: st.DataObject
) -> None:
    shown = apply_finish(proposal("float32", um_per_px=um_per_px), name)
    rows, cols = shown.original.grid
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    bottom, right = data.draw(st.integers(top + 1, rows)), data.draw(st.integers(left + 1, cols))
    assert_array_equal(shown.fill[top:bottom, left:right], read(shown)[top:bottom, left:right])


@pytest.mark.parametrize("name", NAMES)
def test_what_the_fill_holds_where_paint_is_known_has_no_say(name: str) -> None:
    clean = proposal("float64")
    lost = clean.lacunae.read()[..., None]
    dirty = replace(clean, fill=np.where(lost, clean.fill[:, :], 1e6))
    assert_array_equal(apply_finish(clean, name).image, apply_finish(dirty, name).image)


@pytest.mark.parametrize("name", NAMES)
def test_the_history_says_how_the_fill_is_shown_and_keeps_the_rest(name: str) -> None:
    before = proposal(um_per_px=50.0)
    history = apply_finish(before, name).history
    assert history["finish"]["name"] == name
    assert history["engine"] == "none"
    assert "finish" not in before.history


def test_making_a_finish_reads_nothing() -> None:
    class Unread:
        shape, dtype = (150, 190, 3), np.dtype("uint8")

        def __getitem__(self, key: object) -> None:
            raise AssertionError("read")

    for name in NAMES:
        apply_finish(replace(proposal(), fill=Unread()), name)


def test_light_and_values_are_each_other_s_inverse_at_every_depth() -> None:
    for dtype in ("uint8", "uint16"):
        values = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
        assert_array_equal(from_light(to_light(values), np.dtype(dtype)), values)
    wide = np.linspace(-2, 70, 500)
    assert_allclose(from_light(to_light(wide), wide.dtype), wide, atol=1e-12)


def test_light_is_skimage_s() -> None:
    colorconv = pytest.importorskip("skimage.color.colorconv")
    values = np.random.default_rng(0).random((20, 20, 3))
    light = colorconv.rgb2xyz(values) @ np.linalg.inv(colorconv.xyz_from_rgb).T
    assert_allclose(to_light(values), light, atol=1e-9)


# --- mimetic


def test_mimetic_is_the_fill() -> None:
    before = proposal()
    assert_array_equal(read(apply_finish(before, "mimetic")), before.fill[:, :])


# --- hatched

COLOURS = [(0.5, 0.5, 0.5), (0.8, 0.6, 0.45), (0.15, 0.2, 0.4), (0.75, 0.15, 0.1), (0.2, 0.18, 0.15)]


@pytest.mark.parametrize("colour", [*COLOURS, (0.5,)])
def test_hatching_mixes_to_the_fill_over_each_period_of_each_row(colour: tuple[float, ...]) -> None:
    shown = to_light(read(apply_finish(constant(colour), "hatched")))
    rows, cols, channels = shown.shape
    by_period = shown.reshape(rows, cols // 9, 9, channels).mean(axis=2)
    wanted = np.broadcast_to(to_light(np.asarray(colour)), by_period.shape)
    assert_allclose(by_period, wanted, rtol=1e-9)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_hatching_mixes_to_the_fill_at_integer_depths_up_to_rounding(
    dtype: str, colour: tuple[float, ...]
) -> None:
    white = np.iinfo(dtype).max
    fill = np.rint(np.asarray(colour) * white)
    shown = to_light(read(apply_finish(constant(fill, dtype), "hatched")))
    by_period = shown.reshape(72, 10, 9, 3).mean(axis=2)
    # Half a level of sRGB is at most 2.4 / 2 levels of light.
    assert np.abs(by_period - to_light(fill.astype(dtype))).max() < 1.2 / white


EXTREMES = [(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 0, 255), (250, 240, 220)]


@pytest.mark.parametrize(
    "colour", [*(tuple(round(255 * c) for c in colour) for colour in COLOURS), *EXTREMES]
)
def test_hatching_is_plain_from_near_and_gone_from_afar(colour: tuple[int, ...]) -> None:
    """Near: neighbouring lines differ by several just noticeable differences. Afar: about one is left."""
    color = pytest.importorskip("skimage.color")
    restoration = constant(colour, "uint8", (180, 180))
    fill, shown = read(restoration), read(apply_finish(restoration, "hatched"))
    lines = color.rgb2lab(shown[:, 1::3])  # the middle of each line of 3 pixels
    near = color.deltaE_ciede2000(lines[:, :-1], lines[:, 1:])
    assert near.mean() > (5 if colour not in EXTREMES else 1.4)  # pure blue has the least room
    far = ndimage.gaussian_filter(to_light(shown), (9, 9, 0), mode="reflect")[20:-20, 20:-20]
    seen = color.deltaE_ciede2000(
        color.rgb2lab(from_light(far, np.dtype("float64"))), color.rgb2lab(fill[20:-20, 20:-20])
    )
    assert seen.max() < (1.25 if colour not in EXTREMES else 3.0)


GROUNDS = {
    "brown": (120, 84, 52), "ochre": (190, 150, 90), "blue": (60, 80, 140), "green": (80, 110, 70),
    "red": (160, 60, 50), "flesh": (210, 170, 140), "umber": (60, 42, 30), "grey": (128, 128, 128),
}  # fmt: skip


@pytest.mark.parametrize("ground", GROUNDS)
def test_no_stroke_leaves_the_hue_of_the_fill(ground: str) -> None:
    """Selection of colour: no green on brown. Within 30 degrees of hue; on dull grounds by at most 12."""
    color = pytest.importorskip("skimage.color")
    restoration = constant(GROUNDS[ground], "uint8", (180, 180))
    fill = color.rgb2lab(read(restoration)[0, 0])
    lines = color.rgb2lab(read(apply_finish(restoration, "hatched"))[:, 1::3])
    chroma = np.hypot(*fill[1:])
    if chroma > 20:
        turned = np.angle((lines[..., 1] + 1j * lines[..., 2]) / (fill[1] + 1j * fill[2]), deg=True)
        assert np.percentile(np.abs(turned), 99) < 30
    else:
        away = np.linalg.norm(lines[..., 1:] - fill[1:], axis=-1)
        assert np.percentile(away, 99) < (12 if chroma > 5 else 5)


@pytest.mark.parametrize("ground", GROUNDS)
def test_from_two_metres_the_hatching_is_the_fill(ground: str) -> None:
    """S-CIELAB (Zhang and Wandell 1997), lines of 250 µm: from 2 m below 1.6, close by (0.3 m) above 4."""
    restoration = constant(GROUNDS[ground], "uint8", (180, 180))
    fill, shown = read(restoration), read(apply_finish(restoration, "hatched"))
    from_afar, close_by = (seen_differences(shown, fill, metres=metres) for metres in (2.0, 0.3))
    assert np.percentile(from_afar, 99) < 1.6
    assert np.percentile(close_by, 99) > 4


# Opponent channels of S-CIELAB; weights and spreads in degrees of the blurs of each.
OPPONENT = np.array([[0.279, 0.72, -0.107], [-0.449, 0.29, -0.077], [0.086, -0.59, 0.501]])
BLURS = (
    ((0.921, 0.0283), (0.105, 0.133), (-0.108, 4.336)),
    ((0.531, 0.0392), (0.330, 0.494)),
    ((0.488, 0.0536), (0.371, 0.386)),
)


def seen_differences(shown: Any, fill: Any, *, metres: float, um_per_px: float = 250 / 3) -> Any:
    """Return the S-CIELAB difference of each pixel, as an eye sees it from that distance."""
    color = pytest.importorskip("skimage.color")
    px_per_degree = np.radians(1) * metres / (um_per_px * 1e-6)
    opponent = color.rgb2xyz(shown / 255) @ OPPONENT.T
    blurred = np.zeros_like(opponent)
    for channel, blurs in enumerate(BLURS):
        plane, whole = opponent[..., channel], sum(weight for weight, _ in blurs)
        for weight, degrees in blurs:
            sigma = degrees * px_per_degree
            wide = sigma > len(plane) / 3  # there is but its mean
            by_one = plane.mean() if wide else ndimage.gaussian_filter(plane, sigma, mode="wrap")
            blurred[..., channel] += weight / whole * by_one
    seen = color.xyz2lab(blurred @ np.linalg.inv(OPPONENT).T)
    return np.linalg.norm(seen - color.rgb2lab(fill / 255), axis=-1)


def test_lines_stand_upright() -> None:
    shown = to_light(read(apply_finish(constant((0.5, 0.45, 0.4), shape=(200, 198)), "hatched")))[..., 0]
    across, along = np.abs(np.diff(shown, axis=1)).mean(), np.abs(np.diff(shown, axis=0)).mean()
    assert across > 10 * along


def test_lines_are_not_all_alike() -> None:
    """A hand's work: no row of strokes repeats the next period, and strokes end."""
    shown = read(apply_finish(constant((0.5, 0.45, 0.4), shape=(400, 90)), "hatched"))
    periods = shown.reshape(400, 10, 9, 3)
    assert len({periods[200, i].tobytes() for i in range(10)}) == 10
    assert (shown[0] != shown[-1]).any()


def test_the_colour_of_a_line_follows_the_fill() -> None:
    """Top half dark, bottom half light: far from the step each half mixes to its own colour."""
    restoration = constant((0.3, 0.3, 0.3), shape=(200, 90))
    restoration.fill[100:, :] = 0.7  # type: ignore[index]
    shown = to_light(read(apply_finish(restoration, "hatched")))
    assert_allclose(shown[:80].mean(), to_light(np.array(0.3)), rtol=1e-6)
    assert_allclose(shown[120:].mean(), to_light(np.array(0.7)), rtol=1e-6)


@pytest.mark.parametrize(
    ("um_per_px", "line_px"), [(None, 3), (10.0, 25), (50.0, 5), (83.0, 3), (125.0, 2), (500.0, 2)]
)
def test_lines_are_a_quarter_of_a_millimetre_where_the_scale_is_known(
    um_per_px: float | None, line_px: int
) -> None:
    finish = hatched.make(proposal(um_per_px=um_per_px))
    assert finish.line_px == line_px
    assert finish.parameters["period_px"] == 3 * line_px
    assert ("line_um" in finish.parameters) == (um_per_px is not None)


def test_each_hue_is_balanced_by_the_others() -> None:
    assert_allclose(hatched.HUES.sum(axis=0), 0, atol=1e-12)


# --- neutral


def test_neutral_gives_each_lacuna_the_mean_light_of_its_fill() -> None:
    rng = np.random.default_rng(0)
    lost = np.zeros((100, 120), bool)
    lost[5:20, 5:30] = lost[60:90, 70:110] = True
    fill = np.where(lost[..., None], rng.random((100, 120, 1)), 0.0)
    before = Restoration(Scan(np.zeros((100, 120))), Lacunae(lost), fill, lost.astype(np.float32), {})
    shown = read(apply_finish(before, "neutral"))
    for lacuna in (np.s_[5:20, 5:30], np.s_[60:90, 70:110]):
        assert np.ptp(shown[lacuna]) == 0
        assert_allclose(to_light(shown[lacuna]).mean(), to_light(fill[lacuna]).mean(), rtol=1e-9)


def test_neutral_keeps_the_luminance_and_half_of_the_saturation() -> None:
    colour = np.array([0.8, 0.5, 0.2])
    shown = to_light(read(apply_finish(constant(colour), "neutral")))[0, 0]
    light, weights = to_light(colour), np.array([0.2126, 0.7152, 0.0722])
    assert_allclose(shown @ weights, light @ weights, rtol=1e-9)
    assert_allclose(np.ptp(shown), np.ptp(light) / 2, rtol=1e-9)


def test_in_a_net_of_cracks_the_neutral_tone_follows_the_paint() -> None:
    """One crack from a dark side to a light side: one tone would be wrong on both."""
    lost = np.zeros((40, 900), bool)
    lost[0, :] = lost[:, ::90] = True
    ramp = np.where(lost[..., None], np.linspace(0.2, 0.8, 900)[None, :, None], 0)
    before = Restoration(Scan(np.zeros((40, 900))), Lacunae(lost), ramp, lost.astype(np.float32), {})
    shown = read(apply_finish(before, "neutral"))[0, :, 0]
    assert_allclose(shown[64:-64], ramp[0, 64:-64, 0], atol=0.05)
    assert np.abs(np.diff(shown)).max() < 0.002  # no steps between blocks


def test_neutral_tones_do_not_depend_on_the_bands_they_are_summed_in() -> None:
    before = proposal("uint16", shape=(600, 190))
    tones = neutral.mean_tones(before.fill, before.lacunae)
    groups = before.lacunae.groups(16)
    label = groups.label_map(groups.regions[0].grow(10_000, within=before.original.grid))
    light, lost = to_light(before.fill[:, :]), before.lacunae.read()
    for group in range(1, len(groups.regions) + 1):
        assert_allclose(tones.of_group[group], light[lost & (label == group)].mean(axis=0), rtol=1e-9)


# --- outlined


def square(side: int, size: int = 60) -> np.ndarray:
    lost = np.zeros((size, size), bool)
    lost[10 : 10 + side, 10 : 10 + side] = True
    return lost


def test_the_contour_lies_just_inside_a_square_lacuna() -> None:
    lost = square(30)
    drawn = outlined.contour(lost, top=0, left=0, outline_px=2)
    inner = np.zeros_like(lost)
    inner[12:38, 12:38] = True
    assert_array_equal(drawn, lost & ~inner)


def test_no_contour_along_the_border_of_the_painting() -> None:
    lost = np.zeros((50, 50), bool)
    lost[:30, :30] = True
    drawn = outlined.contour(lost, top=0, left=0, outline_px=2)
    assert not drawn[:28, :28].any()
    assert drawn[28:30, :30].all()


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("slope", [0.0, 1.0, 0.37])
def test_a_thin_crack_keeps_more_than_half_of_its_fill(width: int, slope: float) -> None:
    lost = np.zeros((420, 420), bool)
    cols = np.arange(400)
    for step in range(width):
        lost[np.clip((slope * cols).astype(int) + 5 + step, 0, 419), cols] = True
    drawn = outlined.contour(lost, top=0, left=0, outline_px=2)
    assert 0.1 < drawn.sum() / lost.sum() < 0.5


@pytest.mark.parametrize(("tone", "lighter"), [(0.9, False), (0.7, False), (0.3, True), (0.05, True)])
def test_the_contour_stands_out_from_its_fill(tone: float, lighter: bool) -> None:
    lost = square(40)
    fill = np.where(lost[..., None], tone, 0.0)
    before = Restoration(Scan(np.zeros((60, 60))), Lacunae(lost), fill, lost.astype(np.float32), {})
    shown = read(apply_finish(before, "outlined"))[..., 0]
    drawn = outlined.contour(lost, top=0, left=0, outline_px=2)
    assert ((shown[drawn] > tone) == lighter).all()
    assert np.abs(shown[drawn] - tone).min() > 0.3
    assert_array_equal(shown[lost & ~drawn], tone)


def test_the_contour_is_as_wide_as_the_scale_asks() -> None:
    assert outlined.make(proposal()).outline_px == 2
    assert outlined.make(proposal(um_per_px=15.0)).outline_px == 10
    assert outlined.make(proposal(um_per_px=900.0)).outline_px == 1
