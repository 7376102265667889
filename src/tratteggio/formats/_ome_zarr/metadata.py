"""What an OME-Zarr says of its scans: as the specification has it, and under our own key what that lacks."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.files.documents import read_json
from tratteggio.files.histories import require_history
from tratteggio.files.white import believed
from tratteggio.painting import Metadata, Scan

VERSION = "0.5"
SCHEMA = 1
MOST_IMAGES, MOST_LEVELS = 1024, 64
BLOCKS = ("icc", "exif", "xmp")  # bytes, which JSON holds in base 64
UM = {
    "nanometer": 1e-3,
    "micrometer": 1.0,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "meter": 1e6,
    "inch": 25_400.0,
}
COLOURS = {1: {"grey": "FFFFFF"}, 3: {"red": "FF0000", "green": "00FF00", "blue": "0000FF"}}


class _Stated(msgspec.Struct):
    """The metadata of a scan, as `described` writes them."""

    resolution: tuple[float, float] | None  # what makes no sense of it is left out on opening
    unit: Literal["none", "inch", "cm"]
    orientation: Annotated[int, Meta(ge=1, le=8)]
    white: Annotated[float, Meta(gt=0)] | None = None
    icc: str | UnsetType = UNSET
    exif: str | UnsetType = UNSET
    xmp: str | UnsetType = UNSET
    photometric: Literal["miniswhite", "minisblack"] | UnsetType = UNSET
    extrasample: Annotated[int, Meta(ge=0, le=65_535)] | UnsetType = UNSET


class _Own(msgspec.Struct):
    """What `described` writes of a scan."""

    modality: Annotated[str, Meta(min_length=1, max_length=200)]
    alpha: bool
    metadata: _Stated


def image_of(scan: Scan, sizes: Sequence[tuple[int, int]], *, name: str) -> dict[str, Any]:
    """Return the entry of `multiscales` for a pyramid: axes, levels, and how large their pixels are.

    A pixel of level n is the mean of 2^n x 2^n, so its centre lies (2^n - 1) / 2 pixels further in.

    Args:
        scan: gives the physical scale, if it states one.
        sizes: rows and columns of each level.
        name: of the image.
    """
    spacing = scan.metadata.spacing_um
    unit = {"unit": "micrometer"} if spacing else {}
    down, across = spacing or (1.0, 1.0)
    datasets = []
    for number in range(len(sizes)):
        factor = 2**number
        steps = [{"type": "scale", "scale": [1.0, down * factor, across * factor]}]
        if number:
            inwards = (factor - 1) / 2
            steps.append({"type": "translation", "translation": [0.0, down * inwards, across * inwards]})
        datasets.append({"path": str(number), "coordinateTransformations": steps})
    return {
        "name": name,
        "type": "mean of 2 x 2 pixels",
        "axes": [
            {"name": "c", "type": "channel"},
            {"name": "y", "type": "space"} | unit,
            {"name": "x", "type": "space"} | unit,
        ],
        "datasets": datasets,
    }


def omero_of(scan: Scan) -> dict[str, Any]:
    """Return the key `omero`, by which viewers show grey and colour as such; empty for other channels."""
    if scan.channels not in COLOURS:
        return {}
    top = int(scan.white) if scan.white == int(scan.white) else scan.white
    window = {"min": 0, "max": top, "start": 0, "end": top}
    inverted = scan.metadata.foreign.get("photometric") == "miniswhite"
    channels = [
        {"label": label, "color": colour, "window": window, "active": True, "inverted": inverted}
        for label, colour in COLOURS[scan.channels].items()
    ]
    if scan.alpha:
        channels.append({"label": "opacity", "color": "FFFFFF", "window": window, "active": False})
    return {
        "omero": {"channels": channels, "rdefs": {"model": "color" if scan.channels > 1 else "greyscale"}}
    }


COLOUR_NAMES = (("red", "r"), ("green", "g"), ("blue", "b"))
OPACITY_NAMES = ("opacity", "alpha", "a")
NUMBERED = re.compile(r"(channel|ch|c)?[\s:_-]*\d*([:_-]\d+)*", re.IGNORECASE)  # says nothing: "Channel 0"


def labels_of(ome: Mapping[str, Any], channels: int) -> list[str] | None:
    """Return what the channels of an image are called (`omero`); None if they are not all named.

    Channels without labels, or only numbered, whose colours are those of red, green and blue are called so.
    """
    omero = ome.get("omero")
    listed = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(listed, list) or len(listed) != channels:
        return None
    entries = [entry if isinstance(entry, dict) else {} for entry in listed]
    names = [str(entry.get("label") or "").strip() for entry in entries]
    if all(map(NUMBERED.fullmatch, names)):
        shown = [str(entry.get("color", "")).upper() for entry in entries]
        if shown == list(COLOURS[3].values()):
            return list(COLOURS[3])
    return names if any("label" in entry for entry in entries) else None


def described_channels(ome: Mapping[str, Any]) -> int:
    """Return how many channels an image describes under `omero`; 0 if it describes none."""
    omero = ome.get("omero")
    listed = omero.get("channels") if isinstance(omero, dict) else None
    return len(listed) if isinstance(listed, list) else 0


def is_colour(labels: Sequence[str]) -> bool:
    """True if channels are red, green and blue, with opacity or without."""
    names = [label.lower() for label in labels]
    if len(names) not in (3, 4) or (len(names) == 4 and names[3] not in OPACITY_NAMES):
        return False
    return all(name in known for name, known in zip(names[:3], COLOUR_NAMES, strict=True))


def described(scan: Scan) -> dict[str, Any]:
    """Return all that the specification has no place for, as JSON; `metadata_from` reads it back.

    What one format alone knows is left out, but for what says how samples are meant.
    """
    metadata = scan.metadata
    stated: dict[str, Any] = {"resolution": metadata.resolution, "unit": metadata.unit}
    stated["orientation"] = metadata.orientation
    for block in BLOCKS:
        data = getattr(metadata, block)
        stated |= {block: b64encode(data).decode()} if data else {}
    stated |= {} if metadata.white is None else {"white": metadata.white}
    for name in ("photometric", "extrasample"):
        stated |= {name: metadata.foreign[name]} if name in metadata.foreign else {}
    return {
        "schema": SCHEMA,
        "modality": scan.modality,
        "depth": scan.dtype.name,
        "alpha": scan.alpha,
        "source": Path(scan.name).name,
        "metadata": stated,
    }


def metadata_from(own: Mapping[str, Any]) -> Metadata:
    """Read back the metadata that `described` returned.

    Raises:
        ValueError: it is something else.
    """
    try:
        typed = msgspec.convert(own, _Own).metadata
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from error
    stated = own["metadata"]
    return Metadata(
        resolution=typed.resolution,
        unit=typed.unit,
        orientation=typed.orientation,
        white=typed.white,
        **{block: b64decode(stated[block], validate=True) for block in BLOCKS if block in stated},
        foreign={key: stated[key] for key in ("photometric", "extrasample") if key in stated},
    )


def white_of(ome: Mapping[str, Any], dtype: np.dtype[Any], *, path: Path) -> float | None:
    """Return the white that the `omero` windows of an image state, the largest of its channels; or None.

    Raises:
        KeyError, TypeError, ValueError: the windows are something else.
    """
    channels = ome.get("omero", {}).get("channels", ())
    tops = [float(channel["window"]["max"]) for channel in channels if "max" in channel.get("window", {})]
    return believed(tops, dtype, path=path, where="omero window")


def metadata_of_image(image: Mapping[str, Any]) -> Metadata:
    """Return what the specification alone says of a scan: its scale, if the unit is one of length.

    Raises:
        KeyError, TypeError, ValueError: it is no image of the specification.
    """
    steps = [*image["datasets"][0]["coordinateTransformations"], *image.get("coordinateTransformations", ())]
    down = across = 1.0
    for step in steps:
        if step["type"] == "scale":
            down, across = down * float(step["scale"][-2]), across * float(step["scale"][-1])
    units = [axis.get("unit") for axis in image["axes"][-2:]]
    if any(unit not in UM for unit in units) or min(down, across) <= 0:
        return Metadata()
    return Metadata((10_000 / (across * UM[units[1]]), 10_000 / (down * UM[units[0]])), "cm")


def read_attributes(folder: Path) -> dict[str, Any]:
    """Return the attributes of a Zarr group.

    Raises:
        UnreadableFile: no group lies there, or its metadata are damaged.
        UnsupportedFile: it is of Zarr format 2, as OME-Zarr up to 0.4 was.
    """
    file = folder / "zarr.json"
    if not file.is_file() and any((folder / name).is_file() for name in (".zgroup", ".zattrs", ".zarray")):
        raise UnsupportedFile(
            f"{folder} is of Zarr format 2 (OME-Zarr 0.4 or older), which is not read; convert it to "
            f"OME-Zarr {VERSION}, which stands on Zarr format 3"
        )
    if not file.is_file():
        raise UnreadableFile(f"{folder} is no whole OME-Zarr: there is no file {file}")
    found = read_json(file, what="zarr.json")
    attributes = found.get("attributes", {})
    if not isinstance(attributes, dict) or found.get("node_type") != "group":
        raise UnreadableFile(
            f"{file} is not that of a Zarr group; name the folder that holds the whole stack"
        )
    return attributes


def stack_history(path: Path) -> dict[str, Any] | None:
    """Return how a stack came to be, or None if it does not say.

    Raises:
        UnreadableFile: no Zarr group lies there, or its history is damaged.
    """
    own = read_attributes(path).get("tratteggio")
    history = own.get("history") if isinstance(own, dict) else None
    return None if history is None else require_history(history, path / "zarr.json")


def require_ome(folder: Path, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what OME-Zarr says in the attributes of a group.

    Raises:
        UnsupportedFile: a Zarr group of another kind, or an OME-Zarr of another version.
    """
    ome = attributes.get("ome")
    if not isinstance(ome, dict) or "version" not in ome:
        raise UnsupportedFile(f"{folder} is a Zarr group, but no OME-Zarr: its attributes have no key `ome`")
    if ome["version"] != VERSION:
        raise UnsupportedFile(
            f"{folder} is OME-Zarr {ome['version']}, but {VERSION} is read; convert it first"
        )
    return ome


