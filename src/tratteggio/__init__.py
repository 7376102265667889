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
    from tratteggio.evaluation import evaluate_file as evaluate
    from tratteggio.evaluation import verify_file as verify
    from tratteggio.features import encode
    from tratteggio.files import inspect
    from tratteggio.inside import explain
    from tratteggio.pages import curtain_file as compare
    from tratteggio.pages import report_file as report
    from tratteggio.painting import Lacunae, Restoration, Scan, Stack
    from tratteggio.recipes import adapt, train
    from tratteggio.treatment import detect, enhance, inpaint, open, reopen  # noqa: A004 - reads as `tg.open`

# Public name -> the room it lives in and its name there.
_HOME = {
    "Lacunae": ("painting", "Lacunae"),
    "Restoration": ("painting", "Restoration"),
    "Scan": ("painting", "Scan"),
    "Stack": ("painting", "Stack"),
    "adapt": ("recipes", "adapt"),
    "compare": ("pages", "curtain_file"),
    "detect": ("treatment", "detect"),
    "encode": ("features", "encode"),
    "enhance": ("treatment", "enhance"),
    "evaluate": ("evaluation", "evaluate_file"),
    "explain": ("inside", "explain"),
    "inpaint": ("treatment", "inpaint"),
    "inspect": ("files", "inspect"),
    "mosaic": ("align", "mosaic"),
    "open": ("treatment", "open"),
    "register": ("align", "register"),
    "reopen": ("treatment", "reopen"),
    "report": ("pages", "report_file"),
    "train": ("recipes", "train"),
    "verify": ("evaluation", "verify_file"),
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
    "mosaic",
    "open",
    "register",
    "reopen",
    "report",
    "train",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its room on first use."""
    if name in _HOME:
        room, there = _HOME[name]
        return getattr(import_module(f"tratteggio.{room}"), there)
    raise AttributeError(f"module 'tratteggio' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Public names, loaded or not."""
    return sorted({*globals(), *_HOME})
