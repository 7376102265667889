"""The laws of the house, over every enhancer that is registered."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tratteggio as tg
from tratteggio import files, registry
from tratteggio.errors import BadPixels, BadUsage
from tratteggio.painting import Metadata, Region, Scan
from tratteggio.tiles import Answers
from tratteggio.treatment import listed, make_enhancer

pytestmark = pytest.mark.usefixtures("weights_at_hand")

ENHANCERS = registry.names("enhancers")
DEPTHS = ("uint8", "uint16", "float32", "float64")


def painting(rows: int, cols: int, depth: str = "uint8", channels: int = 3, seed: int = 0) -> np.ndarray:
    """A smooth picture with some grain, over the range of the depth; (rows, cols) for no channels."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols]
    waves = [np.sin(x / (7 + 5 * c) + seed) * np.cos(y / (11 - 2 * c)) for c in range(max(1, channels))]
    unit = 0.5 + 0.35 * np.stack(waves, axis=-1) + rng.normal(0, 0.03, (rows, cols, max(1, channels)))
    unit = np.clip(unit if channels else unit[..., 0], 0, 1)
    top = {"uint8": 255, "uint16": 65535}.get(depth, 1)
    return (unit * top).astype(depth)


def accepted(name: str, scan: Scan) -> bool:
    """True if the enhancer takes such a scan; it refuses others in one sentence that names them."""
    enhancer, _ = make_enhancer(name)
    try:
        enhancer.channels(scan)
    except BadUsage as error:
        if scan.name not in str(error) or "\n" in str(error):
            raise AssertionError(f"{name} refuses {scan.name} with {error}") from error
        return False
    return True


def taken(name: str, rows: int, cols: int, depth: str = "uint8", seed: int = 0) -> Scan:
    """A scan that the enhancer takes: RGB, or else grey."""
    for channels in (3, 0):
        scan = Scan(painting(rows, cols, depth, channels, seed))
        if accepted(name, scan):
            return scan
    raise AssertionError(f"{name} takes neither RGB nor grey")


@pytest.mark.parametrize("name", ENHANCERS)
@pytest.mark.parametrize("depth", DEPTHS)
def test_depth_is_kept_and_the_grid_is_finer_by_the_scale(name, depth):
    scan = taken(name, 40, 52, depth)
    scale = make_enhancer(name)[0].scale
    before = scan.read().copy()
    answer = tg.enhance(scan, enhancer=name)
    assert answer.dtype == scan.dtype
    assert answer.grid == (40 * scale, 52 * scale)
    assert np.isfinite(answer.read()).all()
    assert_array_equal(scan.read(), before)


@pytest.mark.parametrize("name", ENHANCERS)
def test_16_bit_is_not_quantised_to_8(name):
    """A ramp of few levels of 8 bits has many of 16."""
    scan = taken(name, 40, 60)
    ramp = np.broadcast_to(np.linspace(20_000, 22_000, 60)[None, :], (40, 60)).astype(np.uint16)
    pixels = ramp if len(scan.pixels.shape) == 2 else np.repeat(ramp[..., None], 3, axis=2)
    answer = tg.enhance(pixels, enhancer=name)
    assert len(np.unique(answer)) > 12


