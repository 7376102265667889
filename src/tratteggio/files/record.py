"""The record of a job, the start of every history: tool, time, inputs, options and machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tratteggio.files.provenance import file_named, sha256, short_name
from tratteggio.machine import machine
from tratteggio.painting import Scan
from tratteggio.version import __version__


class Input(NamedTuple):
    """Something that a job reads.

    Attributes:
        role: what it is for: a modality, "mask", "tile", ...
        name: of the file or scan, without folders.
        sha256: of the file, or of the samples of an array; None for a part of a larger file.
    """

    role: str
    name: str
    sha256: str | None


def input_of(scan: Scan, role: str | None = None) -> Input:
    """Describe a scan as an input; the role is its modality unless given. Only a file is hashed."""
    file = file_named(scan.name)
    return Input(role or scan.modality, short_name(scan.name), sha256(file) if file else None)


def input_file(path: str | Path, role: str) -> Input:
    """Describe a file, or a folder, as an input. A folder has no hash."""
    path = Path(path)
    return Input(role, path.name, sha256(path) if path.is_file() else None)


def make_record(
    verb: str,
    *,
    inputs: Iterable[Input],
    options: Mapping[str, Any],
    what: str | None = None,
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """Build the history of a job.

    Args:
        verb: the command, as "inpaint".
        inputs: all that the job reads.
        options: what the caller chose; JSON-like.
        what: one sentence on what the output is.
        details: the keys of this verb; JSON-like. They follow the others.

    Returns:
        a history, as `write_history` takes it: "tratteggio" (the version), "verb", "what", "created" (UTC, in
        seconds), "machine", "inputs", "options", then the details.

    Example:
        >>> record = make_record("export", inputs=[Input("rgb", "panel.tif", None)], options={}, details={})
        >>> record["verb"], record["inputs"]
        ('export', [{'role': 'rgb', 'name': 'panel.tif', 'sha256': None}])
    """
    return {
        "tratteggio": __version__,
        "verb": verb,
        **({} if what is None else {"what": what}),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "inputs": [one._asdict() for one in inputs],
        "options": dict(options),
        **details,
    }
