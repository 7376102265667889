"""The laws of the house, over every engine, finish and depth that is registered."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tratteggio as tg
from guides import beside
from tratteggio import registry
from tratteggio.painting import Lacunae, Region, Restoration, Scan
from tratteggio.tiles import MemoryLedger, run
from tratteggio.tiles.blend import FillPixels

pytestmark = pytest.mark.usefixtures("weights_at_hand")

ENGINES = registry.names("engines")
FINISHES = registry.names("finish")
DEPTHS = ("uint8", "uint16", "float32", "float64")


def painting(rows: int, cols: int, depth: str, channels: int = 3, seed: int = 0) -> np.ndarray:
    """A smooth picture with some grain, over the range of the depth."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols]
    waves = [np.sin(x / (7 + 5 * c) + seed) * np.cos(y / (11 - 2 * c)) for c in range(channels)]
    unit = 0.5 + 0.35 * np.stack(waves, axis=-1) + rng.normal(0, 0.03, (rows, cols, channels))
    unit = np.clip(unit if channels > 1 else unit[..., 0], 0, 1)
    top = {"uint8": 255, "uint16": 65535}.get(depth, 1)
    return (unit * top).astype(depth)


def damage(rows: int, cols: int, seed: int = 0) -> np.ndarray:
    """Cracks, flakes, and one lacuna at the border; never everything."""
    rng = np.random.default_rng(seed)
    lost = np.zeros((rows, cols), bool)
    for _ in range(3):
        col = rng.integers(0, cols)
        lost[rng.integers(0, rows) :, col] = True
    for _ in range(4):
        top, left = rng.integers(0, rows), rng.integers(0, cols)
        lost[top : top + rng.integers(1, 14), left : left + rng.integers(1, 14)] = True
    lost[: rows // 6, : cols // 8] = True
    lost[rows // 2, cols // 2] = True
    lost[-1, 0] = False
    return lost


def propose(painting: np.ndarray | Scan, lost: np.ndarray, *, engine: str, **options: int) -> Restoration:
    """As `tg.inpaint`; an engine that looks at other scans is given some."""
    scan = painting
    if not isinstance(painting, Scan):
        scan = Scan(painting, alpha=painting.ndim == 3 and painting.shape[2] in (2, 4))
    return tg.inpaint(beside(scan, engine), lost, engine=engine, mostly_lost=True, **options)


def inpaint(before: np.ndarray, lost: np.ndarray, *, engine: str, **options: int) -> np.ndarray:
    return propose(before, lost, engine=engine, **options).image


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=4, deadline=None)
@given(
    rows=st.integers(2, 90),
    cols=st.integers(2, 90),
    seed=st.integers(0, 99),
    channels=st.sampled_from([1, 3, 4]),
)
def test_a_pixel_that_is_not_lost_is_never_touched(engine, depth, rows, cols, seed, channels):
    before, lost = painting(rows, cols, depth, channels, seed), damage(rows, cols, seed)
    after = inpaint(before, lost, engine=engine)
    assert after.dtype == before.dtype
    assert after.shape == before.shape
    np.testing.assert_array_equal(after[~lost], before[~lost])
    if channels == 4:
        opaque = {"uint8": 255, "uint16": 65535}.get(depth, 1)
        assert (after[lost][:, 3] == opaque).all(), "a fill is never transparent"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("tile", [1, 512, 10**6])
def test_tiled_equals_whole_bit_by_bit(engine, tile):
    rows, cols = 620, 700
    before, lost = painting(rows, cols, "uint16"), damage(rows, cols, 1)
    whole = inpaint(before, lost, engine=engine)
    np.testing.assert_array_equal(inpaint(before, lost, engine=engine, tile=tile), whole)


@pytest.mark.parametrize("engine", ENGINES)
def test_windows_give_what_one_window_would(engine):
    """The halo is wide enough: the same lacunae, filled from a crop and from the whole, agree.

    An engine that is not local promises less: a window gives what this crop of the painting would by the
    same look at the whole.
    """
    before = painting(900, 400, "uint16", seed=3)
    lost = np.zeros(before.shape[:2], bool)
    lost[40:60, 40:44] = lost[700:720, 300:330] = lost[450:453, 10:390] = True
    scan = Scan(np.where(lost[..., None], 0, before).astype(np.uint16))
    made = registry.load("engines", engine).make(seed=0, device="auto")
    ledger = MemoryLedger()
    stack = beside(scan, engine)
    laid = run(stack, Lacunae(lost), made, ledger)
    windows = [window.box for window in laid.windows]
    context = made.prepare(stack, Lacunae(lost))
    assert len(windows) > 1
    for box in [Region.whole(scan.grid)] if made.local else windows:
        crop, lacunae = stack.crop(box), Lacunae(lost).crop(box)
        by_itself, _ = made.fill(crop, lacunae, context)
        fill = FillPixels(scan, ledger)[box.slices][lacunae.read()].astype(float)
        np.testing.assert_allclose(fill, np.clip(by_itself[lacunae.read()], 0, 65535), atol=1)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_gives_the_same_bits(engine):
    before, lost = painting(120, 150, "float32", seed=5), damage(120, 150, 5)
    one = inpaint(before, lost, engine=engine, seed=7)
    np.testing.assert_array_equal(one, inpaint(before, lost, engine=engine, seed=7))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_lacuna_held_has_no_influence(engine):
    before, lost = painting(100, 100, "uint8"), damage(100, 100)
    other = before.copy()
    other[lost] = 255 - other[lost]
    np.testing.assert_array_equal(inpaint(before, lost, engine=engine), inpaint(other, lost, engine=engine))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_scan_does_not_show_has_no_influence(engine):
    """Beyond the rim of a warped scan, beside lacunae and across them, lies no paint."""
    before, lost = painting(100, 120, "uint16", seed=4), damage(100, 120, 4)
    seen = np.ones(lost.shape, bool)
    seen[:, 70:] = seen[90:] = False
    lost[:, 90:] = False
    lost[40:60, 60:80] = True
    other = before.copy()
    other[~seen] = 65535 - other[~seen]
    one, two = (propose(Scan(pixels, seen=seen), lost, engine=engine).image for pixels in (before, other))
    np.testing.assert_array_equal(one[lost], two[lost])
    np.testing.assert_array_equal(two[~lost], other[~lost])


@pytest.mark.parametrize("engine", ENGINES)
def test_16_bit_is_not_quantised_to_8(engine):
    ramp = np.linspace(20_000, 22_000, 200).astype(np.uint16)
    before = np.tile(ramp, (60, 1))
    lost = np.zeros(before.shape, bool)
    lost[25:35, 90:100] = True
    after = inpaint(np.where(lost, 0, before).astype(np.uint16), lost, engine=engine)
    assert np.abs(after[lost].astype(int) - before[lost].astype(int)).max() < 257 / 2
    assert len(np.unique(after[lost])) > 5


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (3, 5000), (5000, 3), (16, 16)])
def test_extreme_shapes_are_filled(engine, shape):
    before = painting(*shape, "uint8", 1)
    lost = np.zeros(shape, bool)
    lost[shape[0] // 2, shape[1] // 2] = True
    after = inpaint(before, lost, engine=engine)
    np.testing.assert_array_equal(after[~lost], before[~lost])


@pytest.mark.parametrize("finish", FINISHES)
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_finish_stays_inside_the_lacunae(finish, depth):
    before, lost = painting(90, 80, depth, seed=2), damage(90, 80, 2)
    after = tg.inpaint(before, lost, engine="diffusion", finish=finish)
    np.testing.assert_array_equal(after[~lost], before[~lost])
    assert after.dtype == before.dtype


@pytest.mark.parametrize("finish", FINISHES)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=st.integers(0, 60), left=st.integers(0, 60), size=st.integers(1, 40))
def test_a_finish_is_the_same_bits_in_whatever_regions_it_is_read(finish, top, left, size):
    before, lost = painting(90, 80, "uint16", seed=2), damage(90, 80, 2)
    restoration = tg.inpaint(Scan(before), lost, engine="diffusion", finish=finish)
    region = slice(top, top + size), slice(left, left + size)
    np.testing.assert_array_equal(restoration.pixels[region], restoration.image[region])


