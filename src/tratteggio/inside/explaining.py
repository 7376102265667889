"""The verb explain: what any net looks for, from its weights, a painting and other pictures."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tratteggio import files, models, treatment
from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files import forms
from tratteggio.files.stacks import is_stack
from tratteggio.inside.deconvnet import Place, projections
from tratteggio.inside.layers import Layer, answers, layers
from tratteggio.inside.occlusion import Occlusion, occlusion
from tratteggio.inside.patches import Strongest, strongest
from tratteggio.inside.receptive import Field, fields
from tratteggio.inside.showing import (
    Shown,
    Takes,
    fills,
    prepared,
    show,
    takes,
    windows,
)
from tratteggio.painting import Stack
from tratteggio.painting.pixels import Array
from tratteggio.phantom import multimodal, panel
from tratteggio.registry import unknown

log = logging.getLogger("tratteggio")

Painting: TypeAlias = forms.Painting | Mapping[str, str | Path]

SHOWN = 256  # px a side of the window that activations are shown of
LOOKED = 144  # px a side of windows that patches are looked for in
WINDOWS = 32  # of them, over all pictures
FEATURES = 6  # of a layer, whose patches are shown
PATCHES = 9  # of a feature
SQUARE, STEP = 16, 8  # px, of the occlusion
PHANTOM = (512, 384)  # rows, columns
MOTIFS = ("saint", "landscape", "still life")
SUFFIXES = {".tif", ".tiff", ".png", ".jpg", ".jpeg"}


@dataclass(frozen=True, eq=False)
class Patch:
    """A place where a feature answers much.

    Attributes:
        place: where.
        modality: the scan that the pictures show.
        paint: (h, w, 3) uint8, exactly what the answer depends on; the whole window if that has no end.
        sent: the same pixels as the deconvolutional net sends the answer back, (h, w, C) float32, C being the
            channels of the modality in the picture.
    """

    place: Strongest
    modality: str
    paint: NDArray[np.uint8]
    sent: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Feature:
    """One feature of a layer and where it answers most."""

    number: int
    patches: tuple[Patch, ...]


@dataclass(frozen=True, eq=False)
class LayerShown:
    """What is shown of one layer.

    Attributes:
        layer, field: what it is, and what its answers see.
        maps: (features, h, w) float32, its answers to the painting before any activation.
        features: those that stand out most.
    """

    layer: Layer
    field: Field
    maps: NDArray[np.float32]
    features: tuple[Feature, ...]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What is to be seen inside a net.

    Attributes:
        name: of the weights.
        facts: of their card: model, recipe, hash, parameters.
        painting: name of what it was shown.
        pictures: that window, (h, w, 3) uint8 by modality.
        data: where the patches come from, in words.
        layers: all layers in their order.
        fields: of all layers, by name.
        filters: (outer, inner, rows, columns) float32 by layer: of those that see pixels directly.
        modalities: channels by name, of a net for several scans; else empty.
        shown: the layers that are shown close.
        occlusion: what the answer hangs on.
        fills: whether the net fills lacunae.
    """

    name: str
    facts: Mapping[str, Any]
    painting: str
    pictures: Mapping[str, NDArray[np.uint8]]
    data: str
    layers: tuple[Layer, ...]
    fields: Mapping[str, Field]
    filters: Mapping[str, NDArray[np.float32]]
    modalities: Mapping[str, int]
    shown: tuple[LayerShown, ...]
    occlusion: Occlusion
    fills: bool


