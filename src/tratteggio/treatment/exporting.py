"""Write a painting in another format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tratteggio import files
from tratteggio.files.outputs import require_outputs
from tratteggio.files.record import input_of, make_record
from tratteggio.files.saving import holds_layers, saved_files
from tratteggio.files.stacks import history_of, require_stack_suffix
from tratteggio.files.watch import Watch
from tratteggio.treatment.opening import open  # noqa: A004 - reads as `tg.open`
from tratteggio.treatment.planning import input_files
from tratteggio.treatment.reopening import reopen

Progress = Callable[[int, int], None]


def export(
    source: str | Path, target: str | Path, *, overwrite: bool = False, progress: Progress | None = None
) -> None:
    """Write a painting in another format; the suffix of the target chooses it.

    Args:
        source: what `open` takes; for .ora a proposal that `inpaint` wrote.
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
    require_outputs([target], inputs=input_files(source), overwrite=overwrite)
    watch = Watch(input_files(source))
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


def _layers(proposal: Path) -> list[Path]:
    """List the files that a proposal is put together from."""
    kinds = ("history", "lost", "confidence")
    return [proposal, *(files.sidecar(proposal, kind) for kind in kinds)]
