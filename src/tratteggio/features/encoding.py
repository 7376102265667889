"""The verb encode: features of a painting of any size, to an array or to an OME-Zarr."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tratteggio import files, models, treatment
from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.features.views import CENTRE_PX, Disagreement, Errors, Latents, View
from tratteggio.files import forms
from tratteggio.files.outputs import require_outputs
from tratteggio.files.record import input_of, make_record
from tratteggio.files.stacks import require_stack_suffix
from tratteggio.files.watch import Watch
from tratteggio.models.fitting import fitted
from tratteggio.models.fpcae import CELL, Autoencoder
from tratteggio.models.serving import resolve_device
from tratteggio.options import name_of
from tratteggio.painting import Metadata, Scan, Stack
from tratteggio.treatment.planning import input_files
from tratteggio.windows.cluster import Scheduler, cluster_at

MODEL = "fpcae-concat"

Painting: TypeAlias = forms.Painting | Mapping[str, str | Path]


def encode(
    painting: Painting,
    *,
    model: str | None = None,
    weights: str | Path | None = None,
    device: str = "auto",
    scheduler: Scheduler | None = None,
) -> NDArray[np.float32]:
    """Compute the features of a painting: 80 numbers for every 8 x 8 pixels.

    Feature (i, j) describes the pixels around row 8 i + 9.5, column 8 j + 9.5. If the painting lacks some of
    the modalities of the net, the features use the others, and a note says so. A note also says if
    `models.fitting` renames a scan or changes its number of channels.

    Args:
        painting: what `tratteggio.open` takes, a scan, a stack; or an array (H, W, C), its channels being
            those of the net's modalities in their order.
        model: name of the net, such as "fpcae-concat" (the default) or "fp-cae".
        weights: a file that `tratteggio train` wrote, or the name of weights that came with this
            installation; None takes those of the model.
        device: "auto", "cpu" or "cuda".
        scheduler: compute windows on the workers of a Dask cluster: an address, "local:2" for two processes
            here, or a `distributed.Client`. The bits are the same. See `windows.cluster`.

    Returns:
        (h, w, 80) float32, h and w being those of the painting over 8, less 1, rounded up.

    Raises:
        MissingExtra: no such weights came with this installation.
        BadUsage: weights of another model, channels that do not fit, no modality that the net knows, or a
            painting smaller than 32 pixels.
        BadPixels: a float scan holds NaN or infinite values.
        UnreadableFile, UnsupportedFile, GridMismatch: as `tratteggio.open` and `tratteggio.models.load`.
    """
    net, _ = load_net(model, weights, device=device)
    with cluster_at(scheduler) as executor:
        return Latents(_view(painting, net), executor=executor)[:, :]


def encode_file(
    source: Painting,
    target: str | Path,
    *,
    model: str | None = None,
    weights: str | Path | None = None,
    maps: bool = False,
    device: str = "auto",
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
    scheduler: Scheduler | None = None,
) -> Mapping[str, Any]:
    """Write the features of a painting of any size; memory does not depend on the size.

    Args:
        source: as `painting` of `encode`.
        target: .ome.zarr, with "features" and, if asked for, "error" and "disagreement" (see `Errors` and
            `Disagreement`), whose channels are the modalities named in the history.
        model, weights, device, scheduler: as for `encode`.
        maps: write these two as well; "disagreement" only if there are two modalities at least.
        overwrite: replace an OME-Zarr that is there already.
        progress: called with (pixels written, pixels in all).

    Returns:
        the history that is written with them.

    Raises:
        UnsafeOutput: the target is the source, or is there already.
        SourceChanged: the source was replaced while it was being read; nothing is written.
        UnwritableFile: no folder, no permission, no space.
        TratteggioError: as `encode`.
    """
    require_stack_suffix(Path(target))
    read = _read_by(source)
    require_outputs([target], inputs=read, overwrite=overwrite)
    watch = Watch(read)
    net, facts = load_net(model, weights, device=device)
    view = _view(source, net)
    history = make_record(
        "encode",
        inputs=[input_of(view.stack[name]) for name in view.present],
        options={"maps": maps, "device": device},
        details={
            "source": {name: Path(view.stack[name].name).name for name in view.present},
            "missing": list(view.missing),
            "modalities": list(view.present),
            "net": facts,
            "grid": {"px_per_feature": CELL, "first_centre_px": CENTRE_PX},
        },
    )
    metadata = _coarser(view.stack.primary.metadata)
    with cluster_at(scheduler) as executor:
        layers: dict[str, Latents | Errors | Disagreement] = {"features": Latents(view, executor=executor)}
        if maps:
            layers["error"] = Errors(view, executor=executor)
            if len(view.present) > 1:
                layers["disagreement"] = Disagreement(view, executor=executor)
        scans = [Scan(pixels, name, metadata=metadata, name=name) for name, pixels in layers.items()]
        files.write_stack(
            Stack(tuple(scans)),
            target,
            history=history,
            progress=progress,
            before=watch.last_look([Path(target)], overwrite=overwrite),
        )
    return history


def _read_by(source: Painting) -> list[Path]:
    """List the files that are read."""
    if isinstance(source, Mapping):
        return [path for one in source.values() for path in input_files(one)]
    return input_files(source) if isinstance(source, str | Path) else []


def load_net(
    model: str | None, weights: str | Path | None, *, device: str = "auto"
) -> tuple[Autoencoder, dict[str, Any]]:
    """Build an autoencoder with its weights on its device, and say which they are.

    Raises:
        UnknownName: no such device.
        MissingExtra, UnreadableFile, UnsupportedFile, BadUsage: as `encode`.
    """
    there = resolve_device(device)
    named = weights is None or (str(weights) in models.shipped())
    file = models.find(str(weights or model or MODEL)) if named else Path(str(weights))
    net, card = models.load(file)
    if not isinstance(net, Autoencoder):
        raise UnsupportedFile(
            f"{file} contains weights of {card.model!r}, which is not an autoencoder of scans"
        )
    if model is not None and model not in (card.model, name_of(card.model)):
        raise BadUsage(
            f"{file} contains weights of {card.model!r}, not of {model!r}; omit model", option="model"
        )
    facts = {"model": card.model, "weights": file.name, "weights_sha256": models.sha256(file)}
    return net.to(there), facts


def _view(painting: Painting, net: Autoencoder) -> View:
    return View(fitted(_stack(painting, net), net.modalities), net)


def _stack(painting: Painting, net: Autoencoder) -> Stack:
    """Take a painting in any of the forms that a user may hold it in."""
    if not isinstance(painting, np.ndarray):
        return treatment.stack_of(painting)
    array = painting[..., None] if painting.ndim == 2 else painting
    counts = list(net.modalities.values())
    if array.ndim != 3 or array.shape[2] != sum(counts):
        raise BadUsage(
            f"an array is (H, W, {sum(counts)}), the channels of {net.modalities}, got {painting.shape}; "
            "where a modality is missing give a stack"
        )
    parts = np.split(array, np.cumsum(counts)[:-1], axis=2)
    return Stack(tuple(Scan(part, name) for name, part in zip(net.modalities, parts, strict=True)))


def _coarser(metadata: Metadata) -> Metadata:
    """Keep the physical scale, in features per unit; a profile says nothing of features."""
    if metadata.resolution is None:
        return Metadata()
    across, down = metadata.resolution
    return Metadata(resolution=(across / CELL, down / CELL), unit=metadata.unit)
