"""Paintings cut in two: no pixel, and no patch, on both sides."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tratteggio.errors import BadUsage
from tratteggio.painting import Scan, Stack
from tratteggio.training.patches import AS_THEY_ARE, Patches
from tratteggio.training.sources import Arrays, Stacks
from tratteggio.training.spatial_split import spatial_halves, split_spatially


@given(rows=st.integers(2, 300), cols=st.integers(2, 300), guard=st.integers(0, 60))
def test_halves_are_equal_apart_and_within_the_painting(rows, cols, guard):
    if max(rows, cols) < guard + 2:
        with pytest.raises(BadUsage, match="cannot be split in two"):
            spatial_halves((rows, cols), guard=guard)
        return
    one, other = spatial_halves((rows, cols), guard=guard)
    assert (one.rows, one.cols) == (other.rows, other.cols)
    assert one.meet(other).empty
    between = max(other.top - one.bottom, other.left - one.right)
    assert guard <= between <= guard + 1
    assert one.join(other) == (0, 0, rows, cols)


def test_what_is_learnt_from_is_never_measured_on():
    """Each pixel tells its own row: patches of the two halves keep 32 rows between them."""
    rows = np.repeat(np.arange(200, dtype=np.uint8)[:, None, None], 60, axis=1)
    learnt, aside = split_spatially(Arrays([rows]))
    options = {"side": 32, "damage": "none", "augment": AS_THEY_ARE, "per_picture": None}
    seen = [
        np.concatenate([Patches(half, **options)[k][0].ravel() for k in range(200)])
        for half in (learnt, aside)
    ]
    assert np.rint(seen[1].min() * 255) - np.rint(seen[0].max() * 255) > 32
    assert (learnt.name(0), learnt.grid(0), learnt.unreadable) == ("array 0", (84, 60), ())


def test_halves_of_stacks_keep_all_modalities():
    rng = np.random.default_rng(0)
    rgb, irr = rng.integers(0, 256, (100, 80, 3), np.uint8), rng.integers(0, 2**16, (100, 80), np.uint16)
    learnt, _ = split_spatially(Stacks([Stack((Scan(rgb), Scan(irr, "irr")))]))
    assert learnt.read(0).shape == (34, 80, 4)
    assert np.array_equal(learnt.read(0)[..., :3], rgb[:34])


def test_halves_travel_to_other_processes():
    learnt, _ = split_spatially(Arrays([np.arange(240, dtype=np.uint8).reshape(80, 3)]))
    assert np.array_equal(pickle.loads(pickle.dumps(learnt)).read(0), learnt.read(0))
