"""Biharmonic, tension and direct diffusion: against scikit-image, and against the energy they minimise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from tratteggio.engines import _surface, tension
from tratteggio.engines._surface import surface
from tratteggio.errors import BadUsage


def random_damage(rows: int, cols: int, share: float, seed: int, sigma: float = 1.0):
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.standard_normal((rows, cols)), sigma)
    lost = noise >= np.quantile(noise, 1 - share)
    lost[rows // 2, cols // 2] = False
    return rng.random((rows, cols, 2)), lost


@given(rows=st.integers(5, 30), cols=st.integers(5, 30), share=st.floats(0.02, 0.6), seed=st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_biharmonic_is_scikit_images(rows, cols, share, seed):
    restoration = pytest.importorskip("skimage.restoration")
    image, lost = random_damage(rows, cols, share, seed)
    expected = restoration.inpaint_biharmonic(image, lost, channel_axis=-1)
    known = image[~lost]
    # scikit-image cuts its answer to the range of the known pixels; ours may overshoot.
    got = np.clip(surface(image, lost, bending=1.0, tension=0.0), known.min(axis=0), known.max(axis=0))
    assert_allclose(got[lost], expected[lost], atol=1e-7)


def energy(image: np.ndarray, bending: float, tension: float) -> float:
    """The sum that the module's docstring gives, written plainly."""
    laplacian = sum(
        ndimage.correlate1d(image, [1, -2, 1], axis=axis, mode="nearest") for axis in (0, 1)
    )  # "nearest" makes a missing neighbour equal to the centre: it drops out
    steps = sum((np.diff(image, axis=axis) ** 2).sum() for axis in (0, 1))
    return bending * (laplacian**2).sum() + tension * steps


@pytest.mark.parametrize(("bending", "tension"), [(1.0, 0.0), (1.0, 2.0), (0.0, 1.0)])
@pytest.mark.parametrize("share", [0.05, 0.6])
def test_no_small_change_of_the_fill_costs_less_energy(bending, tension, share):
    image, lost = random_damage(14, 17, share, seed=3)
    image[lost] = surface(image, lost, bending=bending, tension=tension)[lost]
    least = energy(image, bending, tension)
    for row, col in np.argwhere(lost):
        for change in (1e-3, -1e-3):
            other = image.copy()
            other[row, col] += change
            assert energy(other, bending, tension) > least


def test_components_of_all_sizes_agree_with_one_dense_system():
    """Dense stacks, single factorisations and several batches give what one big solve gives."""
    image, lost = random_damage(60, 60, 0.25, seed=5, sigma=1.5)
    got = surface(image, lost, bending=1.0, tension=0.5)
    points = np.flatnonzero(lost)
    impulses = np.zeros((lost.size, *lost.shape))
    impulses[np.arange(lost.size), np.arange(lost.size) // 60, np.arange(lost.size) % 60] = 1
    laplacian = sum(
        ndimage.correlate1d(impulses, [1, -2, 1], axis=axis, mode="nearest") for axis in (1, 2)
    ).reshape(lost.size, lost.size)
    system = laplacian @ laplacian - 0.5 * laplacian
    known = np.where(lost[..., None], 0, image).reshape(lost.size, 2)
    expected = np.linalg.solve(system[np.ix_(points, points)], -(system[points] @ known))
    assert_allclose(got[lost], expected, atol=1e-10)


def test_batches_do_not_change_a_bit(monkeypatch):
    image, lost = random_damage(90, 90, 0.2, seed=7, sigma=1.5)
    expected = surface(image, lost, bending=1.0, tension=0.0)
    monkeypatch.setattr(_surface, "BATCH", 100)
    assert_array_equal(surface(image, lost, bending=1.0, tension=0.0), expected)


@given(seed=st.integers(0, 999), share=st.floats(0.02, 0.3))
@settings(max_examples=20, deadline=None)
def test_a_component_alone_is_the_same_to_the_last_bit(seed, share):
    image, lost = random_damage(60, 60, share, seed, sigma=1.5)
    together = surface(image, lost, bending=1.0, tension=0.0)
    labels, count = ndimage.label(ndimage.binary_dilation(lost))
    number = 1 + seed % count
    alone = lost & (labels == number)
    others = lost & ~alone
    image[others] = 0  # known now, but out of the stencil's reach
    assert_array_equal(surface(image, alone, bending=1.0, tension=0.0)[alone], together[alone])


def test_nothing_known_gives_zeros_and_nothing_lost_gives_zeros():
    image = np.ones((4, 5, 3))
    for lost in (np.ones((4, 5), bool), np.zeros((4, 5), bool)):
        assert_array_equal(surface(image, lost, bending=1.0, tension=0.0), 0)


def test_tension_lies_between_its_neighbours():
    """No tension is biharmonic, much tension is Laplace."""
    image, lost = random_damage(40, 40, 0.2, seed=1, sigma=3)
    plate = surface(image, lost, bending=1.0, tension=0.0)
    film = surface(image, lost, bending=0.0, tension=1.0)
    assert_allclose(surface(image, lost, bending=1.0, tension=1e-9), plate, atol=1e-4)
    assert_allclose(surface(image, lost, bending=1e-9, tension=1.0), film, atol=1e-4)


@pytest.mark.parametrize("wrong", [-0.1, float("nan")])
def test_a_negative_tension_is_refused(wrong):
    with pytest.raises(BadUsage, match="tension"):
        tension.make(tension=wrong)
