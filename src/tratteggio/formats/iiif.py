"""IIIF: paintings on the web. A folder that any web server hands out is written; images are read in tiles.

    panel.iiif/
        manifest.json               the painting: a choice of pictures, damage, rights (Presentation API 3.0)
        history.json                how the proposal was made
        damage/loss.json            outlines of one kind of damage, as annotations
        rgb/info.json               a picture (Image API 3.0, level 0)
        rgb/0,0,512,512/512,512/0/default.jpg
        proposal/...

An image is opened by its `info.json`, here or on a web server: as JPEG of 8 bit, which is said.
Source: IIIF Image API 3.0 and 2.1, Presentation API 3.0 (iiif.io).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tratteggio.formats._iiif.fetch import NAME, address_of
from tratteggio.painting import Stack
from tratteggio.roles import Facts, Keeps, Publication

FACTS = Facts(
    title="IIIF image",
    suffixes=(".iiif",),
    keeps=Keeps(depths=("uint8",), channels=(1, 3), lossless=False, pyramid=True),
    folder="manifest.json",
    names_scans=True,
    codec="jpeg",
)


def recognizes(path: Path, start: bytes) -> bool:  # noqa: ARG001 one signature for all formats
    """True if a path is an `info.json`, here or on a web server, or a folder that holds one."""
    if path.name == NAME:
        return address_of(path) is not None or path.is_file()
    return path.is_dir() and (path / NAME).is_file()


def open_stack(path: Path) -> Stack:
    """Open one image as a stack of its own, see `StackReader`."""
    from tratteggio.formats._iiif.read import open_image  # noqa: PLC0415

    return Stack((open_image(path),))


def read_history(path: Path) -> None:
    """Return None: an image does not say how it came to be."""


def publish(
    publication: Publication, folder: Path, *, address: str, progress: Callable[[int, int], None] | None
) -> None:
    """Write one painting, see `Publisher`."""
    from tratteggio.formats._iiif.manifest import write_manifest  # noqa: PLC0415
    from tratteggio.formats._iiif.tiles import write_images  # noqa: PLC0415

    first, *others = publication.layers
    alone = [layer for layer in others if layer.differs is None]
    rows, cols = first.scan.grid
    total, done = (1 + len(alone)) * rows * cols, 0

    def read(pixels: int) -> None:
        nonlocal done
        done += pixels
        if progress:
            progress(done, total)

    together = [first, *(layer for layer in others if layer.differs is not None)]
    for layers in (together, *([layer] for layer in alone)):
        write_images(layers, folder, address=address, read=read)
    write_manifest(publication, folder, address=address)


def collect(title: str, members: Sequence[tuple[str, str]], folder: Path, *, address: str) -> None:
    """Write the list of several paintings, see `Publisher`."""
    from tratteggio.formats._iiif.manifest import write_collection  # noqa: PLC0415

    write_collection(title, members, folder, address=address)
