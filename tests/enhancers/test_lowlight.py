"""Light by illumination, by curves and from raw: what the nets say, whatever the window, size or pattern."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

import tratteggio as tg
from tratteggio import files, models
from tratteggio.enhancers import lowlight
from tratteggio.enhancers._exposure import missing_light
from tratteggio.enhancers._look import reduced
from tratteggio.enhancers._raw import RawRoute
from tratteggio.errors import BadPixels, BadUsage, UnknownName, UnsupportedFile
from tratteggio.files.sensor import SENSOR, Sensor, sensor_of
from tratteggio.layers.bayer import pack
from tratteggio.painting import Metadata, Scan
from tratteggio.painting.tone import from_light, to_light
from tratteggio.windows import Outputs

pytestmark = pytest.mark.usefixtures("weights_at_hand")

RNG = np.random.default_rng(0)
GREY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def dark(rows: int = 90, cols: int = 70, channels: int = 3) -> np.ndarray:
    y, x = np.mgrid[0:rows, 0:cols]
    waves = [np.sin(x / (9 + 4 * c)) * np.cos(y / (13 - 2 * c)) for c in range(channels)]
    return (0.15 + 0.1 * np.stack(waves, axis=-1)).astype(np.float32)


# --- the look at the whole -------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [(1, 1), (5, 400), (130, 260), (517, 300)])
def test_a_reduced_scan_holds_means_of_squares(grid: tuple[int, int], monkeypatch) -> None:
    monkeypatch.setattr("tratteggio.painting.reduced.BAND_PX", 1000)  # several bands
    pixels = RNG.random((*grid, 2), np.float32)
    step = max(1, min(grid) // 64)
    found = reduced(Scan(pixels), shorter=64)
    rows, cols = (-(-side // step) for side in grid)
    looped = [
        [pixels[r * step : (r + 1) * step, c * step : (c + 1) * step].mean(axis=(0, 1)) for c in range(cols)]
        for r in range(rows)
    ]
    assert_allclose(found, np.array(looped), atol=1e-5)


# --- exposure --------------------------------------------------------------------------------------------


def lit(rows: int = 90, cols: int = 70) -> np.ndarray:
    """Linear light from nearly black to white."""
    return np.clip(dark(rows, cols) * 4, 0, 1).astype(np.float64)


@pytest.mark.parametrize("lack", [10.0, 40.0])
def test_a_scan_that_lacks_light_by_a_factor_gets_it_back(lack: float) -> None:
    truth = from_light(lit(), np.dtype(np.uint16))
    taken = from_light(lit() / lack, np.dtype(np.uint16))
    assert missing_light(Scan(taken)) == pytest.approx(lack, rel=0.01)
    assert_allclose(tg.enhance(taken, enhancer="lowlight").astype(int), truth.astype(int), atol=400)


def test_a_scan_that_is_bright_enough_stays_bit_for_bit_and_it_is_said(caplog) -> None:
    for picture in (from_light(lit(), np.dtype(np.uint8)), (lit() * 3 - 0.5).astype(np.float32)):
        caplog.clear()
        assert_array_equal(tg.enhance(picture, enhancer="lowlight"), picture)
        assert "is bright enough, so lowlight changes nothing" in caplog.text


def test_a_told_ratio_multiplies_light_whatever_the_scan() -> None:
    picture = from_light(lit(), np.dtype(np.uint16))
    answer = tg.enhance(picture, enhancer="lowlight:ratio=2")
    expected = from_light(np.clip(2 * to_light(picture), 0, 1), np.dtype(np.uint16))
    assert_allclose(answer.astype(int), expected.astype(int), atol=1)


def test_what_a_scan_does_not_show_and_a_few_hot_pixels_do_not_count() -> None:
    picture = from_light(lit() / 10, np.dtype(np.uint16))
    alone = missing_light(Scan(picture))
    seen = np.ones(picture.shape[:2], bool)
    seen[:20] = False
    shown = np.where(seen[..., None], picture, 65535).astype(np.uint16)
    assert missing_light(Scan(shown, seen=seen)) == pytest.approx(alone, rel=0.05)
    hot = picture.copy()
    hot[40, 10:20] = 65535
    assert missing_light(Scan(hot)) == pytest.approx(alone, rel=0.05)
    assert missing_light(Scan(np.zeros((5, 5), np.uint8))) == 1


# --- illumination and curves -----------------------------------------------------------------------------


def test_a_scan_of_the_size_of_the_look_is_answered_as_by_the_net_alone() -> None:
    """The look at the whole is then the scan itself."""
    picture = dark(128, 128)
    for route, name in (("illumination", "illumination"), ("curves", "curves")):
        net, _ = models.load(models.find(name))
        with torch.no_grad():
            y = net(torch.from_numpy(picture).movedim(-1, 0)[None])[0].movedim(0, -1).numpy()
        assert_allclose(tg.enhance(picture, enhancer=f"lowlight:route={route}"), y, atol=1e-5)


@pytest.mark.parametrize("route", ["illumination", "curves"])
def test_windows_equal_the_whole(route: str) -> None:
    enhancer = lowlight.make(route=route)
    scan = Scan(dark(150, 170))
    context = enhancer.prepare(scan)
    whole = Outputs(scan, enhancer, context)[:, :]
    assert_allclose(Outputs(scan, enhancer, context, window=32)[:, :], whole, atol=1e-5)


@pytest.mark.parametrize("route", ["illumination", "curves"])
def test_grey_is_the_mean_of_three_equal_colours(route: str) -> None:
    grey = dark(channels=1)
    three = tg.enhance(np.repeat(grey, 3, axis=2), enhancer=lowlight.make(route=route))
    answer = tg.enhance(grey, enhancer=lowlight.make(route=route))
    assert_allclose(answer[..., 0], three.mean(axis=2), atol=1e-6)


@pytest.mark.parametrize("route", ["illumination", "curves"])
def test_answers_lie_between_black_and_white_and_black_stays_black(route: str) -> None:
    picture = dark() * 8 - 0.3  # beyond both
    answer = tg.enhance(picture, enhancer=lowlight.make(route=route))
    assert (answer.min() >= 0, answer.max() <= 1 + 1e-6) == (True, True)
    assert_array_equal(answer[(picture <= 0).all(axis=2)], 0)


def test_other_numbers_of_channels_are_refused() -> None:
    with pytest.raises(BadUsage, match="lowlight takes grey or RGB, got 2 channels in array"):
        tg.enhance(Scan(dark(channels=2)), enhancer="lowlight")


def test_what_is_no_number_is_refused_with_its_place() -> None:
    picture = dark()
    picture[8, 5] = np.nan
    with pytest.raises(BadPixels, match="row 8, column 5"):
        tg.enhance(picture, enhancer="lowlight")


# --- raw -------------------------------------------------------------------------------------------------


def shot(light: np.ndarray, sensor: Sensor) -> Scan:
    """What a sensor without noise writes of RGB light (H, W, 3)."""
    seen = light / np.array(sensor.balance)
    mosaic = seen[..., 1].copy()
    row, col = sensor.red
    mosaic[row::2, col::2] = seen[row::2, col::2, 0]
    mosaic[1 - row :: 2, 1 - col :: 2] = seen[1 - row :: 2, 1 - col :: 2, 2]
    levels = sensor.black + mosaic * (sensor.white - sensor.black)
    return Scan(levels.round().astype(np.uint16), metadata=Metadata(foreign={SENSOR: sensor}))


def sensor(red: tuple[int, int] = (0, 0), to_srgb=GREY) -> Sensor:
    return Sensor(red=red, black=512.0, white=16383.0, balance=(2.0, 1.0, 1.6), to_srgb=to_srgb)


def test_raw_is_answered_as_by_the_net_alone() -> None:
    scan = shot(dark(64, 96) / 10, sensor())
    net, _ = models.load(models.find("lowlight-raw-narrow"))
    raw = torch.from_numpy(scan.read().astype(np.float32))[None, None]
    with torch.no_grad():
        y = net(pack(raw, black=512, white=16383, ratio=20.0, balance=(2.0, 1.0, 1.6)))
    expected = y[0].movedim(0, -1).clamp(0, 1).numpy() * 65535
    answer = tg.enhance(scan, enhancer="lowlight:route=raw,ratio=20")
    assert (answer.dtype, answer.channels) == (np.dtype(np.uint16), 3)
    assert sensor_of(answer) is None
    assert_allclose(answer.read(), expected, atol=2)


@pytest.mark.parametrize("red", [(0, 1), (1, 0), (1, 1)])
def test_where_the_first_red_lies_shifts_the_answer_and_no_more(red: tuple[int, int]) -> None:
    """A scan whose first rows or columns are left away begins with another colour."""
    light = dark(160, 160) / 10
    whole = tg.enhance(shot(light, sensor()), enhancer="lowlight:route=raw,ratio=20").read().astype(int)
    part = shot(light, sensor()).read()[red[0] :, red[1] :]
    scan = Scan(part, metadata=Metadata(foreign={SENSOR: sensor(red)}))
    answer = tg.enhance(scan, enhancer="lowlight:route=raw,ratio=20").read().astype(int)
    # The mirrored row or column differs from the one that was left away: less and less with the distance.
    inner = (slice(100, 130), slice(100, 130))
    shifted = whole[red[0] :, red[1] :]
    assert np.abs(answer - shifted)[inner].max() <= 0.02 * (whole.max() - whole.min()) + 2


def test_windows_of_raw_equal_the_whole() -> None:
    enhancer = lowlight.make(route="raw", ratio=20.0)
    scan = shot(dark(300, 130) / 10, sensor((1, 0)))
    context = enhancer.prepare(scan)
    whole = Outputs(scan, enhancer, context)[:, :]
    assert_allclose(Outputs(scan, enhancer, context, window=64)[:, :], whole, atol=1e-4)


@pytest.mark.parametrize("grid", [(1, 1), (2, 3), (33, 5)])
def test_small_raw_is_developed(grid: tuple[int, int]) -> None:
    assert tg.enhance(shot(dark(*grid), sensor((0, 1))), enhancer="lowlight:route=raw").read().shape == (
        *grid,
        3,
    )


def test_the_ratio_brings_the_brightest_greens_to_white() -> None:
    light = np.full((100, 100, 3), 0.01, np.float32)
    light[:5] = 0.05  # 5 % of the pixels
    enhancer = lowlight.make(route="raw")
    _, ratio = enhancer.prepare(shot(light, sensor()))
    assert ratio == pytest.approx(20, rel=0.01)
    assert enhancer.found(shot(light, sensor())) == {"ratio": ratio}
    assert enhancer.prepare(shot(light * 0, sensor()))[1] == 300
    assert enhancer.prepare(shot(light * 0 + 1, sensor()))[1] == 1


def test_the_matrix_of_the_camera_mixes_colours_in_linear_light() -> None:
    swapped = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    light = dark(64, 64) / 10
    plain, mixed = (
        tg.enhance(shot(light, sensor(to_srgb=matrix)), enhancer="lowlight:route=raw,ratio=20")
        .read()
        .astype(int)
        for matrix in (GREY, swapped)
    )
    assert_allclose(mixed, plain[..., ::-1], atol=2)


def test_a_picture_is_no_raw_and_raw_is_no_picture() -> None:
    with pytest.raises(BadUsage, match="array is no camera raw; lowlight:route=raw takes raw files"):
        tg.enhance(dark(), enhancer="lowlight:route=raw")
    scan = shot(dark(), sensor())
    no_picture = r"array is camera raw, which is not developed yet; .*lowlight:route=raw"
    for way in ({"enhancer": "lowlight"}, {"enhancer": "denoise"}, {"steps": "sobel"}):
        with pytest.raises(BadUsage, match=no_picture):
            tg.enhance(scan, **way)
    with pytest.raises(BadUsage, match=no_picture):
        tg.inpaint(scan, np.eye(90, 70, dtype=bool))


def test_a_raw_file_is_developed_into_a_file(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    from files.dng import write_dng

    source = write_dng(tmp_path / "shot.dng", shot(dark(64, 96) / 10, sensor()).read())
    history = tg.treatment.enhance_file(source, tmp_path / "out.tif", enhancer="lowlight:route=raw,ratio=20")
    out = files.read(tmp_path / "out.tif")
    assert (out.grid, out.channels, out.dtype) == ((64, 96), 3, np.dtype(np.uint16))
    assert history["hypothesis"][0]["parameters"]["ratio"] == 20


# --- what cannot be --------------------------------------------------------------------------------------


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UnknownName, match="no route of lowlight named 'curve'; did you mean 'curves'"):
        lowlight.make(route="curve")
    with pytest.raises(BadUsage, match="route curves takes no ratio; omit it, or use route=exposure"):
        lowlight.make(route="curves", ratio=3.0)
    with pytest.raises(BadUsage, match="ratio of lowlight lies between 1 and 300, got 500"):
        lowlight.make(route="raw", ratio=500.0)
    with pytest.raises(UnsupportedFile, match="enhancer lowlight takes those of illumination"):
        lowlight.make(route="illumination", weights="curves")
    with pytest.raises(BadUsage, match="route=exposure has no net"):
        lowlight.make(weights="curves")
    with pytest.raises(BadUsage, match="ratio of lowlight lies between 1 and 300, got 0.5"):
        lowlight.make(ratio=0.5)
    assert isinstance(lowlight.make(route="raw"), RawRoute)
