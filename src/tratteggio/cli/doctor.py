"""`tratteggio doctor`: what is installed, what works, and how to get the rest."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from tratteggio.cli.console import Json, Quiet, conversation
from tratteggio.errors import MissingExtra, TratteggioError

LIBRARIES = {
    "numpy": "core",
    "scipy": "core",
    "torch": "core",
    "pillow": "core",
    "tifffile": "core",
    "imagecodecs": "core",
    "zarr": "core",
    "safetensors": "core",
    "msgspec": "core",
    "opencv-contrib-python-headless": "cv",
    "rawpy": "raw",
    "scikit-image": "detect",
    "starlette": "studio",
    "uvicorn": "studio",
    "distributed": "cluster",
    "weasyprint": "pdf",
    "c2pa-python": "c2pa",
    "psd-tools": "psd",
    "lightning-fabric": "train",
    "tensorboard": "train",
}


def doctor(
    folder: Annotated[Path, typer.Argument(help="The folder to search for unfinished jobs.")] = Path(),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check the installation: versions, extras, engines, enhancers and finishes.

    The exit code is 3 if core parts are missing. The command also lists unfinished jobs in a folder, and
    says whether a process still works on them.

    Example: tratteggio doctor
    """
    with conversation(as_json=json, quiet=quiet) as console:
        import tratteggio
        from tratteggio import registry
        from tratteggio.cli.wording import translate
        from tratteggio.registry import ROLES
        from tratteggio.windows.leftovers import leftovers

        facts: dict[str, Any] = {
            "tratteggio": tratteggio.__version__,
            "python": sys.version.split()[0],
            "platform": platform.platform(),
            "cpus": os.cpu_count(),
            "libraries": {name: _version(name) for name in LIBRARIES},
            "engines": {name: _usable("engines", name, seed=0) for name in registry.names("engines")},
            "enhancers": {name: _usable("enhancers", name) for name in registry.names("enhancers")},
            "finishes": registry.names("finish"),
            "broken": {
                f"{ROLES[role]} {name}": why for role in ROLES for name, why in registry.broken(role).items()
            },
            "unfinished": {name: translate(what) for name, what in leftovers(folder).items()},
        }
        console.result(facts, _text(facts))
        missing = [name for name, extra in LIBRARIES.items() if extra == "core" and not _version(name)]
        if missing:
            raise MissingExtra(f"core libraries are missing: {', '.join(missing)}; reinstall tratteggio")


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _usable(role: str, name: str, **options: int) -> str:
    """Say "ready", or what has to be installed or is broken."""
    from tratteggio import registry
    from tratteggio.cli.wording import format_error

    try:
        module = registry.load(role, name)
        with registry.usable(role, name):
            module.make(device="auto", **options)
    except TratteggioError as error:
        return format_error(error)
    return "ready"


def _text(facts: dict[str, Any]) -> str:
    """Lay the findings out for people."""
    lines = [
        f"tratteggio {facts['tratteggio']}, Python {facts['python']}, {facts['cpus']} CPUs",
        facts["platform"],
        "",
        "libraries",
    ]
    for name, version in facts["libraries"].items():
        extra = LIBRARIES[name]
        missing = f'missing; pip install "tratteggio[{extra}]"'
        lines.append(f"  {name:<32} {version or missing}")
    lines += ["", "engines"]
    lines += [f"  {name:<32} {state}" for name, state in facts["engines"].items()]
    lines += ["", "enhancers"]
    lines += [f"  {name:<32} {state}" for name, state in facts["enhancers"].items()]
    lines += ["", "finishes", f"  {', '.join(facts['finishes'])}"]
    lines += ["", "broken"] if facts["broken"] else []
    lines += [f"  {name:<32} {why}" for name, why in facts["broken"].items()]
    if facts["unfinished"]:
        lines += ["", "unfinished"]
        lines += [f"  {path}: {state}" for path, state in facts["unfinished"].items()]
    return "\n".join(lines)
