"""The verb explain: what a net responds to, from its weights, a painting and other images."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tratteggio import files, models, treatment
from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.explanation.deconvnet import Place, project
from tratteggio.explanation.inputs import (
    InputSpec,
    NetInput,
    choose_windows,
    fills,
    find_input_spec,
    prepare,
    show,
)
from tratteggio.explanation.layers import Layer, layers, record_outputs
from tratteggio.explanation.occlusion import Occlusion, occlusion
from tratteggio.explanation.patches import Strongest, find_strongest
from tratteggio.explanation.receptive import Field, measure_fields
from tratteggio.files import forms
from tratteggio.files.kinds import image_suffixes
from tratteggio.files.stacks import is_stack
from tratteggio.painting import Stack
from tratteggio.painting.pixels import Array
from tratteggio.phantom import multimodal, panel
from tratteggio.registry import unknown

log = logging.getLogger("tratteggio")

Painting: TypeAlias = forms.Painting | Mapping[str, str | Path]

SHOWN = 256  # px a side of the window whose activations are shown
SEARCHED = 144  # px a side of the windows that are searched for patches
WINDOWS = 32  # of them, in all images together
FEATURES = 6  # per layer, whose patches are shown
PATCHES = 9  # per feature
SQUARE, STEP = 16, 8  # px, of the occlusion
PHANTOM = (512, 384)  # rows, columns
MOTIFS = ("saint", "landscape", "still life")


@dataclass(frozen=True, eq=False)
class Patch:
    """A patch with one of the strongest activations of a feature.

    Attributes:
        place: where it is.
        modality: the scan that `paint` shows.
        paint: (h, w, 3) uint8, exactly the receptive field; the whole window if the field is unbounded.
        projection: the deconvolutional net's projection onto the same pixels, (h, w, C) float32, with the
            channels of the modality.
    """

    place: Strongest
    modality: str
    paint: NDArray[np.uint8]
    projection: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Feature:
    """One feature of a layer and its strongest patches."""

    number: int
    patches: tuple[Patch, ...]


@dataclass(frozen=True, eq=False)
class LayerShown:
    """One layer in detail.

    Attributes:
        layer, field: its facts and its receptive field.
        maps: (features, h, w) float32, its outputs for the painting before any activation.
        features: the most distinctive ones.
    """

    layer: Layer
    field: Field
    maps: NDArray[np.float32]
    features: tuple[Feature, ...]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a net responds to.

    Attributes:
        name: of the weights.
        facts: of their card: model, recipe, hash, parameters.
        painting: name of the input.
        images: the window of the input, (h, w, 3) uint8 by modality.
        data: where the patches come from, as a phrase.
        layers: all layers in the order of computation.
        fields: receptive fields of all layers, by name.
        filters: (outer, inner, rows, columns) float32 by layer, of the layers that see pixels directly.
        modalities: channels by name for a net that takes several scans, else empty.
        shown: the layers in detail.
        occlusion: which pixels the output depends on.
        fills: whether the net fills lacunae.
    """

    name: str
    facts: Mapping[str, Any]
    painting: str
    images: Mapping[str, NDArray[np.uint8]]
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
    progress: Callable[[int, int], None] | None = None,
) -> Explanation:
    """Show what a net responds to: filters, activations, strongest patches, deconvolutional net, occlusion.

    Args:
        model: name of weights that came with this installation, or a file that `tratteggio.train` wrote.
        painting: what `tratteggio.open` takes, a scan, a stack, or an array (H, W) or (H, W, 3); a window in
            its centre is shown at full scale. None makes a phantom with all modalities that the net knows.
        data: a folder of images to search for patches; None searches the painting, or phantoms.
        layer: the one to show in detail; None shows three: the first, the last of the encoder, one between.
        progress: called with (steps done, steps in all): windows searched, features shown, the occlusion.

    Raises:
        UnknownName: no such net or layer; the message names the nearest.
        BadUsage: a painting that is too small or lacks what the net knows, or data without images.
        BadPixels: a scan holds NaN or infinite values.
        UnreadableFile, UnsupportedFile, GridMismatch: as `tratteggio.open` and `tratteggio.models.load`.

    Example:
        >>> found = explain("descriptor-v32", layer="encoder.0")
        >>> found.filters["encoder.0"].shape, found.shown[0].field.rows.size
        ((16, 3, 3, 3), 3)
    """
    file = _weights(model)
    net, card = models.load(file)
    what = find_input_spec(net)
    whole = _phantom(0) if painting is None else treatment.stack_of(painting)
    stack = prepare(net, whole, what.light)
    (middle,) = choose_windows(what, stack.grid, longest=SHOWN, count=1, name=stack.primary.name)
    seen = show(net, stack, middle)
    with torch.no_grad():
        every = layers(net, seen.x, seen.known)
        names = [one.name for one in every]
        if layer is not None and layer not in names:
            raise unknown("layer", layer, names)
        found = measure_fields(net, what, names)
        close = [layer] if layer else _choose_three(every)
        maps = record_outputs(net, seen.x, seen.known, close)
    others = list(_make_inputs(net, what, stack, painting is None, data))
    steps = _count_steps(progress, len(others) + len(close) * FEATURES + 1)
    features = _find_features(net, others, close, found, steps)
    (square,) = choose_windows(what, stack.grid, longest=SEARCHED, count=1, name=stack.primary.name)
    small = show(net, stack, square)
    hidden = occlusion(net, small.x, small.known, square=SQUARE, step=STEP)
    steps()
    return Explanation(
        name=file.stem,
        facts={
            "model": card.model,
            "recipe": card.recipe,
            "weights_sha256": models.sha256(file),
            "parameters": models.parameters(net),
        },
        painting=stack.primary.name,
        images=seen.images,
        data=_describe_data(data, painting is None, others, stack.primary.name),
        layers=every,
        fields=found,
        filters=_filters(net, every, seen.x.shape[1]),
        modalities=dict(getattr(net, "modalities", {})),
        shown=tuple(
            LayerShown(
                next(one for one in every if one.name == name),
                found[name],
                maps[name][0].numpy(),
                tuple(features[name]),
            )
            for name in close
        ),
        occlusion=hidden,
        fills=fills(net),
    )


