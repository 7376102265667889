"""Counts of windows and the ratio made of them, against numbers worked by hand."""

import pytest
import torch

from tratteggio.layers.counts import Axis, full_counts, line_counts, ratio, window_counts
from tratteggio.layers.padding import same, same_crop


def convolution(taps, stride, n, padding="same"):
    axis = Axis(taps, 1, stride, 1, 0, 0)
    before, after = same(n, taps, stride) if padding == "same" else (0, 0)
    return axis._replace(before=before, after=after)


def transposed(taps, stride, padding="same"):
    before, after = same_crop(taps, stride) if padding == "same" else (0, 0)
    return Axis(taps, 1, 1, stride, taps - 1 - before, taps - 1 - after)


# The layers of FP-CAE (Xie et al., figure 4), counted by hand with TensorFlow's "same".
LINES = [
    (convolution(4, 2, 32), 32, [3] + [4] * 14 + [3]),
    (convolution(4, 2, 16), 16, [3, 4, 4, 4, 4, 4, 4, 3]),
    (convolution(3, 2, 8), 8, [3, 3, 3, 2]),
    (convolution(2, 1, 4, "valid"), 4, [2, 2, 2]),
    (convolution(2, 1, 3), 3, [2, 2, 1]),
    (transposed(2, 1, "valid"), 3, [1, 2, 2, 1]),
    (transposed(3, 2), 4, [1, 1, 2, 1, 2, 1, 2, 1]),
    (transposed(4, 2), 8, [1] + [2] * 14 + [1]),
    (transposed(3, 2, "valid")._replace(before=1, after=2), 4, [1, 2, 1, 2, 1, 2, 1, 1]),
    (Axis(3, 2, 1, 1, 2, 2), 5, [2, 2, 3, 2, 2]),
]


@pytest.mark.parametrize(("axis", "n", "counts"), LINES)
def test_counts_along_one_axis(axis, n, counts):
    assert line_counts(n, axis).counts.tolist() == counts
    assert window_counts(torch.ones(1, 1, n), [axis]).flatten().tolist() == counts
    assert axis.length(n) == len(counts)
    assert axis.most == max(counts)


@pytest.mark.parametrize(("axis", "n", "counts"), LINES)
def test_counts_over_an_image_are_products_of_lines(axis, n, counts):
    other = Axis(5, 1, 1, 1, 2, 2)
    axes, sizes = [axis, other], [n, 6]
    table = full_counts(sizes, axes, device=torch.device("cpu"))
    assert torch.equal(table, window_counts(torch.ones(1, 1, *sizes), axes))
    assert table[0, 0].tolist() == [[float(c * d) for d in (3, 4, 5, 5, 4, 3)] for c in counts]


def test_complete_windows_have_ratio_one_exactly():
    """count * (1 / count) is not 1 for 41, 47, 55, ... in float32."""
    for count in range(1, 5000):
        assert ratio(torch.tensor([float(count)]), count).item() == 1.0


def test_windows_without_a_known_sample_have_a_finite_ratio():
    assert ratio(torch.tensor([0.0, 1.0, 3.0]), 9)[1:].tolist() == [9.0, 3.0]
    assert ratio(torch.tensor([0.0]), 9).isfinite().all()


def test_the_largest_count_does_not_need_a_large_picture():
    """One sample: no window is complete, and the numerator stays that of the kernel."""
    axis = Axis(5, 1, 1, 1, 2, 2)
    assert line_counts(1, axis).counts.tolist() == [1]
    assert axis.most == 5
