"""Engine pconv lays what its net says into the lacunae, in the units of the scan."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

import tratteggio as tg
from tratteggio import models
from tratteggio.engines import pconv
from tratteggio.errors import BadUsage, MissingExtra, UnknownName, UnreadableFile, UnsupportedFile
from tratteggio.painting import Lacunae, Scan, Stack

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


@pytest.fixture(scope="module")
def file(random_weights: Path) -> Path:
    return random_weights / f"{pconv.WEIGHTS}.safetensors"


def scene(channels: int = 3, rows: int = 45, cols: int = 70) -> tuple[np.ndarray, np.ndarray]:
    """Paint that runs over all levels of 8 bit, so that stretching it changes nothing; a crack and a loss."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (rows, cols, channels)).astype(np.uint8)
    picture[0, 0], picture[0, 1] = 0, 255
    lost = np.zeros((rows, cols), bool)
    lost[10:40, 20:22] = lost[5:25, 40:60] = lost[-4:, -6:] = True
    picture[lost] = 0
    return picture, lost


def answer(engine, picture: np.ndarray, lost: np.ndarray) -> np.ndarray:
    fill, _ = engine.fill(Stack((Scan(picture),)), Lacunae(lost), None)
    return fill


def by_hand(file: Path, unit: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """What the net says of one picture (h, w, 3) of 0 .. 1: nothing but torch."""
    net, _ = models.load(file)
    x = torch.from_numpy(unit.astype(np.float32)).permute(2, 0, 1)[None]
    known = torch.from_numpy(~lost).float()[None, None]
    with torch.no_grad():
        return net(x * known, known)[0].permute(1, 2, 0).numpy()


# --- what is filled ----------------------------------------------------------------------------------


def test_the_fill_is_the_answer_of_the_net(file):
    picture, lost = scene()
    expected = by_hand(file, picture / 255, lost) * 255
    fill = answer(pconv.make(weights=file, turns=1), picture, lost)
    assert_allclose(fill[lost], expected[lost], atol=1e-3)
    after = tg.inpaint(picture, lost, engine=pconv.make(weights=file, turns=1))
    assert_array_equal(after[lost], np.rint(np.clip(fill[lost], 0, 255)))


@pytest.mark.parametrize("turns", [2, 4, 8])
def test_answers_of_a_turned_window_are_turned_back_and_averaged(file, turns):
    picture, lost = scene(rows=48, cols=64)
    total = np.zeros(picture.shape)
    for turn in range(turns):
        mirror = slice(None, None, -1 if turn >= 4 else 1)
        seen, gone = (np.rot90(array, turn % 4)[:, mirror].copy() for array in (picture / 255, lost))
        total += np.rot90(by_hand(file, seen, gone)[:, mirror], -(turn % 4))
    fill = answer(pconv.make(weights=file, turns=turns), picture, lost)
    assert_allclose(fill[lost], total[lost] / turns * 255, atol=1e-3)


def test_a_painting_on_its_side_is_filled_alike_if_all_ways_are_asked(file):
    picture, lost = scene(rows=48, cols=64)
    engine = pconv.make(weights=file, turns=8)
    upright = answer(engine, picture, lost)
    aside = answer(engine, np.rot90(picture).copy(), np.rot90(lost).copy())
    assert_allclose(np.rot90(upright)[np.rot90(lost)], aside[np.rot90(lost)], atol=1e-2)


@pytest.mark.parametrize("turns", [0, 3, 16])
def test_other_numbers_of_turns_are_refused(file, turns):
    with pytest.raises(BadUsage, match=f"turns must be one of 1, 2, 4, 8, got {turns}"):
        pconv.make(weights=file, turns=turns)


def test_the_random_weights_of_these_tests_say_something(file):
    """Else all of this would hold for a net that is never asked."""
    picture, lost = scene()
    net, _ = models.load(file)
    quiet = models.build(pconv.WEIGHTS).eval()  # fresh: corrects nothing
    x, known = models.to_tensors(picture, lost)
    with torch.no_grad():
        assert (net(x, known) - quiet(x, known)).abs().amax() > 0.01


@pytest.mark.parametrize("depth", ["uint16", "float32", "float64"])
def test_depths_and_units_do_not_matter(file, depth):
    picture, lost = scene()
    engine = pconv.make(weights=file)
    expected = answer(engine, picture, lost) / 255
    deep = (picture.astype(np.float64) * (WHITE[depth] / 255)).astype(depth)
    assert_allclose(answer(engine, deep, lost)[lost] / WHITE[depth], expected[lost], atol=1e-5)


def test_the_fill_follows_brightness_and_contrast_of_the_paint_around(file):
    picture, lost = scene()
    engine, unit = pconv.make(weights=file), picture / 255
    dull = answer(engine, 0.4 + 0.1 * unit, lost)
    assert_allclose(dull[lost], 0.4 + 0.1 * answer(engine, unit, lost)[lost], atol=1e-5)


def test_grey_is_filled_like_a_grey_picture_in_colour(file):
    picture, lost = scene(channels=1)
    grey = by_hand(file, np.repeat(picture, 3, axis=2) / 255, lost).mean(axis=2) * 255
    engine = pconv.make(weights=file, turns=1)
    assert_allclose(answer(engine, picture[..., 0], lost)[lost][:, 0], grey[lost], atol=1e-3)


@pytest.mark.parametrize("channels", [2, 5])
def test_other_numbers_of_channels_are_filled_one_by_one(file, channels):
    picture, lost = scene(channels=channels)
    engine = pconv.make(weights=file)
    fill = answer(engine, picture, lost)
    for k in range(channels):
        assert_allclose(fill[lost][:, k], answer(engine, picture[..., k], lost)[lost][:, 0], atol=1e-3)


def test_opacity_is_carried_along_and_never_shown_to_the_net(file):
    picture, lost = scene()
    opacity = np.random.default_rng(1).integers(0, 256, (*lost.shape, 1)).astype(np.uint8)
    engine = pconv.make(weights=file)
    after = tg.inpaint(np.concatenate([picture, opacity], axis=2), lost, engine=engine)
    assert_array_equal(after[..., 3:][~lost], opacity[~lost])
    assert (after[..., 3][lost] == 255).all()
    assert_array_equal(after[..., :3], tg.inpaint(picture, lost, engine=engine))


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (3, 5), (15, 33), (1, 400)])
def test_windows_smaller_than_the_net_can_halve_are_filled(file, shape):
    picture = np.random.default_rng(2).random((*shape, 3))
    lost = np.ones(shape, bool)
    lost[0, 0] = lost[-1, -1] = False
    assert np.isfinite(answer(pconv.make(weights=file), picture, lost)).all()