def _weights(model: str | Path) -> Path:
    """Find weights by name or file; for an unknown name the error gives the nearest."""
    if Path(model).suffix.lower() in image_suffixes():
        raise BadUsage(
            f"{model} is an image, but the first argument is a net: give the name of included weights or a "
            "file of weights (.safetensors), then the image"
        )
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
    """Make a phantom: the scans of an examination, and the visible one under the name that most nets know."""
    motif = MOTIFS[number % len(MOTIFS)]
    found = multimodal(*PHANTOM, seed=number, motif=motif, overpaint=0.0).stack  # type: ignore[arg-type]
    painted = panel(*PHANTOM, seed=number, motif=motif).painted  # type: ignore[arg-type]
    return Stack((painted, *found.scans))


def _choose_three(every: Sequence[Layer]) -> list[str]:
    """Choose the first layer, the last of the encoder (else the last but one), and one between."""
    encoder = [n for n, one in enumerate(every) if ".encoder." in f".{one.name}"]
    deepest = encoder[-1] if encoder else max(0, len(every) - 2)
    return [every[n].name for n in sorted({0, deepest // 2, deepest})]


def _make_inputs(
    net: nn.Module, what: InputSpec, painting: Stack, phantoms: bool, data: str | Path | None
) -> Iterator[NetInput]:
    """Make the inputs that are searched for patches."""
    if data is None:
        stacks = (
            [prepare(net, _phantom(n), what.light) for n in range(len(MOTIFS))] if phantoms else [painting]
        )
    else:
        stacks = [prepare(net, files.read_stack(file), what.light) for file in _images(Path(data))]
    each = max(1, WINDOWS // len(stacks))
    for stack in stacks[:WINDOWS]:
        for region in choose_windows(what, stack.grid, longest=SEARCHED, count=each, name=stack.primary.name):
            yield show(net, stack, region)


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UnreadableFile(f"data must be a folder of images; {folder} is not a folder", option="data")
    suffixes = image_suffixes()
    found = [
        file
        for file in sorted(folder.iterdir())
        if (file.suffix.lower() in suffixes and file.is_file()) or (file.is_dir() and is_stack(file))
    ]
    if not found:
        raise BadUsage(f"{folder} holds no images ({', '.join(sorted(suffixes))} or stacks)")
    if len(found) > WINDOWS:
        step = len(found) / WINDOWS
        log.warning("%s has %d images; %d of them, evenly spaced, are used", folder, len(found), WINDOWS)
        return [found[int(n * step)] for n in range(WINDOWS)]
    return found


def _describe_data(data: str | Path | None, phantoms: bool, others: Sequence[NetInput], name: str) -> str:
    where = f"the images of {Path(data).name}" if data is not None else "three phantoms" if phantoms else name
    rows, cols = others[0].x.shape[2:]
    return f"{len(others)} windows of {cols} × {rows} from {where}"


def _count_steps(progress: Callable[[int, int], None] | None, total: int) -> Callable[[], None]:
    """Return a function that reports one step more."""
    done = itertools.count(1)

    def step() -> None:
        if progress:
            progress(next(done), total)

    return step


def _find_features(
    net: nn.Module,
    others: Sequence[NetInput],
    names: Sequence[str],
    found: Mapping[str, Field],
    step: Callable[[], None],
) -> dict[str, list[Feature]]:
    """Find the most distinctive features of each layer and their strongest patches."""
    maps: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    with torch.no_grad():
        for shown in others:
            for name, output in record_outputs(net, shown.x, shown.known, names).items():
                maps[name].append(output[0].numpy())
            step()
    features: dict[str, list[Feature]] = {name: [] for name in names}
    for name in names:
        for number in _most_distinctive(maps[name]):
            patches = _patches(net, others, maps[name], name, found[name], number=number)
            features[name].append(Feature(number, tuple(patches)))
            step()
    return features


def _most_distinctive(maps: Sequence[NDArray[np.float32]]) -> list[int]:
    """Choose the features whose maximum is farthest from their mean, in their own standard deviations."""
    joined = np.concatenate([one.reshape(len(one), -1) for one in maps], axis=1).astype(np.float64)
    deviation = joined.std(axis=1)
    peak = np.where(
        deviation > 0, (joined.max(axis=1) - joined.mean(axis=1)) / np.maximum(deviation, 1e-12), 0
    )
    return sorted(np.argsort(-peak, kind="stable")[:FEATURES].tolist())


def _patches(
    net: nn.Module,
    others: Sequence[NetInput],
    maps: Sequence[NDArray[np.float32]],
    name: str,
    field: Field,
    *,
    number: int,
) -> Iterator[Patch]:
    grids = [(shown.x.shape[2], shown.x.shape[3]) for shown in others]
    places = find_strongest(maps, field, grids, feature=number, count=PATCHES)
    by_window: dict[int, list[Strongest]] = {}
    for place in places:
        by_window.setdefault(place.window, []).append(place)
    projected: dict[Strongest, Tensor] = {}
    for window, some in by_window.items():
        shown = others[window]
        several = project(
            net, shown.x, shown.known, name, [Place(number, place.row, place.col) for place in some]
        )
        projected |= dict(zip(some, several, strict=True))
    for place in places:
        yield _patch(net, others[place.window], place, projected[place])


def _patch(net: nn.Module, shown: NetInput, place: Strongest, projection: Tensor) -> Patch:
    """Cut out the receptive field, of the modality that contributes most."""
    begin, parts = 0, {}
    for modality, count in getattr(net, "modalities", {next(iter(shown.images)): len(projection)}).items():
        parts[modality] = projection[begin : begin + count]
        begin += count
    modality = max(shown.images, key=lambda name: float(parts[name].square().sum()))
    image = shown.images[modality]
    onto = parts[modality].movedim(0, -1).numpy()
    if place.seen is None:
        return Patch(place, modality, image, onto)
    return Patch(place, modality, cut(image, place), cut(onto, place))


def cut(array: Array, place: Strongest) -> Array:
    """Cut the receptive field out of (h, w, C). Beyond the image: middle grey, or 0 for floats."""
    seen = place.seen
    assert seen is not None  # an unbounded field is not cut
    rows, cols = array.shape[:2]
    out = np.full((seen.rows, seen.cols, array.shape[2]), 128 if array.dtype == np.uint8 else 0, array.dtype)
    top, left = max(seen.top, 0), max(seen.left, 0)
    part = array[top : min(seen.bottom, rows), left : min(seen.right, cols)]
    down, across = top - seen.top, left - seen.left
    out[down : down + part.shape[0], across : across + part.shape[1]] = part
    return out


def _filters(net: nn.Module, every: Sequence[Layer], count: int) -> dict[str, NDArray[np.float32]]:
    """Return the filters with as many channels as a scan has: they see pixels; else those of layer one."""
    counts = {count, *getattr(net, "modalities", {}).values()}
    before = every[: 1 + max([n for n, one in enumerate(every) if ".encoder." in f".{one.name}"], default=0)]
    first = [
        one for one in before if one.inner in counts and one.kind == "convolution" and max(one.kernel) > 1
    ]
    return {
        one.name: net.get_submodule(one.name).weight.detach().numpy()  # type: ignore[operator]
        for one in first or [every[0]]
    }