def series_of(folder: Path, ome: Mapping[str, Any]) -> list[str]:
    """Return the paths of the images of a collection: those that it lists, else 0, 1, 2, ...

    Raises:
        UnreadableFile: it lists none, or such that lie outside.
        UnsupportedFile: it is no collection of images.
    """
    if "bioformats2raw.layout" not in ome or "plate" in ome:
        raise UnsupportedFile(f"{folder} is an OME-Zarr, but neither an image nor a collection of images")
    names: Any = None
    if (folder / "OME" / "zarr.json").is_file():
        names = require_ome(folder / "OME", read_attributes(folder / "OME")).get("series")
    if names is None:
        numbered = takewhile(lambda name: (folder / name).is_dir(), map(str, range(MOST_IMAGES)))
        names = list(numbered)
    if not isinstance(names, list) or not 0 < len(names) <= MOST_IMAGES or not all(map(_is_inside, names)):
        raise UnreadableFile(f"{folder} is damaged: it is a collection of images, but lists {names!r:.200}")
    return names


def _is_inside(path: Any) -> bool:
    """True if a path that a file states cannot lead out of its folder."""
    return isinstance(path, str) and bool(path) and not path.startswith("/") and ".." not in path.split("/")


def first_image(folder: Path, ome: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the first of a group's `multiscales`.

    Raises:
        UnreadableFile: it is missing or damaged.
        UnsupportedFile: its axes are not (y, x) or (c, y, x).
    """
    try:
        image: Mapping[str, Any] = ome["multiscales"][0]
        names = [axis["name"] for axis in image["axes"]]
        paths = [dataset["path"] for dataset in image["datasets"]]
    except (KeyError, TypeError, IndexError) as error:
        raise UnreadableFile(
            f"{folder} is no whole OME-Zarr image: {error!r} in the `multiscales` of its zarr.json"
        ) from error
    if names not in (["y", "x"], ["c", "y", "x"]):
        raise UnsupportedFile(
            f"{folder} has axes {names}, but a scan has (y, x) or (c, y, x); "
            "extract one plane in time and depth"
        )
    if not 0 < len(paths) <= MOST_LEVELS or not all(map(_is_inside, paths)):
        raise UnreadableFile(f"{folder} is damaged: its image lists the levels {paths!r:.200}")
    return image
