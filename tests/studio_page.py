"""Whether the page of the studio can be tested in a browser here, and if not, why."""

import shutil
from importlib import resources
from pathlib import Path

FRONTEND = Path(__file__).parents[1] / "frontend"
NOT_BUILT = "the page of the studio was not built here; run `make frontend`"


def is_built() -> bool:
    """Say whether the page is there."""
    return (resources.files("tratteggio.studio") / "built" / "index.html").is_file()


def why_no_browser() -> str:
    """Return what is missing, as a sentence; empty if nothing is."""
    for program in ("node", "chromium"):
        if shutil.which(program) is None:
            return f"{program} is not installed, so the page of the studio is not tested in a browser"
    playwright = FRONTEND / "node_modules" / "playwright-core"
    return "" if is_built() and playwright.is_dir() else NOT_BUILT
