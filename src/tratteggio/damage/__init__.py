"""Damage: strengths, thresholds and tracing; maps by class with a policy for each; cracks as a graph."""

from typing import NoReturn

from tratteggio.damage.classes import CLASSES, PALETTE, index_of, policies
from tratteggio.damage.damage_map import Area, DamageMap, length_px, merge_classes
from tratteggio.damage.finding import Strengths, threshold_and_trace
from tratteggio.damage.graph import CrackGraph, Edge, crack_graph
from tratteggio.damage.rose import rose
from tratteggio.damage.tracing import trace_damage
from tratteggio.painting.legend import LEGEND, describe_colour
from tratteggio.renamed import refuse_former

__all__ = [
    "CLASSES",
    "LEGEND",
    "PALETTE",
    "Area",
    "CrackGraph",
    "DamageMap",
    "Edge",
    "Strengths",
    "crack_graph",
    "describe_colour",
    "index_of",
    "length_px",
    "merge_classes",
    "policies",
    "rose",
    "threshold_and_trace",
    "trace_damage",
]


def __getattr__(name: str) -> NoReturn:
    refuse_former(
        __name__, name, {"found": "threshold_and_trace", "mapped": "merge_classes", "traced": "trace_damage"}
    )
