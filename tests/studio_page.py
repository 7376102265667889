"""Whether the page of the studio can be tested in a browser here, and if not, why."""

import shutil
from importlib import resources
from pathlib import Path

FRONTEND = Path(__file__).parents[1] / "frontend"


def why_no_browser() -> str:
    """Return what is missing, as a sentence; empty if nothing is."""
    if shutil.which("node") is None:
        return "Node.js is not installed, so the page of the studio is not tested in a browser"
    if shutil.which("chromium") is None:
        return "Chromium is not installed, so the page of the studio is not tested in a browser"
    if not (FRONTEND / "node_modules" / "playwright-core").is_dir():
        return "the page of the studio was not built here; run `make frontend`"
    if not (resources.files("tratteggio.studio") / "built" / "index.html").is_file():
        return "the page of the studio was not built here; run `make frontend`"
    return ""
