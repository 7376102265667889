"""A raw file as cameras write them, from a mosaic: a DNG of one uncompressed strip."""

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

COLOURS = {"R": 0, "G": 1, "B": 2}


def write_dng(
    path: Path,
    mosaic: NDArray[np.uint16],
    *,
    pattern: str = "RGGB",
    black: int = 512,
    white: int = 16383,
    neutral: tuple[float, float, float] = (0.5, 1.0, 0.625),
) -> Path:
    """Write a DNG 1.4; `neutral` is what the camera sees of grey, and the matrix is that of sRGB itself."""
    side = round(len(pattern) ** 0.5)
    xyz_to_camera = [
        3.2404542,
        -1.5371385,
        -0.4985314,
        -0.969266,
        1.8760108,
        0.041556,
        0.0556434,
        -0.2040259,
        1.0572252,
    ]
    rational = [int(n) for value in xyz_to_camera for n in (round(value * 10_000), 10_000)]
    seen = [int(n) for value in neutral for n in (round(value * 10_000), 10_000)]
    tags = [
        (271, 2, 0, "tratteggio", True),  # Make
        (272, 2, 0, "phantom", True),
        (33421, 3, 2, (side, side), True),  # CFARepeatPatternDim
        (33422, 1, side * side, bytes(COLOURS[colour] for colour in pattern), True),
        (50706, 1, 4, bytes((1, 4, 0, 0)), True),  # DNGVersion
        (50708, 2, 0, "tratteggio phantom", True),
        (50714, 4, 1, black, True),
        (50717, 4, 1, white, True),
        (50721, 10, 9, tuple(rational), True),  # ColorMatrix1
        (50728, 5, 3, tuple(seen), True),  # AsShotNeutral
        (50778, 3, 1, 21, True),  # D65
    ]
    tifffile.imwrite(
        path,
        mosaic,
        photometric=32803,
        planarconfig=1,
        subfiletype=0,
        metadata=None,
        software=False,
        extratags=tags,
    )
    return path
