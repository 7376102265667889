"""What patches are compared by: colours, tones of the structure, texture of the rim, and place."""

import numpy as np
from numpy.testing import assert_allclose

from tratteggio.patches.places import REACH, SIDE, find_places, with_border
from tratteggio.patches.traits import AFAR, DIRECTIONS, ELSEWHERE_PX, traits_of


def case(rows: int = 48, cols: int = 60, *, window: int = 60, seed: int = 0):
    """Stripes that few directions tell, so that nothing is left out."""
    tilt = np.random.default_rng(seed).uniform(0.2, 0.8, 3)
    stripes = 0.5 + 0.4 * np.sin(np.arange(cols)[None, :, None] * tilt) * np.ones((rows, 1, 1))
    lost = np.zeros((rows, cols), bool)
    lost[18:30, 20:32] = True
    picture = with_border(np.where(lost[..., None], 0, stripes))
    places = find_places(lost, np.zeros_like(lost), stride=2)
    structure = with_border(stripes)
    return places, picture, structure, traits_of(places, picture, structure, factor=1, window=(rows, window))


def test_colours_differ_as_the_pixels_do():
    places, picture, _, traits = case()
    wanted = traits.of_places(places, picture)[:, :DIRECTIONS]
    rows, cols = np.divmod(np.concatenate([places.at[:3], traits.sources[:3]]), places.width)
    boxes = [
        picture[r - REACH : r + REACH + 1, c - REACH : c + REACH + 1] for r, c in zip(rows, cols, strict=True)
    ]
    shown = np.concatenate([wanted[:3], traits.known[:3, :DIRECTIONS]])
    pixels = [[((a - b) ** 2).sum() for a in boxes[3:]] for b in boxes[3:]]
    told = [[((a - b) ** 2).sum() for a in shown[3:]] for b in shown[3:]]
    assert_allclose(told, pixels, rtol=1e-3, atol=1e-3)
    assert wanted.shape == (len(places.at), DIRECTIONS)


def test_places_ask_for_the_tones_of_the_structure():
    places, picture, structure, _ = case()
    asked = [
        traits_of(places, picture, led, factor=1, window=(48, 60)).asked for led in (structure, structure + 1)
    ]
    moved = (asked[1] - asked[0])[:, 1:4]
    assert_allclose((moved**2).sum(axis=1), SIDE * SIDE * 3, rtol=1e-3)


def test_distance_costs_as_much_as_a_difference_of_colour():
    places, _, _, traits = case()
    apart = traits.paint[traits.sources] - traits.asked[0]
    rows, cols = np.divmod(traits.sources, places.width)
    row, col = divmod(int(places.at[0]), places.width)
    squared = (rows - row) ** 2 + (cols - col) ** 2
    assert_allclose((apart[:, 4:] ** 2).sum(axis=1), squared * AFAR**2 * SIDE**2 * 3, rtol=1e-3, atol=1e-9)


def test_other_places_of_the_painting_are_all_equally_far():
    places, _, _, traits = case(window=40)
    cols = traits.sources % places.width
    outside = traits.paint[traits.sources[cols > 40 + 2 * REACH]][:, 4:]
    assert (outside == outside[0]).all()
    assert_allclose(outside[0, 2], ELSEWHERE_PX * AFAR * SIDE * np.sqrt(3), rtol=1e-5)


def test_texture_is_asked_for_as_around_the_lacuna():
    _, _, _, traits = case()
    known = traits.paint[traits.sources][:, 0]
    assert known.min() - 0.05 < traits.asked[:, 0].min()
    assert traits.asked[:, 0].max() < known.max() + 0.05
