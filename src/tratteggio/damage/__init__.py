"""What was found: strengths traced to pieces; a map by class with a policy each; cracks as a graph."""

from tratteggio.damage.classes import CLASSES, PALETTE, index_of, policies
from tratteggio.damage.damage_map import Area, DamageMap, length_px, mapped
from tratteggio.damage.finding import Strengths, found
from tratteggio.damage.graph import CrackGraph, Edge, crack_graph
from tratteggio.damage.rose import rose
from tratteggio.damage.tracing import traced

__all__ = [
    "CLASSES",
    "PALETTE",
    "Area",
    "CrackGraph",
    "DamageMap",
    "Edge",
    "Strengths",
    "crack_graph",
    "found",
    "index_of",
    "length_px",
    "mapped",
    "policies",
    "rose",
    "traced",
]
