"""What every engine owes, whatever its method; a new engine is tested without a list to edit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio import registry
from tratteggio.errors import BadUsage
from tratteggio.painting import Lacunae, Region, Scan
from tratteggio.testing.engines import stack_for

pytestmark = pytest.mark.usefixtures("weights_at_hand")

ENGINES = registry.names("engines")


def made(name: str):
    return registry.load("engines", name).make(seed=0, device="cpu")


def made_local(name: str):
    engine = made(name)
    if not engine.local:
        pytest.skip(f"{name} does not promise this: it takes in a window as a whole")
    return engine


def filled(engine, pixels: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Fill with the lost pixels blanked, as the windows of a job come."""
    blank = pixels.copy()
    blank[lost] = 0
    window, lacunae = stack_for(Scan(blank), engine.name), Lacunae(lost)
    fill, confidence = engine.fill(window, lacunae, engine.prepare(window, lacunae))
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    assert fill.shape == (*lost.shape, channels)
    assert fill.dtype in (np.float32, np.float64)
    assert confidence.shape == lost.shape
    assert confidence.dtype == np.float32
    assert np.isfinite(fill[lost]).all()
    return fill


def ramp(rows: int, cols: int, dtype: str, channels: int = 3) -> np.ndarray:
    """A linear ramp over the middle of the depth's range, less steep in later channels."""
    y, x = np.mgrid[0:rows, 0:cols]
    unit = 0.3 + 0.3 * x / cols + 0.2 * y / rows
    top = {"uint8": 255, "uint16": 65535}.get(dtype, 1.0)
    values = np.stack([unit * (1 - 0.1 * c) for c in range(channels)], axis=-1) * top
    return values.astype(dtype) if top == 1 else np.rint(values).astype(dtype)


def texture(rows: int, cols: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 65535, (rows, cols, 3)).astype(np.uint16)


def blot(shape: tuple[int, int], *boxes: tuple[int, int, int, int]) -> np.ndarray:
    lost = np.zeros(shape, dtype=bool)
    for top, left, bottom, right in boxes:
        lost[top:bottom, left:right] = True
    return lost


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("channels", [0, 1, 2, 3])
@pytest.mark.parametrize("name", ENGINES)
def test_a_constant_is_filled_with_itself(name, channels, dtype):
    shape = (40, 44) if channels == 0 else (40, 44, channels)
    pixels = np.full(shape, 0.25 if dtype.startswith("f") else 77, dtype)
    lost = blot((40, 44), (3, 5, 4, 30), (15, 10, 30, 28), (0, 40, 8, 44))
    expected = pixels if channels else pixels[..., None]
    # 1e-6 of the value: Telea and Navier-Stokes work in float32.
    assert_allclose(filled(made(name), pixels, lost)[lost], expected[lost], rtol=1e-6)


