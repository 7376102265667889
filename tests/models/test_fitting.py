"""Scans are brought to what a net knows, and that is said."""

import numpy as np
import pytest

import tratteggio as tg
from tratteggio.models.fitting import fitted
from tratteggio.models.fpcae import MODALITIES
from tratteggio.painting import Scan, Stack
from tratteggio.painting.pixels import LUMA

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (8, 9, 3), np.uint8)
GREY = RNG.integers(0, 256, (8, 9), np.uint8)


def test_scans_that_fit_are_left_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    stack = Stack((Scan(RGB, "rgb_before"), Scan(GREY, "irr"), Scan(GREY, "thermal")))
    again = fitted(stack, MODALITIES)
    assert list(again) == list(stack)
    assert all(again[name].pixels is stack[name].pixels for name in stack)
    assert not caplog.text


def test_a_visible_scan_is_the_state_before_treatment(caplog: pytest.LogCaptureFixture) -> None:
    again = fitted(Stack((Scan(RGB, name="panel.tif"), Scan(GREY, "irr"))), MODALITIES)
    assert list(again) == ["rgb_before", "irr"]
    np.testing.assert_array_equal(again["rgb_before"].read(), RGB)
    assert "panel.tif is used as rgb_before" in caplog.text


def test_a_net_that_knows_rgb_or_a_painting_with_both_keeps_the_names() -> None:
    assert list(fitted(Stack((Scan(RGB),)), {"rgb": 3, "rgb_before": 3})) == ["rgb"]
    both = Stack((Scan(RGB), Scan(RGB, "rgb_before")))
    assert list(fitted(both, MODALITIES)) == ["rgb", "rgb_before"]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_infrared_in_three_channels_is_seen_as_luma(dtype: str, caplog: pytest.LogCaptureFixture) -> None:
    pixels = RGB.astype(dtype)
    opacity = np.full((8, 9, 1), 7, dtype)
    scan = Scan(np.concatenate([pixels, opacity], axis=2), "irr", alpha=True, name="ir.png")
    again = fitted(Stack((scan,)), MODALITIES)["irr"]
    assert (again.channels, again.dtype, again.alpha) == (1, np.dtype(dtype), False)
    np.testing.assert_allclose(
        again.colour()[..., 0].astype(float),
        pixels @ np.array(LUMA),
        atol=1e-4 if dtype == "float32" else 0.5,
    )
    assert "ir.png has three channels" in caplog.text


def test_equal_channels_lose_nothing_on_the_way() -> None:
    scan = Scan(np.repeat(GREY[..., None], 3, axis=2), "xray")
    np.testing.assert_array_equal(fitted(Stack((scan,)), MODALITIES)["xray"].colour()[..., 0], GREY)


def test_grey_is_seen_in_each_channel(caplog: pytest.LogCaptureFixture) -> None:
    again = fitted(Stack((Scan(GREY, "uvf", name="uv.tif"),)), MODALITIES)["uvf"]
    np.testing.assert_array_equal(again.read(), np.repeat(GREY[..., None], 3, axis=2))
    assert "uv.tif is grey" in caplog.text


def test_the_verb_takes_infrared_in_three_channels() -> None:
    large = RNG.integers(0, 256, (40, 48), np.uint8)
    one, three = Scan(large, "irr"), Scan(np.repeat(large[..., None], 3, axis=2), "irr")
    np.testing.assert_array_equal(tg.encode(one), tg.encode(three))
