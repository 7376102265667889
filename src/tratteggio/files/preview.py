"""Small images of a restoration for a notebook: the original and the proposal side by side."""

from __future__ import annotations

from tratteggio.files.embedding import img
from tratteggio.files.overview import overview
from tratteggio.markup import Markup, html
from tratteggio.painting import Restoration
from tratteggio.painting.pixels import Array

LONGEST_PX = 360  # of each thumbnail


def preview(restoration: Restoration) -> Markup:
    """Return thumbnails of the original and the proposal, and the lines of `repr`, as HTML.

    Args:
        restoration: its pixels are read once, from smaller copies in its file if there are any.
    """
    original = restoration.original
    return html(
        "<table><tr><td>{}</td><td>{}</td></tr></table><pre>{}</pre>",
        _figure(original.name, overview(original, longest=LONGEST_PX)),
        _figure("proposal", overview(original, longest=LONGEST_PX, pixels=restoration.pixels)),
        repr(restoration),
    )


def _figure(title: str, image: Array) -> Markup:
    return html("<figure>{}<figcaption>{}</figcaption></figure>", img(image, title), title)
