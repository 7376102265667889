"""Gather the pages of the documentation site: those written by hand, and those made from the code.

    .venv/bin/python docs/generate.py build/docs

Commands, the Python interface and the gallery are made anew in each build: they cannot fall behind the code.
"""

from __future__ import annotations

import ast
import inspect
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import tratteggio
from tratteggio.cli.main import app
from tratteggio.files.kinds import formats
from tratteggio.roles import (
    Format,
    LayerReader,
    OutlineReader,
    ProposalWriter,
    ScanReader,
    ScanWriter,
    StackReader,
    StackWriter,
)

DOCS = Path(__file__).parent
GALLERY = DOCS.parent / "gallery"
MEASURES = "fidelity", "colour", "texture", "edges", "confidence", "calibration", "detection"
LAYERS = "tratteggio.layers", "tratteggio.losses"


def gather(out: Path) -> None:
    """Write all pages, with the pictures that they show, into a new folder."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(DOCS, out, ignore=shutil.ignore_patterns("*.py", "__pycache__", "report.json"))
    pages = {
        "reference/commands.md": commands(),
        "reference/formats.md": file_formats(),
        "reference/python.md": python(),
        "reference/layers.md": packages("Layers and losses", LAYERS),
        "reference/measures.md": packages("Measures", (f"tratteggio.metrics.{name}" for name in MEASURES)),
        "gallery/index.md": gallery(),
    }
    for path, text in pages.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text, "utf-8")


def commands() -> str:
    """List each command with its arguments, options and examples."""
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    parts = ["# Commands", f"{group.help}", f"{group.epilog}"]
    for name, command in group.commands.items():
        parts += [f"## tratteggio {name}", _prose(command.help or ""), _parameters(command)]
    return "\n\n".join(parts)


def _prose(text: str) -> str:
    """Set examples apart as code; the rest is plain sentences."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        f"```sh\n{' '.join(paragraph.removeprefix('Example: ').split())}\n```"
        if paragraph.startswith("Example: ")
        else paragraph
        for paragraph in paragraphs
    )


def _parameters(command: Any) -> str:
    rows = ["| argument or option | what it does | default |", "| --- | --- | --- |"]
    for parameter in command.params:
        if parameter.name == "help":
            continue
        argument = parameter.param_type_name == "argument"
        names = parameter.metavar or parameter.name.upper() if argument else ", ".join(parameter.opts)
        default = "" if parameter.default in (None, False, "") else f"`{parameter.default}`"
        default = "required" if parameter.required else default
        text = " ".join((parameter.help or "").split()).replace("|", "\\|")
        rows.append(f"| `{names}` | {text} | {default} |")
    return "\n".join(rows)


def file_formats() -> str:
    """List each file format with what it can keep."""
    held = ["opacity", "profile", "scale", "scans", "copies"]
    head = ["format", "suffixes", "read", "written", "depths", *held]
    rows = [head, ["---"] * len(head)]
    for one in formats(Format).values():
        facts, keeps = one.FACTS, one.FACTS.keeps
        read = isinstance(one, ScanReader | StackReader | LayerReader | OutlineReader)
        written = isinstance(one, ScanWriter | StackWriter | ProposalWriter)
        kept = (keeps.alpha, keeps.profile, keeps.resolution, keeps.scans, keeps.pyramid)
        named = facts.title if keeps.lossless else f"{facts.title} (changes every sample a little)"
        suffixes = " ".join(f"`{suffix}`" for suffix in facts.suffixes) or f"a folder with `{facts.folder}`"
        row = [named, suffixes, _yes(read), _yes(written), ", ".join(keeps.depths) or "those of its files"]
        rows.append(row + [_yes(can) for can in kept])
    return "\n\n".join(
        [
            "# File formats",
            "Existing files are recognized by their content, except camera raw. The suffix chooses the "
            "format of an output. A package can add a format: see "
            "[Write a plugin](../how-to/plugin.md).",
            "\n".join(f"| {' | '.join(row)} |" for row in rows),
            "**Depths**: samples that are kept bit by bit. **Scale**: resolution in pixels per inch or "
            "centimetre. **Scans**: several scans of one painting. **Copies**: smaller copies of a large "
            "image, for fast viewing.",
        ]
    )


def _yes(held: bool) -> str:
    return "yes" if held else ""


def python() -> str:
    """Document every public name of `tratteggio` where it is defined."""
    parts = ["# Python", "```python\nimport tratteggio as tg\n```"]
    for name in tratteggio.__all__:
        thing = getattr(tratteggio, name)
        if callable(thing):
            options = f"      heading: tg.{name}\n      toc_label: tg.{name}\n"
            parts.append(f"::: {thing.__module__}.{thing.__name__}\n    options:\n{options}")
    return "\n\n".join(parts)


def packages(title: str, names: Any) -> str:
    """Document packages or modules whole."""
    return "\n\n".join([f"# {title}", *(f"::: {name}" for name in names)])


def gallery() -> str:
    """List the examples with what they show and their code."""
    parts = [
        "# Gallery",
        "Run `make gallery`: each example becomes a page with its pictures in `out/gallery`.",
    ]
    parts += list(_examples())
    return "\n\n".join(parts)


def _examples() -> Iterator[str]:
    for script in sorted(GALLERY.glob("[0-9]*.py")):
        source = script.read_text("utf-8")
        first, _, rest = (ast.get_docstring(ast.parse(source)) or script.stem).partition("\n")
        title = script.stem[3:].replace("_", " ").capitalize()
        yield f'## {title}\n\n{first}\n\n{rest}\n\n??? example "{script.name}"\n\n' + "\n".join(
            f"    {line}" for line in ["```python", *source.splitlines(), "```"]
        )


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
