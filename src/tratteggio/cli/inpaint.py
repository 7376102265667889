"""`tratteggio inpaint`: propose a fill for the lacunae of one painting, or of a folder of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tratteggio.cli.console import Console, Json, Quiet, conversation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tratteggio.cli.pairs import Item
    from tratteggio.painting import Lacunae
    from tratteggio.roles import Engine


class Adapting(NamedTuple):
    """How the net of an engine is fitted to each painting before it fills.

    Attributes:
        minutes: of training.
        weights: to begin with.
        engines: the engine that fills, and those that give other fills, with the weights of a file.
    """

    minutes: float
    weights: str
    engines: Callable[[str | Path | None], list[Engine]]


class Looking(NamedTuple):
    """What is done where no mask says what is lost: detectors, if there is no map; policies; a rim."""

    kinds: tuple[str, ...]
    policy: str | None
    grow: str | None


def inpaint(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="A scan, an OME-Zarr or OME-TIFF, a folder with a painting.toml, or a folder of scans.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A file (.tif .png .jpg .ora), or a folder.")
    ],
    mask: Annotated[
        Path | None,
        typer.Option(help="White = lost. A file (for all inputs) or a folder (matched by file stem)."),
    ] = None,
    damage: Annotated[
        Path | None,
        typer.Option(help="In place of a mask a damage map, as `detect --map` writes it; or a folder."),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="With neither: the detector that finds the damage, see `detect`; repeatable."),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Of a damage map: what is filled and kept, as crack=fill,loss=keep."),
    ] = None,
    grow: Annotated[
        str | None,
        typer.Option(
            help="Of a damage map: fill so far beyond what was found, as 2px or 120um. Without, the "
            "dark rims of cracks stay as seams."
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="What fills: auto, or a name from `tratteggio doctor`, with options: patch_mrf:paste=mean."
        ),
    ] = "auto",
    weights: Annotated[
        str | None,
        typer.Option(
            help="For an engine with a net: weights from `tratteggio train`, or the name of some that ship."
        ),
    ] = None,
    attributes: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute", help="What the painting shows, for weights that are told of it; repeatable."
        ),
    ] = None,
    finish: Annotated[
        str, typer.Option(help="How the fill is shown: mimetic, hatched, neutral or outlined.")
    ] = "mimetic",
    seed: Annotated[int, typer.Option(help="The same seed gives the same bits.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    tile: Annotated[
        int | None, typer.Option(help="Pixels a side read at a time; never changes the result.")
    ] = None,
    memory: Annotated[float | None, typer.Option(help="GiB that the work may take; chooses --tile.")] = None,
    samples: Annotated[
        int | None, typer.Option(help="Write so many other plausible fills beside the proposal.")
    ] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Try fills on known paint, so that the confidence holds.")
    ] = False,
    leave_above: Annotated[
        float | None,
        typer.Option(help="Leave lacunae open that may be off by more than this share of the range."),
    ] = None,
    adapt: Annotated[
        float | None,
        typer.Option(
            metavar="MINUTES",
            help="First train the net on the known paint of this painting, with damage like its own.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Propose a fill for the lacunae; paint that is not lost stays bit-identical.

    Of several scans of one painting rgb is filled, or else the first; engines that look at others are shown
    those, too. Beside the output lie its history, the lacunae and the confidence. With --samples the other
    fills are proposals of their own, proposal.sample-1.tif and so on.

    Without a mask and a damage map the damage is detected first, and lies beside the output as a map
    (proposal.tif.damage.png): a hypothesis, which should be looked over. Losses and scratches are filled,
    cracks, stains and overpaint kept, unless --policy says otherwise.

    With --adapt the weights that the net learnt lie in the folder proposal.tif.adapt; a run that was
    stopped goes on with --resume, and the history names them by their hash.

    Example: tratteggio inpaint panel.tif --mask lost.png -o proposal.tif

    Example: tratteggio inpaint panel.tif -o proposal.tif --policy crack=fill --grow 1px
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.cli.pairs import pair
        from tratteggio.errors import BadUsage
        from tratteggio.treatment import make_engine, samplers

        if mask is not None and (damage, kind, policy, grow) != (None, None, None, None):
            raise BadUsage("a mask says what is filled; --damage, --kind, --policy and --grow go without one")
        if damage is not None and kind:
            raise BadUsage("a damage map says what was found; --kind goes without one")
        items = pair(source, mask if damage is None else damage, output)

        def engines(weights: str | Path | None) -> list[Engine]:
            best = make_engine(engine, seed=seed, device=device, weights=weights, attributes=attributes or ())
            return [best, *([] if samples is None else samplers(best, samples))]

        made = engines(weights)
        options: dict[str, Any] = {
            "engines": made,
            "adapting": None if adapt is None else Adapting(adapt, _begun(made[0], weights), engines),
            "looking": None if mask else Looking(tuple(kind or ()), policy, grow),
            "finish": finish,
            "seed": seed,
            "device": device,
            "tile": tile,
            "memory": memory,
            "calibrate": calibrate,
            "leave_above": leave_above,
            "resume": resume,
        }
        if items[0].source != source:  # a folder of them
            _folder(console, items, options)
        else:
            history = _one(console, items[0], options)
            console.result({"output": str(output), "history": history}, f"{output}: {_summary(history)}")


def _one(console: Console, item: Item, options: dict[str, Any]) -> Any:
    """Fill one file, first as the engine holds for best, then in other ways."""
    from tratteggio.treatment import inpaint_file, sample_file

    engines, looking, adapting = (options[name] for name in ("engines", "looking", "adapting"))
    aside = ("engines", "looking", "adapting")
    options = {name: value for name, value in options.items() if name not in aside}
    lost = item.mask if looking is None else _lacunae(console, item, looking, options)
    assert lost is not None
    best, *others = engines if adapting is None else _adapted(console, item, lost, adapting, options)
    with console.progress(item.source.name) as progress:
        history = inpaint_file(item.source, lost, item.target, engine=best, progress=progress, **options)
    for number, other in enumerate(others, start=1):
        target = sample_file(item.target, number)
        with console.progress(target.name) as progress:
            inpaint_file(item.source, lost, target, engine=other, progress=progress, **options)
    return history


def _begun(engine: Engine, weights: str | None) -> str:
    """Return the weights that adapting begins with: those asked for, or those that the engine takes."""
    from tratteggio.errors import BadUsage

    begun = weights or engine.parameters.get("weights")
    if begun is None:
        raise BadUsage(f"engine {engine.name} has no net to adapt; leave --adapt away, or take engine pconv")
    return str(begun)


def _adapted(
    console: Console, item: Item, lost: Path | Lacunae, adapting: Adapting, options: dict[str, Any]
) -> list[Engine]:
    """Fit the net to one painting -> the engines with what it has learnt."""
    from tratteggio import files, recipes

    files.require_writable(item.target)
    files.refuse_overwrite(item.source, item.target)
    run = item.target.with_name(item.target.name + ".adapt")
    with console.progress(f"{item.source.name}: adapting") as progress:
        weights = recipes.adapt(
            item.source, lost, run, minutes=adapting.minutes, weights=adapting.weights, seed=options["seed"],
            device=options["device"], resume=options["resume"], progress=progress,
        )  # fmt: skip
    return adapting.engines(weights)


def _lacunae(console: Console, item: Item, looking: Looking, options: dict[str, Any]) -> Lacunae:
    """Return what a damage map, or one that is made beside the output, and policies leave to be filled."""
    from tratteggio import files
    from tratteggio.treatment import detecting, lacunae_by_policy, read_damage, survey, write_damage
    from tratteggio.treatment import open as opened

    shown = item.mask
    if shown is None:
        files.require_writable(item.target)
        shown = files.sidecar(item.target, "damage")
        files.refuse_overwrite(item.source, shown)
        with console.progress(f"{item.source.name}: damage") as progress:
            found = survey(
                item.source, looking.kinds or detecting.SURVEYED, seed=options["seed"],
                device=options["device"], progress=progress,
            )  # fmt: skip
        write_damage(found, shown)
        console.note(f"{shown} shows what was found; look it over before the fill is believed")
    damage = read_damage(shown, opened(item.source).primary)
    return lacunae_by_policy(damage, looking.policy, grow=looking.grow)


def _folder(console: Console, items: list[Item], options: dict[str, Any]) -> None:
    """Fill file after file; one that fails is named and the rest goes on."""
    from tratteggio.errors import Stopped, TratteggioError

    done, failed = [], []
    for item in items:
        try:
            history = _one(console, item, options)
        except Stopped:
            raise
        except TratteggioError as error:
            failed.append({"input": str(item.source), "error": str(error)})
            console.error(str(error), exit_code=1)
        else:
            done.append({"input": str(item.source), "output": str(item.target), "history": history})
            if not (console.as_json or console.quiet):
                typer.echo(f"{item.target}: {_summary(history)}")
    console.result(
        {"done": done, "failed": failed}, f"{len(done)} of {len(items)} done, {len(failed)} failed"
    )


def _summary(history: Any) -> str:
    return (
        f"a proposal by {history['engine']['name']} for {history['lacunae']['lost_px']} lost pixels "
        f"({history['filled_share']:.2%} of the area)"
    )
