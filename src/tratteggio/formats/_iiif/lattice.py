"""The tiles of a IIIF image: which there are, what each covers, and what it is called.

Source: IIIF Image API 3.0, section 4.7 (canonical form) and section 5.4 (`scaleFactors`).
"""

from __future__ import annotations

from collections.abc import Iterator

from tratteggio.painting import Region

TILE = 512  # px a side of the tiles that we write
ENDING = "0/default.jpg"  # rotation, quality and format


def tile_path(grid: tuple[int, int], region: Region, factor: int, *, version: int = 3) -> str:
    """Return where a tile lies, from the address of its image: "0,0,512,512/512,512/0/default.jpg".

    Args:
        grid: rows and columns of the image at full size.
        region: what the tile covers, in full pixels; it begins at a multiple of the tile's size.
        factor: full pixels a side of one pixel of the tile.
        version: of the Image API, which names sizes in another way in 2 than in 3.

    Example:
        >>> tile_path((600, 1000), Region(0, 512, 512, 1000), 1)
        '512,0,488,512/488,512/0/default.jpg'
        >>> tile_path((300, 400), Region(0, 0, 300, 400), 1)
        'full/max/0/default.jpg'
    """
    rows, cols = -(-region.rows // factor), -(-region.cols // factor)
    whole = region == Region.whole(grid)
    place = "full" if whole else f"{region.left},{region.top},{region.cols},{region.rows}"
    if version == 2:
        return f"{place}/{'full' if whole and factor == 1 else f'{cols},'}/{ENDING}"
    return f"{place}/{'max' if whole and factor == 1 else f'{cols},{rows}'}/{ENDING}"


def size_path(size: tuple[int, int], grid: tuple[int, int]) -> str:
    """Return where the whole image lies at a size of (rows, columns)."""
    return f"full/{'max' if size == grid else f'{size[1]},{size[0]}'}/{ENDING}"


def scale_factors(grid: tuple[int, int], tile: int = TILE) -> list[int]:
    """Return 1, 2, 4, ... up to the factor at which one tile holds the image.

    Example:
        >>> scale_factors((1000, 2000))
        [1, 2, 4]
    """
    factors = [1]
    while max(grid) > tile * factors[-1]:
        factors.append(2 * factors[-1])
    return factors


def row_of_tiles(grid: tuple[int, int], factor: int, row: int, tile: int = TILE) -> Iterator[Region]:
    """Yield what each tile of a row covers, in full pixels, from left to right."""
    side = tile * factor
    for left in range(0, grid[1], side):
        yield Region(row * side, left, (row + 1) * side, left + side).meet(Region.whole(grid))
