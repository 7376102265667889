"""`info.json`, the description of a IIIF image: written for ours, and read with suspicion.

Source: IIIF Image API 3.0, section 5; Image API 2.1, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.files.documents import require
from tratteggio.files.limits import require_decodable
from tratteggio.formats._iiif.lattice import TILE, scale_factors

CONTEXT = "http://iiif.io/api/image/{}/context.json"
PROTOCOL = "http://iiif.io/api/image"
WHAT = "IIIF image description"
REMEDY = "ask whoever serves it"
LONGEST = 1 << 20  # px a side; the largest photograph of a painting has 925,000
Side = Annotated[int, Meta(ge=1, le=LONGEST)]
MOST_FACTORS, MOST_TILES = 64, 16


Factors = Annotated[list[Annotated[int, Meta(ge=1, le=LONGEST)]], Meta(min_length=1, max_length=MOST_FACTORS)]


class _Tiles(msgspec.Struct):
    """One entry of `tiles`."""

    width: Side
    factors: Factors = msgspec.field(name="scaleFactors")
    height: Side | None = None


class _Document(msgspec.Struct):
    """What we need of an `info.json`."""

    width: Side
    height: Side
    profile: Any
    context: Any = msgspec.field(name="@context")
    tiles: Annotated[list[_Tiles], Meta(max_length=MOST_TILES)] = []


@dataclass(frozen=True)
class Info:
    """A IIIF image, as its description has it.

    Attributes:
        version: of the Image API, 2 or 3.
        grid: rows and columns at full size.
        tile: rows and columns of a tile; those of the image if it has no tiles.
        factors: full pixels a side of one pixel, for each size in which there are tiles; 1 is among them.
    """

    version: int
    grid: tuple[int, int]
    tile: tuple[int, int]
    factors: tuple[int, ...]


def describe_image(
    address: str,
    grid: tuple[int, int],
    *,
    level: int,
    sizes: Sequence[tuple[int, int]],
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the `info.json` of an image that we serve or write.

    Args:
        address: of the image, without "/" at the end.
        grid: rows and columns.
        level: of compliance, 0 to 2.
        sizes: rows and columns at which the whole image is there, in any order.
        more: further keys.
    """
    return {
        "@context": CONTEXT.format(3),
        "id": address,
        "type": "ImageService3",
        "protocol": PROTOCOL,
        "profile": f"level{level}",
        "width": grid[1],
        "height": grid[0],
        "sizes": [{"width": cols, "height": rows} for rows, cols in sorted(sizes)],
        "tiles": [{"width": TILE, "height": TILE, "scaleFactors": scale_factors(grid)}],
        **(more or {}),
    }


def understand(document: Mapping[str, Any], source: str) -> Info:
    """Return what a description says, if an image can be read by it.

    Args:
        document: the parsed `info.json`.
        source: its file or address, for messages.

    Raises:
        UnreadableFile: a size is missing, 0 or beyond belief.
        UnsupportedFile: another version, or no tiles at full size.
    """
    found = require(dict(document), _Document, Path(source), what=WHAT, remedy=REMEDY)
    version = _version(found, source)
    grid = found.height, found.width
    if not found.tiles:
        return _without_tiles(found, version, source)
    tiles = min(found.tiles, key=lambda one: min(one.factors))
    if 1 not in tiles.factors:
        raise UnsupportedFile(
            f"{source} offers no tiles at full size (scale factors {tiles.factors}); {REMEDY} for the scan"
        )
    tile = min(tiles.height or tiles.width, grid[0]), min(tiles.width, grid[1])
    require_decodable(Path(source), tile[0] * tile[1] * 3, what="tiles")
    return Info(version, grid, tile, tuple(sorted(set(tiles.factors))))


def _version(found: _Document, source: str) -> int:
    contexts = found.context if isinstance(found.context, list) else [found.context]
    for version in (3, 2):
        if CONTEXT.format(version) in contexts:
            return version
    raise UnsupportedFile(
        f"{source} is no description of the IIIF Image API 2 or 3: @context is {contexts!r:.100}"
    )


def _without_tiles(found: _Document, version: int, source: str) -> Info:
    """Read a server of level 1 or 2 in tiles of our own; an image of level 0 as a whole."""
    grid = found.height, found.width
    said = found.profile[0] if isinstance(found.profile, list) and found.profile else found.profile
    if any(f"level{level}" in str(said) for level in (1, 2)):
        return Info(version, grid, (min(TILE, grid[0]), min(TILE, grid[1])), tuple(scale_factors(grid)))
    try:
        require_decodable(Path(source), grid[0] * grid[1] * 3)
    except UnreadableFile as error:
        raise UnsupportedFile(f"{source} offers no tiles; {REMEDY} for the scan") from error
    return Info(version, grid, grid, (1,))
