"""Tones that meet: the equations against a dense solver, no step at the rim, nothing else touched."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.patches.closing import EDGE, SCREEN, close_seams


def case(seed: int = 0, offset: float = 0.0):
    rng = np.random.default_rng(seed)
    paint = rng.random((16, 18, 2))
    lost = np.zeros((16, 18), bool)
    lost[5:10, 6:12] = True
    moved = np.where(lost, np.where(np.arange(18) < 9, 5 * 18 - 1, 3), 0)
    laid = paint.copy().reshape(-1, 2)
    at = np.flatnonzero(lost)
    laid[at] = laid[at + moved.ravel()[at]] + offset
    return paint, lost, moved, laid.reshape(paint.shape)


def test_it_is_what_a_dense_solver_finds():
    paint, lost, moved, laid = case()
    at, width, flat, steps = np.flatnonzero(lost), 18, paint.reshape(-1, 2), moved.ravel()
    number = {int(p): k for k, p in enumerate(at)}
    system, own = np.zeros((len(at), len(at))), np.zeros((len(at), 2))
    for k, p in enumerate(at):
        system[k, k] += SCREEN
        own[k] += SCREEN * laid.reshape(-1, 2)[p]
        for q in (p - width, p + width, p - 1, p + 1):
            shifts = (steps[p], steps[q] if q in number else steps[p])
            shown = [flat[p + s] - flat[q + s] for s in shifts if not ({p + s, q + s} & set(number))]
            laid_there = laid.reshape(-1, 2)[p] - laid.reshape(-1, 2)[q]
            told = max(shown, key=lambda d: (d**2).sum(), default=laid_there)
            if q in number:  # a step that neither patch shows is an edge
                told = told + (1 - np.exp(-((laid_there - told) ** 2).mean() / EDGE**2)) * (laid_there - told)
            system[k, k] += 1
            own[k] += told
            if q in number:
                system[k, number[q]] -= 1
            else:
                own[k] += laid.reshape(-1, 2)[q]
    expected = np.linalg.solve(system, own)
    found = close_seams(laid, paint, moved, lost, inside=np.ones_like(lost), tones=laid)
    assert_allclose(found[lost], expected, atol=1e-3)
    assert_array_equal(found[~lost], paint[~lost])


def test_a_patch_of_another_tone_takes_the_tone_of_the_rim():
    """A ramp laid into a ramp, brighter by a third: the step goes, the slope stays."""
    ramp = np.tile(np.linspace(0, 1, 40)[:, None], (1, 80))[..., None]
    lost = np.zeros((40, 80), bool)
    lost[12:28, 12:28] = True
    moved = np.where(lost, 30, 0)
    laid = np.where(lost[..., None], ramp + 0.3, ramp)
    closed = close_seams(laid, ramp, moved, lost, inside=np.ones_like(lost), tones=ramp)
    assert_allclose(closed, ramp, atol=2e-3)


def test_light_does_not_run_into_dark_where_two_pieces_meet():
    """White paint and black paint, laid side by side, come from places that show no step."""
    source = np.zeros((40, 80, 1))
    source[:, 60:] = 1
    lost = np.zeros((40, 80), bool)
    lost[12:28, 12:28] = True
    moved = np.where(lost, np.where(np.arange(80) < 20, 50, 14), 0)
    moved[:, :12], moved[:, 28:] = 0, 0
    laid = np.where(
        lost[..., None], source.reshape(-1, 1)[np.arange(source.size).reshape(40, 80) + moved], source
    )
    assert laid[20, 14] == 1
    assert laid[20, 24] == 0
    closed = close_seams(laid, source, moved, lost, inside=np.ones_like(lost), tones=laid)
    assert closed[20, 19, 0] - closed[20, 20, 0] > 0.8


def test_where_nothing_is_lost_nothing_is_solved():
    paint, lost, moved, _ = case()
    none = np.zeros_like(lost)
    assert close_seams(paint, paint, moved, none, inside=~none, tones=paint) is paint
