"""Engine fpcae: the net's guess where guides can be trusted, laid in as by `guided`; else RGB alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio import models
from tratteggio.engines import fpcae
from tratteggio.errors import BadPixels, BadUsage, UnsupportedFile
from tratteggio.painting import Lacunae, Scan, Stack

RNG = np.random.default_rng(0)
GRID = (40, 56)
RGB = RNG.integers(0, 256, (*GRID, 3)).astype(np.uint8)  # over all levels: stretching it changes nothing
RGB[0, 0, :2] = 0, 255
IRR, XRAY = (RNG.integers(60, 200, GRID).astype(np.uint8) for _ in range(2))
UVF = RNG.integers(60, 200, (*GRID, 3)).astype(np.uint8)
LOST = np.zeros(GRID, bool)
LOST[10:20, 12:30] = True


@pytest.fixture(scope="module")
def file(random_weights: Path) -> Path:
    return random_weights / f"{fpcae.WEIGHTS}.safetensors"


@pytest.fixture(scope="module")
def engine(file: Path) -> fpcae.Fpcae:
    return fpcae.make(device="cpu", weights=file)


def told(engine: fpcae.Fpcae, scan: Scan, *guides: Scan) -> np.ndarray:
    return engine.told(scan, guides, LOST, ~LOST)[0]


def by_hand(file: Path, rgb: np.ndarray, known: dict[str, np.ndarray]) -> np.ndarray:
    """Ask the net with nothing but torch; what is not known is black and masked, channel by channel."""
    net, _ = models.load(file)
    x, mask = [rgb / 255 * ~LOST[..., None]], [np.repeat(~LOST[..., None], 3, axis=2)]
    for name, channels in (("irr", 1), ("xray", 1), ("uvf", 3)):
        there = name in known
        x.append(known[name].reshape(*GRID, channels) / 255 if there else np.zeros((*GRID, channels)))
        mask.append(np.full((*GRID, channels), there))
    x, mask = (
        torch.from_numpy(np.concatenate(of, axis=2).astype(np.float32)).permute(2, 0, 1)[None]
        for of in (x, mask)
    )
    with torch.no_grad():
        return 255 * net(x, mask)[0, :3].permute(1, 2, 0).numpy()


def test_the_net_sees_all_scans_and_is_told_what_is_lost(engine, file) -> None:
    guides = Scan(IRR, "irr"), Scan(XRAY, "xray"), Scan(UVF, "uvf")
    expected = by_hand(file, RGB, {"irr": IRR, "xray": XRAY, "uvf": UVF})
    assert_allclose(told(engine, Scan(RGB), *guides), expected, atol=1e-2)


def test_a_scan_that_is_not_there_is_missing_and_not_black(engine, file) -> None:
    assert_allclose(told(engine, Scan(RGB), Scan(IRR, "irr")), by_hand(file, RGB, {"irr": IRR}), atol=1e-2)


def test_depth_does_not_matter(engine) -> None:
    deep = [Scan(scan.astype(np.uint16) * 257, name) for scan, name in ((RGB, "rgb"), (IRR, "irr"))]
    assert_allclose(told(engine, *deep) / 257, told(engine, Scan(RGB), Scan(IRR, "irr")), atol=1e-2)


def test_a_grey_painting_is_shown_in_three_equal_channels(engine, file) -> None:
    grey = RGB[..., :1].copy()
    grey[0, 1] = 255
    answer = by_hand(file, np.repeat(grey, 3, axis=2), {"irr": IRR})
    fill = told(engine, Scan(grey[..., 0]), Scan(IRR, "irr"))
    assert_allclose(fill[..., 0], answer.mean(axis=2), atol=1e-2)


def test_infrared_in_three_channels_is_seen_as_its_luma_and_that_is_said(engine, caplog) -> None:
    coloured = Scan(np.repeat(IRR[..., None], 3, axis=2), "irr")
    engine.prepare(Stack((Scan(RGB), coloured)), Lacunae(LOST))
    assert "gets the luma" in caplog.text
    assert_allclose(told(engine, Scan(RGB), coloured), told(engine, Scan(RGB), Scan(IRR, "irr")))


def test_only_scans_that_the_net_knows_are_read(engine) -> None:
    assert engine.reads == ("irr", "xray", "uvf")


def test_paint_that_flaked_off_in_all_scans_is_filled_as_by_rgb_alone(engine) -> None:
    shown = IRR.copy()
    shown[LOST] = 255
    rgb = np.where(LOST[..., None], 0, RGB).astype(np.uint8)
    fill, _ = engine.fill(Stack((Scan(rgb), Scan(shown, "irr"))), Lacunae(LOST), None)
    assert_array_equal(fill[LOST], engine.carry(rgb.astype(float), LOST)[LOST])


def test_the_guess_is_moved_to_meet_the_paint_at_the_rim(engine) -> None:
    """What the guess leaves over in known paint is carried in: a guess off by a level is as good."""
    window = Stack((Scan(np.where(LOST[..., None], 0, RGB).astype(np.uint8)), Scan(IRR, "irr")))
    fill, _ = engine.fill(window, Lacunae(LOST), None)
    predicted, trust = engine.told(window.primary, [window["irr"]], LOST, ~LOST)
    colour = window.primary.colour().astype(float)
    rest = engine.carry(np.where(LOST[..., None], 0, colour - predicted), LOST)
    plain = engine.carry(colour, LOST)
    expected = plain + trust[..., None] * (predicted + rest - plain)
    assert_allclose(fill[LOST], expected[LOST])


@pytest.mark.parametrize(
    ("scans", "says"),
    [
        ((Scan(RGB, name="panel.tif"),), "panel.tif from irr, xray, uvf, but the painting has none"),
        ((Scan(RGB), Scan(IRR, "raking")), "has none of them"),
        ((Scan(IRR, "irr", name="ir.tif"), Scan(XRAY, "xray")), "ir.tif is irr; use engine guided"),
        ((Scan(RGB), Scan(UVF[..., :2], "uvf", name="uv.tif")), "uv.tif has 2 channels"),
    ],
)
def test_what_the_net_cannot_use_is_named(engine, scans, says) -> None:
    with pytest.raises(BadUsage, match=says):
        engine.prepare(Stack(scans), Lacunae(LOST))


def test_a_guide_with_holes_of_nan_is_refused(engine) -> None:
    broken = Scan(np.full(GRID, np.nan, np.float32), "irr", name="ir.tif")
    with pytest.raises(BadPixels, match=r"ir\.tif contains NaN"):
        engine.fill(Stack((Scan(RGB), broken)), Lacunae(LOST), None)


def test_weights_of_another_net_are_refused(random_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFile, match="'pconv-compact', but engine fpcae takes"):
        fpcae.make(weights=random_weights / "pconv-compact.safetensors")
    model = "fp-cae:irr=1,xray=1"
    card = models.Card(model=model, recipe="none", data=(), licence="open", seed=0, hours=0, machine="none")
    models.save(models.build(model), tmp_path / "blind.safetensors", card)
    with pytest.raises(UnsupportedFile, match="rgb=3 and other scans"):
        fpcae.make(weights=tmp_path / "blind.safetensors")
