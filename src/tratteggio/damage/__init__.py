"""What was found: strengths traced to pieces; a map by class with a policy each."""

from tratteggio.damage.classes import CLASSES, PALETTE, index_of, policies
from tratteggio.damage.damage_map import Area, DamageMap, length_px, mapped
from tratteggio.damage.finding import Strengths, found
from tratteggio.damage.tracing import traced

__all__ = [
    "CLASSES",
    "PALETTE",
    "Area",
    "DamageMap",
    "Strengths",
    "found",
    "index_of",
    "length_px",
    "mapped",
    "policies",
    "traced",
]
