"""Patches of one damaged painting: its known paint, with lacunae of its own shapes."""

import numpy as np
import pytest
import torch

from tratteggio import losses
from tratteggio.errors import BadUsage
from tratteggio.painting import Lacunae, Scan
from tratteggio.training.adapt import OwnPaint, where_true

HELD = 255  # what lacunae hold: must not be seen


def panel(rows: int = 200, cols: int = 260, dtype: str = "uint8", channels: int = 3) -> tuple[Scan, Lacunae]:
    """A painting below half its range, with two bars lost that hold the highest value."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 100, (rows, cols, channels)).astype(dtype)
    lost = np.zeros((rows, cols), bool)
    lost[40:44, 30:120] = lost[120:180, 200:206] = True
    pixels[lost] = HELD
    return Scan(pixels if channels > 1 else pixels[..., 0]), Lacunae(lost)


def test_each_patch_is_a_function_of_its_index() -> None:
    one, other = OwnPaint(*panel(), seed=3), OwnPaint(*panel(), seed=3)
    for index in (0, 7, 3):
        for a, b in zip(one[index], other[index], strict=True):
            assert np.array_equal(a, b, equal_nan=True)
    assert not np.array_equal(one[0][0], one[1][0], equal_nan=True)


def test_what_is_really_lost_has_no_truth_and_is_never_known() -> None:
    patches = OwnPaint(*panel())
    seen_lost = 0
    for index in range(20):
        truth, known = patches[index]
        absent = np.isnan(truth).all(axis=0)
        assert not (absent & (known[0] > 0)).any()
        assert truth[:, ~absent].max() <= 1.05  # nothing of what the lacunae held
        seen_lost += absent.sum()
    assert seen_lost > 0


def test_lacunae_are_laid_over_known_paint_in_shapes_of_the_painting() -> None:
    """Bars of 4 and 6 px: no lost square of 7 px is made."""
    patches = OwnPaint(*panel())
    for index in range(20):
        truth, known = patches[index]
        made = (known[0] == 0) & ~np.isnan(truth).any(axis=0)
        assert made.any()
        windows = np.lib.stride_tricks.sliding_window_view(made, (7, 7))
        assert windows.all(axis=(2, 3)).mean() < 0.01


def test_known_paint_runs_from_0_to_1_whatever_the_depth() -> None:
    for dtype, channels in (("uint8", 3), ("uint16", 3), ("float32", 1)):
        truth, known = OwnPaint(*panel(dtype=dtype, channels=channels))[0]
        assert truth.shape == (3, 128, 128)
        shown = truth[:, known[0] > 0]
        assert (shown.min(), shown.max()) == (0, 1)


def test_a_small_painting_gives_small_patches_and_a_tiny_one_none() -> None:
    assert OwnPaint(*panel(70, 260 - 180 + 130))[0][0].shape == (3, 70, 70)
    with pytest.raises(BadUsage, match="fill without adapting"):
        OwnPaint(Scan(np.zeros((20, 300), np.uint8)), Lacunae(np.eye(20, 300, dtype=bool)))


def test_a_painting_of_which_nearly_all_is_lost_is_refused() -> None:
    lost = np.ones((200, 200), bool)
    lost[:10] = False
    with pytest.raises(BadUsage, match="95% of it is lost"):
        OwnPaint(Scan(np.zeros((200, 200), np.uint8)), Lacunae(lost))


def test_where_there_is_no_truth_nothing_is_taught() -> None:
    loss = where_true(losses.build("depth_psnr_ssim"))
    truth = torch.rand(1, 3, 24, 24)
    truth[..., 4:8, 4:8] = torch.nan
    known = torch.ones(1, 1, 24, 24)
    known[..., 4:8, 4:20] = 0
    out = torch.rand(1, 3, 24, 24, requires_grad=True)
    value = loss(out, truth, known).total
    value.backward()
    assert value.isfinite()
    assert not out.grad[..., 4:8, 4:8].any()
    assert out.grad[..., 4:8, 8:20].all()
