"""The command line: `tratteggio VERB`."""

from __future__ import annotations

from typing import Annotated

import typer

import tratteggio
from tratteggio.cli.compare import compare
from tratteggio.cli.console import describe_fault, print_anything
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
from tratteggio.cli.sign import sign
from tratteggio.cli.speech import tell
from tratteggio.cli.studio import studio
from tratteggio.cli.train import train
from tratteggio.cli.verify import verify
from tratteggio.errors import Stopped

app = typer.Typer(
    name="tratteggio",
    help="Virtual restoration of paintings: fills as separate layers, original paint unchanged.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 some items failed, 2 usage, 3 missing weights or extra, "
    "4 verification failed, 70 an error in tratteggio (details are saved), 130 stopped and resumable, "
    "141 output pipe closed. TRATTEGGIO_DEBUG=1 shows tracebacks.",
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
    sign,
    studio,
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
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 its callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    read_limit: Annotated[
        float | None,
        typer.Option(
            metavar="GIB",
            help="The largest amount of memory that a file may request at once, in GiB. Default: 4. Raise it "
            "only for files that you trust.",
        ),
    ] = None,
    outside: Annotated[
        bool, typer.Option("--outside", help="Allow a painting.toml to name files outside its folder.")
    ] = False,
) -> None:
    """Virtual restoration of paintings: fills as separate layers, original paint unchanged."""
    if read_limit is not None:
        if not read_limit > 0:
            raise typer.BadParameter(
                f"must be a positive number of GiB, got {read_limit:g}", param_hint="--read-limit"
            )
        from tratteggio.files.limits import decoded_limit

        context.with_resource(decoded_limit(read_limit))
    if outside:
        from tratteggio.files import outside_allowed

        context.with_resource(outside_allowed())


def main() -> None:
    """Entry point of the console script.

    Verbs answer for themselves; this answers for what goes wrong before and after them.
    """
    print_anything()
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(Stopped.exit_code) from None
    except Exception as error:  # noqa: BLE001 nothing may pass as a traceback
        words, exit_code = describe_fault(error)
        tell(f"tratteggio: {words}")
        raise SystemExit(exit_code) from None
