"""The engine that joins net and patches, where paint is scarce and options are unkind."""

import logging
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image
from scipy import ndimage

import tratteggio as tg
from tratteggio.damage import DamageMap, index_of, policies
from tratteggio.engines import brushwork, pconv
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.metrics import seam_visibility, texture_kept
from tratteggio.painting import Scan, Stack
from tratteggio.roles import Sampler
from tratteggio.treatment.making import make_engine

pytestmark = pytest.mark.usefixtures("weights_at_hand")


def strokes(rows: int = 128, cols: int = 128, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    tone = ndimage.gaussian_filter(rng.normal(0, 1, (rows, cols, 3)), (0.6, 2, 0)) * 50
    slope = np.linspace(60, 190, rows)[:, None, None]
    return np.clip(slope + tone, 0, 255).astype(np.uint8)


def blot(rows: int = 128, cols: int = 128) -> np.ndarray:
    lost = np.zeros((rows, cols), bool)
    lost[40:90, 44:92] = True
    return lost


@pytest.mark.parametrize("engine", ["brushwork", "brushwork:structure=tension"])
def test_texture_is_kept_and_the_rim_does_not_show(engine):
    made, lost, seams = make_engine(engine), blot(), []
    for seed in range(3):  # the rim of one box of noise shows by 0.8 to 1.05 in the paint itself
        before = strokes(seed=seed)
        after = tg.inpaint(before, lost, engine=made)
        assert 0.7 < texture_kept(after, lost) < 1.3
        seams.append([seam_visibility(one, lost) for one in (before, after)])
    untouched, filled = np.mean(seams, axis=0)
    assert filled == pytest.approx(untouched, rel=0.2)


def test_without_a_whole_patch_the_structure_fills_and_the_log_says_so(caplog):
    before, lost = strokes(60, 60), np.zeros((60, 60), bool)
    lost[::7] = True
    with caplog.at_level(logging.WARNING, logger="tratteggio"):
        after = tg.inpaint(before, lost, engine=brushwork.make(structure="tension"))
    assert "without brushwork" in caplog.text
    assert_array_equal(after, tg.inpaint(before, lost, engine="tension"))


def test_lacunae_at_all_four_borders_are_filled_from_within():
    before, lost = strokes(96, 90), np.ones((96, 90), bool)
    lost[14:82, 12:78] = False
    before[..., 2] = 77
    after = tg.inpaint(before, lost, engine=brushwork.make(structure="tension"))
    assert_array_equal(after[~lost], before[~lost])
    assert np.ptp(after[lost][:, 2].astype(int)) <= 1  # nothing came in from beyond the border


def cracked(rows: int = 128, cols: int = 128) -> tuple[np.ndarray, DamageMap]:
    """Paint with red cracks all over, but for a loss; a map that knows both."""
    paint, indices = strokes(rows, cols), np.zeros((rows, cols), np.uint8)
    paint[..., 0] = paint[..., 0] // 4
    across = np.add.outer(np.arange(rows), 3 * np.arange(cols)) % 41 < 5
    paint[across] = [255, 0, 0]
    indices[across] = index_of("crack")
    indices[blot(rows, cols)] = index_of("loss")
    return paint, DamageMap(indices)


@pytest.mark.parametrize("engine", ["auto", "brushwork", "patch_mrf"])
def test_cracks_of_a_damage_map_are_not_copied_unless_asked(engine):
    paint, damage = cracked()
    lost = damage.of("loss").read()
    plain, copied = (
        tg.inpaint(paint, damage=damage, engine=f"{engine}{option}")[lost][:, 0]
        for option in ("", ":copy_damage=true")
    )
    assert np.mean(copied > 150) > 0.02
    assert np.mean(plain > 150) < 0.001


def test_kept_damage_of_other_places_is_not_copied():
    paint, damage = cracked(520, 520)
    lacunae = damage.to_fill(policies())
    context = brushwork.make().prepare(Stack((Scan(paint),)), lacunae)
    assert context is not None
    place, swatch = context.swatch(0)
    kept = lacunae.read_kept_damage(place)
    assert kept.any()
    assert not swatch.known[kept].any()
    assert swatch.known.any()
    place_there, swatch_there = pickle.loads(pickle.dumps(context)).swatch(0)
    assert place_there == place, "another process looks for itself and finds the same"
    assert_array_equal(swatch_there.known, swatch.known)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_fills_have_the_depth_of_the_painting(dtype):
    """Paint of 16 bits is laid with all its steps, not with the 256 of a guess."""
    fine = strokes().astype(np.float64) * 251 + np.arange(128)[:, None] * 3.0
    before = (fine if dtype == "uint16" else fine / 65535).astype(dtype)
    after = tg.inpaint(before, blot(), engine="brushwork")
    assert after.dtype == before.dtype
    laid = np.rint(after[blot()].astype(np.float64) * (1 if dtype == "uint16" else 65535))
    assert len(np.unique(laid % 251)) > 200
    assert 0.7 < texture_kept(after, blot()) < 1.3


def test_opacity_of_the_painting_is_kept_and_a_fill_is_opaque():
    clear = np.full((128, 128, 1), 255, np.uint8)
    clear[:20] = 90
    before, lost = np.concatenate([strokes(), clear], axis=2), blot()
    after = tg.inpaint(before, lost, engine="brushwork")
    assert_array_equal(after[~lost], before[~lost])
    assert (after[lost][:, 3] == 255).all()
    assert_array_equal(after[lost][:, :3], tg.inpaint(before[..., :3], lost, engine="brushwork")[lost])


@pytest.mark.parametrize("quality", [10, 40])
def test_blocks_of_a_jpeg_do_not_show_more_in_the_fill_than_around_it(quality, tmp_path):
    """Steps at every eighth pixel, beside those elsewhere: fills may not be laid into a grid of their own."""
    file, lost = tmp_path / "scan.jpg", blot()
    Image.fromarray(strokes()).save(file, quality=quality)
    before = np.asarray(Image.open(file).convert("RGB"))
    after = tg.inpaint(before, lost, engine="brushwork")
    assert_array_equal(after[~lost], before[~lost])
    steps = np.abs(np.diff(after.astype(np.float64).mean(axis=2), axis=1))
    inside = lost[:, 1:] & lost[:, :-1]
    on_grid = np.arange(127) % 8 == 7
    blockiness = [
        steps[where & on_grid].mean() / steps[where & ~on_grid].mean() for where in (inside, ~lost[:, 1:])
    ]
    assert blockiness[0] < 1.15 * blockiness[1]
    assert 0.7 < texture_kept(after, lost) < 1.3


@pytest.mark.parametrize("level", [0, 137, 255])
def test_a_painting_of_one_colour_stays_so(level):
    before = np.full((80, 70, 3), level, np.uint8)
    after = tg.inpaint(
        np.where(blot(80, 70)[..., None], 255 - level, before).astype(np.uint8),
        blot(80, 70),
        engine="brushwork",
    )
    assert (after == level).all()


def test_samples_differ_where_lost_and_are_repeatable():
    engine = brushwork.make()
    assert isinstance(engine, Sampler)
    before, lost = strokes(), blot()
    best, first, again = (
        tg.inpaint(before, lost, engine=one) for one in (engine, engine.sample(1), engine.sample(1))
    )
    assert_array_equal(first, again)
    assert (first[lost] != best[lost]).any()
    assert_array_equal(first[~lost], before[~lost])


def test_options_are_told_in_the_history():
    net = brushwork.make()
    assert net.parameters["structure"] == "net"
    assert net.parameters["weights_sha256"] == pconv.make().parameters["weights_sha256"]
    assert brushwork.make(structure="tension").parameters["structure"] == "tension"


def test_without_weights_a_smooth_surface_leads(monkeypatch):
    monkeypatch.setattr(pconv, "ships", lambda: False)
    assert brushwork.make().parameters["structure"] == "tension"


def test_options_that_cannot_be_met_are_refused():
    with pytest.raises(UnknownName, match="net, tension"):
        brushwork.make(structure="plate")
    with pytest.raises(BadUsage, match="leave one of them out"):
        brushwork.make(structure="tension", weights="pconv-compact")
    with pytest.raises(BadUsage, match="CPU"):
        brushwork.make(structure="tension", device="cuda")
