"""tratteggio: virtual restoration and technical investigation of paintings."""

import os

# Two to three times faster convolutions on the CPU: torch asks for huge pages, which saves page faults.
# Torch reads it when it is first imported, so it is set before anything can do so; a user's own value wins.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

from tratteggio.version import __version__

__all__ = ["__version__"]