@pytest.mark.parametrize("name", ENHANCERS)
def test_the_same_bits_come_whatever_region_is_read(name):
    scan = taken(name, 530, 60)
    whole = tg.enhance(scan, enhancer=name).read()
    rows, cols = whole.shape[:2]
    pieces = tg.enhance(scan, enhancer=name)
    for region in (
        Region(rows // 3, 5, rows // 3 + 7, 19),
        Region(0, 0, 1, 1),
        Region(rows - 9, cols - 3, rows, cols),
    ):
        assert_array_equal(pieces.read(region), whole[region.slices])
    for band in Region.whole((rows, cols)).bands(101):
        assert_array_equal(pieces.read(band), whole[band.slices])


@pytest.mark.parametrize("name", ENHANCERS)
def test_windows_equal_the_whole(name):
    scan = taken(name, 150, 140, "float32")
    enhancer, _ = make_enhancer(name)
    context = enhancer.prepare(scan)
    whole = Answers(scan, enhancer, context)[:, :]
    assert_allclose(Answers(scan, enhancer, context, window=64)[:, :], whole, atol=1e-4)


@pytest.mark.parametrize("name", ENHANCERS)
def test_an_enhancer_made_twice_gives_the_same_bits(name):
    scan = taken(name, 50, 70, "float32")
    assert_array_equal(tg.enhance(scan, enhancer=name).read(), tg.enhance(scan, enhancer=name).read())


@pytest.mark.parametrize("name", ENHANCERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_alpha_is_kept(name, channels):
    colour = painting(30, 41, "uint16", channels)
    alpha = np.random.default_rng(1).integers(0, 65536, (30, 41, 1), np.uint16)
    scan = Scan(np.concatenate([colour, alpha], axis=2), alpha=True)
    if not accepted(name, scan):
        return
    scale = make_enhancer(name)[0].scale
    answer = tg.enhance(scan, enhancer=name)
    assert answer.alpha
    assert_array_equal(answer.read()[..., -1], np.kron(alpha[..., 0], np.ones((scale, scale), np.uint16)))
    opaque = tg.enhance(Scan(colour), enhancer=name).read()
    assert_array_equal(answer.read()[..., :-1], opaque)


@pytest.mark.parametrize("name", ENHANCERS)
@pytest.mark.parametrize("grid", [(1, 1), (1, 40), (40, 1), (3, 2), (2, 700)])
def test_extreme_shapes_are_enhanced(name, grid):
    for channels in (3, 0):
        scan = Scan(painting(*grid, "uint8", channels))
        if accepted(name, scan):
            scale = make_enhancer(name)[0].scale
            assert tg.enhance(scan, enhancer=name).read().shape[:2] == (grid[0] * scale, grid[1] * scale)


@pytest.mark.parametrize("name", ENHANCERS)
def test_a_value_that_is_no_number_is_refused_with_its_place(name):
    scan = taken(name, 20, 30, "float32")
    scan.pixels[7, 11] = np.nan
    with pytest.raises(BadPixels, match="row 7, column 11"):
        tg.enhance(scan, enhancer=name).read()


@pytest.mark.parametrize("name", ENHANCERS)
def test_what_a_scan_does_not_show_stays_as_it_is(name):
    scan = taken(name, 40, 40)
    seen = np.ones((40, 40), bool)
    seen[:, 25:] = False
    answer = tg.enhance(Scan(scan.pixels, seen=seen), enhancer=name)
    scale = make_enhancer(name)[0].scale
    finer = np.kron(seen, np.ones((scale, scale), bool))
    assert_array_equal(answer.read_seen(), finer)
    stored = scan.colour()
    for axis in (0, 1):
        stored = np.repeat(stored, scale, axis=axis)
    assert_array_equal(answer.colour()[~finer], np.broadcast_to(stored, answer.colour().shape)[~finer])


@pytest.mark.parametrize("name", ENHANCERS)
def test_a_file_keeps_its_profile_and_scale_and_says_that_it_is_a_hypothesis(name, tmp_path: Path):
    scan = taken(name, 30, 44, "uint16")
    scaled = Metadata(resolution=(300.0, 200.0), unit="inch")
    files.write(scan.pixels, tmp_path / "in.tif", metadata=scaled)
    before = hashlib.sha256((tmp_path / "in.tif").read_bytes()).hexdigest()
    tg.treatment.enhance_file(tmp_path / "in.tif", tmp_path / "out.tif", enhancer=name)
    assert hashlib.sha256((tmp_path / "in.tif").read_bytes()).hexdigest() == before
    out, scale = files.read(tmp_path / "out.tif"), make_enhancer(name)[0].scale
    assert out.dtype == np.uint16
    assert out.metadata.resolution == (300.0 * scale, 200.0 * scale)
    assert out.um_per_px == pytest.approx(25_400 / 300 / scale)
    history = files.read_history(files.sidecar(tmp_path / "out.tif", "history"))
    assert history["what"].startswith("a hypothesis")
    assert history["hypothesis"][0]["enhancer"] == name
    assert history["chain"].startswith(f"--with {name}")
    assert len(history["source"]["sha256"]) == 64


@pytest.mark.parametrize("name", ENHANCERS)
def test_an_enhancer_is_listed_with_what_it_does_and_made_again_from_its_words(name):
    example, meaning = next(entry for entry in listed("enhancers") if entry[0].partition(":")[0] == name)
    assert meaning.endswith(".")
    one, said = make_enhancer(example)
    other, again = make_enhancer(said)
    assert said == again
    assert one.parameters == other.parameters == make_enhancer(name)[0].parameters


@pytest.mark.parametrize("name", ENHANCERS)
def test_a_misspelt_option_is_refused_with_the_options_there_are(name):
    with pytest.raises(BadUsage, match=f"no option of {name} named 'scales'"):
        make_enhancer(f"{name}:scales=2")


def test_filters_and_an_enhancer_are_not_mixed():
    picture = painting(8, 8)
    with pytest.raises(BadUsage, match="filters and an enhancer cannot be combined"):
        tg.enhance(picture, "box", enhancer=ENHANCERS[0])
    with pytest.raises(BadUsage, match="omit `tile=...`"):
        tg.enhance(picture, enhancer=ENHANCERS[0], tile=64)
    with pytest.raises(BadUsage, match="one filter at least"):
        tg.enhance(picture)
