"""Publish paintings and proposals on the web: as a folder for any web server, in a format that can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from tratteggio.errors import UnreadableFile
from tratteggio.files.beside import folder_beside
from tratteggio.files.kinds import by_suffix, image_suffixes, usable
from tratteggio.files.outputs import require_outputs
from tratteggio.files.provenance import SIDECARS
from tratteggio.files.stacks import is_stack
from tratteggio.files.watch import Watch
from tratteggio.roles import Publisher
from tratteggio.treatment.exporting import is_proposal, list_read
from tratteggio.treatment.gathering import distinct, gather, safe_name, stem_of
from tratteggio.treatment.publish_options import LOCAL, PublishOptions

Progress = Callable[[int, int], None]

COLLECTION = "collection.json"
DEFAULTS = PublishOptions()


def publish(
    source: str | Path,
    target: str | Path,
    *,
    options: PublishOptions = DEFAULTS,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Publish a painting, a proposal, or all in a folder, as a folder for any web server.

    A painting is shown with all its scans; a proposal with its source, the proposal, its finishes, and the
    lacunae as annotations by class, where a damage map lies beside it. Of a folder its proposals are
    published; if it holds none, its scans and stacks.

    Args:
        source: what `open` takes, a proposal that `inpaint` wrote, or a folder of such.
        target: a folder to make, .iiif
        options: address, rights, statement, finishes.
        overwrite: replace a folder that was published before.
        progress: called with (pixels read, pixels in all), paintings and pictures counted one by one.

    Returns:
        the folder of each painting.

    Raises:
        BadUsage: an unknown suffix, or a scan that is neither grey nor RGB.
        UnsafeOutput: the folder exists, or is an input.
        UnwritableFile: a folder stands there that was not published by us; no permission, no space. Nothing
            partial is left behind.
        TratteggioError: as `open` and `reopen` raise.
    """
    source, target = Path(source), Path(target)
    one = by_suffix(target, Publisher, what="the suffix of a folder for the web")
    several = source.is_dir() and not is_stack(source)
    paintings = list_paintings(source) if several else [source]
    inputs = [file for painting in paintings for file in list_read(painting)]
    marker = COLLECTION if several else str(one.FACTS.folder)
    require_outputs([target], inputs=inputs, overwrite=overwrite, replaces=marker)
    watch = Watch(inputs)
    address = (options.address or f"{LOCAL}/{quote(target.name)}").rstrip("/")
    publications = [gather(painting, options) for painting in paintings]
    look = watch.last_look([target], overwrite=overwrite)
    with folder_beside(target, replaces=marker, before=look) as folder, usable(one):
        if not several:
            one.publish(publications[0], folder, address=address, progress=progress)
            return [target]
        names = distinct([safe_name(stem_of(painting)) for painting in paintings])
        for number, (name, publication) in enumerate(zip(names, publications, strict=True)):
            (folder / name).mkdir()
            moved = None if progress is None else _part(progress, number, len(names))
            one.publish(publication, folder / name, address=f"{address}/{quote(name)}", progress=moved)
        members = [(name, one.title) for name, one in zip(names, publications, strict=True)]
        one.collect(source.resolve().name, members, folder, address=address)
    return [target / name for name in names]


def list_paintings(folder: Path) -> list[Path]:
    """List what is published of a folder: its proposals; if it holds none, its scans and stacks, by name.

    Raises:
        UnreadableFile: it holds neither.
    """
    there = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    proposals = [path for path in there if is_proposal(path)]
    if proposals:
        return proposals
    suffixes, beside = tuple(image_suffixes()), tuple(SIDECARS.values())
    images = [
        path for path in there
        if path.is_file() and path.name.lower().endswith(suffixes) and not path.name.endswith(beside)
    ]  # fmt: skip
    found = sorted([*images, *(path for path in there if is_stack(path))])
    if not found:
        raise UnreadableFile(f"{folder} contains no scan, no stack and no proposal")
    return found


def _part(progress: Progress, number: int, count: int) -> Progress:
    """Count a painting as one of several of equal size."""
    return lambda done, total: progress(number * total + done, count * total)
