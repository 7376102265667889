"""The built page, served from memory: no path of a request reaches the disk."""

from __future__ import annotations

from importlib import resources

from tratteggio.errors import MissingExtra

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}
BUILT = "built"


def page_files() -> dict[str, tuple[bytes, str]]:
    """Return all files of the page by name, with their media types.

    Raises:
        MissingExtra: the page was not built into this installation.
    """
    folder = resources.files("tratteggio.studio") / BUILT
    files = {}
    if folder.is_dir():
        for file in folder.iterdir():
            suffix = "." + file.name.rpartition(".")[2]
            if suffix in KINDS and file.is_file():
                files[file.name] = (file.read_bytes(), KINDS[suffix])
    if "index.html" not in files:
        raise MissingExtra(
            "the page of the studio was not built into this installation; install a wheel of tratteggio, or "
            "install Node.js 20 or later and run `make frontend` in the checkout"
        )
    return files
