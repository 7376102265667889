"""The scans of the studio as IIIF images of level 2, at `/iiif/<scan>/...`, for viewers on this machine.

The guard of the studio stands before these routes, too: only a browser that has the cookie gets an answer,
and no other site may ask (there is no CORS header). To publish images, write a folder for a web server.
Source: IIIF Image API 3.0 and its compliance document, level 2.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from anyio import CapacityLimiter, to_thread
from numpy.typing import NDArray
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tratteggio.errors import BadUsage
from tratteggio.files.display import Conversion, Tone, conversion_of
from tratteggio.files.rasters import upright
from tratteggio.formats._iiif.info import CONTEXT, describe_image
from tratteggio.painting import Region, Scan, read_reduced
from tratteggio.painting.reduced import cells_of
from tratteggio.studio.iiif_request import FORMATS, MOST, QUALITIES, Request, parse_request

READERS = 4
JPEG_QUALITY = 92
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709
MIDDLE = 128
LEVEL = '<http://iiif.io/api/image/3/level2.json>;rel="profile"'
JSON_LD = f'application/ld+json;profile="{CONTEXT.format(3)}"'
OFFERED = {
    "maxWidth": MOST,
    "maxHeight": MOST,
    "extraQualities": [name for name in QUALITIES if name != "default"],
    "extraFormats": list(FORMATS),
    "extraFeatures": ["mirroring", "profileLinkHeader"],
}

Shown = NDArray[np.uint8]


class Pictures:
    """Draws regions of scans as a screen shows them.

    Args:
        scans: by name; grey or RGB.
    """

    def __init__(self, scans: Mapping[str, Scan]) -> None:
        self.scans = {name: _upright(scan) for name, scan in scans.items() if scan.channels in (1, 3)}
        self._conversions: dict[str, Conversion] = {}
        self._lock = threading.Lock()

    def draw(self, name: str, asked: Request) -> Shown:
        """Return what is asked for of a scan: (h, w, 3) uint8 sRGB."""
        scan = self.scans[name]
        with self._lock:
            conversion = self._conversions.setdefault(name, conversion_of(scan))
        step = max(1, min(asked.region.rows // asked.size[0], asked.region.cols // asked.size[1]))
        # Steps of 2, 4, 8, ... find a smaller copy of the file more often, and are never too coarse.
        step = 1 << (step.bit_length() - 1)
        samples = read_reduced(scan.pixels, asked.region, step=step)
        colours = samples[..., None] if samples.ndim == 2 else samples[..., : scan.channels]
        shown = _resize(conversion.shown(colours, Tone()), asked.region, step, asked.size)
        shown = shown[:, ::-1] if asked.mirrored else shown
        return _in_quality(np.rot90(shown, -asked.turns), asked.quality)


def routes(scans: Mapping[str, Scan]) -> list[Route]:
    """Return the routes of scans as IIIF images.

    Args:
        scans: by the name that the address has for them.
    """
    pictures, readers = Pictures(scans), CapacityLimiter(READERS)

    async def base(asked: Asked) -> Response:
        return RedirectResponse(f"{asked.url.path}/info.json", 303)

    async def info(asked: Asked) -> Response:
        name = asked.path_params["name"]
        if name not in pictures.scans:
            return _nothing()
        address = f"{asked.url.scheme}://{asked.url.netloc}{asked.url.path.removesuffix('/info.json')}"
        described = describe_image(address, pictures.scans[name].grid, level=2, sizes=(), more=OFFERED)
        linked = "application/ld+json" in asked.headers.get("accept", "")
        kind = JSON_LD if linked else "application/json"
        return JSONResponse(described, media_type=kind, headers={"Link": LEVEL})

    async def image(asked: Asked) -> Response:
        name = asked.path_params["name"]
        if name not in pictures.scans:
            return _nothing()
        parts = {
            part: asked.path_params[part] for part in ("region", "size", "rotation", "quality", "suffix")
        }
        try:
            request = parse_request(pictures.scans[name].grid, **parts)
        except BadUsage as error:
            return JSONResponse({"error": str(error)}, 400)
        data = await to_thread.run_sync(
            lambda: _encode(pictures.draw(name, request), request), limiter=readers
        )
        return Response(data, media_type=FORMATS[request.suffix], headers={"Link": LEVEL})

    return [
        Route("/iiif/{name}", base),
        Route("/iiif/{name}/info.json", info),
        Route("/iiif/{name}/{region}/{size}/{rotation}/{quality}.{suffix}", image),
    ]


def _nothing() -> Response:
    return JSONResponse({"error": "There is no such image."}, 404)


def _upright(scan: Scan) -> Scan:
    """Return a scan as a viewer shows it; where it is seen does not matter here."""
    metadata = replace(scan.metadata, orientation=1)
    return replace(scan, pixels=upright(scan.pixels, scan.metadata.orientation), metadata=metadata, seen=None)


def _resize(shown: Shown, region: Region, step: int, size: tuple[int, int]) -> Shown:
    """Scale what was read, whole blocks, to a region at a size."""
    if step == 1 and shown.shape[:2] == size:
        return shown
    from PIL import Image  # noqa: PLC0415 only this needs Pillow

    blocks = Region(*(edge * step for edge in cells_of(region, step)))
    top, left, bottom, right = (edge / step for edge in region.relative_to(blocks))
    box = left, top, min(right, shown.shape[1]), min(bottom, shown.shape[0])
    scaled = Image.fromarray(shown).resize(size[::-1], Image.Resampling.BICUBIC, box=box)
    return np.asarray(scaled)


def _in_quality(shown: Shown, quality: str) -> Shown:
    if quality in ("default", "color"):
        return shown
    grey = np.rint(shown @ LUMA).astype(np.uint8)
    if quality == "bitonal":
        grey = np.where(grey >= MIDDLE, np.uint8(255), np.uint8(0))
    return np.stack([grey] * 3, axis=-1)


def _encode(shown: Shown, asked: Request) -> bytes:
    import imagecodecs  # noqa: PLC0415

    pixels = np.ascontiguousarray(shown)
    if asked.suffix == "png":
        return bytes(imagecodecs.png_encode(pixels, level=1))
    return bytes(imagecodecs.jpeg8_encode(pixels, level=JPEG_QUALITY, subsampling="444"))
