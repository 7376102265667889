"""What the engine of patches does where patches are scarce or damage is unkind."""

import logging

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy import ndimage

import tratteggio as tg
from tratteggio import models
from tratteggio.engines import patch_mrf
from tratteggio.errors import BadPixels, BadUsage, UnknownName, UnsupportedFile
from tratteggio.metrics import texture_kept
from tratteggio.painting import Lacunae, Region, Scan, Stack
from tratteggio.roles import Sampler


def grain(rows: int, cols: int, channels: int = 3, top: int = 256, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(0).integers(0, top, (rows, cols, channels)).astype(dtype)


def test_without_a_whole_patch_tension_fills_and_the_log_says_so(caplog):
    lost = np.zeros((60, 60), bool)
    lost[::7] = True
    before = grain(60, 60)
    with caplog.at_level(logging.WARNING, logger="tratteggio"):
        after = tg.inpaint(before, lost, engine="patch_mrf")
    assert "engine tension fills it instead of patch_mrf" in caplog.text
    assert_array_equal(after, tg.inpaint(before, lost, engine="tension"))


@pytest.mark.parametrize("shape", [(3, 40), (8, 9), (15, 15), (12, 200)])
def test_a_painting_smaller_than_two_patches_is_filled(shape):
    before, lost = grain(*shape), np.zeros(shape, bool)
    lost[shape[0] // 2, 1:3] = True
    after = tg.inpaint(before, lost, engine="patch_mrf")
    assert_array_equal(after[~lost], before[~lost])


def test_lacunae_at_all_four_borders_are_filled_from_within():
    before, lost = grain(90, 80), np.ones((90, 80), bool)
    lost[12:78, 9:70] = False
    before[..., 2] = 77
    after = tg.inpaint(before, lost, engine="patch_mrf")
    assert_array_equal(after[~lost], before[~lost])
    assert np.ptp(after[lost][:, 2].astype(int)) <= 1  # nothing came in from beyond the border


def test_a_lacuna_larger_than_the_known_paint_is_filled_with_its_texture():
    before, lost = grain(120, 120), np.ones((120, 120), bool)
    lost[40:70, 50:90] = False
    after = tg.inpaint(before, lost, engine="patch_mrf", mostly_lost=True).astype(float)
    steps = [np.mean(np.diff(part, axis=1) ** 2) for part in (after[10:30, 10:110], after[40:70, 50:90])]
    assert 0.5 < steps[0] / steps[1] < 1.5


@pytest.mark.parametrize("level", [0, 137, 255])
def test_a_painting_of_one_colour_stays_so(level):
    """Also where windows look elsewhere, and other scans are as flat."""
    flat, lost = np.full((300, 300, 3), level, np.uint8), np.zeros((300, 300), bool)
    lost[20:50, 20:40] = lost[200:204] = True
    stack = Stack((Scan(flat), Scan(np.zeros((300, 300), np.uint16), "irr")))
    assert_array_equal(tg.inpaint(stack, lost, engine="patch_mrf").image, flat)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_no_colour(channels):
    """Whatever alpha says, the colours are the same; outside the lacunae alpha is left alone."""
    before, lost = grain(60, 60, channels), np.zeros((60, 60), bool)
    lost[20:32, 20:40] = True
    opaque = before.copy()
    opaque[..., -1] = 255
    one, two = (tg.inpaint(a, lost, engine="patch_mrf") for a in (before, opaque))
    assert_array_equal(one[..., :-1], two[..., :-1])
    assert_array_equal(one[~lost], before[~lost])
    assert (one[lost][:, -1] == 255).all()


def test_depths_are_filled_with_the_same_patches():
    """257 times the values of 8 bit in 16 bit: the fill is 257 times as much, but for rounding."""
    eight, lost = grain(70, 70), np.zeros((70, 70), bool)
    lost[20:40, 30:44] = True
    sixteen = eight.astype(np.uint16) * 257
    one, two = (tg.inpaint(a, lost, engine="patch_mrf").astype(float) for a in (eight, sixteen))
    assert np.abs(two / 257 - one)[lost].max() <= 0.51


def test_confidence_says_how_well_patches_fit():
    rows = np.arange(96)
    stripes = np.where(rows % 8 < 4, 60, 180).astype(np.uint8)[:, None, None].repeat(200, axis=1)
    stripes[:, 100:] = grain(96, 100, 1)
    lost = np.zeros((96, 200), bool)
    lost[30:50, 30:50] = lost[30:50, 150:170] = True
    engine = patch_mrf.make()
    blank = np.where(lost[..., None], 0, stripes).astype(np.uint8)
    _, sure = engine.fill(Stack((Scan(blank),)), Lacunae(lost), None)
    assert sure[30:50, 30:50].mean() > 0.9
    assert sure[30:50, 150:170].mean() < 0.5


def test_samples_are_other_fills_of_the_same_paint_and_the_seed_chooses_them():
    before, lost = grain(80, 90), np.zeros((80, 90), bool)
    before[..., 2] = 77
    lost[30:50, 30:60] = True

    def filled(number: int, seed: int = 0) -> np.ndarray:
        engine = patch_mrf.make(seed=seed)
        return tg.inpaint(before, lost, engine=engine.sample(number) if number else engine)

    best, one, two = (filled(number) for number in (0, 1, 2))
    for other in (one, two):
        assert (other != best)[lost].mean() > 0.05
        assert_array_equal(other[~lost], before[~lost])
        assert np.ptp(other[lost][:, 2].astype(int)) <= 1
    assert (one != two)[lost].mean() > 0.05
    assert_array_equal(filled(1), one)
    assert (filled(1, seed=5) != one)[lost].mean() > 0.05


def test_samples_are_numbered_from_1_and_named_in_the_history():
    engine = patch_mrf.make()
    assert isinstance(engine, Sampler)
    assert engine.sample(2).parameters["sample"] == 2
    with pytest.raises(BadUsage, match="from 1"):
        engine.sample(0)


def cloth() -> tuple[np.ndarray, np.ndarray]:
    """Two weaves, upright stripes left of column 400, stripes across beyond; one lacuna in the left one."""
    rows, cols = np.mgrid[:500, :800]
    waves = np.where(cols < 400, np.sin(1.7 * cols), np.sin(1.7 * rows))
    picture = 128 + 80 * waves + np.random.default_rng(0).normal(0, 3, (500, 800))
    lost = np.zeros((500, 800), bool)
    lost[100:130, 100:130] = True
    return picture.astype(np.uint8)[..., None].repeat(3, axis=2), lost


def test_paint_from_elsewhere_is_like_that_around_the_lacuna_and_not_in_the_window():
    picture, lost = cloth()
    stack, engine, box = Stack((Scan(picture),)), patch_mrf.make(), Region(40, 40, 190, 190)
    context = engine.prepare(stack, Lacunae(lost))
    found = context.like(stack.crop(box), lost[box.slices])
    assert len(found) > 0
    for colours, known in found:
        tone = colours[..., 0].astype(float)
        assert known.all()
        assert (np.diff(tone, axis=1) ** 2).mean() > 5 * (np.diff(tone, axis=0) ** 2).mean()
        assert all(side <= patch_mrf.SWATCH for side in known.shape)
    enough = Region(0, 0, 500, 400)
    assert context.like(stack.crop(enough), lost[enough.slices]) == []


def test_a_window_whose_damage_leaves_no_whole_patch_is_filled_from_elsewhere(caplog):
    picture, lost = cloth()
    lost[90:260:7, 60:260] = True
    lost[80:270, 60:260:7] = True
    with caplog.at_level(logging.WARNING, logger="tratteggio"):
        after = tg.inpaint(picture, lost, engine="patch_mrf")
    assert not caplog.text
    assert_array_equal(after[~lost], picture[~lost])


def test_where_a_crop_lies_makes_no_difference_to_what_it_draws_on():
    picture, lost = cloth()
    engine, part, box = patch_mrf.make(), Region(20, 10, 480, 700), Region(40, 40, 190, 190)
    picked, lacunae = picture[part.slices], lost[part.slices]
    crop, alone = Stack((Scan(picture),)).crop(part), Stack((Scan(picked),))
    one, two = (
        engine.prepare(stack, Lacunae(lacunae)).like(stack.crop(box), lacunae[box.slices])
        for stack in (crop, alone)
    )
    assert len(one) == len(two) > 0
    for a, b in zip(one, two, strict=True):
        assert_array_equal(a.colours, b.colours)


def test_other_scans_choose_patches_unless_they_show_the_loss_itself():
    rng, lost = np.random.default_rng(2), np.zeros((120, 130), bool)
    noise = ndimage.gaussian_filter(rng.standard_normal((120, 130)), 4, mode="wrap")
    irr, lost[40:80, 40:85] = 128 + 30 * noise / noise.std(), True
    picture = np.repeat((255 - irr)[..., None], 3, axis=2)
    flaked = np.where(lost, irr + 90, irr)

    def filled(*guides: np.ndarray) -> np.ndarray:
        scans = [Scan(guide, f"irr{number}") for number, guide in enumerate(guides)]
        return tg.inpaint(Stack((Scan(picture), *scans)), lost, engine="patch_mrf").image

    plain, guided, misled = (np.abs(filled(*g) - picture)[lost].mean() for g in ((), (irr,), (flaked,)))
    assert guided < 0.6 * plain
    assert misled < 1.15 * plain


def test_a_scan_that_holds_no_numbers_is_refused():
    irr, lost = np.zeros((60, 60)), np.eye(60, dtype=bool)
    irr[3, 3] = np.nan
    stack = Stack((Scan(grain(60, 60)), Scan(irr, "irr", name="infrared")))
    with pytest.raises(BadPixels, match="infrared contains NaN"):
        tg.inpaint(stack, lost, engine="patch_mrf")


@pytest.fixture(scope="module", params=["descriptor-v32", "descriptor-v128"])
def described(request, tmp_path_factory):
    """The engine with a descriptor of random weights: laws hold whatever a net has learnt."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "random.safetensors"
    card = models.Card(
        model=request.param, recipe="none", data=(), licence="open", seed=0, hours=0.0, machine="none"
    )
    models.save(models.build(request.param), file, card)
    return patch_mrf.make(weights=file)


@pytest.mark.parametrize("channels", [1, 3])
def test_descriptors_fill_scans_of_any_colours(described, channels):
    before, lost = grain(90, 100, channels), np.zeros((90, 100), bool)
    lost[30:50, 30:60] = lost[:9, 90:] = True
    scan = Scan(before, alpha=False)
    one, two = (tg.inpaint(scan, lost, engine=described).image for _ in range(2))
    assert_array_equal(one, two)
    assert_array_equal(one[~lost], before[~lost])
    assert one[lost].std() > before.std() / 2


def test_the_history_names_the_descriptor(described):
    lost = np.zeros((60, 60), bool)
    lost[20:32, 20:40] = True
    engine = tg.inpaint(Scan(grain(60, 60)), lost, engine=described).history["engine"]
    assert engine["parameters"]["cost"].startswith("descriptor-v")
    assert engine["parameters"]["patch_px"] == 16
    assert len(engine["weights_sha256"]) == 64


def test_weights_of_another_net_are_refused(random_weights):
    with pytest.raises(UnsupportedFile, match="patch_mrf takes those of descriptor-v32, descriptor-v128"):
        patch_mrf.make(weights=random_weights / "pconv-compact.safetensors")


@pytest.mark.parametrize("period", [11, 13])
def test_a_periodic_texture_comes_back_exactly_by_descriptors_too(described, period):
    """The period is longer than the 8 pixels of a box: what lies within one box a maximum does not tell."""
    tile = np.random.default_rng(3).integers(0, 256, (period, period, 3))
    truth = np.tile(tile, (12, 12, 1))[:120, :130].astype(np.uint8)
    lost = np.zeros((120, 130), bool)
    lost[50:72, 40:60] = lost[20:26, 70:95] = True
    assert_array_equal(tg.inpaint(truth, lost, engine=described), truth)


def test_the_mean_of_patches_is_smoother_than_patches_cut_and_pasted():
    before, lost = ndimage.gaussian_filter(grain(96, 96), (1, 1, 0)), np.zeros((96, 96), bool)
    lost[30:60, 34:70] = True
    kept = {
        paste: texture_kept(tg.inpaint(before, lost, engine=patch_mrf.make(paste=paste)), lost)
        for paste in ("cut", "mean")
    }
    assert kept["mean"] < 0.8 * kept["cut"]


def test_a_paste_that_is_not_known_is_refused():
    with pytest.raises(UnknownName, match="did you mean 'mean'"):
        patch_mrf.make(paste="meen")
