"""A painting as a IIIF manifest: one canvas, a choice of pictures, damage as annotations; and collections.

Source: IIIF Presentation API 3.0; IIIF Cookbook, recipes 33 (Choice) and 261 (SvgSelector).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tratteggio.files.provenance import history_json
from tratteggio.files.rasters import upright
from tratteggio.formats._iiif.lattice import size_path
from tratteggio.formats._iiif.outlines import Outline, Outlines, outline_areas
from tratteggio.formats._iiif.tiles import upright_grid, whole_sizes
from tratteggio.markup import html
from tratteggio.names import json_safe
from tratteggio.painting import Lacunae, Scan
from tratteggio.painting.legend import LEGEND
from tratteggio.roles import Layer, Publication

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
MANIFEST, COLLECTION, HISTORY, DAMAGE = "manifest.json", "collection.json", "history.json", "damage"


def write_manifest(publication: Publication, folder: Path, *, address: str) -> None:
    """Write `manifest.json`, the pages of annotations and `history.json` of a painting.

    Args:
        publication: the painting; the images of its layers lie in folders of their names.
        folder: where to.
        address: where the folder will be reached.
    """
    scan = publication.layers[0].scan
    canvas = f"{address}/canvas"
    pages = []
    for name, lacunae in publication.damage.items():
        page = f"{address}/{DAMAGE}/{name}.json"
        found = outline_areas(Lacunae(upright(lacunae.lost, scan.metadata.orientation)))
        if found.areas:
            (folder / DAMAGE).mkdir(exist_ok=True)
            _write(folder / DAMAGE / f"{name}.json", _annotations(name, found, scan, page, canvas))
            pages.append({"id": page, "type": "AnnotationPage", "label": _english(name)})
    if publication.history is not None:
        (folder / HISTORY).write_text(history_json(without_places(publication.history)), "utf-8")
    _write(folder / MANIFEST, describe_painting(publication, address=address, pages=pages))


def describe_painting(
    publication: Publication, *, address: str, pages: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the manifest of a painting.

    Args:
        publication: the painting.
        address: where its folder will be reached.
        pages: the pages of annotations on its canvas.
    """
    rows, cols = upright_grid(publication.layers[0].scan)
    canvas = f"{address}/canvas"
    bodies = [_body(layer, address) for layer in publication.layers]
    thumbnail = [_picture(publication.layers[0], address, largest=False)]
    painting = {
        "id": f"{address}/canvas/painting",
        "type": "Annotation",
        "motivation": "painting",
        "body": bodies[0] if len(bodies) == 1 else {"type": "Choice", "items": bodies},
        "target": canvas,
    }
    manifest: dict[str, Any] = {
        "@context": CONTEXT,
        "id": f"{address}/{MANIFEST}",
        "type": "Manifest",
        "label": {"none": [publication.title]},
    }
    if publication.facts:
        manifest["metadata"] = [
            {"label": _english(label), "value": {"none": [value]}} for label, value in publication.facts
        ]
    if publication.statement:
        manifest["requiredStatement"] = {
            "label": _english("Attribution"),
            "value": _english(publication.statement),
        }
    if publication.rights:
        manifest["rights"] = publication.rights
    manifest["thumbnail"] = thumbnail
    if publication.history is not None:
        manifest["seeAlso"] = [
            {
                "id": f"{address}/{HISTORY}",
                "type": "Dataset",
                "label": _english("How it was made"),
                "format": "application/json",
            }
        ]
    return manifest | {
        "items": [
            {
                "id": canvas,
                "type": "Canvas",
                "label": {"none": [publication.title]},
                "height": rows,
                "width": cols,
                "thumbnail": thumbnail,
                "items": [{"id": f"{canvas}/page", "type": "AnnotationPage", "items": [painting]}],
                **({"annotations": list(pages)} if pages else {}),
            }
        ]
    }


def write_collection(title: str, members: Sequence[tuple[str, str]], folder: Path, *, address: str) -> None:
    """Write `collection.json`, which lists published paintings; see `roles.Publisher.collect`."""
    items = [
        {"id": f"{address}/{name}/{MANIFEST}", "type": "Manifest", "label": {"none": [label]}}
        for name, label in members
    ]
    collection = {
        "@context": CONTEXT,
        "id": f"{address}/{COLLECTION}",
        "type": "Collection",
        "label": {"none": [title]},
        "items": items,
    }
    _write(folder / COLLECTION, collection)


def _annotations(name: str, found: Outlines, scan: Scan, page: str, canvas: str) -> dict[str, Any]:
    """Return the page of one kind of damage."""
    rows, cols = upright_grid(scan)
    items = [
        {
            "id": f"{page}#{number}",
            "type": "Annotation",
            "motivation": "commenting",
            "body": {
                "type": "TextualBody",
                "value": f"{name}: {_size(one, scan)}",
                "format": "text/plain",
                "language": "en",
            },
            "target": {
                "type": "SpecificResource",
                "source": canvas,
                "selector": {"type": "SvgSelector", "value": _drawing(one, name, rows, cols)},
            },
        }
        for number, one in enumerate(found.largest, 1)
    ]
    said = f"{name}: {found.areas:,} areas"
    if len(items) < found.areas:
        said += f", the {len(items):,} largest outlined"
    if found.cell > 1:
        said += f", outlines exact to {found.cell} pixels"
    return {
        "@context": CONTEXT,
        "id": page,
        "type": "AnnotationPage",
        "label": _english(said),
        "items": items,
    }


def _size(one: Outline, scan: Scan) -> str:
    spacing = scan.metadata.spacing_um
    if spacing is None:
        return f"{one.lost_px:,} pixels"
    return f"{one.lost_px:,} pixels, {one.lost_px * spacing[0] * spacing[1] / 1e6:,.2f} mm²"


def _drawing(one: Outline, name: str, rows: int, cols: int) -> str:
    colour = LEGEND[name].hex
    return html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}">'
        '<path fill="none" stroke="{}" stroke-width="2" d="{}"/></svg>',
        cols, rows, colour, one.path,
    )  # fmt: skip


def _body(layer: Layer, address: str) -> dict[str, Any]:
    """Return a layer as the body of a painting annotation: at a size that exists, with its image service."""
    return _picture(layer, address, largest=True) | {"label": {"en": [layer.label]}}


def _picture(layer: Layer, address: str, *, largest: bool) -> dict[str, Any]:
    grid, service = upright_grid(layer.scan), f"{address}/{layer.name}"
    size = whole_sizes(grid)[0 if largest else -1]
    return {
        "id": f"{service}/{size_path(size, grid)}",
        "type": "Image",
        "format": "image/jpeg",
        "height": size[0],
        "width": size[1],
        "service": [{"id": service, "type": "ImageService3", "profile": "level0"}],
    }


def without_places(history: Mapping[str, Any]) -> dict[str, Any]:
    """Return a history without the places of files on the machine that made it; names and hashes stay."""
    return {
        key: {name: one for name, one in value.items() if name not in ("file", "file_quoted")}
        if isinstance(value, Mapping)
        else value
        for key, value in history.items()
    }


def _english(text: str) -> dict[str, list[str]]:
    return {"en": [text]}


def _write(file: Path, document: Mapping[str, Any]) -> None:
    file.write_text(json_safe(json.dumps(document, indent=1, ensure_ascii=False)) + "\n", "utf-8")
