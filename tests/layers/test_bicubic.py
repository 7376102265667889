"""Reduction and enlargement against sums by hand and against another library."""

import numpy as np
import pytest
import torch
from PIL import Image

from tratteggio.errors import BadUsage
from tratteggio.layers.bicubic import enlarged, enlarged_within, mirrored, reduced

RNG = np.random.default_rng(0)


def keys(distance: float) -> float:
    """Keys 1981, eq. 15, with a = -1/2."""
    d = abs(distance)
    if d <= 1:
        return 1.5 * d**3 - 2.5 * d**2 + 1
    return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0


def row_by_hand(row: np.ndarray, count: int) -> np.ndarray:
    """One row brought to `count` samples as MATLAB documents it: a stretched kernel, a mirrored border."""
    ratio = count / len(row)
    stretch = max(1.0, 1 / ratio)
    answer = []
    for j in range(count):
        at = (j + 0.5) / ratio - 0.5
        first = int(np.floor(at - 2 * stretch))
        weights, total = 0.0, 0.0
        for i in range(first, first + int(np.ceil(4 * stretch)) + 3):
            inside = i % (2 * len(row))
            inside = min(inside, 2 * len(row) - 1 - inside)
            weight = keys((i - at) / stretch)
            weights += weight
            total += weight * row[inside]
        answer.append(total / weights)
    return np.array(answer)


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("length", [1, 2, 7])
def test_both_ways_are_the_sums_of_the_definition(scale, length):
    picture = RNG.random((length * scale, 3 * scale))
    small = np.stack([row_by_hand(row, 3) for row in picture])
    small = np.stack([row_by_hand(col, length) for col in small.T], axis=1)
    x = torch.from_numpy(picture).float()[None, None]
    np.testing.assert_allclose(reduced(x, scale)[0, 0], small, atol=1e-6)
    large = np.stack([row_by_hand(row, 3 * scale) for row in small])
    large = np.stack([row_by_hand(col, length * scale) for col in large.T], axis=1)
    np.testing.assert_allclose(enlarged(torch.from_numpy(small)[None, None], scale)[0, 0], large, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_away_from_the_border_a_reduction_is_that_of_pillow(scale):
    picture = RNG.random((40 * scale, 30 * scale)).astype(np.float32)
    theirs = np.asarray(Image.fromarray(picture).resize((30, 40), Image.Resampling.BICUBIC))
    ours = reduced(torch.from_numpy(picture)[None, None], scale)[0, 0].numpy()
    np.testing.assert_allclose(ours[3:-3, 3:-3], theirs[3:-3, 3:-3], atol=1e-5)


def test_channels_and_pictures_are_worked_on_by_themselves():
    x = torch.rand(2, 3, 8, 12)
    for way in (reduced, enlarged):
        together = way(x, 2)
        for picture in range(2):
            for channel in range(3):
                alone = way(x[picture : picture + 1, channel : channel + 1], 2)
                torch.testing.assert_close(together[picture, channel], alone[0, 0])


def test_a_flat_picture_stays_flat_and_within_is_the_middle_of_the_whole():
    flat = torch.full((1, 1, 6, 6), 0.3)
    torch.testing.assert_close(enlarged(flat, 3), torch.full((1, 1, 18, 18), 0.3))
    x = torch.rand(1, 1, 9, 7)
    torch.testing.assert_close(enlarged_within(x, 2), enlarged(x, 2)[..., 4:-4, 4:-4])


def test_half_precision_around_does_not_reach_in():
    x = torch.rand(1, 1, 12, 12)
    with torch.autocast("cpu", torch.bfloat16):
        inside = reduced(x, 3)
    torch.testing.assert_close(inside, reduced(x, 3), rtol=0, atol=0)
    assert enlarged(x.half(), 2).dtype == torch.float32
    assert reduced(x.double(), 2).dtype == torch.float64


def test_a_mirror_of_a_mirror_reaches_any_distance():
    x = torch.tensor([[[[1, 2, 3]]]])
    assert mirrored(x, 4)[0, 0, 0].tolist() == [3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1]


@pytest.mark.parametrize(("grid", "scale"), [((8, 9), 2), ((8, 8), 0), ((7, 8), 4)])
def test_what_is_no_multiple_is_refused(grid, scale):
    with pytest.raises(BadUsage, match="crop to a multiple"):
        reduced(torch.rand(1, 1, *grid), scale)
    with pytest.raises(BadUsage, match="whole factors"):
        enlarged(torch.rand(1, 1, 4, 4), 0)
