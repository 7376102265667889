"""The images that finding of real damage is measured on, and which of them are kept back.

All of them lie in a folder of data that is not part of the repository: `paintings/`, `murals/` and `cracks/`.

    hard negatives   nothing in them is damage that should be filled: line drawings on silk and paper, prints,
                     and intact paintings of other schools (`labels/beds.json`, looked at one by one)
    cracks           photographs with masks, or with skeletons a pixel wide
    losses           murals and manuscripts: masks that came with them, and polygons of ours (`labels/`)
    faces and hands  portraits, and figures of murals without damage (`labels/beds.json`, with a box)

A bed is in two parts. What is kept back is only measured on; thresholds, features and weights may be chosen
on the rest alone. The part of an image follows from the seed 19 and its painter, cave or file name, so that
it stays as it is when images come or go.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from label import CODES, codes_of, read_labels
from PIL import Image

SEED = 19
LABELS = Path(__file__).parent / "labels"
CRACK_SETS = ("craquelure", "montage", "cfd", "crack500", "deepcrack", "tile", "concrete", "masonry")
# Masks that came with images. `dhmural_000740_mask` is left out: it is drawn on an intact copy.
MASKED = ("dunhuang_img898.png", "dhmural_real-167.jpg", "manuscript_101.jpg", "manuscript_106.jpg",
          "manuscript_203.jpg")  # fmt: skip
DAMAGE = ("loss", "crack", "stain")


class Bed(NamedTuple):
    """An image with its truth.

    Attributes:
        name: of the file.
        kept_back: whether it is only measured on.
        pixels: (H, W) or (H, W, 3) uint8.
        damaged: by class, (H, W) bool; nothing for hard negatives.
        annotated: (H, W) bool, where the truth is known.
        thin: whether cracks are skeletons a pixel wide.
    """

    name: str
    kept_back: bool
    pixels: np.ndarray
    damaged: dict[str, np.ndarray]
    annotated: np.ndarray
    thin: bool = False


def kept_back(name: str) -> bool:
    """Say whether an image is only measured on.

    Example:
        >>> kept_back("se_winslow-homer_camp-fire.jpg") == kept_back("se_winslow-homer_cannon-rock.jpg")
        True
    """
    return bool(hashlib.sha256(f"{SEED} {origin(name)}".encode()).digest()[0] & 1)


def origin(name: str) -> str:
    """Return the painter or the cave of an image, so that both parts never share one; else its name."""
    stem = Path(name).stem
    if stem.startswith("dh660_"):
        return stem.rpartition("_")[2]
    if stem.startswith(("dhcave_", "manuscript_")):
        return stem.partition("_")[0]
    if stem.startswith(("cn_", "impr_", "irina_", "louvre_", "mini_", "openacc_", "se_", "steven_")):
        return stem.split("_")[1]
    return stem


@cache
def listed() -> dict[str, Any]:
    """Return the lists of `labels/beds.json`."""
    beds: dict[str, Any] = json.loads((LABELS / "beds.json").read_text(encoding="utf-8"))
    return beds


def negatives(data: Path, kind: str) -> Iterator[Bed]:
    """Bring hard negatives: `kind` is "drawn" or "painted"."""
    for name in listed()[kind]:
        yield _intact(data / "paintings" / name)


def figures(data: Path) -> Iterator[Bed]:
    """Bring portraits, then figures of murals that have no damage."""
    for name in listed()["portraits"]:
        yield _intact(data / "paintings" / name)
    for one in listed()["figures"]:
        left, top, right, bottom = one["box"]
        bed = _intact(data / "murals" / one["image"])
        inner = (slice(top, bottom), slice(left, right))
        yield bed._replace(
            name=f"{bed.name} {left},{top}", pixels=bed.pixels[inner], annotated=bed.annotated[inner]
        )


def cracked(data: Path, kind: str) -> Iterator[Bed]:
    """Bring the photographs of one set of cracks."""
    for truth in sorted((data / "cracks").glob(f"{kind}_*.png")):
        thin = truth.stem.endswith("_skeleton")
        if thin or truth.stem.endswith("_mask"):
            image = truth.with_name(truth.stem.rpartition("_")[0] + ".jpg")
            cracks = np.asarray(Image.open(truth).convert("L")) > 127
            yield Bed(
                image.name, kept_back(image.name), _read(image), {"crack": cracks},
                np.ones(cracks.shape, bool), thin,
            )  # fmt: skip


def lost(data: Path) -> Iterator[Bed]:
    """Bring murals and manuscripts: with masks that came with them, then those that we have labelled."""
    for name in MASKED:
        image = data / "murals" / name
        truth = np.asarray(Image.open(image.with_name(f"{image.stem}_mask.png")).convert("L")) > 127
        yield Bed(image.name, kept_back(name), _read(image), {"loss": truth}, np.ones(truth.shape, bool))
    for file in sorted(LABELS.glob("*.geojson")):
        labels = read_labels(file)
        image = data / "murals" / labels.image
        codes = codes_of(labels, image)
        damaged = {kind: codes == CODES[kind] for kind in DAMAGE}
        yield Bed(image.name, kept_back(image.name), _read(image), damaged, codes != CODES["unsure"])


def _intact(image: Path) -> Bed:
    pixels = _read(image)
    return Bed(image.name, kept_back(image.name), pixels, {}, np.ones(pixels.shape[:2], bool))


def _read(image: Path) -> np.ndarray:
    with Image.open(image) as opened:
        return np.asarray(opened if opened.mode == "L" else opened.convert("RGB"))