def test_one_lost_pixel_is_filled(file):
    picture, _ = scene()
    lost = np.zeros(picture.shape[:2], bool)
    lost[20, 30] = True
    assert_array_equal(
        np.argwhere((tg.inpaint(picture, lost, engine=pconv.make(weights=file)) != picture).any(-1)),
        [[20, 30]],
    )


def test_nan_in_a_lacuna_stays_there(file):
    picture, lost = scene()
    unit = picture / 255
    holed = np.where(lost[..., None], np.nan, unit)
    engine = pconv.make(weights=file)
    assert_array_equal(answer(engine, holed, lost)[lost], answer(engine, unit, lost)[lost])


def test_tilings_of_many_lacunae_agree_bit_by_bit(file):
    """Scattered over several windows of the plan, some of them cut from one wide group."""
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 65536, (700, 1300, 3)).astype(np.uint16)
    lost = rng.random((700, 1300)) < 0.0005
    lost[300:310, 50:1250] = True  # too wide for one window
    engine = pconv.make(weights=file)
    whole = tg.inpaint(picture, lost, engine=engine)
    assert_array_equal(tg.inpaint(picture, lost, engine=engine, tile=512), whole)


def test_any_net_that_fills_can_be_brought(tmp_path):
    torch.manual_seed(0)
    model, path = "pconv-256-quarter", tmp_path / "run.safetensors"
    card = models.Card(model=model, recipe="r", data=(), licence="open", seed=0, hours=0.0, machine="m")
    models.save(models.build(model), path, card)
    picture, lost = scene()
    expected = by_hand(path, picture / 255, lost) * 255
    engine = pconv.make(weights=path, turns=1)
    # Untrained, it answers with anything at all.
    assert_allclose(answer(engine, picture, lost)[lost], expected[lost], rtol=0, atol=1e-5 * expected.max())
    assert engine.parameters["model"] == model


# --- where weights come from -------------------------------------------------------------------------


def test_weights_are_taken_by_name_or_by_path(file, monkeypatch):
    monkeypatch.setattr(models.weights, "SHIPPED", file.parent)
    hashes = {
        pconv.make(weights=given).parameters["weights_sha256"]
        for given in (None, pconv.WEIGHTS, file, str(file))
    }
    assert hashes == {models.sha256(file)}


def test_history_names_the_weights(file):
    picture, lost = scene()
    engine = tg.inpaint(Scan(picture), lost, engine=pconv.make(weights=file)).history["engine"]
    assert engine["weights_sha256"] == models.sha256(file)
    assert engine["parameters"]["weights"] == pconv.WEIGHTS


def test_without_weights_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(models.weights, "SHIPPED", tmp_path)
    with pytest.raises(MissingExtra, match="train them with `tratteggio.train`") as error:
        pconv.make()
    assert error.value.exit_code == 3
    with pytest.raises(MissingExtra, match="pconv-huge"):
        pconv.make(weights="pconv-huge")


def test_files_that_are_no_weights_are_refused(tmp_path):
    with pytest.raises(UnreadableFile, match=r"nowhere\.safetensors"):
        pconv.make(weights=tmp_path / "nowhere.safetensors")
    (tmp_path / "noise.safetensors").write_bytes(b"noise" * 50)
    with pytest.raises(UnreadableFile, match=r"noise\.safetensors"):
        pconv.make(weights=tmp_path / "noise.safetensors")


def test_weights_of_a_net_that_does_not_fill_are_refused(file, monkeypatch):
    monkeypatch.setattr(pconv, "ARCHITECTURES", ("pconv_unet",))
    with pytest.raises(UnsupportedFile, match=r"'pconv-compact', but engine pconv takes .*pconv-512"):
        pconv.make(weights=file)


def test_a_device_that_is_not_there_is_refused(file, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(BadUsage, match="no cuda device"):
        pconv.make(weights=file, device="cuda")
    with pytest.raises(UnknownName, match="'cuda'"):
        pconv.make(weights=file, device="cude")


def test_what_ships_is_told_without_torch():
    assert pconv.ships() == (pconv.WEIGHTS in models.shipped())
    code = (
        "import sys; from tratteggio.engines import pconv; pconv.ships(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
