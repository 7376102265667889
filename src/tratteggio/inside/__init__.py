"""Inside the nets: what they look for, where they answer, what an answer hangs on; and a page of it."""

from tratteggio.inside.explaining import Explanation, explain
from tratteggio.inside.page import explain_file, html

__all__ = ["Explanation", "explain", "explain_file", "html"]
