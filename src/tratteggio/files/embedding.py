"""Images inside an HTML page: arrays become data URIs."""

from __future__ import annotations

import base64
import io

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.markup import Markup, html
from tratteggio.painting.pixels import Array

LOSSLESS_PX = 250_000  # up to here PNG; larger images would make the page heavy
QUALITY = 92


def data_uri(array: Array) -> str:
    """Return an image as a data URI, see `encode_image`."""
    data, kind = encode_image(array)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def encode_image(array: Array) -> tuple[bytes, str]:
    """Encode an image: PNG if small, else JPEG of quality 92 with full colour resolution.

    Args:
        array: (h, w) or (h, w, 3) uint8.

    Returns:
        the file, and its kind: "png" or "jpeg".

    Raises:
        BadUsage: another shape or depth.
    """
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise BadUsage(
            f"a page shows (h, w) or (h, w, 3) uint8, got {array.dtype.name} {array.shape}; "
            "make a viewing copy first"
        )
    from PIL import Image  # noqa: PLC0415 only pages need Pillow

    small = array.shape[0] * array.shape[1] <= LOSSLESS_PX
    out = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(array))
    if small:
        image.save(out, "PNG", optimize=True)
    else:
        image.save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue(), "png" if small else "jpeg"


def img(array: Array, alt: str) -> Markup:
    """Return an `<img>` with its size, so that the page does not jump while it loads."""
    rows, cols = array.shape[:2]
    return html('<img width="{}" height="{}" alt="{}" src="{}">', cols, rows, alt, data_uri(array))
