"""HaarPSI against a plain double loop over the paper's equations, and against recorded scores of piq."""

import numpy as np
import pytest
from scipy import ndimage

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics import haarpsi
from tratteggio.metrics.haarpsi import MARGIN, haarpsi_sums, similarity_of


def pair(seed: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    one = np.cumsum(rng.normal(size=shape), axis=1)
    one = (one - one.min()) / np.ptp(one)
    return one, np.clip(one + rng.normal(0, 0.08, shape), 0, 1)


@pytest.mark.parametrize(
    ("seed", "shape", "expected"),
    [
        (0, (40, 52, 3), 0.73065),
        (1, (40, 52), 0.7360457721),
        (2, (64, 48, 3), 0.73388),
        (3, (41, 53), 0.6816598944),
    ],
)
def test_it_is_what_piq_computes(seed, shape, expected):
    """Recorded from piq 0.8.0, whose YIQ has one digit more: colours agree to 3e-5, grey to all digits."""
    tolerance = 3e-5 if len(shape) == 3 else 1e-9
    assert haarpsi(*pair(seed, shape), data_range=1.0) == pytest.approx(expected, abs=tolerance)


def plain(one: np.ndarray, two: np.ndarray) -> float:
    """Grey pictures of even sides in 0 .. 255, pixel by pixel."""
    halves = [p.reshape(p.shape[0] // 2, 2, p.shape[1] // 2, 2).mean(axis=(1, 3)) for p in (one, two)]
    rows, cols = halves[0].shape

    def response(tone: np.ndarray, row: int, col: int, side: int, down: bool) -> float:
        total = 0.0
        for i in range(side):
            for j in range(side):
                r, c = row + i - side // 2 + 1, col + j - side // 2 + 1
                if 0 <= r < rows and 0 <= c < cols:
                    total += tone[r, c] * (1 if (i if down else j) < side // 2 else -1)
        return total / side

    above = below = 0.0
    for row in range(rows):
        for col in range(cols):
            for down in (True, False):
                sides = [[abs(response(t, row, col, s, down)) for s in (2, 4, 8)] for t in halves]
                similar = np.mean(
                    [(2 * a * b + 30) / (a * a + b * b + 30) for a, b in zip(*sides, strict=True)][:2]
                )
                weight = max(sides[0][2], sides[1][2])
                above += weight / (1 + np.exp(-4.2 * similar))
                below += weight
    share = above / below
    return float((np.log(share / (1 - share)) / 4.2) ** 2)


def test_it_is_what_the_equations_say_pixel_by_pixel():
    one, two = (255 * p for p in pair(4, (22, 26)))
    assert haarpsi(one, two, data_range=255) == pytest.approx(plain(one, two), abs=1e-10)


def test_structure_in_its_place_is_worth_more_than_none():
    truth = ndimage.gaussian_filter(np.random.default_rng(0).random((96, 96, 3)), (2, 2, 0)) * 8
    noisy = truth + np.random.default_rng(1).normal(0, 0.02, truth.shape)
    smear = ndimage.gaussian_filter(truth, (6, 6, 0))
    assert haarpsi(truth, noisy, data_range=1.0) > haarpsi(truth, smear, data_range=1.0) + 0.1


def test_parts_add_up_to_the_whole():
    one, two = pair(6, (120, 60, 3))
    where = np.random.default_rng(0).random((120, 60)) < 0.3
    total = np.zeros(2)
    for top in range(0, 120, 40):
        first, end = max(0, top - MARGIN), min(120, top + 40 + MARGIN)
        chosen = np.zeros((end - first, 60), bool)
        chosen[top - first : top - first + 40] = where[top : top + 40]
        total += haarpsi_sums(one[first:end], two[first:end], data_range=1.0, where=chosen)
    assert similarity_of(total) == pytest.approx(haarpsi(one, two, data_range=1.0, where=where))


def test_equal_pictures_have_1_and_flat_ones_nothing_to_compare():
    one, _ = pair(2, (32, 33, 3))
    assert haarpsi(one, one, data_range=1.0) == pytest.approx(1)
    assert np.isnan(haarpsi(np.zeros((9, 9)), np.zeros((9, 9)), data_range=1.0))
    assert np.isnan(haarpsi(one, one, data_range=1.0, where=np.zeros((32, 33), bool)))


def test_what_cannot_be_compared_is_refused():
    one, two = pair(2, (32, 33, 3))
    with pytest.raises(GridMismatch):
        haarpsi(one, two[:, 1:], data_range=1.0)
    with pytest.raises(GridMismatch):
        haarpsi(one, two, data_range=1.0, where=np.ones((3, 3), bool))
    with pytest.raises(BadUsage):
        haarpsi(one, two, data_range=0.0)
