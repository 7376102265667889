"""One table gives each thing one colour, and each colour one meaning."""

from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from tratteggio import treatment
from tratteggio.damage import CLASSES, LEGEND
from tratteggio.painting import Scan
from tratteggio.painting.labels import KINDS
from tratteggio.painting.legend import BACKGROUND, FORMER_STROKES


def test_no_colour_has_two_meanings():
    used = [colour for entry in LEGEND.values() for colour in (entry.colour, *entry.also)]
    used += [BACKGROUND, *FORMER_STROKES]
    assert len(set(used)) == len(used)


def test_all_colours_can_be_told_apart():
    """Weighted distance in RGB; the limit is about a sixth of the distance from black to white."""
    for one, other in combinations([BACKGROUND, *(entry.colour for entry in LEGEND.values())], 2):
        assert np.linalg.norm(np.subtract(one, other)) > 72, (one, other)


def test_maps_and_strokes_take_their_colours_from_the_legend():
    assert {name: kind.colour for name, kind in CLASSES.items()} == {
        name: LEGEND[name].colour for name in CLASSES
    }
    assert set(KINDS) <= set(LEGEND)


def test_green_is_sound_paint_in_a_map_too(tmp_path: Path):
    array = np.zeros((4, 6, 3), np.uint8)
    array[0], array[1] = LEGEND["paint"].colour, LEGEND["scratch"].colour
    Image.fromarray(array).save(tmp_path / "map.png")
    damage = treatment.read_damage(tmp_path / "map.png", Scan(array))
    assert np.unique(damage.indices[:, :]).tolist() == [0, 2]
    assert not damage.indices[0].any()
