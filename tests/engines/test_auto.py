"""Auto goes by the evidence: the best engine for the kind and width of each lacuna."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage

from tratteggio import models
from tratteggio.engines import auto, brushwork, fsr, pconv, tension
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.painting import Lacunae, Scan, Stack

HAIRLINE, CRACK, LOSS = np.s_[5:65, 4:5], np.s_[5:65, 30:34], np.s_[5:65, 60:100]
EVIDENCE = {
    "line": {1: {"tension": 29.0, "pconv": 28.0}, 3: {"fsr": 26.0, "pconv": 25.0, "tension": 24.0}},
    "spot": {1: {"tension": 29.0}, 20: {"tension": 20.0, "fsr": 19.0, "pconv": 21.0}},
}


def scene() -> tuple[np.ndarray, np.ndarray]:
    lost = np.zeros((70, 130), bool)
    for place in (HAIRLINE, CRACK, LOSS):
        lost[place] = True
    return np.random.default_rng(0).random((70, 130, 3)).astype(np.float32), lost


def fill_of(module, **options) -> np.ndarray:
    pixels, lost = scene()
    pixels[lost] = 0
    fill, _ = module.make(**options).fill(Stack((Scan(pixels),)), Lacunae(lost), None)
    return fill


def parts(lost: np.ndarray) -> dict[str, np.ndarray]:
    return auto.chosen(lost, auto.best(["tension", "fsr"]))


# --- the choice --------------------------------------------------------------------------------------


def test_cracks_are_fsrs_hairlines_and_losses_the_tension_engines(monkeypatch):
    monkeypatch.setattr(auto, "MEASURED", EVIDENCE)
    _, lost = scene()
    cracks = np.zeros_like(lost)
    cracks[CRACK] = True
    assert_array_equal(parts(lost)["fsr"], cracks)
    assert_array_equal(parts(lost)["tension"], lost & ~cracks)


def test_every_lacuna_is_given_to_exactly_one_engine():
    lost = np.random.default_rng(0).random((200, 200)) < 0.3
    lost[50:90, 20:120] = True
    assert_array_equal(sum(mine.astype(int) for mine in parts(lost).values()), lost)


def test_width_is_measured_at_the_widest_place_and_diagonals_hold_together(monkeypatch):
    monkeypatch.setattr(auto, "MEASURED", EVIDENCE | {"spot": {1: {"fsr": 21.0}, 20: {"tension": 20.0}}})
    lost = np.zeros((60, 60), bool)
    lost[10:40, 10:40] = True  # 30 px wide
    lost[40:43, 40:43] = True  # hangs on by a corner
    assert set(parts(lost)) == {"tension"}
    lost[39, 39] = False
    assert_array_equal(np.argwhere(parts(lost)["fsr"])[0], (40, 40))


@pytest.mark.parametrize(("length", "kind"), [(4, "spot"), (16, "spot"), (17, "line"), (50, "line")])
def test_a_line_is_more_than_four_times_as_long_as_wide(length, kind):
    lost = np.zeros((60, 60), bool)
    lost[5 : 5 + length, 20:24] = True
    assert set(auto.chosen(lost, {"line": {1: "line"}, "spot": {1: "spot"}})) == {kind}


def test_the_best_engine_that_can_be_used_gets_the_row(monkeypatch):
    monkeypatch.setattr(auto, "MEASURED", EVIDENCE)
    assert auto.best(["tension"]) == {"line": {1: "tension"}, "spot": {1: "tension"}}
    assert auto.best(["tension", "fsr"])["line"] == {1: "tension", 3: "fsr"}
    assert auto.best(["tension", "fsr", "pconv"])["spot"] == {1: "tension", 20: "pconv"}
    assert auto.best(["tension", "pconv"])["line"] == {1: "tension", 3: "pconv"}


def test_every_row_has_a_figure_of_the_engine_that_can_always_be_used():
    assert all("tension" in row for rows in auto.MEASURED.values() for row in rows.values())
    assert all(min(rows) == 1 for rows in auto.MEASURED.values())


# --- the fill ----------------------------------------------------------------------------------------


def test_by_fidelity_as_measured_the_net_fills_everything():
    _, lost = scene()
    assert_array_equal(fill_of(auto, favour="fidelity")[lost], fill_of(pconv)[lost])


@pytest.fixture
def without_net(monkeypatch) -> None:
    """No weights ship, and OpenCV is best in cracks."""
    monkeypatch.setattr(pconv, "ships", lambda: False)
    monkeypatch.setattr(auto, "MEASURED", EVIDENCE)


@pytest.mark.usefixtures("without_net")
def test_hairlines_and_losses_are_the_tension_engines_cracks_are_fsrs():
    got, plate, waves = fill_of(auto, favour="fidelity"), fill_of(tension), fill_of(fsr)
    assert_array_equal(got[HAIRLINE], plate[HAIRLINE])
    assert_array_equal(got[LOSS], plate[LOSS])
    # The hairline is known to fsr's crop in one case and lost in the other, if it is in reach at all.
    assert_array_equal(got[CRACK], waves[CRACK])


@pytest.mark.usefixtures("without_net")
def test_without_opencv_tension_fills_all_and_says_so(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "cv2", None)
    for name in ("tratteggio.engines.fsr", "tratteggio.engines._opencv"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr("tratteggio.engines.fsr", raising=False)
    with caplog.at_level(logging.WARNING, logger="tratteggio"):
        got = fill_of(auto, favour="fidelity")
    assert_array_equal(got, fill_of(tension))
    assert "tratteggio[cv]" in caplog.text


@pytest.fixture
def with_net(random_weights: Path, monkeypatch) -> None:
    """Weights ship, and the net is best in wide spots."""
    monkeypatch.setattr(models.weights, "SHIPPED", random_weights)
    monkeypatch.setattr(pconv, "ships", lambda: True)
    monkeypatch.setattr(auto, "MEASURED", EVIDENCE)


@pytest.mark.usefixtures("with_net")
def test_what_the_net_does_best_is_the_nets():
    got = fill_of(auto, favour="fidelity")
    assert_array_equal(got[LOSS], fill_of(pconv)[LOSS])
    assert_array_equal(got[HAIRLINE], fill_of(tension)[HAIRLINE])
    assert_array_equal(got[CRACK], fill_of(fsr)[CRACK])


@pytest.mark.usefixtures("with_net")
def test_with_the_net_auto_says_so():
    engine, net = auto.make(favour="fidelity"), pconv.make()
    assert not engine.local
    assert engine.halo == net.halo
    assert engine.parameters["spot"] == {"from 1 px": "tension", "from 20 px": "pconv"}
    assert engine.parameters["weights_sha256"] == net.parameters["weights_sha256"]


@pytest.mark.usefixtures("with_net")
def test_with_the_net_and_no_gpu_cuda_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(BadUsage, match="cuda"):
        auto.make(device="cuda")


def test_torch_is_not_loaded_where_the_net_is_not_used():
    code = (
        "import sys; from tratteggio.engines import auto, pconv\n"
        "pconv.ships = lambda: False\n"
        "assert auto.make(favour='fidelity').local\n"
        "assert auto.make().brush is not None and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- appearance --------------------------------------------------------------------------------------


def test_narrow_lacunae_are_the_nets_and_wide_ones_brushwork():
    got, net = fill_of(auto), fill_of(pconv)
    assert_array_equal(got[HAIRLINE], net[HAIRLINE])
    assert_array_equal(got[CRACK], net[CRACK])
    wide = got[LOSS]
    assert np.mean(np.diff(wide, axis=1) ** 2) > 5 * np.mean(np.diff(net[LOSS], axis=1) ** 2)


def test_fills_of_cracks_are_seen_and_never_copied(monkeypatch):
    """The crack is filled with blue that no known paint has: none of it comes into the loss."""
    engine, (pixels, lost) = auto.make(), scene()
    pixels[..., 2] = 0.5
    crack = np.zeros_like(lost)
    crack[CRACK] = crack[HAIRLINE] = True

    def blue(colour, lost, _):
        fill = np.full(colour.shape, 0.5)
        fill[crack] = [0.5, 0.5, 1]
        return fill

    monkeypatch.setitem(engine.parts, "pconv", blue)
    pixels[lost] = 0
    fill, _ = engine.fill(Stack((Scan(pixels),)), Lacunae(lost), None)
    assert (fill[crack][:, 2] == 1).all()
    assert np.abs(fill[LOSS][..., 2] - 0.5).max() < 0.05


def test_a_crack_that_runs_into_a_loss_is_filled_as_a_crack():
    lost = np.zeros((80, 220), bool)
    lost[20:60, 20:60] = True
    lost[38:41, 60:] = lost[:, 140:143] = lost[10, 20:] = lost[10:20, 30:33] = True
    wide = auto.wide_parts(lost)
    assert wide[20:60, 20:60].all()
    assert not wide[:, 60 + auto.NARROWEST + 1 :].any(), "the mouth of a crack belongs to the loss"
    assert not wide[10, 60 + auto.NARROWEST + 1 :].any()
    assert not (wide & ~lost).any()
    rng = np.random.default_rng(0)
    pixels = (0.5 + 0.1 * ndimage.gaussian_filter(rng.normal(0, 3, (*lost.shape, 3)), (1, 1, 0))).astype("f4")
    pixels[lost] = 0
    scan, lacunae = Stack((Scan(pixels),)), Lacunae(lost)
    got, net = (engine.make().fill(scan, lacunae, None)[0] for engine in (auto, pconv))
    assert_array_equal(got[lost & ~wide], net[lost & ~wide])
    assert (got[wide] != net[wide]).mean() > 0.9


def test_a_spot_with_spikes_is_filled_alike_all_over():
    lost = np.zeros((80, 80), bool)
    lost[20:60, 20:60] = lost[38:42, 10:70] = True
    assert_array_equal(auto.wide_parts(lost), lost)


def test_a_line_of_one_great_width_stays_whole():
    lost = np.zeros((60, 160), bool)
    lost[20:36] = True
    assert_array_equal(auto.wide_parts(lost), lost)


def test_smooth_ground_stays_with_the_most_faithful():
    pixels, lost = scene()
    ramp = np.tile(np.linspace(0.4, 0.5, 130, dtype=np.float32)[None, :, None], (70, 1, 3))
    mine = np.zeros_like(lost)
    mine[LOSS] = True
    assert_array_equal(auto.on_smooth_ground(ramp, lost, mine), mine)
    assert not auto.on_smooth_ground(pixels, lost, mine).any()
    half = pixels.copy()
    half[:, 45:] = ramp[:, 45:]
    mine[CRACK] = True
    found = auto.on_smooth_ground(half, lost, mine)
    assert found[LOSS].all()
    assert not found[CRACK].any()


def test_brushwork_takes_a_row_that_is_much_nearer_and_errs_little_more(monkeypatch):
    row = {"tension": auto.Seen(20, 4.0), "pconv": auto.Seen(22, 4.0), "brushwork": auto.Seen(20.5, 1.9)}
    dear, far = row | {"brushwork": auto.Seen(19.9, 1.0)}, row | {"brushwork": auto.Seen(21, 2.1)}
    monkeypatch.setattr(auto, "SEEN", {"line": {5: row, 12: row}, "spot": {12: dear, 20: far, 30: row}})
    joined = auto.favoured({"line": {1: "pconv"}, "spot": {1: "tension", 20: "pconv"}})
    assert joined["line"] == {1: "pconv", 12: "brushwork"}
    # Beside tension, which errs more, 19.9 dB are enough.
    assert joined["spot"] == {1: "tension", 12: "brushwork", 20: "pconv", 30: "brushwork"}


def test_a_painting_with_too_little_paint_is_filled_smoothly_and_the_log_says_so(caplog):
    pixels = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    lost = np.ones((64, 64), bool)
    lost[::9] = lost[:, ::9] = False
    lost[20:50, 20:50] = True
    with caplog.at_level(logging.WARNING, logger="tratteggio"):
        fill, _ = auto.make().fill(Stack((Scan(pixels),)), Lacunae(lost), None)
    assert "too little paint" in caplog.text
    assert np.isfinite(fill[lost]).all()


def test_what_is_favoured_is_told_and_unknown_words_are_refused():
    assert auto.make().parameters["favour"] == "appearance"
    assert auto.make().brush.parameters["structure"] == brushwork.make().parameters["structure"]
    with pytest.raises(UnknownName, match="appearance, fidelity"):
        auto.make(favour="beauty")
