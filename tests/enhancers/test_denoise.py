"""Noise is estimated as it is, and taken off by the net that is told of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

import tratteggio as tg
from tratteggio import files, models
from tratteggio.enhancers import denoise
from tratteggio.enhancers._noise_level import Noise, estimate
from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.painting import Scan
from tratteggio.phantom import panel

pytestmark = pytest.mark.usefixtures("weights_at_hand")

RNG = np.random.default_rng(0)


def paint(channels: int = 3) -> np.ndarray:
    """A smooth picture, 0.2 .. 0.8."""
    y, x = np.mgrid[0:300, 0:260]
    waves = [np.sin(x / (31 + 5 * c)) * np.cos(y / (27 - 3 * c)) for c in range(channels)]
    return (0.5 + 0.3 * np.stack(waves, axis=-1)).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.01, 0.05, 0.15])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_strength_of_noise_on_smooth_paint_is_found(sigma: float, channels: int) -> None:
    noisy = paint(channels) + RNG.normal(0, sigma, (300, 260, channels)).astype(np.float32)
    assert estimate(Scan(noisy)).sigma == pytest.approx(sigma, rel=0.06)


@pytest.mark.parametrize("sigma", [15 / 255, 50 / 255])
def test_strong_noise_on_a_phantom_is_found_at_every_depth(sigma: float) -> None:
    """Brushwork counts as noise and raises the estimate; what black and white cut off is made up for."""
    painted = panel(320, 256, seed=3, cracks=0, losses=0).painted.read() / 255
    noisy = painted + RNG.normal(0, sigma, painted.shape)
    found = [
        estimate(Scan(noisy.astype(np.float32))).sigma,
        estimate(Scan(np.clip(noisy * 65535, 0, 65535).round().astype(np.uint16))).sigma,
        estimate(Scan(np.clip(noisy * 255, 0, 255).round().astype(np.uint8))).sigma,
    ]
    assert found[0] == pytest.approx(sigma, rel=0.12)
    assert_allclose(found[1:], found[0], rtol=0.12)


@pytest.mark.parametrize("levels", [0.6, 1.0, 1.5, 2.0, 3.0])
def test_weak_noise_is_found_between_the_levels_of_8_bits(levels: float) -> None:
    """Rounding adds a twelfth of a level squared."""
    noisy = paint() + RNG.normal(0, levels / 255, (300, 260, 3))
    found = estimate(Scan(np.clip(noisy * 255, 0, 255).round().astype(np.uint8))).sigma * 255
    assert found == pytest.approx((levels**2 + 1 / 12) ** 0.5, rel=0.08)


def test_black_margins_do_not_hide_noise_and_nothing_is_found_where_there_is_none() -> None:
    noisy = paint() + RNG.normal(0, 0.05, (300, 260, 3)).astype(np.float32)
    framed = np.pad(noisy, ((200, 200), (200, 200), (0, 0)))
    assert estimate(Scan(framed)).sigma == pytest.approx(0.05, rel=0.12)
    assert estimate(Scan(np.full((64, 64), 0.5, np.float32))).sigma == 0
    assert estimate(Scan(np.full((1, 9), 0.5, np.float32))).sigma == 0


def test_the_answer_is_that_of_the_net_which_is_told_the_level() -> None:
    noisy = (paint() + RNG.normal(0, 0.1, (300, 260, 3)).astype(np.float32))[:60, :50]
    answer = tg.enhance(noisy, enhancer="denoise:sigma=0.1")
    net, _ = models.load(models.find("denoiser"))
    with torch.no_grad():
        whole = net.clean(torch.from_numpy(noisy).movedim(-1, 0)[None], 0.1)[0].movedim(0, -1).numpy()
    assert_allclose(answer, whole, atol=1e-5)


@pytest.mark.parametrize("ends", [(0.03, 0.15), (0.12, 0.04)])
def test_noise_that_depends_on_light_is_found_dark_and_bright(ends: tuple[float, float]) -> None:
    """Variances lie on a line over brightness."""
    truth = paint(1)
    true = Noise(sigma_dark=ends[0], sigma_bright=ends[1], cut=False)
    found = estimate(Scan(truth + RNG.normal(0, 1, truth.shape).astype(np.float32) * true.at(truth)))
    for brightness in (0.3, 0.7):
        assert found.at(np.array(brightness)) == pytest.approx(true.at(np.array(brightness)), rel=0.08)


@pytest.mark.parametrize("sigma", [15 / 255, 50 / 255])
def test_noise_in_the_dark_is_found_though_black_cuts_half_of_it_off(sigma: float) -> None:
    noisy = paint() * 0.05 + RNG.normal(0, sigma, (300, 260, 3))
    eight = np.clip(noisy * 255, 0, 255).round().astype(np.uint8)
    assert (eight == 0).mean() > 0.3
    assert estimate(Scan(eight)).sigma == pytest.approx(sigma, rel=0.06)


def test_darkness_that_noise_made_brighter_becomes_dark_again() -> None:
    """The mean of noise about black that black cuts off is 0.4 sigma."""
    truth = np.full((200, 200, 3), 0.02, np.float32)
    noisy = truth + RNG.normal(0, 0.1, truth.shape).astype(np.float32)
    eight = np.clip(noisy * 255, 0, 255).round().astype(np.uint8)
    assert eight.mean() / 255 > 0.045
    assert tg.enhance(eight, enhancer="denoise:sigma=0.1").mean() / 255 == pytest.approx(0.02, abs=0.006)
    assert tg.enhance(noisy, enhancer="denoise:sigma=0.1").mean() == pytest.approx(0.02, abs=0.006)


def test_without_a_sigma_the_estimate_is_told_to_the_net() -> None:
    """On even paint: what is read off is what is told."""
    noisy = np.full((96, 96, 3), 0.5, np.float32) + RNG.normal(0, 0.1, (96, 96, 3)).astype(np.float32)
    noise = estimate(Scan(noisy))
    assert noise.sigma_dark == noise.sigma_bright
    told = tg.enhance(noisy, enhancer=denoise.make(sigma=noise.sigma))
    assert_array_equal(tg.enhance(noisy, enhancer="denoise"), told)


def test_the_history_tells_what_was_read_off_and_what_was_told(tmp_path: Path) -> None:
    noisy = Scan((paint()[:64, :64] * 65535).astype(np.uint16))
    noise = estimate(noisy)
    at = {noise.dark: noise.sigma_dark, noise.bright: noise.sigma_bright}
    found = {"sigma": noise.sigma, **{f"sigma at {place:.2f} of white": value for place, value in at.items()}}
    files.write(noisy.read(), tmp_path / "in.tif")
    for words, parameters, read_off in (
        ("denoise", {}, found),
        ("denoise:sigma=0.1", {"sigma": 0.1}, {}),
    ):
        history = tg.treatment.enhance_file(
            tmp_path / "in.tif", tmp_path / "out.tif", enhancer=words, overwrite=True
        )
        told = history["hypothesis"][0]
        assert told["read_off"] == read_off
        assert {key: told["parameters"][key] for key in ("sigma",) if key in told["parameters"]} == parameters


@pytest.mark.parametrize("channels", [0, 1, 2, 3, 5])
def test_any_number_of_channels_is_taken(channels: int) -> None:
    # An array of two or four channels would count its last as opacity; a scan says so itself.
    shape = (30, 34, channels) if channels else (30, 34)
    scan = Scan(RNG.integers(0, 65536, shape, np.uint16))
    answer = tg.enhance(scan, enhancer="denoise")
    assert (answer.read().shape, answer.dtype) == (shape, np.dtype(np.uint16))


@pytest.mark.parametrize("sigma", [0.0, -0.1, 0.5])
def test_a_sigma_that_cannot_be_is_refused(sigma: float) -> None:
    with pytest.raises(BadUsage, match=r"sigma of denoise lies above 0 and up to 0\.216 of white"):
        denoise.make(sigma=sigma)


def test_weights_of_another_net_are_refused() -> None:
    with pytest.raises(UnsupportedFile, match="enhancer denoise takes those of denoiser"):
        denoise.make(weights="curves")
