"""The laws of the house, over every detector."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tratteggio as tg
from tratteggio import damage, registry
from tratteggio.damage import Strengths
from tratteggio.errors import BadPixels, BadUsage, UnknownName
from tratteggio.painting import Region, Scan, Stack
from tratteggio.treatment import listed, make_detector
from tratteggio.treatment.opening import stack_of

pytestmark = pytest.mark.usefixtures("weights_at_hand")

DETECTORS = registry.names("detectors")
INFRARED = ("overpaint",)  # is found in several scans only
DEPTHS = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


def wall(rows: int, cols: int, seed: int = 0) -> np.ndarray:
    """A rough wall of 256 levels with dark cracks and a bare spot: (rows, cols, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols]
    light = 0.65 + 0.1 * np.sin(x / 37 + seed) * np.cos(y / 51) + rng.normal(0, 0.02, (rows, cols))
    for slope, offset, half in ((0.3, 20, 1.2), (-0.8, 90, 0.7), (4.0, -160, 2.0)):
        away = np.abs(y - slope * x - offset) / np.hypot(1, slope)
        light *= 1 - 0.7 * np.clip(half + 0.5 - away, 0, 1)
    spot = np.hypot(y - rows * 0.7, x - cols * 0.3) < 14
    light = np.where(spot, 0.92, light)
    colours = light[..., None] * np.array([1.0, 0.93, 0.8])
    return np.rint(255 * np.clip(colours, 0, 1)).astype(np.uint8)


def painting(pixels: np.ndarray | Scan, name: str) -> Stack:
    """What a detector takes: a visible scan, with infrared beside it for those that need some.

    In infrared the wall looks as to the eye, but for a square that is dark there.
    """
    visible = stack_of(pixels).primary
    if name not in INFRARED:
        return Stack((visible,))
    light = visible.colour()[..., 0].copy()
    light[10:40, 10:40] = light[10:40, 10:40] // 2 if light.dtype.kind == "u" else light[10:40, 10:40] / 2
    return Stack((visible, Scan(light, "irr")))


def strengths(pixels: np.ndarray, name: str) -> np.ndarray:
    """The strengths of a detector as levels, all of them."""
    return Strengths(painting(pixels, name), make_detector(name)[0])[:, :]


@pytest.mark.parametrize("name", DETECTORS)
def test_strengths_are_the_same_bits_in_whatever_regions_they_are_read(name):
    stack = painting(wall(560, 620), name)
    detector, _ = make_detector(name)
    whole = Strengths(stack, detector)[:, :]
    pieces = Strengths(stack, detector)
    for region in (Region(500, 490, 540, 530), Region(0, 0, 1, 1), Region(551, 611, 560, 620)):
        assert_array_equal(pieces[region.slices], whole[region.slices])


@pytest.mark.parametrize("name", DETECTORS)
def test_windows_equal_the_whole(name, monkeypatch):
    """The reach is wide enough, for strengths and for pieces: smaller windows find the same."""
    pixels = wall(300, 340)
    detector, _ = make_detector(name)
    levels = strengths(pixels, name)
    found = tg.detect(painting(pixels, name), name).read()
    side = max(64, detector.step)
    monkeypatch.setattr(damage.finding, "LATTICE", side)
    pieces = strengths(pixels, name)
    assert_allclose(pieces.astype(int), levels.astype(int), atol=1)
    from_levels = [damage.found(levels, threshold=detector.threshold, trace=detector.trace, name="")]
    monkeypatch.setattr(damage.finding, "LATTICE", 4096)
    from_levels.append(damage.found(levels, threshold=detector.threshold, trace=detector.trace, name=""))
    assert_array_equal(from_levels[0].read(), from_levels[1].read())
    assert_array_equal(from_levels[0].read(), found)


@pytest.mark.parametrize("name", DETECTORS)
def test_what_is_moved_is_found_as_far_on(name):
    """By multiples of the step: strengths far from the rim move with the paint."""
    detector, _ = make_detector(name)
    step = detector.step * 3
    far = detector.reach + step
    side = 2 * far + 60
    stack = painting(wall(side + step, side + step), name)
    one, two = (
        Strengths(Stack(stack.crop(Region(off, off, off + side, off + side)).scans), detector)[:, :]
        for off in (0, step)
    )
    inner = slice(far, side - far)
    moved = slice(far - step, side - far - step)
    assert_allclose(one[inner, inner].astype(int), two[moved, moved].astype(int), atol=1)


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_made_twice_finds_the_same(name):
    pixels = wall(120, 140)
    assert_array_equal(strengths(pixels, name), strengths(pixels, name))