@pytest.mark.parametrize("name", ["biharmonic", "tension", "diffusion"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_linear_ramp_runs_through(name, dtype):
    pixels = ramp(50, 60, dtype)
    lost = blot((50, 60), (10, 10, 25, 22), (30, 5, 31, 50))
    assert_allclose(filled(made(name), pixels, lost)[lost], pixels[lost], rtol=1e-5)


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
@pytest.mark.parametrize("name", ENGINES)
def test_depths_above_8_bit_are_not_quantised(name, dtype):
    """On a faint ramp, of 4 levels of 8 bit, the fill is right to far less than one such level."""
    level = {"uint16": 257.0}.get(dtype, 1 / 255)
    rises = np.add.outer(np.linspace(0, level, 48), np.linspace(0, 3 * level, 96))
    pixels = (100 * level + rises).astype(dtype)
    lost = blot((48, 96), (20, 40, 28, 47))
    fill = filled(made(name), pixels, lost)[lost][:, 0]
    assert np.abs(fill - pixels[lost]).max() < level / 4
    assert len(np.unique(fill)) > 20


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("name", ENGINES)
def test_floats_are_filled_alike_in_any_units(name, scale):
    unit = texture(40, 40).astype(np.float64) / 65535
    lost = blot((40, 40), (10, 12, 14, 30), (20, 20, 32, 31))
    one = filled(made(name), unit, lost)[lost]
    assert_allclose(filled(made(name), unit * scale, lost)[lost], one * scale, rtol=0, atol=1e-2 * scale)


@pytest.mark.parametrize("name", ENGINES)
def test_a_group_is_filled_alike_in_any_window(name):
    """Bit by bit: whatever the crop, and whatever lacunae of other groups it cuts through."""
    engine = made_local(name)
    pixels = texture(220, 230)
    mine = blot((220, 230), (100, 101, 103, 140), (106, 120, 121, 133), (104, 101, 105, 102))
    others = blot((220, 230), (0, 0, 60, 70), (170, 20, 171, 210), (100, 190, 130, 230), (30, 110, 32, 113))
    group = Region(100, 101, 121, 140).grow(engine.halo, within=(220, 230))
    expected = filled(engine, pixels, mine | others)[mine]
    for top, left, bottom, right in [(0, 0, 0, 0), (1, 2, 3, 4), (30, 17, 5, 40), (50, 60, 80, 30)]:
        box = Region(group.top - top, group.left - left, group.bottom + bottom, group.right + right)
        inside = box.grow(0, within=(220, 230)).slices
        got = filled(engine, pixels[inside], (mine | others)[inside])[mine[inside]]
        assert_array_equal(got, expected)


@pytest.mark.parametrize("name", ENGINES)
def test_a_group_at_the_border_is_filled_alike_in_any_window(name):
    engine = made_local(name)
    pixels = texture(90, 160)
    mine = blot((90, 160), (0, 60, 9, 80), (85, 62, 90, 66), (9, 70, 85, 71))
    expected = filled(engine, pixels, mine)[mine]
    for left, right in [(60 - engine.halo, 80 + engine.halo), (31, 119)]:
        got = filled(engine, pixels[:, left:right], mine[:, left:right])[mine[:, left:right]]
        assert_array_equal(got, expected)


@pytest.mark.parametrize("name", ENGINES)
def test_twice_the_same_is_the_same(name):
    pixels, lost = texture(64, 50), blot((64, 50), (5, 5, 25, 9), (30, 10, 50, 40))
    assert_array_equal(filled(made(name), pixels, lost), filled(made(name), pixels, lost))


@pytest.mark.parametrize("name", ENGINES)
def test_what_lies_in_a_lacuna_does_not_count(name):
    pixels, lost = texture(40, 40), blot((40, 40), (5, 5, 9, 30), (20, 10, 35, 24))
    window, engine = np.where(lost[..., None], 65535, pixels).astype(np.uint16), made(name)
    dirty, _ = engine.fill(stack_for(Scan(window), name), Lacunae(lost), None)
    assert_array_equal(dirty[lost], filled(engine, pixels, lost)[lost])


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (2, 2), (1, 40), (3, 4000), (16, 16), (17, 33)])
@pytest.mark.parametrize("name", ENGINES)
def test_the_least_known_paint_suffices(name, shape):
    """Everything but one pixel is lost, at the border and everywhere."""
    pixels = np.full((*shape, 3), 200, np.uint8)
    lost = np.ones(shape, bool)
    lost[-1, shape[1] // 2] = False
    if max(shape) > 1000:
        lost[:, 60:] = False
    assert_allclose(filled(made(name), pixels, lost)[lost], 200, atol=1e-3)


@pytest.mark.parametrize("name", ENGINES)
def test_the_input_is_left_alone(name):
    pixels, lost = texture(40, 40), blot((40, 40), (5, 5, 9, 30))
    pixels.flags.writeable = lost.flags.writeable = False
    made(name).fill(stack_for(Scan(pixels), name), Lacunae(lost), None)


@pytest.mark.parametrize("name", ENGINES)
def test_a_grey_scan_is_filled_like_one_channel(name):
    pixels, lost = texture(40, 40)[..., 0], blot((40, 40), (5, 5, 9, 30))
    assert_array_equal(filled(made(name), pixels, lost), filled(made(name), pixels[..., None], lost))


@pytest.mark.parametrize("name", ENGINES)
def test_a_device_that_an_engine_cannot_use_is_refused(name, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    module = registry.load("engines", name)
    assert module.make(device="auto").name == name
    with pytest.raises(BadUsage, match="cuda"):
        module.make(device="cuda")
