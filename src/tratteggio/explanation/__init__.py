"""What a net responds to: filters, activations, patches, projections, occlusion; and a page."""

from tratteggio.explanation.explaining import Explanation, explain
from tratteggio.explanation.page import explain_file, explain_page

__all__ = ["Explanation", "explain", "explain_file", "explain_page"]
