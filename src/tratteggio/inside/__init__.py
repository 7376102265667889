"""Inside the nets: what they look for, where they answer, what an answer hangs on; and a page of it."""

from tratteggio.inside.explaining import Explanation, explain
from tratteggio.inside.page import explain_file, explain_page

__all__ = ["Explanation", "explain", "explain_file", "explain_page"]
