"""The command line: `tratteggio VERB`."""

from __future__ import annotations

from typing import Annotated

import typer

import tratteggio
from tratteggio.cli.compare import compare
from tratteggio.cli.console import print_anything
from tratteggio.cli.demo import demo
from tratteggio.cli.detect import detect
from tratteggio.cli.doctor import doctor
from tratteggio.cli.encode import encode
from tratteggio.cli.enhance import enhance
from tratteggio.cli.evaluate import evaluate
from tratteggio.cli.explain import explain
from tratteggio.cli.export import export
from tratteggio.cli.inpaint import inpaint
from tratteggio.cli.inspect import inspect
from tratteggio.cli.models import models
from tratteggio.cli.recipes import recipes
from tratteggio.cli.register import register
from tratteggio.cli.report import report
from tratteggio.cli.reproduce import reproduce
from tratteggio.cli.train import train
from tratteggio.cli.verify import verify

app = typer.Typer(
    name="tratteggio",
    help="Virtual restoration of paintings: proposals in layers, original paint untouched.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 some items failed, 2 usage, 3 missing weights or extra, "
    "4 verification failed, 130 stopped and resumable.",
)
VERBS = (
    demo,
    inspect,
    register,
    detect,
    inpaint,
    enhance,
    encode,
    explain,
    verify,
    evaluate,
    compare,
    export,
    report,
    train,
    recipes,
    models,
    reproduce,
    doctor,
)
for verb in VERBS:
    app.command()(verb)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"tratteggio {tratteggio.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Virtual restoration of paintings: proposals in layers, original paint untouched."""


def main() -> None:
    """Entry point of the console script."""
    print_anything()
    app()