@pytest.mark.parametrize("engine", ENGINES)
def test_history_says_how_the_proposal_came_to_be(engine):
    before, lost = painting(40, 40, "uint8"), damage(40, 40)
    history = propose(Scan(before), lost, engine=engine, seed=3).history
    assert history["tratteggio"] == tg.__version__
    assert history["engine"]["name"] == engine
    assert history["seed"] == 3
    assert history["lacunae"]["lost_px"] == int(lost.sum())
    assert history["filled_share"] == pytest.approx(lost.mean())
    assert len(history["source"]["sha256"]) == 64


@pytest.mark.parametrize("engine", ENGINES)
def test_confidence_is_between_0_and_1_where_lost_and_0_elsewhere(engine):
    before, lost = painting(80, 80, "uint8"), damage(80, 80)
    confidence = propose(Scan(before), lost, engine=engine).confidence[0:80, 0:80]
    assert confidence.dtype == np.float32
    assert (confidence[~lost] == 0).all()
    assert (confidence[lost] >= 0).all()
    assert (confidence[lost] <= 1).all()
    assert (confidence[lost] > 0).any()


def test_every_engine_and_finish_is_one_file_found_by_its_name():
    root = Path(tg.__file__).parent
    for role, names in (("engines", ENGINES), ("finish", FINISHES)):
        on_disk = {f.stem for f in (root / role).glob("*.py") if not f.stem.startswith("_")}
        assert set(names) == on_disk
