"""What was done to a picture, as C2PA tells it: actions from its history, and the scan they began with.

Source: C2PA Technical Specification 2.2, 18.10 (ingredients) and 18.15 (actions). An edited picture begins
with `c2pa.opened`, which names its parent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tratteggio.files.source_type import source_type

PARENT = "source"  # by which the action refers to the ingredient
VENDOR = "tratteggio"  # of our own parameters


def parent_of(history: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the scan that a picture was made from: its name, and its hash as id; no pixels."""
    source = history.get("source", {})
    described = {"label": PARENT, "relationship": "parentOf", "title": str(source.get("name", "scan"))}
    if "sha256" in source:
        described["instance_id"] = f"sha256:{source['sha256']}"
    return described


def actions_of(history: Mapping[str, Any], *, history_sha256: str) -> list[dict[str, Any]]:
    """Return the actions of a history, in order.

    A fill and a finish are `c2pa.edited`, each filter or enhancer `c2pa.filtered` or, if it changes the grid,
    `c2pa.resized`. Each says by what, and its digitalSourceType; the first names the hash of the history.

    Args:
        history: of a proposal or an enhanced picture.
        history_sha256: of the file beside the picture.
    """
    steps = history.get("hypothesis", ())
    done = [_fill(history)] if "engine" in history else [_step(step) for step in steps]
    agent = {"name": "tratteggio", "version": str(history.get("tratteggio", ""))}
    term = source_type(history)
    common = {"softwareAgent": agent} | ({} if term is None else {"digitalSourceType": term})
    if "created" in history:
        common["when"] = str(history["created"])
    made = [{**action, **common} for action in done]
    for action in made[:1]:
        action["parameters"] = {f"{VENDOR}.history_sha256": history_sha256}
    return [{"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT]}}, *made]


def _fill(history: Mapping[str, Any]) -> dict[str, Any]:
    lost = history.get("lacunae", {}).get("lost_px")
    where = "lacunae" if lost is None else f"lacunae of {lost:,} pixels"
    return {
        "action": "c2pa.edited",
        "description": f"Proposal: {where} filled by engine {history['engine']['name']}, shown with finish "
        f"{history.get('finish', {}).get('name', 'mimetic')}; all other pixels are those of the source.",
    }


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    name = step.get("enhancer") or step.get("filter") or "unknown"
    kind = "enhancer" if "enhancer" in step else "filter"
    resized = step.get("scale", 1) != 1
    return {
        "action": "c2pa.resized" if resized else "c2pa.filtered",
        "description": f"Hypothesis: every pixel is computed by {kind} {name}.",
    }
