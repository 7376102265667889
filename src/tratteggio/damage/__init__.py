"""What was found: strengths traced to pieces; a map by class with a policy each; cracks as a graph."""

from tratteggio.damage.finding import Strengths, found
from tratteggio.damage.tracing import traced

__all__ = ["Strengths", "found", "traced"]
