"""`tratteggio inspect`: print the properties of a scan or a stack, and the memory that a fill needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tratteggio.cli.console import Json, Quiet, White, conversation
from tratteggio.cli.wording import format_error


def inspect(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scans and stacks.")],
    white: White = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print size, depth, profile, resolution, pages, hash and memory needs of scans and stacks.

    Example: tratteggio inspect panel.tif
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio import files
        from tratteggio.errors import TratteggioError
        from tratteggio.files.white import note_range, with_white
        from tratteggio.painting import Stack
        from tratteggio.treatment import memory_plan

        found: list[dict[str, Any]] = []
        for path in paths:
            try:
                stack = with_white(files.read_stack(path), white)
                tile, peak = memory_plan(Stack((stack.primary,)))
                note_range(*stack.scans)
                found.append(
                    files.inspect(path, white=white) | {"tile_px": tile, "fill_peak_gib": round(peak, 2)}
                )
            except TratteggioError as error:
                if len(paths) == 1:
                    raise
                console.error(format_error(error), exit_code=1)
        console.result({"files": found}, "\n\n".join(_text(facts) for facts in found))


def _text(facts: dict[str, Any]) -> str:
    """Lay facts out, one a line; the scans of a stack follow it, one block each."""
    width = max(len(key) for key in facts)
    own = {key: value for key, value in facts.items() if key != "scans"}
    lines = "\n".join(f"{key.replace('_', ' '):<{width}}  {_value(value)}" for key, value in own.items())
    return "\n\n".join([lines, *map(_text, facts.get("scans", ()))])


def _value(value: Any) -> str:
    if value in (None, ""):
        return "not stated"
    if value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return " x ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
