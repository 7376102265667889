"""What a survey found, as tables and drawings: areas by class, the graph of cracks, their directions."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from tratteggio import files
from tratteggio.damage import Area, crack_graph
from tratteggio.damage import rose as draw_rose
from tratteggio.errors import BadUsage
from tratteggio.files.outputs import require_outputs
from tratteggio.treatment.detecting import Survey

GRAPHS, ROSES, TABLES = (".geojson", ".json"), (".svg",), (".csv", ".json")


def write_cracks(
    found: Survey,
    *,
    graph: str | Path | None = None,
    rose: str | Path | None = None,
    overwrite: bool = False,
) -> None:
    """Write the cracks as a graph, and draw their length by direction.

    Args:
        found: what `survey` returned, with cracks or without.
        graph: .geojson or .json: junctions, edges with length, width and direction; coordinates in pixels.
        rose: .svg
        overwrite: replace what is there already.

    Raises:
        UnsafeOutput: a file is there already, or both are one.
        BadUsage: another suffix, or a painting too large for a graph.
        MissingExtra: scikit-image is not installed.
        UnwritableFile: no such folder, no permission, no space.
    """
    require_table_suffixes(graph=graph, rose=rose)
    require_outputs([path for path in (graph, rose) if path is not None], overwrite=overwrite)
    cracks = crack_graph(found.damage.of("crack"), metadata=found.damage.metadata)
    if graph is not None:
        _write_text(graph, json.dumps(cracks.geojson(), indent=1) + "\n")
    if rose is not None:
        _write_text(rose, draw_rose(cracks, title=f"Cracks: {found.damage.name}"))


def require_table_suffixes(
    *, graph: str | Path | None = None, rose: str | Path | None = None, areas: str | Path | None = None
) -> None:
    """Check the suffixes of these outputs before the search.

    Raises:
        BadUsage: another suffix.
    """
    for path, suffixes in ((graph, GRAPHS), (rose, ROSES), (areas, TABLES)):
        if path is not None:
            _require_suffix(Path(path), suffixes)


def write_areas(found: Survey, target: str | Path, *, overwrite: bool = False) -> None:
    """Write a table of the damage by class: area, share and pieces.

    Args:
        found: what `survey` returned.
        target: .csv or .json
        overwrite: replace what is there already.

    Raises:
        UnsafeOutput: it is there already.
        BadUsage: another suffix.
        UnwritableFile: no such folder, no permission, no space.
    """
    path = Path(target)
    require_table_suffixes(areas=path)
    require_outputs([path], overwrite=overwrite)
    rows = [area._asdict() for area in found.damage.areas()]
    if path.suffix.lower() == ".json":
        _write_text(path, json.dumps(rows, indent=1) + "\n")
        return
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, Area._fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _write_text(path, sheet.getvalue())


def _write_text(path: str | Path, text: str) -> None:
    with files.beside([Path(path)]) as [temporary]:
        temporary.write_text(text, encoding="utf-8")


def _require_suffix(path: Path, suffixes: tuple[str, ...]) -> None:
    if path.suffix.lower() not in suffixes:
        raise BadUsage(f"{path}: the suffix is one of {' '.join(suffixes)}, got {path.suffix!r}")