def explain(
    model: str | Path,
    painting: Painting | None = None,
    *,
    data: str | Path | None = None,
    layer: str | None = None,
) -> Explanation:
    """Look inside a net: filters, activations, strongest patches, deconvolutional net, occlusion.

    Args:
        model: name of weights that came with this installation, or a file that `tratteggio.train` wrote.
        painting: what `tratteggio.open` takes, a scan, a stack, or an array (H, W) or (H, W, 3); a window in
            its middle is shown, at its own scale. None paints a phantom that has all that the net knows.
        data: a folder of pictures to look for patches in; None looks in the painting, or in phantoms.
        layer: the one to show; None shows three: the first, the last of the encoder, one between.

    Raises:
        UnknownName: no such net or layer; the message names the nearest.
        BadUsage: a painting that is too small or lacks what the net knows, or data without pictures.
        BadPixels: a scan holds NaN or infinite values.
        UnreadableFile, UnsupportedFile, GridMismatch: as `tratteggio.open` and `tratteggio.models.load`.

    Example:
        >>> found = explain("descriptor-v32", layer="encoder.0")
        >>> found.filters["encoder.0"].shape, found.shown[0].field.rows.size
        ((16, 3, 3, 3), 3)
    """
    file = _weights(model)
    net, card = models.load(file)
    what = takes(net)
    whole = _phantom(0) if painting is None else treatment.stack_of(painting)
    stack = prepared(net, whole, what.light)
    (middle,) = windows(what, stack.grid, longest=SHOWN, count=1, name=stack.primary.name)
    seen = show(net, stack, middle)
    with torch.no_grad():
        every = layers(net, seen.x, seen.known)
        names = [one.name for one in every]
        if layer is not None and layer not in names:
            raise unknown("layer", layer, names)
        found = fields(net, what, names)
        close = [layer] if layer else _three(every)
        maps = answers(net, seen.x, seen.known, close)
    others = list(_looked_at(net, what, stack, painting is None, data))
    spotted = _spotted(net, others, close, found)
    (square,) = windows(what, stack.grid, longest=LOOKED, count=1, name=stack.primary.name)
    small = show(net, stack, square)
    return Explanation(
        name=file.stem,
        facts={
            "model": card.model,
            "recipe": card.recipe,
            "weights_sha256": models.sha256(file),
            "parameters": models.parameters(net),
        },
        painting=stack.primary.name,
        pictures=seen.pictures,
        data=_said(data, painting is None, others, stack.primary.name),
        layers=every,
        fields=found,
        filters=_filters(net, every, seen.x.shape[1]),
        modalities=dict(getattr(net, "modalities", {})),
        shown=tuple(
            LayerShown(
                next(one for one in every if one.name == name),
                found[name],
                maps[name][0].numpy(),
                tuple(spotted[name]),
            )
            for name in close
        ),
        occlusion=occlusion(net, small.x, small.known, square=SQUARE, step=STEP),
        fills=fills(net),
    )


def _weights(model: str | Path) -> Path:
    """Find weights by name or file; names are helped with."""
    name = str(model)
    if not isinstance(model, str) or Path(name).suffix or Path(name).name != name:
        return models.find(Path(name))
    if name not in models.shipped():
        if name in models.names():
            raise BadUsage(
                f"net {name!r} has no included weights; train it with `tratteggio.train` and give the path "
                "of the weights file"
            )
        raise unknown("net", name, models.shipped())
    return models.find(name)


def _phantom(number: int) -> Stack:
    """Paint a panel: the scans of an examination, and the visible one by the name that most nets know."""
    motif = MOTIFS[number % len(MOTIFS)]
    found = multimodal(*PHANTOM, seed=number, motif=motif, overpaint=0.0).stack  # type: ignore[arg-type]
    painted = panel(*PHANTOM, seed=number, motif=motif).painted  # type: ignore[arg-type]
    return Stack((painted, *found.scans))


