"""The nouns: what a painting is made of here. Frozen, lazy, without file formats and without torch."""

from tratteggio.painting.labels import Labels
from tratteggio.painting.lacunae import Groups, Lacunae
from tratteggio.painting.pixels import Mapped, Pixels
from tratteggio.painting.reduced import Pyramid, read_reduced
from tratteggio.painting.region import Region
from tratteggio.painting.restoration import Restoration
from tratteggio.painting.scan import Metadata, Scan
from tratteggio.painting.stack import Stack

__all__ = [
    "Groups",
    "Labels",
    "Lacunae",
    "Mapped",
    "Metadata",
    "Pixels",
    "Pyramid",
    "Region",
    "Restoration",
    "Scan",
    "Stack",
    "read_reduced",
]
