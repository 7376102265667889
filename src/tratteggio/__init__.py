"""tratteggio: virtual restoration and technical investigation of paintings.

    import tratteggio as tg

    restoration = tg.inpaint("panel.tif", "lost.png")     # files and nouns give a Restoration
    restoration.save("proposal.tif")
    filled = tg.inpaint(array, lost)                        # arrays give an array

Names are imported when they are first used, so that `import tratteggio` costs next to nothing.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# Two to three times faster convolutions on the CPU: torch asks for huge pages, which saves page faults.
# Torch reads it when it is first imported, so it is set before anything can do so; a user's own value wins.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

from tratteggio.version import __version__

if TYPE_CHECKING:
    from tratteggio.align.mosaic import mosaic
    from tratteggio.align.register import register
    from tratteggio.credentials import sign
    from tratteggio.evaluation import evaluate, verify
    from tratteggio.explanation import explain
    from tratteggio.features import encode, learn
    from tratteggio.files import inspect
    from tratteggio.pages.comparison import compare
    from tratteggio.pages.report import report
    from tratteggio.pages.treatment_report import treatment_report
    from tratteggio.painting import Lacunae, Restoration, Scan, Stack
    from tratteggio.recipes import adapt, train
    from tratteggio.treatment import detect, enhance, inpaint, open, reopen  # noqa: A004 - reads as `tg.open`

# Public name -> the package it lives in, under the same name.
_HOME = {
    "Lacunae": "painting",
    "Restoration": "painting",
    "Scan": "painting",
    "Stack": "painting",
    "adapt": "recipes",
    "compare": "pages",
    "detect": "treatment",
    "encode": "features",
    "enhance": "treatment",
    "evaluate": "evaluation",
    "explain": "explanation",
    "inpaint": "treatment",
    "inspect": "files",
    "learn": "features",
    "mosaic": "align",
    "open": "treatment",
    "register": "align",
    "reopen": "treatment",
    "report": "pages",
    "sign": "credentials",
    "train": "recipes",
    "treatment_report": "pages",
    "verify": "evaluation",
}

__all__ = [
    "Lacunae",
    "Restoration",
    "Scan",
    "Stack",
    "__version__",
    "adapt",
    "compare",
    "detect",
    "encode",
    "enhance",
    "evaluate",
    "explain",
    "inpaint",
    "inspect",
    "learn",
    "mosaic",
    "open",
    "register",
    "reopen",
    "report",
    "sign",
    "train",
    "treatment_report",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its package on first use."""
    if name in _HOME:
        return getattr(import_module(f"tratteggio.{_HOME[name]}"), name)
    raise AttributeError(f"module 'tratteggio' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Public names, loaded or not."""
    return sorted({*globals(), *_HOME})
