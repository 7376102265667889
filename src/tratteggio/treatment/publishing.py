"""Publish paintings and proposals on the web: as a folder for any web server, in a format that can."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tratteggio import files
from tratteggio.damage import CLASSES
from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files.beside import folder_beside
from tratteggio.files.kinds import by_suffix, image_suffixes, usable
from tratteggio.files.orientation import require_same_orientation
from tratteggio.files.outputs import require_outputs
from tratteggio.files.provenance import SIDECARS
from tratteggio.files.stacks import is_stack
from tratteggio.files.watch import Watch
from tratteggio.finish import apply_finish, require_finish
from tratteggio.names import followed
from tratteggio.painting import Lacunae, Restoration, Scan, Stack
from tratteggio.painting.modalities import MODALITIES
from tratteggio.roles import Layer, Publication, Publisher
from tratteggio.treatment.damage_files import read_damage
from tratteggio.treatment.exporting import is_proposal, list_read
from tratteggio.treatment.opening import open, require_picture  # noqa: A004 - reads as `tg.open`
from tratteggio.treatment.reopening import recorded_source, reopen

Progress = Callable[[int, int], None]

SAFE = re.compile(r"[^A-Za-z0-9._-]+")
RIGHTS = ("creativecommons.org", "rightsstatements.org")
LOCAL = "http://localhost:8000"
COLLECTION = "collection.json"
HYPOTHESIS = (
    "Digital hypothesis: {}. Proposed by tratteggio {}, engine {}. It is not the state of the painting. It "
    "differs from the scan only inside the outlined lacunae."
)


@dataclass(frozen=True)
class PublishOptions:
    """Where a painting is published, and what is said of it.

    Attributes:
        address: where the folder will be reached, as "https://museum.example/iiif/panel"; None: on this
            machine, where `python -m http.server` hands out the folder that holds it.
        rights: the address of a Creative Commons licence or a statement of rightsstatements.org.
        statement: what viewers must show, as the owner and a credit line.
        finishes: further finishes of a proposal that are shown beside it: "hatched", "neutral", ...
    """

    address: str | None = None
    rights: str | None = None
    statement: str | None = None
    finishes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, text in (("address", self.address), ("rights", self.rights)):
            parts = urlsplit(text or LOCAL)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
                raise BadUsage(
                    f"{name} must be an address that begins with http:// or https://, got {text!r}",
                    option=name,
                )
        if self.rights is not None and urlsplit(self.rights).netloc.removeprefix("www.") not in RIGHTS:
            raise BadUsage(
                f"rights must be an address of {' or '.join(RIGHTS)}, as "
                f"http://creativecommons.org/publicdomain/mark/1.0/, got {self.rights!r}",
                option="rights",
            )
        for finish in self.finishes:
            require_finish(finish)


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
    publications = [_gather(painting, options) for painting in paintings]
    look = watch.last_look([target], overwrite=overwrite)
    with folder_beside(target, replaces=marker, before=look) as folder, usable(one):
        if not several:
            one.publish(publications[0], folder, address=address, progress=progress)
            return [target]
        names = _distinct([safe_name(_stem(painting)) for painting in paintings])
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


def _gather(source: Path, options: PublishOptions) -> Publication:
    """Bring together what is published of one painting; headers are read, and the mask of a proposal."""
    if is_proposal(source):
        return _gather_proposal(source, options)
    if options.finishes:
        raise BadUsage(f"{source} is not a proposal, so there is no fill that could be finished")
    stack = open(source)
    layers = tuple(_layer(scan) for scan in _main_first(stack))
    return _publication(stack.title or _stem(source), layers, {}, options, None)


def _gather_proposal(source: Path, options: PublishOptions) -> Publication:
    restoration = reopen(source)
    history = restoration.history
    finish = str(dict(history.get("finish", {})).get("name", "mimetic"))
    if options.finishes and finish != "mimetic":
        raise BadUsage(
            f"{source} has the finish {finish} already; propose it without a finish to publish several"
        )
    recorded = recorded_source(history)
    place = Path(restoration.original.name) if recorded is None else source.parent / recorded
    stack = _stack_around(place, restoration.original)
    proposed = [_proposed(restoration, finish)]
    for name in options.finishes:
        proposed += [_proposed(apply_finish(restoration, name), name.partition(":")[0])]
    names = " and ".join(f'"{layer.label}"' for layer in proposed)
    engine = dict(history.get("engine", {})).get("name", "not stated")
    warning = HYPOTHESIS.format(names, history.get("tratteggio", "of an unknown version"), engine)
    said = replace(options, statement=" ".join(filter(None, (options.statement, warning))))
    own, *others = _main_first(stack)
    layers = (_layer(own), *proposed, *map(_layer, others))
    title = stack.title or _stem(place)
    return _publication(title, layers, _damage_of(source, restoration), said, history)


def _publication(
    title: str,
    layers: tuple[Layer, ...],
    damage: Mapping[str, Lacunae],
    options: PublishOptions,
    history: Mapping[str, Any] | None,
) -> Publication:
    first = layers[0].scan
    for layer in layers:
        require_picture(layer.scan)
        require_same_orientation(first, layer.scan)
    facts = [("Pixels", f"{first.grid[0]:,} rows x {first.grid[1]:,} columns")]
    if first.um_per_px:
        facts.append(("Scale", f"{first.um_per_px:.4g} micrometres per pixel"))
    names = _distinct([layer.name for layer in layers])
    named = tuple(layer._replace(name=name) for layer, name in zip(layers, names, strict=True))
    return Publication(title, named, damage, tuple(facts), history, options.rights, options.statement)


def _stack_around(place: Path, original: Scan) -> Stack:
    """Return all scans of a painting whose main scan lies at a place; only that one if it lies alone."""
    if place.parent.is_file() or is_stack(place.parent):
        stack = open(place.parent)
        if followed(Path(stack.primary.name)) == followed(place):
            return stack
    return Stack((original,))


def _damage_of(source: Path, restoration: Restoration) -> dict[str, Lacunae]:
    """Return damage by class where a map lies beside the proposal, else what was filled."""
    beside = files.sidecar(source, "damage")
    if not beside.is_file():
        return {"lacuna": restoration.lacunae}
    damage = read_damage(beside, restoration.original)
    return {"lacuna": restoration.lacunae} | {name: damage.of(name) for name in CLASSES}


def _main_first(stack: Stack) -> list[Scan]:
    return [stack.primary, *(scan for scan in stack.scans if scan is not stack.primary)]


def _layer(scan: Scan) -> Layer:
    known = MODALITIES.get(scan.modality)
    return Layer(safe_name(scan.modality), known.title if known else scan.modality, scan)


def _proposed(restoration: Restoration, finish: str) -> Layer:
    scan = replace(restoration.original, pixels=restoration.pixels, modality="proposal")
    if finish == "mimetic":
        return Layer("proposal", "proposal", scan, restoration.lacunae)
    return Layer(safe_name(f"proposal-{finish}"), f"proposal, {finish}", scan, restoration.lacunae)


def safe_name(text: str) -> str:
    """Return a name that folders and addresses take: letters, digits, ".", "_" and "-".

    Example:
        >>> safe_name("Maria mit Kind (1).v2")
        'Maria-mit-Kind-1-.v2'
    """
    return SAFE.sub("-", text).lstrip(".-") or "painting"


def _distinct(names: Sequence[str]) -> list[str]:
    """Number names that are there twice."""
    found: list[str] = []
    taken = set[str]()
    for name in names:
        number, distinct = 1, name
        while distinct.casefold() in taken:
            number += 1
            distinct = f"{name}-{number}"
        taken.add(distinct.casefold())
        found.append(distinct)
    return found


def _stem(source: Path) -> str:
    """Name a painting after its file or folder; a scan in a stack after the stack."""
    path = source.resolve()
    path = path if path.suffix or not path.parent.suffix else path.parent
    return path.name if path.is_dir() and path.suffix.lower() != ".zarr" else path.stem.removesuffix(".ome")


def _part(progress: Progress, number: int, count: int) -> Progress:
    """Count a painting as one of several of equal size."""
    return lambda done, total: progress(number * total + done, count * total)
