"""Label damage by polygons: look at images in crops with a grid, rasterise, overlay, compare labellers.

    python benchmarks/label.py look IMAGE -o CROPS                crops at three times the size, with a grid
    python benchmarks/label.py overlay LABELS --data MURALS -o OVERLAY.png
    python benchmarks/label.py agree LABELS OTHER --data MURALS   how far two labellings agree
    python benchmarks/label.py trace MASK IMAGE -o LABELS         polygons of a raster of codes

What counts as which class, and how to draw: labels/README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from tratteggio.metrics import agreement, kappa

CLASSES = ("loss", "crack", "stain", "sound", "unsure")
CODES = {"sound": 0, "loss": 1, "crack": 2, "stain": 3, "unsure": 255}
COLOURS = {"loss": (230, 30, 40), "crack": (255, 210, 0), "stain": (160, 90, 255), "unsure": (0, 160, 255)}
SCALE, SIDE, GRID = 3, 320, 20  # times, and pixels of the image: side of a crop, between lines of the grid
FINEST_PX2 = 12  # areas of `trace` that are smaller are dropped


class Labels(NamedTuple):
    """Polygons on one image.

    Attributes:
        image: name of the file.
        sha256: of the file.
        size: (width, height) in pixels.
        polygons: (class, rings): each ring (n, 2) columns and rows in pixels, the first outside, others
            holes. (0, 0) is the upper left corner of the upper left pixel.
    """

    image: str
    sha256: str
    size: tuple[int, int]
    polygons: list[tuple[str, list[np.ndarray]]]


def read_labels(file: Path) -> Labels:
    """Read labels.

    Raises:
        ValueError: a class that is none, or a feature that is no polygon.
    """
    document = json.loads(file.read_text(encoding="utf-8"))
    polygons = []
    for number, feature in enumerate(document["features"]):
        kind, shape = feature["properties"]["class"], feature["geometry"]
        if kind not in CLASSES:
            raise ValueError(
                f"{file}, feature {number}: the class is one of {', '.join(CLASSES)}, got {kind!r}"
            )
        if shape["type"] != "Polygon":
            raise ValueError(f"{file}, feature {number}: draw polygons, got {shape['type']}")
        polygons.append((kind, [np.array(ring, np.float64) for ring in shape["coordinates"]]))
    width, height = document["size"]
    return Labels(document["image"], document["sha256"], (width, height), polygons)


def write_labels(labels: Labels, file: Path, *, labeller: str) -> None:
    """Write labels as GeoJSON, a polygon a line."""
    features = [
        {"type": "Feature", "properties": {"class": kind},
         "geometry": {"type": "Polygon", "coordinates": [ring.round(1).tolist() for ring in rings]}}
        for kind, rings in labels.polygons
    ]  # fmt: skip
    head: dict[str, Any] = {
        "type": "FeatureCollection", "image": labels.image, "sha256": labels.sha256, "size": labels.size,
        "coordinates": "pixels: column from the left, row from the top", "labeller": labeller,
    }  # fmt: skip
    lines = ",\n".join(json.dumps(feature, separators=(",", ":")) for feature in features)
    text = json.dumps(head)[:-1] + ', "features": [\n' + lines + "\n]}\n"
    file.write_text(text, encoding="utf-8")


def rasterise(labels: Labels) -> np.ndarray:
    """Draw polygons in their order, later ones over earlier ones -> (H, W) uint8 codes; outside all is sound.

    A pixel belongs to a polygon if its middle lies inside.

    Example:
        >>> square = np.array([[1, 1], [3, 1], [3, 3], [1, 3]], float)
        >>> rasterise(Labels("", "", (4, 4), [("loss", [square])])).tolist()
        [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    width, height = labels.size
    codes = np.zeros((height, width), np.uint8)
    for kind, rings in labels.polygons:
        codes[_inside(rings, width, height)] = CODES[kind]
    return codes


def _inside(rings: list[np.ndarray], width: int, height: int) -> np.ndarray:
    """Tell which middles of pixels lie inside, by the even-odd rule: scan lines at the middle of each row."""
    out = np.zeros((height, width), bool)
    edges = [np.hstack([ring, np.roll(ring, -1, axis=0)]) for ring in rings]
    x0, y0, x1, y1 = np.concatenate(edges).T
    for row in range(max(0, int(min(y0))), min(height, int(np.ceil(max(y0))))):
        at = row + 0.5
        crossing = (y0 <= at) != (y1 <= at)
        xs = np.sort(x0[crossing] + (at - y0[crossing]) / (y1[crossing] - y0[crossing]) * (x1 - x0)[crossing])
        for left, right in zip(xs[::2], xs[1::2], strict=True):
            out[row, max(0, int(np.ceil(left - 0.5))) : max(0, int(np.ceil(right - 0.5)))] = True
    return out


def codes_of(labels: Labels, image: Path) -> np.ndarray:
    """Rasterise labels after a look at whether the image is the one that was labelled.

    Raises:
        ValueError: it is another one.
    """
    if hashlib.sha256(image.read_bytes()).hexdigest() != labels.sha256:
        raise ValueError(f"{image} is not the image that was labelled: its SHA-256 differs")
    return rasterise(labels)


def trace(codes: np.ndarray, image: Path, *, tolerance_px: float = 0.7) -> Labels:
    """Turn a raster of codes into polygons with holes, simplified by so many pixels; specks are dropped."""
    polygons = []
    for kind, code in CODES.items():
        if kind == "sound":
            continue
        # At twice the size outlines run along the sides of pixels and not through their middles.
        twice = np.kron(codes == code, np.ones((2, 2), np.uint8)).astype(np.uint8)
        contours, tree = cv2.findContours(twice, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        rings = [(cv2.approxPolyDP(one, 2 * tolerance_px, True)[:, 0] + 0.5) / 2 for one in contours]
        for number, contour in enumerate(contours):
            outside = tree[0][number][3] < 0
            if not outside or cv2.contourArea(contour) / 4 < FINEST_PX2 or len(rings[number]) < 3:
                continue
            holes = [
                rings[other]
                for other in range(len(contours))
                if tree[0][other][3] == number
                and cv2.contourArea(contours[other]) / 4 >= FINEST_PX2
                and len(rings[other]) >= 3
            ]
            polygons.append((kind, [rings[number], *holes]))
    height, width = codes.shape
    return Labels(image.name, hashlib.sha256(image.read_bytes()).hexdigest(), (width, height), polygons)


def overlaid(pixels: np.ndarray, codes: np.ndarray, *, scale: int = 1) -> Image.Image:
    """Outline what is labelled, over the image; inside a little of the colour."""
    big = np.kron(pixels, np.ones((scale, scale, 1), np.uint8)).astype(np.float32)
    for kind, colour in COLOURS.items():
        here = np.kron(codes == CODES[kind], np.ones((scale, scale), np.uint8)).astype(np.uint8)
        rim = (here - cv2.erode(here, np.ones((3, 3), np.uint8))).astype(bool)
        inner = here.astype(bool)
        big[inner] = 0.75 * big[inner] + 0.25 * np.array(colour)
        big[rim] = colour
    return Image.fromarray(big.astype(np.uint8))


def gridded(crop: Image.Image, left: int, top: int, *, scale: int = SCALE, grid: int = GRID) -> Image.Image:
    """Enlarge a crop and draw a grid over it, with coordinates of the image."""
    out = crop.resize((crop.width * scale, crop.height * scale), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(out)
    for x in range(-(-left // grid) * grid, left + crop.width, grid):
        at = (x - left) * scale
        pen.line([(at, 0), (at, out.height)], fill=(255, 0, 255) if x % 100 == 0 else (150, 150, 255))
        pen.text((at + 1, 0), str(x), fill=(255, 255, 0))
    for y in range(-(-top // grid) * grid, top + crop.height, grid):
        at = (y - top) * scale
        pen.line([(0, at), (out.width, at)], fill=(255, 0, 255) if y % 100 == 0 else (150, 150, 255))
        pen.text((1, at), str(y), fill=(255, 255, 0))
    return out


def look(image: Path, folder: Path) -> None:
    """Write crops of an image with a grid."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.open(image).convert("RGB")
    for top in range(0, picture.height, SIDE):
        for left in range(0, picture.width, SIDE):
            box = (left, top, min(left + SIDE, picture.width), min(top + SIDE, picture.height))
            gridded(picture.crop(box), left, top).save(folder / f"{image.stem}_{left}_{top}.png")


def agree(one: np.ndarray, other: np.ndarray) -> dict[str, dict[str, float]]:
    """Compare two labellings, each class for itself, where neither is unsure.

    Returns:
        for loss, crack and stain: F1 (of cracks with 2 pixels of tolerance), kappa, and the shares of both.
        Not a number where neither has any.
    """
    sure = (one != CODES["unsure"]) & (other != CODES["unsure"])
    agreements = {}
    for kind in ("loss", "crack", "stain"):
        first, second = one == CODES[kind], other == CODES[kind]
        tolerance = 2 if kind == "crack" else 0
        both = agreement(first, second, annotated=sure, tolerance_px=tolerance)
        agreements[kind] = {
            "f1": both.f1,
            "kappa": kappa(first, second, annotated=sure),
            "first": float(first[sure].mean()),
            "second": float(second[sure].mean()),
        }
    return agreements


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, places in (
        ("look", ["image"]), ("overlay", ["labels"]), ("agree", ["labels", "other"]),
        ("trace", ["mask", "image"]),
    ):  # fmt: skip
        own = verbs.add_parser(verb)
        for place in places:
            own.add_argument(place, type=Path)
        if verb in ("overlay", "agree"):
            own.add_argument("--data", type=Path, required=True, help="folder of the images")
        if verb != "agree":
            own.add_argument("-o", "--output", type=Path, required=True)
        if verb == "trace":
            own.add_argument("--labeller", default="first")
    options = parser.parse_args()
    if options.verb == "look":
        look(options.image, options.output)
    elif options.verb == "trace":
        codes = np.asarray(Image.open(options.mask))
        write_labels(trace(codes, options.image), options.output, labeller=options.labeller)
    else:
        labels = read_labels(options.labels)
        image = options.data / labels.image
        codes = codes_of(labels, image)
        if options.verb == "overlay":
            overlaid(np.asarray(Image.open(image).convert("RGB")), codes, scale=2).save(options.output)
            return
        print("| class | F1 | kappa | share, first | share, second |")
        print("| --- | --- | --- | --- | --- |")
        for kind, scores in agree(codes, codes_of(read_labels(options.other), image)).items():
            print(
                f"| {kind} | {scores['f1']:.3f} | {scores['kappa']:.3f} "
                f"| {scores['first']:.2%} | {scores['second']:.2%} |"
            )


if __name__ == "__main__":
    main()
