"""Filling colour from other scans: exact where it follows from them, and no worse where they cannot tell."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from scipy.spatial.distance import mahalanobis

import tratteggio as tg
from tratteggio.engines import guided, pconv, tension
from tratteggio.engines._regression import BLOCK, RIDGE, regressed
from tratteggio.errors import BadPixels, BadUsage
from tratteggio.metrics.fidelity import psnr
from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.phantom import Examination, multimodal

RNG = np.random.default_rng(0)
GRID = (96, 110)
GUIDES = ("irr", "xray", "uvf")
PANELS = (1001, 1002, 1003)


def relief(seed: int, sigma: float = 3.0, channels: int = 1) -> np.ndarray:
    """Smooth chance with a spread of 30 about 128, (rows, cols, channels)."""
    noise = np.random.default_rng(seed).standard_normal((*GRID, channels))
    smooth = ndimage.gaussian_filter(noise, (sigma, sigma, 0), mode="wrap")
    return 128 + 30 * smooth / smooth.std()


def blot() -> np.ndarray:
    lost = np.zeros(GRID, bool)
    lost[30:62, 40:75] = lost[70:73, 5:60] = lost[5:12, 80:90] = True
    return lost


def filled(colour: np.ndarray, lost: np.ndarray, *guides: Scan) -> np.ndarray:
    window = Stack((Scan(np.where(lost[..., None], 0, colour)), *guides))
    return guided.Guided().fill(window, Lacunae(lost), None)[0]


def plain(colour: np.ndarray, lost: np.ndarray) -> np.ndarray:
    window = Stack((Scan(np.where(lost[..., None], 0, colour)),))
    return tension.make().fill(window, Lacunae(lost), None)[0]


def rms(of: np.ndarray) -> float:
    return float(np.sqrt(np.mean(of**2)))


def decibels(truth: np.ndarray, fill: np.ndarray, lost: np.ndarray) -> float:
    return psnr(truth[lost], fill[lost], data_range=255)


def test_colours_that_follow_from_the_guides_are_found() -> None:
    irr, uvf = relief(1), relief(2, channels=3)
    colour = 20 + np.concatenate([irr, uvf], axis=2) @ RNG.uniform(-0.5, 0.5, (4, 3))
    lost = blot()
    fill = filled(colour, lost, Scan(irr[..., 0], "irr"), Scan(uvf, "uvf"))
    assert rms((fill - colour)[lost]) < 0.25 * rms((plain(colour, lost) - colour)[lost])


def test_how_colour_goes_with_a_guide_may_change_from_place_to_place() -> None:
    irr = relief(1)
    colour = np.where(np.arange(GRID[1])[:, None] < 55, irr, 255 - irr)
    lost = np.zeros(GRID, bool)
    lost[20:45, 5:30] = lost[50:75, 80:105] = True
    fill = filled(colour, lost, Scan(irr[..., 0], "irr"))
    assert rms((fill - colour)[lost]) < 0.35 * rms((plain(colour, lost) - colour)[lost])


def test_a_loss_that_the_guides_show_too_is_filled_as_without_them() -> None:
    irr = relief(1)
    colour, lost = np.repeat(irr, 3, axis=2), blot()
    irr[lost] += 90
    assert_array_equal(filled(colour, lost, Scan(irr[..., 0], "irr"))[lost], plain(colour, lost)[lost])


def test_a_guide_that_shows_the_loss_does_not_switch_off_the_others() -> None:
    irr, xray = relief(1), relief(2)
    colour, lost = np.repeat(xray, 3, axis=2), blot()
    irr[lost] += 90
    shown = Scan(irr[..., 0], "irr"), Scan(xray[..., 0], "xray")
    alone = filled(colour, lost, shown[1])
    assert_array_equal(filled(colour, lost, *shown)[lost], alone[lost])
    assert rms((alone - colour)[lost]) < 0.3 * rms((plain(colour, lost) - colour)[lost])


def test_a_fill_says_which_scans_it_could_not_use(caplog: pytest.LogCaptureFixture) -> None:
    irr, xray, lost = relief(1), relief(2), blot()
    colour = np.repeat(xray, 3, axis=2)
    irr[lost] += 90
    with caplog.at_level("INFO", "tratteggio"):
        filled(colour, lost, Scan(irr[..., 0], "irr"), Scan(xray[..., 0], "xray"))
        assert [record.getMessage().split()[0] for record in caplog.records] == ["irr"]
        caplog.clear()
        filled(colour, lost, Scan(irr[..., 0], "irr"))
        assert "from the paint around alone" in caplog.text
        caplog.clear()
        filled(colour, lost, Scan(xray[..., 0], "xray"))
        assert not caplog.records


def test_one_lacuna_may_be_guided_while_another_shows_in_the_guides() -> None:
    irr = relief(1)
    colour, lost = np.repeat(irr, 3, axis=2), blot()
    flaked = np.zeros(GRID, bool)
    flaked[:20] = lost[:20]
    irr[flaked] -= 90
    fill = filled(colour, lost, Scan(irr[..., 0], "irr"))
    assert_array_equal(fill[flaked], plain(colour, lost)[flaked])
    whole = lost & ~flaked
    assert rms((fill - colour)[whole]) < 0.3 * rms((plain(colour, lost) - colour)[whole])


def test_what_no_paint_around_shows_is_not_believed() -> None:
    irr = relief(1)
    colour, lost = np.repeat(irr, 3, axis=2), blot()
    strange = np.zeros(GRID, bool)
    strange[40:52, 50:65] = True  # deep inside: no step at the rim
    irr[strange] += 2000
    fill = filled(colour, lost, Scan(irr[..., 0], "irr"))
    assert_allclose(fill[43:49, 54:61], plain(colour, lost)[43:49, 54:61], atol=1e-3)


def test_a_guide_that_is_not_seen_is_as_good_as_none() -> None:
    irr, xray = relief(1)[..., 0], relief(2)[..., 0]
    colour, lost = np.stack([irr, xray, irr], axis=2), blot()
    blind = Scan(np.zeros(GRID), "xray", seen=np.zeros(GRID, bool))
    assert_array_equal(filled(colour, lost, Scan(irr, "irr"), blind), filled(colour, lost, Scan(irr, "irr")))
    assert_array_equal(filled(colour, lost, blind)[lost], plain(colour, lost)[lost])


def test_where_a_guide_ends_the_others_go_on() -> None:
    irr, xray = relief(1)[..., 0], relief(2)[..., 0]
    colour, lost = np.stack([irr + xray, irr, xray], axis=2), blot()
    seen = np.ones(GRID, bool)
    seen[:, 60:] = False
    half = Scan(np.where(seen, xray, 0), "xray", seen=seen)
    fill = filled(colour, lost, Scan(irr, "irr"), half)
    left, right = lost & seen, lost & ~seen
    assert rms((fill - colour)[left]) < 0.35 * rms((plain(colour, lost) - colour)[left])
    assert rms((fill - colour)[right][:, 1]) < 0.35 * rms((plain(colour, lost) - colour)[right][:, 1])


def test_what_the_regression_leaves_over_is_carried_in_by_a_painter_of_choice() -> None:
    irr = relief(1)
    window = Stack((Scan(np.where(blot()[..., None], 0, relief(2))), Scan(irr[..., 0], "irr")))
    fills = [
        guided.Guided(carry=lambda of, _, level=level: np.full(of.shape, level)).fill(
            window, Lacunae(blot()), None
        )[0]
        for level in (0.0, 7.0)
    ]
    assert_allclose((fills[1] - fills[0])[blot()], 7)


@pytest.mark.usefixtures("weights_at_hand")
def test_the_net_fills_where_guides_are_not_trusted() -> None:
    irr = relief(1)
    colour, lost = np.repeat(irr, 3, axis=2), blot()
    irr[lost] += 90
    window = Stack((Scan(np.where(lost[..., None], 0, colour)), Scan(irr[..., 0], "irr")))
    made, net = guided.make(weights=pconv.WEIGHTS), pconv.make()
    assert made.parameters["weights_sha256"] == net.parameters["weights_sha256"]
    fill, _ = made.fill(window, Lacunae(lost), None)
    assert_array_equal(fill[lost], net.paint(window.primary.colour(), lost)[lost])


def test_without_weights_the_tension_engine_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pconv, "ships", lambda: False)
    assert guided.make().parameters == {"tension": 2.0}
    with pytest.raises(BadUsage, match="runs on the CPU only"):
        guided.make(device="cuda")


@cache
def examined(seed: int) -> Examination:
    return multimodal(256, 320, seed=seed)


@pytest.mark.parametrize("guides", [*((name,) for name in GUIDES), GUIDES], ids=" ".join)
def test_on_phantoms_guides_bring_decibels(guides: tuple[str, ...]) -> None:
    gain = []
    for seed in PANELS:
        found = examined(seed)
        noise = ndimage.gaussian_filter(
            np.random.default_rng(seed).standard_normal((256, 320)), 4, mode="wrap"
        )
        lost, truth = noise > np.quantile(noise, 0.95), found.truth.painted.read()
        stack = Stack((Scan(truth), *(found.stack[name] for name in guides)))
        one, other = (tg.inpaint(stack, lost, engine=engine).image for engine in (guided.Guided(), "tension"))
        gain.append(decibels(truth, one, lost) - decibels(truth, other, lost))
    assert np.mean(gain) > (2.0 if len(guides) > 1 else 0.7)


def test_on_phantoms_flaked_paint_is_filled_about_as_well_as_without_guides() -> None:
    loss = []
    for seed in PANELS:
        found = examined(seed)
        lost, truth = found.truth.lacunae.read(), found.truth.painted.read()
        stack = Stack((Scan(truth), *(found.stack[name] for name in GUIDES)))
        one, other = (tg.inpaint(stack, lost, engine=engine).image for engine in (guided.Guided(), "tension"))
        loss.append(decibels(truth, other, lost) - decibels(truth, one, lost))
    assert np.mean(loss) < 0.4


def test_a_scan_alone_is_refused_with_what_is_needed() -> None:
    with pytest.raises(BadUsage, match=r"fills rgb from other.*array is the only scan.*infrared, X-ray"):
        tg.inpaint(Scan(np.zeros((9, 9), np.uint8)), np.eye(9, dtype=bool), engine="guided")


def test_guides_are_named_in_the_history() -> None:
    irr = Scan(relief(1)[..., 0], "irr", name="infrared")
    history = tg.inpaint(Stack((Scan(relief(2)), irr)), blot(), engine="guided").history
    assert history["also_read"]["irr"]["name"] == "infrared"
    assert len(history["also_read"]["irr"]["sha256"]) == 64


def test_a_guide_that_holds_no_numbers_is_refused() -> None:
    irr = relief(1)[..., 0]
    irr[3, 3] = np.nan
    with pytest.raises(BadPixels, match="infrared contains NaN"):
        filled(relief(2), blot(), Scan(irr, "irr", name="infrared"))
    seen = np.isfinite(irr)
    assert np.isfinite(
        tg.inpaint(Stack((Scan(relief(2)), Scan(irr, "irr", seen=seen))), blot(), engine="guided").image
    ).all()


# --- the regression ----------------------------------------------------------------------------------


def test_in_one_block_it_is_ridge_regression() -> None:
    """By its normal equations, with the mean taken out of both sides; leverage by SciPy."""
    features, colour = RNG.standard_normal((BLOCK, BLOCK, 2)), RNG.random((BLOCK, BLOCK, 3))
    known = np.ones((BLOCK, BLOCK), bool)
    known[1, 2] = known[0, 0] = False
    predicted, leverage = regressed(features, colour, known)
    x, y = features[known], colour[known]
    own = np.cov(x.T, bias=True) + RIDGE * np.eye(2)
    slopes = np.linalg.inv(own) @ ((x - x.mean(0)).T @ (y - y.mean(0)) / len(x))
    expected = y.mean(0) + (features - x.mean(0)) @ slopes
    assert_allclose(predicted, expected.clip(y.min(0), y.max(0)))
    away = mahalanobis(features[1, 2], x.mean(0), np.linalg.inv(own))
    assert leverage[1, 2] == pytest.approx(away**2 / 2)
    assert (leverage[known] == 0).all()


def test_what_is_not_known_teaches_nothing() -> None:
    features, colour, known = relief(1), relief(2, channels=3), ~blot()
    other = np.where(known[..., None], colour, 1e6)
    assert_array_equal(regressed(features, colour, known)[0], regressed(features, other, known)[0])


def test_it_tells_which_scans_filled_which_share() -> None:
    """Infrared shows the loss on the left, the X-ray that on the right; below, both show it."""
    irr, xray = relief(1), relief(2)
    colour = 20 + 0.4 * np.concatenate([irr, xray, irr + xray], axis=2)
    lost = np.zeros(GRID, bool)
    left, right, below = np.s_[20:40, 10:30], np.s_[20:40, 70:90], np.s_[65:85, 40:60]
    for place, scans in ((left, [irr]), (right, [xray]), (below, [irr, xray])):
        lost[place] = True
        for scan in scans:
            scan[place] += 90
    window = Stack((Scan(colour), Scan(irr[..., 0], "irr"), Scan(xray[..., 0], "xray")))
    sources = guided.Guided().fill_from_sources(window, Lacunae(lost), None)[2]
    assert set(sources) == {"paint around", "irr", "xray"}
    assert_allclose(sum(sources.values()), lost.astype(float), atol=1e-12)
    assert sources["xray"][left].mean() > 0.7
    assert sources["irr"][right].mean() > 0.7
    assert not sources["irr"][left].any()
    assert not sources["xray"][right].any()
    assert (sources["paint around"][below] == 1).all()


@pytest.mark.parametrize("tile", [32, 512])
def test_the_history_tells_the_shares_whatever_the_tile(tile: int, caplog: pytest.LogCaptureFixture) -> None:
    irr = relief(1)
    lost, colour = blot(), np.repeat(0.5 * irr, 3, axis=2).astype(np.uint8)
    irr[70:73, 5:60] += 90
    stack = Stack((Scan(colour), Scan(irr[..., 0].astype(np.uint8), "irr")))
    caplog.set_level("INFO", "tratteggio")
    told = tg.inpaint(stack, lost, engine=guided.Guided(), tile=tile).history["filled_from"]
    assert set(told) == {"irr", "paint around"}
    assert sum(told.values()) == pytest.approx(1, abs=1e-3)
    assert 0.08 < told["paint around"] < 0.25, "the narrow lacuna is 165 of 1,375 pixels"
    assert f"{100 * told['irr']:.1f} % from irr" in caplog.text


def test_an_engine_that_does_not_tell_leaves_no_shares() -> None:
    assert (
        "filled_from"
        not in tg.inpaint(Scan(relief(1)[..., 0].astype(np.uint8)), blot(), engine="tension").history
    )
