"""Colours for grey beside one tint: the smoke scale whole, and what its ways may see."""

import json
from pathlib import Path

import numpy as np
import pytest

from tratteggio import experiments
from tratteggio.experiments import colouring


@pytest.mark.usefixtures("weights_at_hand")
def test_the_smoke_scale_goes_through_and_proves_nothing(tmp_path: Path) -> None:
    experiments.reproduce("colouring", out=tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    whole, half = ({row["name"]: row["ours"]["dE00"] for row in t["rows"]} for t in report["tables"])
    assert whole["hints: 100 dots"] < whole["hints: 10 dots"] < whole["grey"]
    assert half[colouring.KEPT] > 0
    assert {claim["verdict"] for claim in report["claims"]} == {"not attempted"}
    assert 0 < (tmp_path / "out" / "sheet.jpg").stat().st_size <= 100_000


@pytest.mark.usefixtures("weights_at_hand")
def test_no_way_sees_colours_beyond_its_hints() -> None:
    """Another right half changes only the ways that are given dots on it."""
    rng = np.random.default_rng(0)
    lab = np.concatenate([rng.uniform(20, 80, (24, 32, 1)), rng.normal(0, 20, (24, 32, 2))], axis=-1)
    other = lab.copy()
    other[:, 16:, 1:] = -other[:, 16:, 1:]
    mean = np.array([1.0, 2.0])
    one, two = (colouring.colour(picture, mean, np.random.default_rng(1)) for picture in (lab, other))
    changed = [way for way in one if not np.array_equal(one[way], two[way])]
    assert changed == [f"hints: {count} dots" for count in colouring.DOTS]
