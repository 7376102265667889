"""Cracked paint to learn from."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage

from tratteggio.training import cracked
from tratteggio.training.cracked import Cracked, cells, contour, drawn, laid, network, ruled, strays, taken
from tratteggio.training.sources import Arrays


@pytest.fixture(scope="module")
def patches() -> Cracked:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(60, 200, (260, 240, 3)).astype(np.uint8) for _ in range(2)]
    return Cracked(Arrays(pictures), side=64, seed=3, panels=1)


def test_a_patch_is_a_function_of_its_index(patches: Cracked):
    again = Cracked(patches.source, side=64, seed=3, panels=1)
    for index in (5, 0, 9):
        for one, two in zip(patches[index], again[index], strict=True):
            assert_array_equal(one, two)
    assert (patches[0][0] != patches[1][0]).any()


def test_planes_are_even_and_the_truth_is_one_or_nothing(patches: Cracked):
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


@pytest.mark.parametrize("make", [cells, strays, network])
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
        seen = laid(ground, cover, np.random.default_rng(seed))
        assert np.abs(seen[40] - ground[40]).mean() > 0.05
        kept += bool((seen[:20] == ground[:20]).all())
    assert kept >= 5


def test_drawn_lines_change_some_of_the_paint_and_leave_the_rest():
    paint = np.random.default_rng(0).random((120, 120, 3)).astype(np.float32)
    shares = []
    for seed in range(12):
        seen = drawn(paint, np.random.default_rng(seed))
        assert seen.dtype == np.float32
        assert seen.min() >= 0
        assert seen.max() <= 1
        shares.append((seen != paint).any(axis=2).mean())
    assert 0 < np.median(shares) < 0.5


def test_contours_are_smooth_and_ruled_lines_straight():
    for seed in range(10):
        curve, line = (make(160, np.random.default_rng(seed)) for make in (contour, ruled))
        turns = np.diff(np.unwrap(np.arctan2(*np.diff(curve, axis=0).T)))
        assert np.median(np.abs(turns)) < 0.1
        np.testing.assert_allclose(np.linalg.norm(np.diff(line, axis=0), axis=1), cracked.PACE)
        assert np.linalg.matrix_rank(line - line[0], tol=1e-6) == 1


def test_drawn_lines_are_no_cracks(monkeypatch):
    """With no network over them, nothing is to be found in patches with lines."""
    monkeypatch.setattr(cracked, "network", lambda side, rng: np.zeros((side, side), np.float32))
    made = Cracked(Arrays([np.full((120, 120, 3), 180, np.uint8)]), side=48, seed=1)
    lines = 0
    for seed in range(12):
        with monkeypatch.context() as patched:
            patched.setattr(cracked, "taken", lambda light, rng: np.rint(255 * light).astype(np.uint8))
            stack, found, known = made._picture(np.random.default_rng(seed))
        lines += len(np.unique(stack.primary.read())) > 1
        assert not found.any()
        assert known.all()
    assert lines >= 3


def test_a_scan_is_taken_at_8_bits_whatever_is_done_to_it():
    light = np.random.default_rng(0).random((70, 70, 3)).astype(np.float32)
    looks = [taken(light, np.random.default_rng(seed)) for seed in range(12)]
    assert all(one.dtype == np.uint8 and one.shape == (70, 70, 3) for one in looks)
    assert len({one.tobytes() for one in looks}) == 12


def test_truth_is_not_shown():
    import torch

    batch = torch.rand(2, 7, 4, 4)
    assert torch.equal(cracked.without_truth(batch), batch[:, :6])