@pytest.mark.parametrize("name", DETECTORS)
def test_the_painting_is_not_touched(name):
    pixels = wall(120, 140)
    before = pixels.copy()
    pixels.setflags(write=False)
    tg.detect(painting(pixels, name), name)
    assert_array_equal(pixels, before)


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("depth", ["uint16", "float32", "float64"])
def test_depth_does_not_matter(name, depth):
    pixels = wall(150, 160)
    deep = pixels.astype(np.uint16) * 257 if depth == "uint16" else (pixels / 255).astype(depth)
    assert_allclose(strengths(deep, name).astype(int), strengths(pixels, name).astype(int), atol=1)


@pytest.mark.parametrize("name", DETECTORS)
def test_grey_is_as_good_as_grey_in_three_channels_and_opacity_does_not_count(name):
    grey = wall(150, 160)[..., 0]
    alpha = np.random.default_rng(1).integers(0, 256, grey.shape, np.uint8)
    coloured = np.repeat(grey[..., None], 3, axis=2)
    one, *others = (
        tg.detect(painting(seen, name), name).read()
        for seen in (grey, np.dstack([coloured, alpha]), np.dstack([grey, alpha]))
    )
    for other in others:
        assert_array_equal(one, other)


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 5), (3, 1100)])
def test_extreme_shapes_are_looked_at(name, shape):
    found = tg.detect(painting(wall(*shape), name), name)
    assert found.grid == shape
    assert found.read().dtype == bool


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("tone", [0, 128, 255])
def test_on_a_blank_scan_nothing_is_found(name, tone):
    blank = np.full((200, 220, 3), tone, np.uint8)
    scans = (Scan(blank), Scan(blank[..., 0], "irr"))
    assert tg.detect(Stack(scans if name in INFRARED else scans[:1]), name).lost_px == 0


@pytest.mark.parametrize("name", DETECTORS)
def test_the_lattice_of_strong_compression_is_no_damage(name, tmp_path):
    from PIL import Image

    y, x = np.mgrid[0:300, 0:300]
    smooth = 128 + 70 * np.sin(x / 47) * np.cos(y / 61)
    Image.fromarray(np.repeat(smooth[..., None], 3, axis=2).astype(np.uint8)).save(
        tmp_path / "blocky.jpg", quality=12
    )
    visible = tg.open(tmp_path / "blocky.jpg").primary
    scans = (visible, Scan(visible.read()[..., 0], "irr"))
    assert tg.detect(Stack(scans if name in INFRARED else scans[:1]), name).share < 0.002


@pytest.mark.parametrize("name", DETECTORS)
def test_pixels_that_are_no_numbers_are_refused_with_their_place(name):
    pixels = (wall(600, 90) / 255).astype(np.float32)
    pixels[571, 33, 1] = np.nan
    with pytest.raises(BadPixels, match=r"row 571, column 33"):
        tg.detect(painting(pixels, name), name)


@pytest.mark.parametrize("name", DETECTORS)
def test_beyond_what_a_scan_shows_nothing_is_found(name):
    pixels = wall(160, 180)
    seen = np.ones(pixels.shape[:2], bool)
    seen[:, 120:] = False
    assert not tg.detect(painting(Scan(pixels, seen=seen), name), name).read()[:, 120:].any()


@pytest.mark.parametrize("name", DETECTORS)
def test_a_higher_threshold_finds_no_more(name):
    pixels = wall(150, 160)
    low, high = (tg.detect(painting(pixels, name), name, threshold=at).lost_px for at in (0.3, 0.9))
    assert high <= low


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_says_what_it_is(name):
    detector, said = make_detector(name)
    assert detector.name == name
    assert said.partition(":")[0] == name
    assert 0 < detector.threshold <= 1
    assert 512 % detector.step == 0
    assert any(words.partition(":")[0] == name and meaning for words, meaning in listed("detectors"))


def test_unknown_detectors_and_thresholds_beyond_the_range_are_refused():
    with pytest.raises(UnknownName, match="tophat"):
        tg.detect(wall(20, 20), "tophta")
    with pytest.raises(BadUsage, match="above 0 and at most 1"):
        tg.detect(wall(20, 20), threshold=1.5)
