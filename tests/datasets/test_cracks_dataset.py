"""CrackPatches paint to learn from."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage

from tratteggio.datasets import cracks
from tratteggio.datasets.cracks import CrackPatches
from tratteggio.degradation.simulation.capture import capture_scan, random_scan
from tratteggio.degradation.simulation.crack_drawing import (
    composite_cracks,
    random_cells,
    random_crack_look,
    random_network,
    random_strays,
)
from tratteggio.degradation.simulation.lines import PACE, draw_lines, random_contour, random_ruler
from tratteggio.training.sources import Arrays


@pytest.fixture(scope="module")
def patches() -> CrackPatches:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(60, 200, (260, 240, 3)).astype(np.uint8) for _ in range(2)]
    return CrackPatches(Arrays(pictures), side=64, seed=3, panels=1)


def test_a_patch_is_a_function_of_its_index(patches: CrackPatches):
    again = CrackPatches(patches.source, side=64, seed=3, panels=1)
    for index in (5, 0, 9):
        for one, two in zip(patches[index], again[index], strict=True):
            assert_array_equal(one, two)
    assert (patches[0][0] != patches[1][0]).any()


def test_planes_are_even_and_the_truth_is_one_or_nothing(patches: CrackPatches):
    shares = []
    for index in range(16):
        truth, known = patches[index]
        assert truth.shape == (7, 64, 64)
        assert known.shape == (1, 64, 64)
        assert truth.dtype == known.dtype == np.float32
        assert np.abs(truth[:6]).max() <= 3
        assert set(np.unique(truth[6])) <= {0, 1}
        assert set(np.unique(known)) <= {0, 1}
        shares.append(truth[6].mean())
    assert 0.01 < np.mean(shares) < 0.3


@pytest.mark.parametrize("make", [random_cells, random_strays, random_network])
def test_networks_are_lines_and_not_blots(make):
    deep = []
    for seed in range(12):
        cover = make(160, np.random.default_rng(seed))
        assert cover.shape == (160, 160)
        assert cover.min() >= 0
        assert cover.max() <= 1
        deep.append(ndimage.distance_transform_edt(cover >= 0.3).max())
    assert max(deep) < 12


def test_what_no_crack_covers_is_left_as_it_was_unless_there_is_a_halo():
    ground = np.random.default_rng(0).random((80, 80, 3)).astype(np.float32)
    cover = np.zeros((80, 80), np.float32)
    cover[40] = 1
    kept = 0
    for seed in range(10):
        seen = composite_cracks(ground, cover, random_crack_look(80, np.random.default_rng(seed)))
        assert np.abs(seen[40] - ground[40]).mean() > 0.05
        kept += bool((seen[:20] == ground[:20]).all())
    assert kept >= 5


def test_drawn_lines_change_some_of_the_paint_and_leave_the_rest():
    paint = np.random.default_rng(0).random((120, 120, 3)).astype(np.float32)
    shares = []
    for seed in range(12):
        seen = draw_lines(paint, np.random.default_rng(seed))
        assert seen.dtype == np.float32
        assert seen.min() >= 0
        assert seen.max() <= 1
        shares.append((seen != paint).any(axis=2).mean())
    assert 0 < np.median(shares) < 0.5


def test_contours_are_smooth_and_ruled_lines_straight():
    for seed in range(10):
        curve, line = (make(160, np.random.default_rng(seed)) for make in (random_contour, random_ruler))
        turns = np.diff(np.unwrap(np.arctan2(*np.diff(curve, axis=0).T)))
        assert np.median(np.abs(turns)) < 0.1
        np.testing.assert_allclose(np.linalg.norm(np.diff(line, axis=0), axis=1), PACE)
        assert np.linalg.matrix_rank(line - line[0], tol=1e-6) == 1


def test_drawn_lines_are_no_cracks(monkeypatch):
    """With no network over them, nothing is to be found in patches with lines."""
    monkeypatch.setattr(cracks, "random_network", lambda side, rng: np.zeros((side, side), np.float32))
    made = CrackPatches(Arrays([np.full((120, 120, 3), 180, np.uint8)]), side=48, seed=1)
    lines = 0
    for seed in range(12):
        with monkeypatch.context() as patched:
            patched.setattr(cracks, "_capture", lambda light, rng: np.rint(255 * light).astype(np.uint8))
            stack, found, known = made._image(np.random.default_rng(seed))
        lines += len(np.unique(stack.primary.read())) > 1
        assert not found.any()
        assert known.all()
    assert lines >= 3


def test_a_scan_is_captured_at_8_bits_whatever_is_done_to_it():
    light = np.random.default_rng(0).random((70, 70, 3)).astype(np.float32)
    looks = [capture_scan(light, random_scan(70, np.random.default_rng(seed))) for seed in range(12)]
    assert all(one.dtype == np.uint8 and one.shape == (70, 70, 3) for one in looks)
    assert len({one.tobytes() for one in looks}) == 12


def test_truth_is_not_shown():
    import torch

    batch = torch.rand(2, 7, 4, 4)
    assert torch.equal(cracks.without_truth(batch), batch[:, :6])
