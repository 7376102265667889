"""What is published of a painting or a proposal: its pictures, its damage, and what is known of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tratteggio import files
from tratteggio.damage import CLASSES
from tratteggio.errors import BadUsage
from tratteggio.files.object_data import NAME, ObjectData, read_object
from tratteggio.files.orientation import require_same_orientation
from tratteggio.files.stacks import is_stack
from tratteggio.finish import apply_finish
from tratteggio.names import followed
from tratteggio.painting import Lacunae, Restoration, Scan, Stack
from tratteggio.painting.modalities import MODALITIES
from tratteggio.roles import Layer, Publication
from tratteggio.treatment.damage_files import read_damage
from tratteggio.treatment.exporting import is_proposal
from tratteggio.treatment.opening import open, require_picture  # noqa: A004 - reads as `tg.open`
from tratteggio.treatment.publish_options import PublishOptions
from tratteggio.treatment.reopening import recorded_source, reopen

SAFE = re.compile(r"[^A-Za-z0-9._-]+")
HYPOTHESIS = (
    "Digital hypothesis: {}. Proposed by tratteggio {}, engine {}. It is not the state of the painting. It "
    "differs from the scan only inside the outlined lacunae."
)


def gather(source: Path, options: PublishOptions) -> Publication:
    """Bring together what is published of one painting; headers are read, and the mask of a proposal."""
    if is_proposal(source):
        return _gather_proposal(source, options)
    if options.finishes:
        raise BadUsage(f"{source} is not a proposal, so there is no fill that could be finished")
    stack = open(source)
    layers = tuple(_layer(scan) for scan in _main_first(stack))
    about = _object_of(source)
    title = stack.title or about.title or stem_of(source)
    publication = Publication(title, layers, {}, rights=options.rights, statement=options.statement)
    return _complete(publication, about)


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
    said = " ".join(filter(None, (options.statement, warning)))
    own, *others = _main_first(stack)
    layers = (_layer(own), *proposed, *map(_layer, others))
    about = _object_of(place)
    title = stack.title or about.title or stem_of(place)
    damage = _damage_of(source, restoration)
    publication = Publication(title, layers, damage, history=history, rights=options.rights, statement=said)
    return _complete(publication, about)


def _complete(publication: Publication, about: ObjectData) -> Publication:
    """Check the layers of a publication, give them distinct names, and add what is known of the painting."""
    first = publication.layers[0].scan
    for layer in publication.layers:
        require_picture(layer.scan)
        require_same_orientation(first, layer.scan)
    facts = [*_facts(about), ("Pixels", f"{first.grid[0]:,} rows x {first.grid[1]:,} columns")]
    if first.um_per_px:
        facts.append(("Scale", f"{first.um_per_px:.4g} micrometres per pixel"))
    names = distinct([layer.name for layer in publication.layers])
    layers = tuple(layer._replace(name=name) for layer, name in zip(publication.layers, names, strict=True))
    return replace(publication, layers=layers, facts=tuple(facts))


def _object_of(place: Path) -> ObjectData:
    """Return what a `painting.toml` says of the object: that of a folder, or beside a scan that it names."""
    file = (place if place.is_dir() else place.parent) / NAME
    if not file.is_file():
        return ObjectData()
    stated = read_object(file)
    return stated if place.is_dir() or place.name in stated.files else ObjectData()


def _facts(about: ObjectData) -> list[tuple[str, str]]:
    """Return what is published of the object: neither where it is kept nor what was done to it."""
    height, width = about.dimensions_cm or (0.0, 0.0)
    size = f"{height:g} x {width:g} cm (height x width)" if about.dimensions_cm else ""
    said = {
        "Artist": about.artist,
        "Date": about.date,
        "Technique": about.technique,
        "Dimensions": size,
        "Owner": about.owner,
        "Inventory number": about.inventory_number,
    }
    return [(label, value) for label, value in said.items() if value]


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


def distinct(names: Sequence[str]) -> list[str]:
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


def stem_of(source: Path) -> str:
    """Name a painting after its file or folder; a scan in a stack after the stack."""
    path = source.resolve()
    path = path if path.suffix or not path.parent.suffix else path.parent
    return path.name if path.is_dir() and path.suffix.lower() != ".zarr" else path.stem.removesuffix(".ome")
