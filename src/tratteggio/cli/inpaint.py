"""`tratteggio inpaint`: propose a fill for the lacunae of one painting, or of a folder of paintings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tratteggio.cli.console import Console, Json, MaskOrientation, Overwrite, Quiet, White, conversation
from tratteggio.cli.wording import said

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
        Path, typer.Option("--output", "-o", help="The file (.tif .png .jpg .ora) or folder to write.")
    ],
    mask: Annotated[
        Path | None,
        typer.Option(
            help="The mask, white = lost. A file (for all inputs), or a folder whose files have the names of "
            "the scans."
        ),
    ] = None,
    mask_orientation: MaskOrientation = None,
    mostly_lost: Annotated[
        bool,
        typer.Option(
            "--mostly-lost",
            help="Accept a mask that marks more than 90 % of the area. By default it is refused.",
        ),
    ] = False,
    damage: Annotated[
        Path | None,
        typer.Option(help="A damage map from `detect --map`, or a folder of maps, instead of a mask."),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="Without a mask and a damage map: the detector to use, see `detect --list`. Repeatable."
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="For a damage map: which classes to fill or keep, for example crack=fill,loss=keep."
        ),
    ] = None,
    grow: Annotated[
        str | None,
        typer.Option(
            help="For a damage map: widen the area to fill, for example by 2px or 120um. Otherwise dark "
            "edges remain around cracks."
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="The engine that fills: auto, or a name from `tratteggio doctor`. Options follow a colon, "
            "for example patch_mrf:paste=mean."
        ),
    ] = "auto",
    weights: Annotated[
        str | None,
        typer.Option(
            help="Weights for an engine with a net: a file from `tratteggio train`, or the name of included "
            "weights."
        ),
    ] = None,
    attributes: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute", help="What the painting shows, for weights that take attributes. Repeatable."
        ),
    ] = None,
    finish: Annotated[
        str,
        typer.Option(
            help="How the fill looks: mimetic, hatched, neutral or outlined; with options, as "
            "hatched:line_px=4, outlined:outline_px=2, neutral:saturation=0.3."
        ),
    ] = "mimetic",
    seed: Annotated[int, typer.Option(help="The same seed gives the same bits.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    tile: Annotated[
        int | None, typer.Option(help="Side of a tile in pixels. It never changes the result.")
    ] = None,
    memory: Annotated[float | None, typer.Option(help="Memory limit in GiB. It sets --tile.")] = None,
    samples: Annotated[
        int | None, typer.Option(help="The number of alternative fills to write beside the proposal.")
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Measure the error on synthetic holes in known paint and calibrate the confidence.",
        ),
    ] = False,
    leave_above: Annotated[
        float | None,
        typer.Option(
            help="Leave lacunae unfilled if the fill may be wrong by more than this share of the range: "
            "0.2 is 20 %."
        ),
    ] = None,
    adapt: Annotated[
        float | None,
        typer.Option(
            metavar="MINUTES",
            help="First train the net on the known paint of this painting, with damage like its own.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted run.")] = False,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Propose a fill for the lacunae. Known paint stays bit-identical.

    If the painting has several scans, the command fills rgb, or the first scan if there is no rgb. Some
    engines also use the other scans. The history, the lacunae and the confidence are written beside the
    output. With --samples, each alternative fill is a proposal of its own: proposal.sample-1.tif and so on.

    Without a mask and a damage map, the command detects the damage first. It writes a damage map beside the
    output (proposal.tif.damage.png). The map is a hypothesis: check it. By default the command fills losses
    and scratches and keeps cracks, stains and overpaint. --policy changes this.

    With --adapt, the command trains the net on this painting first and keeps the weights in the folder
    proposal.tif.adapt. --resume continues a stopped run. The history names the weights by their hash.

    Example: tratteggio inpaint panel.tif --mask lost.png -o proposal.tif

    Example: tratteggio inpaint panel.tif -o proposal.tif --policy crack=fill --grow 1px
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.cli.pairs import pair, require_plan
        from tratteggio.errors import BadUsage
        from tratteggio.treatment import make_engine, samplers
        from tratteggio.treatment.planning import require_options

        if mask is not None and (damage, kind, policy, grow) != (None, None, None, None):
            raise BadUsage(
                "--mask cannot be combined with --damage, --kind, --policy or --grow; omit one of them"
            )
        if damage is not None and kind:
            raise BadUsage("--damage cannot be combined with --kind; omit one of them")
        require_options(finish=finish, tile=tile, leave_above=leave_above, policy=policy, grow=grow)
        items = pair(source, mask if damage is None else damage, output)
        require_plan(items, samples=samples or 0, weights=weights, overwrite=overwrite, resume=resume)

        def engines(weights: str | Path | None) -> list[Engine]:
            best = make_engine(engine, seed=seed, device=device, weights=weights, attributes=attributes or ())
            return [best, *([] if samples is None else samplers(best, samples))]

        made = engines(weights)
        options: dict[str, Any] = {
            "engines": made,
            "adapting": None if adapt is None else Adapting(adapt, _first_weights(made[0], weights), engines),
            "looking": None if mask else Looking(tuple(kind or ()), policy, grow),
            "finish": finish,
            "seed": seed,
            "device": device,
            "tile": tile,
            "memory": memory,
            "calibrate": calibrate,
            "leave_above": leave_above,
            "mask_orientation": mask_orientation,
            "mostly_lost": mostly_lost,
            "resume": resume,
            "white": white,
            "overwrite": overwrite,
        }
        if items[0].in_folder:
            _folder(console, items, options)
        else:
            history = _one(console, items[0], options)
            console.result(
                {"output": str(output), "history": history}, f"{_summary(history)} Wrote {output}."
            )


def _one(console: Console, item: Item, options: dict[str, Any]) -> Any:
    """Fill one file: first the best fill, then the alternative fills."""
    from tratteggio.treatment import inpaint_file, sample_file

    engines, looking, adapting = (options[name] for name in ("engines", "looking", "adapting"))
    aside = ("engines", "looking", "adapting")
    options = {name: value for name, value in options.items() if name not in aside}
    lost = item.mask if looking is None else _lacunae(console, item, looking, options)
    assert lost is not None
    best, *others = engines if adapting is None else _adapt(console, item, lost, adapting, options)
    with console.progress(item.source.name) as progress:
        history = inpaint_file(item.source, lost, item.target, engine=best, progress=progress, **options)
    for number, other in enumerate(others, start=1):
        target = sample_file(item.target, number)
        with console.progress(target.name) as progress:
            inpaint_file(item.source, lost, target, engine=other, progress=progress, **options)
    return history


def _first_weights(engine: Engine, weights: str | None) -> str:
    """Return the weights that adapting begins with: those asked for, or those that the engine takes."""
    from tratteggio.errors import BadUsage

    first = weights or engine.parameters.get("weights")
    if first is None:
        raise BadUsage(
            f"adapt needs an engine with a net, and {engine.name} has none; use engine pconv or auto",
            option="adapt",
        )
    return str(first)


def _adapt(
    console: Console, item: Item, lost: Path | Lacunae, adapting: Adapting, options: dict[str, Any]
) -> list[Engine]:
    """Adapt the net to one painting; return the engines with its new weights."""
    from tratteggio import recipes
    from tratteggio.treatment import open as opened
    from tratteggio.treatment.opening import lacunae_of

    stack = opened(item.source, white=options["white"])
    lacunae = lacunae_of(lost, stack.primary, mask_orientation=options["mask_orientation"])
    run = item.target.with_name(item.target.name + ".adapt")
    with console.progress(f"{item.source.name}: adapting") as progress:
        weights = recipes.adapt(
            stack, lacunae, run, minutes=adapting.minutes, weights=adapting.weights, seed=options["seed"],
            device=options["device"], resume=options["resume"], overwrite=options["overwrite"],
            progress=progress,
        )  # fmt: skip
    return adapting.engines(weights)


def _lacunae(console: Console, item: Item, looking: Looking, options: dict[str, Any]) -> Lacunae:
    """Return what a damage map, or one that is made beside the output, and policies leave to be filled."""
    from tratteggio import files
    from tratteggio.treatment import (
        detecting,
        lacunae_by_policy,
        read_damage,
        survey,
        surveyed_before,
        write_damage,
    )
    from tratteggio.treatment import open as opened
    from tratteggio.treatment.planning import require_savable

    scan = opened(item.source, white=options["white"]).primary
    require_savable(scan, item.target, grow=looking.grow)
    shown = item.mask or files.sidecar(item.target, "damage")
    kinds = looking.kinds or detecting.SURVEYED
    if item.mask is None and not (options["resume"] and surveyed_before(shown, scan, kinds)):
        with console.progress(f"{item.source.name}: damage") as progress:
            found = survey(
                item.source, kinds, seed=options["seed"], device=options["device"], white=options["white"],
                progress=progress,
            )  # fmt: skip
        write_damage(found, shown, overwrite=options["overwrite"] or options["resume"])
        console.note(f"{shown} shows the damage that was found; check it before you use the fill")
    damage = read_damage(shown, scan, mask_orientation=options["mask_orientation"])
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
            failed.append({"input": str(item.source), "error": said(error)})
            console.error(said(error), exit_code=1)
        else:
            done.append({"input": str(item.source), "output": str(item.target), "history": history})
            console.line(f"{item.target}: {_summary(history)}")
    console.result(
        {"done": done, "failed": failed}, f"{len(done)} of {len(items)} files done, {len(failed)} failed."
    )


def _summary(history: Any) -> str:
    return (
        f"Filled {history['lacunae']['lost_px']:,} px ({100 * history['filled_share']:.2f} % of the area) "
        f"with engine {history['engine']['name']}."
    )
