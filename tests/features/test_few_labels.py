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
from tratteggio.features import Learner, learn, surroundings
from tratteggio.features.lessons import _strokes, draw_lesson
from tratteggio.features.surroundings import Surroundings
from tratteggio.metrics.detection import agreement, kappa
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


def test_strokes_that_cannot_be_told_apart_are_said_to_be_too_few(caplog):
    rng = np.random.default_rng(1)
    stack = Stack((Scan(rng.integers(0, 256, (96, 96, 3)).astype(np.uint8)),))
    codes = np.zeros(stack.grid, np.uint8)
    codes[8:90:16, 5:90], codes[16:90:16, 5:90] = PAINT, LOSS
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


def test_planes_of_a_window_are_those_of_the_whole(panel, monkeypatch):
    stack, _, _ = panel
    whole = Surroundings(stack, detectors=())[Region.whole(stack.grid)]
    monkeypatch.setattr(surroundings, "WINDOW", 64)
    monkeypatch.setattr(surroundings, "REACH", 160)
    parts = Surroundings(stack, detectors=())
    np.testing.assert_allclose(parts[Region(40, 24, 90, 100)], whole[:, 40:90, 24:100], atol=1)
    pixels = np.array([(3, 5), (70, 100), (159, 127)])
    np.testing.assert_array_equal(
        parts.at(pixels), parts[Region.whole(stack.grid)][:, pixels[:, 0], pixels[:, 1]]
    )


def test_strokes_are_left_out_whole(panel):
    codes = np.zeros((160, 128), np.uint8)
    for row in range(0, 80, 8):
        codes[row, 5:30], codes[row + 4, 5:30] = PAINT, LOSS
    lesson = draw_lesson(codes, ("paint", "loss"), Named(codes), seed=0)
    assert lesson.kind.size == (codes > 0).sum()
    assert set(lesson.fold) == {0, 1, 2}
    rows = lesson.planes[0]
    for row in np.unique(rows):
        assert len(set(lesson.fold[rows == row])) == 1
    for kind in range(2):
        assert lesson.weight[lesson.kind == kind].sum() == pytest.approx(1)


class Named:
    """Surroundings whose first plane is the row of a pixel."""

    def __init__(self, codes):
        self.codes = codes

    def at(self, pixels):
        return pixels.T.astype(np.uint8)


def test_a_broad_stroke_does_not_drown_a_fine_one():
    codes = np.zeros((160, 128), np.uint8)
    codes[0:20, 0:80], codes[40, 0:16], codes[60, 0:16] = LOSS, LOSS, PAINT
    lesson = draw_lesson(codes, ("paint", "loss"), Named(codes), seed=0)
    loss = lesson.kind == 1
    fine = loss & (lesson.planes[0] == 40)
    assert lesson.weight[fine].sum() / lesson.weight[loss].sum() == pytest.approx(4 / (4 + 40))


def test_what_nobody_labelled_counts_as_sound(panel):
    """Strokes on one kind of loss and of paint say nothing of a third colour that is everywhere."""
    painting = np.full((96, 96, 3), 90, np.uint8)
    painting[:16, :48], painting[:16, 48:] = (200, 170, 120), (60, 60, 60)
    codes = np.zeros((96, 96), np.uint8)
    codes[4:12, 4:40], codes[4:12, 56:90] = LOSS, PAINT
    found = tg.detect(painting, learn(painting, codes)["loss"]).read()
    assert found[4:12, 4:40].mean() > 0.8
    assert found[32:].mean() < 0.01


def test_the_next_place_is_where_it_is_unsure_and_away_from_strokes(panel):
    stack, _, labels = panel
    learner = Learner(stack)
    row, col = learner.suggest(learner.learn(labels)["loss"], labels)
    assert 0 <= row < 160
    assert 0 <= col < 128
    assert not labels.codes[max(0, row - 20) : row + 21, max(0, col - 12) : col + 13].any()


def test_further_strokes_compute_nothing_again(panel, monkeypatch):
    stack, _, labels = panel
    learner = Learner(stack)
    first = learner.learn(labels)["loss"]
    monkeypatch.setattr(surroundings, "statistics", lambda light: pytest.fail("computed again"))
    again = learner.learn(labels)["loss"]
    assert again.trees == first.trees
    Strengths(learner.stack, again)[:, :]


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
    assert tuple(found["crack"].parameters["pixels"]) == KINDS


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
