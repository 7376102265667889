"""Write a painting in another format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tratteggio import files
from tratteggio.files.outputs import require_outputs
from tratteggio.files.record import input_of, make_record
from tratteggio.files.saving import holds_layers, saved_files
from tratteggio.files.stacks import history_of, require_stack_suffix
from tratteggio.files.watch import Watch
from tratteggio.files.writing import white_where_sure
from tratteggio.painting import Metadata, Restoration, Scan, Stack
from tratteggio.treatment.opening import open  # noqa: A004 - reads as `tg.open`
from tratteggio.treatment.planning import input_files
from tratteggio.treatment.reopening import recorded_source, reopen

Progress = Callable[[int, int], None]


def export(
    source: str | Path, target: str | Path, *, overwrite: bool = False, progress: Progress | None = None
) -> None:
    """Write a painting in another format; the suffix of the target chooses it.

    A proposal becomes a stack of its source, the proposal, the lacunae (255 = lost) and the confidence
    (255 = sure), read by region: a painting of gigapixels is never whole in memory.

    Args:
        source: what `open` takes, or a proposal that `inpaint` wrote; for .ora a proposal.
        target: .ome.zarr or .ome.tif, a stack with profile, scale, title and history; .ora, the layers of a
            proposal, an 8-bit exchange copy.
        overwrite: replace an existing target.
        progress: called with (pixels read, pixels in all); not for .ora.

    Raises:
        BadUsage: an unknown suffix, or scans that the format cannot hold.
        UnsafeOutput: the target is the source, or is there already.
        SourceChanged: the source was replaced while it was being read; nothing is written.
        UnreadableFile, UnwritableFile: as `open`, `reopen` and `files.write_stack` raise.
    """
    source, target = Path(source), Path(target)
    if holds_layers(target):
        require_outputs(saved_files(target), inputs=_layers(source), overwrite=overwrite)
        reopen(source).save(target)
        return
    require_stack_suffix(target)
    inputs = list_read(source)
    require_outputs([target], inputs=inputs, overwrite=overwrite)
    watch = Watch(inputs)
    if is_proposal(source):
        restoration = reopen(source)
        stack, history = layers_of(restoration), dict(restoration.history)
    else:
        stack = open(source)
        history = history_of(source) or make_record(
            "export",
            inputs=map(input_of, stack.scans),
            options={},
            details={"source": {"name": source.name}},
        )
    files.write_stack(
        stack,
        target,
        history=history,
        progress=progress,
        before=watch.last_look([target], overwrite=overwrite),
    )


def is_proposal(source: Path) -> bool:
    """True if the history of a proposal lies beside a file; False of any other painting."""
    beside = files.sidecar(source, "history")
    return source.is_file() and beside.is_file() and "lacunae" in files.read_history(beside)


def layers_of(restoration: Restoration) -> Stack:
    """Return a proposal as a stack: the source, "proposal", "lacunae" and "confidence" (8 bit), all lazy."""
    original = restoration.original
    metadata = original.metadata
    geometry = Metadata(metadata.resolution, metadata.unit, metadata.orientation)
    confidence = white_where_sure(restoration.confidence)
    return Stack(
        (
            original,
            replace(original, pixels=restoration.pixels, modality="proposal"),
            Scan(files.white_where_lost(restoration.lacunae), "lacunae", metadata=geometry),
            Scan(confidence, "confidence", metadata=geometry),
        )
    )


def list_read(source: Path) -> list[Path]:
    """List the files that a painting, or a proposal with its source, is read from."""
    if not is_proposal(source):
        return input_files(source)
    recorded = recorded_source(files.read_history(files.sidecar(source, "history")))
    return [*_layers(source), *([] if recorded is None else input_files(source.parent / recorded))]


def _layers(proposal: Path) -> list[Path]:
    """List the files that a proposal is put together from."""
    kinds = ("history", "lost", "confidence")
    return [proposal, *(files.sidecar(proposal, kind) for kind in kinds)]
