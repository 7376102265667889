"""The frame header of a JPEG stream: how large it says it is, before anything is decoded.

Source: ITU-T T.81, annex B.
"""

from __future__ import annotations

import struct

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
STANDALONE = frozenset([0x01, *range(0xD0, 0xD9)])  # markers without a length
SCAN = 0xDA
BLOCK = 16  # encoders may fill up the last block


def frame_size(data: bytes) -> tuple[int, int]:
    """Return (rows, cols) of a JPEG stream, as its frame header states them.

    Raises:
        ValueError: no frame header stands before the coded data.
    """
    place = 0
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF or marker in STANDALONE:  # fill bytes
            place += 1 if marker == 0xFF else 2
            continue
        if marker == SCAN:
            break
        if marker in FRAMES and place + 9 <= len(data):
            rows, cols = struct.unpack_from(">HH", data, place + 5)
            return rows, cols
        place += 2 + int(struct.unpack_from(">H", data, place + 2)[0])
    raise ValueError("a JPEG strip or tile has no frame header")


def require_frame_within(data: bytes, segment: tuple[int, int]) -> None:
    """Make sure that a strip or tile decodes to no more pixels than its place in the picture has.

    Args:
        data: the JPEG stream.
        segment: (rows, cols) that the TIFF claims for it.

    Raises:
        ValueError: it has no frame header, or claims more.
    """
    rows, cols = frame_size(data)
    if rows > segment[0] + BLOCK or cols > segment[1] + BLOCK:
        raise ValueError(
            f"a JPEG strip or tile claims {rows} x {cols} pixels where {segment[0]} x {segment[1]} fit"
        )
