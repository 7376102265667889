"""Light and noise measured: baselines as they should be, everyone mends the same, nothing done twice."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tratteggio.degradation.simulation.sensor import BLACK, WHITE, Exposure, expose
from tratteggio.experiments import lowlight
from tratteggio.files.sensor import Sensor
from tratteggio.layers.tone import displayed

pytestmark = pytest.mark.usefixtures("weights_at_hand")

TINY = lowlight.Scale(few=2, most=2, longest=48, side=40, conclusive=True)
SENSOR = Sensor(
    red=(0, 0), black=BLACK, white=WHITE, balance=(2.0, 1.0, 1.6), to_srgb=((1, 0, 0), (0, 1, 0), (0, 0, 1))
)


@pytest.fixture
def paintings(tmp_path: Path) -> Path:
    folder = tmp_path / "paintings"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(8):
        rough = rng.integers(0, 256, (9, 9, 3), np.uint8)
        Image.fromarray(rough).resize((60, 70), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


def run(folder: Path, out: Path, monkeypatch):
    monkeypatch.setattr(lowlight, "SCALES", {"tiny": TINY})
    out.mkdir(exist_ok=True)
    return lowlight.run("tiny", data=folder, out=out, seed=0, progress=None)


def test_amplifying_and_demosaicing_finds_even_paint_again() -> None:
    """Without noise, and where all neighbours are alike, nothing is lost but the rounding of the sensor."""
    truth = np.broadcast_to(np.float32([0.8, 0.3, 0.55]), (12, 16, 3))
    how = Exposure(ratio=20.0, electrons=1e9, read_noise=0.0)
    raw = expose(torch.from_numpy(truth.copy()).movedim(-1, 0)[None], how)[0, 0].numpy()
    np.testing.assert_allclose(lowlight.amplify(raw, SENSOR, ratio=20), truth, atol=5e-3)


def test_missing_colours_are_means_of_the_nearest() -> None:
    light = np.full((6, 6), 0.1)
    light[2, 2] = 0.3  # red
    found = lowlight.amplify(BLACK + light * (WHITE - BLACK), SENSOR, ratio=1)
    red = displayed(torch.tensor([0.3, 0.2, 0.15, 0.1]) * 2).tolist()
    for place, expected in zip(((2, 2), (2, 3), (3, 3), (2, 4)), red, strict=True):
        assert found[(*place, 0)] == pytest.approx(expected, abs=1e-5)


def test_the_gamma_to_mean_grey_reaches_it() -> None:
    dark = np.random.default_rng(0).integers(1, 90, (20, 20, 3), np.uint8)
    assert lowlight.to_mean(dark).mean() / 255 == pytest.approx(0.41, abs=0.005)


def test_a_run_measures_every_way_and_is_resumed_without_measuring_again(
    paintings: Path, tmp_path: Path, monkeypatch
) -> None:
    report = run(paintings, tmp_path / "out", monkeypatch)
    less, light, raw, noise = report.tables[:4]
    for table in (less, light):
        assert [row.name for row in table.rows][-3:] == [
            lowlight.EXPOSURE,
            lowlight.CURVES,
            lowlight.ILLUMINATION,
        ]
    assert [row.name for row in raw.rows][-1] == lowlight.RAW
    assert [row.name for row in noise.rows][4:6] == [lowlight.FOUND, lowlight.TOLD]
    for table in (less, light, raw, noise):
        assert all(np.isfinite(value) for row in table.rows for value in row.ours.values())
    as_it_is = noise.rows[0].ours
    for sigma in lowlight.SIGMAS:  # less what black and white cut off
        assert as_it_is[f"sigma {sigma}, dB"] == pytest.approx(20 * np.log10(255 / sigma), abs=1.5)
    assert {claim.verdict for claim in report.claims} <= {"reproduced", "ordering only", "not reproduced"}
    assert (tmp_path / "out" / "sheet.jpg").stat().st_size < 100_000

    monkeypatch.setattr(lowlight, "_measure", lambda *_: pytest.fail("measured again"))
    again = run(paintings, tmp_path / "out", monkeypatch)
    assert again.tables == report.tables


def test_other_seeds_spoil_otherwise(paintings: Path, tmp_path: Path, monkeypatch) -> None:
    image = np.array(Image.open(paintings / "0.png"))
    ours = lowlight._ours()
    shown = [
        [
            case.shown
            for cases in (lowlight._dark_cases, lowlight._sensor_cases)
            for case in cases(image, "0.png", TINY, ours, seed=seed)
            if case.kind != "exposure"  # a factor, the same for all
        ]
        for seed in (0, 0, 1)
    ]
    for one, same, other in zip(*shown, strict=True):
        np.testing.assert_array_equal(one, same)
        assert one.shape != other.shape or (one != other).any()


def test_our_rivals_are_beaten_or_it_is_said_that_they_are_not() -> None:
    mean = {
        (kind, degree, way): (20.0 + 6 * (way == "raw") + 1 * (way == "curves"), 0.5)
        for kind, degrees in {
            "exposure": ["dim"],
            "light": ["dark"],
            "raw": ["30 times"],
            "noise": ["sigma 15"],
        }.items()
        for degree in degrees
        for way in (
            *lowlight.NOT_OURS[kind],
            lowlight.EXPOSURE,
            "illumination",
            "curves",
            "raw",
            lowlight.TOLD,
        )
    }
    kinds = {"exposure": ["dim"], "light": ["dark"], "raw": ["30 times"], "noise": ["sigma 15"]}
    verdicts = {
        claim.text.split(" is ")[0]: claim.verdict for claim in lowlight._claims(mean, kinds, conclusive=True)
    }
    assert verdicts == {
        "dim: exposure (white point)": "not reproduced",
        "dim: illumination": "not reproduced",
        "dim: curves": "reproduced",
        "dark: illumination": "not reproduced",
        "dark: curves": "reproduced",
        "30 times: raw": "reproduced",
        "sigma 15: denoise, told sigma": "not reproduced",
    }
    small = lowlight._claims(mean, kinds, conclusive=False)
    assert {claim.verdict for claim in small} == {"not attempted"}
