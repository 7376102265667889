"""Learning from strokes on one painting: what is found, strokes left out whole, and what is refused."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio import files, phantom
from tratteggio.cli.main import app
from tratteggio.damage import Strengths
from tratteggio.errors import BadUsage, GridMismatch, UnknownName
from tratteggio.features import Latents, View, few_labels, learn
from tratteggio.features.few_labels import (
    REACH,
    Outputs,
    _choose_pixels,
    _strokes,
    cracks_of,
    latents_of,
    seen,
)
from tratteggio.metrics.detection import agreement, kappa
from tratteggio.models import find, load
from tratteggio.painting import Labels, Region, Scan, Stack
from tratteggio.painting.labels import KINDS
from tratteggio.phantom import multimodal

PAINT, LOSS, CRACK = 1, 2, 3


@pytest.fixture(scope="module")
def panel():
    """A panel of 160 x 128 in three scans, its losses, and strokes over its left half."""
    made = multimodal(160, 128, seed=41, losses=0.15, overpaint=0, cracks=0.0)
    stack = Stack(tuple(Scan(made.stack[name].read(), name) for name in ("rgb_during", "irr", "uvf")))
    lost = made.truth.losses.read()
    codes = np.zeros(lost.shape, np.uint8)
    rows = np.zeros_like(lost)
    rows[4::12, :64] = True
    codes[rows & ~ndimage.binary_dilation(lost, iterations=2)] = PAINT
    codes[rows & ndimage.binary_erosion(lost)] = LOSS
    return stack, lost, Labels(codes, "strokes.png")


def test_a_few_strokes_find_the_losses_of_the_half_without_strokes(panel):
    stack, lost, labels = panel
    detector = learn(stack, labels)["loss"]
    found = Strengths(stack, detector)[:, :] >= 255 * detector.threshold
    right = kappa(lost[:, 66:], found[:, 66:])
    assert right > 0.5
    assert detector.damage == "loss"
    assert detector.parameters["pixels"] == labels.counts


def test_the_same_seed_gives_the_same_bits(panel):
    stack, _, labels = panel
    one, other = (Strengths(stack, learn(stack, labels, seed=3)["loss"])[:, :] for _ in "ab")
    np.testing.assert_array_equal(one, other)


def test_latents_that_tell_nothing_are_left_out(panel, monkeypatch):
    stack, lost, labels = panel
    rng = np.random.default_rng(0)

    def noise(latents, region: Region) -> np.ndarray:
        return rng.normal(0, 1, (region.rows, region.cols, latents.channels)).astype(np.float32)

    monkeypatch.setattr(few_labels, "_between", noise)
    detector = learn(stack, labels)["loss"]
    assert detector.parameters["features"] == few_labels.ALONE
    assert detector.prepare(stack) == Outputs(None, None)
    found = Strengths(stack, detector)[:, :] >= 255 * detector.threshold
    assert kappa(lost[:, 66:], found[:, 66:]) > 0.5


def test_strokes_that_cannot_be_told_apart_are_said_to_be_too_few(caplog):
    rng = np.random.default_rng(1)
    stack = Stack((Scan(rng.integers(0, 256, (96, 96, 3)).astype(np.uint8)),))
    codes = np.zeros(stack.grid, np.uint8)
    codes[8:90:16, 5:40], codes[8:90:16, 50:90] = PAINT, LOSS
    learn(stack, Labels(codes, "strokes.png"))
    assert "kappa" in caplog.text
    assert "add more strokes" in caplog.text


def test_nothing_of_the_painting_is_written_to(panel):
    stack, _, labels = panel
    before = [scan.read().copy() for scan in stack.scans], labels.codes.copy()
    Strengths(stack, learn(stack, labels)["loss"])[:, :]
    for scan, kept in zip(stack.scans, before[0], strict=True):
        np.testing.assert_array_equal(scan.read(), kept)
    np.testing.assert_array_equal(labels.codes, before[1])


def test_features_of_a_window_are_those_of_the_whole(panel):
    stack, _, _ = panel
    answers = Outputs(latents_of(stack, device="cpu"), cracks_of(stack, device="cpu"))
    whole = seen(stack, answers, Region.whole(stack.grid))
    inner = Region(40, 24, 90, 100)
    shown = inner.grow(REACH, within=stack.grid)
    window = seen(stack.crop(shown), answers, shown)[inner.relative_to(shown).slices]
    np.testing.assert_allclose(window, whole[inner.slices], atol=2e-5)


def test_latents_are_interpolated_between_their_middles(panel):
    """Latent (i, j) looks about row 8 i + 9.5: half way between two middles lies the mean of both."""
    stack, _, _ = panel
    net, _ = load(find("fpcae-concat"))
    latents = Latents(View(stack, net))
    features = seen(stack, Outputs(latents, None), Region.whole(stack.grid))[..., -80:]
    coarse = latents[:, :]
    np.testing.assert_allclose(features[9:11, 9:11].mean(axis=(0, 1)), coarse[0, 0], atol=0.15)
    middle = features[8 * 3 + 9 : 8 * 3 + 11, 8 * 4 + 13 : 8 * 4 + 15].mean(axis=(0, 1))
    np.testing.assert_allclose(middle, coarse[3:4, 4:6].mean(axis=(0, 1)), atol=0.15)


def test_strokes_are_left_out_whole():
    codes = np.zeros((40, 40), np.uint8)
    for row in range(0, 40, 8):
        codes[row, 5:30], codes[row + 4, 5:30] = PAINT, LOSS
    places, truth, fold = _choose_pixels(codes, ("paint", "loss"), np.random.default_rng(0))
    assert len(places) == len(truth) == (codes > 0).sum()
    assert set(fold) == {0, 1, 2, 3}
    for row in np.unique(places[:, 0]):
        assert len(set(fold[places[:, 0] == row])) == 1
    for turn in range(4):
        assert set(truth[fold != turn]) == set(truth[fold == turn]) == {0, 1}


def test_a_stroke_that_is_the_only_one_is_cut_in_two():
    here = np.zeros((10, 30), bool)
    here[4:6, 3:23] = True
    where, number = _strokes(here, np.random.default_rng(0))
    assert sorted(np.bincount(number)) == [20, 20]
    left, right = (where[number == one, 1] for one in np.unique(number))
    assert max(left) < min(right) or max(right) < min(left)


def test_cracks_are_learnt_beside_losses(panel):
    stack, _, labels = panel
    codes = labels.codes.copy()
    codes[100:103, :60] = CRACK
    found = learn(stack, Labels(codes))
    assert set(found) == {"loss", "crack"}
    assert found["crack"].kinds == ("paint", "loss", "crack") == KINDS


def test_strokes_along_cracks_find_those_of_the_half_without_strokes():
    made = phantom.panel(256, 320, seed=7, um_per_px=60, cracks=0.05, losses=0)
    cracks = made.cracks.read()
    codes = np.zeros(cracks.shape, np.uint8)
    rows = np.zeros_like(cracks)
    rows[6::16, :150] = True
    codes[rows & ~ndimage.binary_dilation(cracks, iterations=3)] = PAINT
    codes[:128, :150][cracks[:128, :150]] = CRACK
    scan = made.damaged
    detector = learn(Stack((scan,)), Labels(codes, "strokes.png"))["crack"]
    found = tg.detect(scan, detector).read()
    right = agreement(cracks[:, 160:], found[:, 160:], tolerance_px=2)
    assert right.f1 > 0.6


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({PAINT: 30}, "add red strokes on losses"),
        ({LOSS: 30}, "only loss; add green"),
        ({LOSS: 20, CRACK: 20}, "only loss and crack; add green"),
        ({PAINT: 30, LOSS: 1}, "a single pixel as loss"),
    ],
)
def test_strokes_that_tell_nothing_apart_are_refused_with_what_to_add(panel, values, message):
    stack, _, _ = panel
    codes = np.zeros(stack.grid, np.uint8)
    for row, (code, count) in enumerate(values.items()):
        codes[10 * row, :count] = code
    with pytest.raises(BadUsage, match=message):
        learn(stack, Labels(codes, "strokes.png"))


def test_strokes_where_the_scan_shows_nothing_are_refused(panel):
    stack, _, labels = panel
    there = np.zeros(stack.grid, bool)
    there[:, 100:] = True
    hidden = Scan(stack.primary.read(), "rgb_during", seen=there)
    with pytest.raises(BadUsage, match="are outside the part of the painting that"):
        learn(Stack((hidden,)), labels)


def test_labels_of_another_size_are_refused(panel):
    with pytest.raises(GridMismatch, match="9 rows x 9 columns"):
        learn(panel[0], Labels(np.zeros((9, 9), np.uint8)))


def test_what_was_learnt_goes_with_the_same_scans_alone(panel):
    stack, _, labels = panel
    detector = learn(stack, labels)["loss"]
    with pytest.raises(BadUsage, match="draw strokes on this painting"):
        detector.prepare(Stack((stack.primary,)))


def test_detect_learns_from_labels_on_the_command_line(panel, tmp_path):
    stack, lost, labels = panel
    files.write(stack.primary.pixels, tmp_path / "panel.png")
    painted = np.zeros((*stack.grid, 4), np.uint8)
    painted[labels.codes == PAINT], painted[labels.codes == LOSS] = (0, 160, 80, 255), (255, 0, 0, 255)
    Image.fromarray(painted).save(tmp_path / "strokes.png")
    paths = [str(tmp_path / name) for name in ("panel.png", "strokes.png", "lost.png")]
    result = CliRunner().invoke(app, ["detect", paths[0], "--labels", paths[1], "-o", paths[2], "--quiet"])
    assert result.exit_code == 0, result.output
    found = np.asarray(Image.open(paths[2])) > 0
    assert kappa(lost, found) > 0.5
    history = files.read_history(files.sidecar(tmp_path / "lost.png", "history"))
    assert history["detectors"][0]["parameters"]["labels"] == "strokes.png"


def test_what_strokes_do_not_show_cannot_be_asked_for(panel, tmp_path):
    stack, _, labels = panel
    files.write(stack.primary.pixels, tmp_path / "panel.png")
    painted = np.zeros((*stack.grid, 3), np.uint8)
    painted[labels.codes == PAINT], painted[labels.codes == LOSS] = (0, 160, 80), (255, 0, 0)
    Image.fromarray(painted).save(tmp_path / "strokes.png")
    paths = [str(tmp_path / name) for name in ("panel.png", "strokes.png", "lost.png")]
    command = ["detect", paths[0], "--labels", paths[1], "-o", paths[2], "--kind", "crack"]
    result = CliRunner().invoke(app, command, catch_exceptions=True)
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit | UnknownName)