def _three(every: Sequence[Layer]) -> list[str]:
    """Choose the first layer, the last of the encoder (else the last but one), and one halfway."""
    encoder = [n for n, one in enumerate(every) if ".encoder." in f".{one.name}"]
    deepest = encoder[-1] if encoder else max(0, len(every) - 2)
    return [every[n].name for n in sorted({0, deepest // 2, deepest})]


def _looked_at(
    net: nn.Module, what: Takes, painting: Stack, phantoms: bool, data: str | Path | None
) -> Iterator[Shown]:
    """Show the net windows to look for patches in."""
    if data is None:
        stacks = (
            [prepared(net, _phantom(n), what.light) for n in range(len(MOTIFS))] if phantoms else [painting]
        )
    else:
        stacks = [prepared(net, files.read_stack(file), what.light) for file in _pictures(Path(data))]
    each = max(1, WINDOWS // len(stacks))
    for stack in stacks[:WINDOWS]:
        for region in windows(what, stack.grid, longest=LOOKED, count=each, name=stack.primary.name):
            yield show(net, stack, region)


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UnreadableFile(f"data must be a folder of pictures; {folder} is not a folder", option="data")
    found = [
        file
        for file in sorted(folder.iterdir())
        if (file.suffix.lower() in SUFFIXES and file.is_file()) or (file.is_dir() and is_stack(file))
    ]
    if not found:
        raise BadUsage(f"{folder} holds no pictures ({', '.join(sorted(SUFFIXES))} or stacks)")
    if len(found) > WINDOWS:
        step = len(found) / WINDOWS
        log.warning("%s has %d images; %d of them, evenly spaced, are used", folder, len(found), WINDOWS)
        return [found[int(n * step)] for n in range(WINDOWS)]
    return found


def _said(data: str | Path | None, phantoms: bool, others: Sequence[Shown], name: str) -> str:
    where = (
        f"the pictures of {Path(data).name}" if data is not None else "three phantoms" if phantoms else name
    )
    rows, cols = others[0].x.shape[2:]
    return f"{len(others)} windows of {cols} × {rows} from {where}"


def _spotted(
    net: nn.Module, others: Sequence[Shown], names: Sequence[str], found: Mapping[str, Field]
) -> dict[str, list[Feature]]:
    """Find, for each layer, the features that stand out and where they answer most."""
    maps: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    with torch.no_grad():
        for shown in others:
            for name, answer in answers(net, shown.x, shown.known, names).items():
                maps[name].append(answer[0].numpy())
    return {
        name: [
            Feature(number, tuple(_patches(net, others, maps[name], name, found[name], number=number)))
            for number in _standing_out(maps[name])
        ]
        for name in names
    }


def _standing_out(maps: Sequence[NDArray[np.float32]]) -> list[int]:
    """Choose the features whose strongest answer lies farthest from their mean, in their own deviations."""
    joined = np.concatenate([one.reshape(len(one), -1) for one in maps], axis=1).astype(np.float64)
    deviation = joined.std(axis=1)
    peak = np.where(
        deviation > 0, (joined.max(axis=1) - joined.mean(axis=1)) / np.maximum(deviation, 1e-12), 0
    )
    return sorted(np.argsort(-peak, kind="stable")[:FEATURES].tolist())


def _patches(
    net: nn.Module,
    others: Sequence[Shown],
    maps: Sequence[NDArray[np.float32]],
    name: str,
    field: Field,
    *,
    number: int,
) -> Iterator[Patch]:
    grids = [(shown.x.shape[2], shown.x.shape[3]) for shown in others]
    places = strongest(maps, field, grids, feature=number, count=PATCHES)
    by_window: dict[int, list[Strongest]] = {}
    for place in places:
        by_window.setdefault(place.window, []).append(place)
    sent: dict[Strongest, Tensor] = {}
    for window, some in by_window.items():
        shown = others[window]
        back = projections(
            net, shown.x, shown.known, name, [Place(number, place.row, place.col) for place in some]
        )
        sent |= dict(zip(some, back, strict=True))
    for place in places:
        yield _patch(net, others[place.window], place, sent[place])


def _patch(net: nn.Module, shown: Shown, place: Strongest, sent: Tensor) -> Patch:
    """Cut out what an answer saw, of the modality that it goes by most."""
    begin, parts = 0, {}
    for modality, count in getattr(net, "modalities", {next(iter(shown.pictures)): len(sent)}).items():
        parts[modality] = sent[begin : begin + count]
        begin += count
    modality = max(shown.pictures, key=lambda name: float(parts[name].square().sum()))
    picture = shown.pictures[modality]
    back = parts[modality].movedim(0, -1).numpy()
    if place.seen is None:
        return Patch(place, modality, picture, back)
    return Patch(place, modality, cut(picture, place), cut(back, place))


def cut(array: Array, place: Strongest) -> Array:
    """Cut the receptive field out of (h, w, C); beyond the picture is middle grey, or 0 in floats."""
    seen = place.seen
    assert seen is not None  # the whole is not cut
    rows, cols = array.shape[:2]
    out = np.full((seen.rows, seen.cols, array.shape[2]), 128 if array.dtype == np.uint8 else 0, array.dtype)
    top, left = max(seen.top, 0), max(seen.left, 0)
    part = array[top : min(seen.bottom, rows), left : min(seen.right, cols)]
    down, across = top - seen.top, left - seen.left
    out[down : down + part.shape[0], across : across + part.shape[1]] = part
    return out


def _filters(net: nn.Module, every: Sequence[Layer], count: int) -> dict[str, NDArray[np.float32]]:
    """Take the filters that see pixels: those of as many channels as a scan has; else the first layer's."""
    counts = {count, *getattr(net, "modalities", {}).values()}
    before = every[: 1 + max([n for n, one in enumerate(every) if ".encoder." in f".{one.name}"], default=0)]
    first = [
        one for one in before if one.inner in counts and one.kind == "convolution" and max(one.kernel) > 1
    ]
    return {
        one.name: net.get_submodule(one.name).weight.detach().numpy()  # type: ignore[operator]
        for one in first or [every[0]]
    }
