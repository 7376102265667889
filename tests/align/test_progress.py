"""Aligning tells how far it is, in steps that never go back."""

import numpy as np

import tratteggio as tg
from tratteggio.align import mosaic
from tratteggio.painting import Scan
from tratteggio.phantom import panel

PAINTED = panel(192, 200, seed=1).painted
GREY = 255 - PAINTED.read()[..., 0]


def test_registering_tells_every_step_and_mirrored_scans_add_some() -> None:
    told: list[tuple[int, int]] = []
    others = {"irr": Scan(GREY, name="irr"), "xray": Scan(GREY[:, ::-1].copy(), name="xray")}
    tg.register(PAINTED, others, progress=lambda done, whole: told.append((done, whole)))
    done = [one for one, _ in told]
    assert done == sorted(done)
    assert told[0][1] < told[-1][1], "the try mirrored was not foreseen"
    assert told[-1][0] == told[-1][1]
    assert len(set(done)) > 6


def test_a_mosaic_tells_tiles_pairs_and_rounds() -> None:
    told: list[tuple[int, int]] = []
    tiles = [np.ascontiguousarray(GREY[:, left : left + 130]) for left in (0, 70)]
    mosaic(tiles, progress=lambda done, whole: told.append((done, whole)))
    assert [done for done, _ in told] == list(range(1, told[-1][1] + 1))
