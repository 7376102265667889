"""`tratteggio inpaint`: propose a fill for the lacunae of one painting, or of a folder of paintings."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tratteggio.cli.console import (
    Console,
    Json,
    MaskOrientation,
    Overwrite,
    Quiet,
    Scheduler,
    White,
    conversation,
)
from tratteggio.cli.wording import format_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from distributed import Client

    from tratteggio.cli.pairs import Item
    from tratteggio.damage import DamageMap
    from tratteggio.painting import Lacunae, Scan
    from tratteggio.roles import Engine
    from tratteggio.treatment import FillOptions


class Adaptation(NamedTuple):
    """How the net of an engine is trained on each painting before it fills.

    Attributes:
        minutes: of training.
        weights: to begin with.
        engines: the engine that fills, and those that give other fills, with the weights of a file.
    """

    minutes: float
    weights: str
    engines: Callable[[str | Path | None], list[Engine]]


class Detection(NamedTuple):
    """How lacunae are chosen if there is no mask.

    Attributes:
        kinds: detectors, if there is no damage map either; none takes the default.
        policy: which classes to fill or keep.
        grow: how far the lacunae are widened.
    """

    kinds: tuple[str, ...]
    policy: str | None
    grow: str | None


class Job(NamedTuple):
    """What is done to each painting.

    Attributes:
        engines: the engine of the proposal, then those of the alternative fills.
        adaptation: None: the weights are used as they are.
        detection: None: there is a mask.
        options: of every fill.
        resume, overwrite, yes: as on the command line.
        client: of the cluster that computes; None: this process does.
    """

    engines: list[Engine]
    adaptation: Adaptation | None
    detection: Detection | None
    options: FillOptions
    resume: bool
    overwrite: bool
    yes: bool
    client: Client | None


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
            help="The mask: an image (white = lost), a layered file (.ora .psd) or polygons (.svg .geojson). "
            "A file for all inputs, or a folder whose files have the names of the scans."
        ),
    ] = None,
    mask_orientation: MaskOrientation = None,
    mask_sense: Annotated[
        str, typer.Option(help="What white in the mask stands for: lost, or known (black = lost).")
    ] = "lost",
    mask_layer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of a mask with layers (.ora .psd): the layer on which the losses are drawn. Not needed if "
            "there is only one.",
        ),
    ] = None,
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
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Without a mask: fill what was detected or what --damage marks, even if it is more than 2 % "
            "of the area or looks like drawn lines. A damage map that is there already is used.",
        ),
    ] = False,
    white: White = None,
    scheduler: Scheduler = None,
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

    proposal.tif.overlay.png shows the damage or the mask over the painting. If more than 2 % of the area
    would be filled without a mask, or cracks that look like drawn lines, the command stops after the overlay
    with exit code 2. This also holds for a map that you give with --damage. Look at the overlay, then add
    --yes, or correct the map and give it with --damage.

    With --adapt, the command trains the net on this painting first and keeps the weights in the folder
    proposal.tif.adapt. --resume continues a stopped run. The history names the weights by their hash.

    Example: tratteggio inpaint panel.tif --mask lost.png -o proposal.tif

    Example: tratteggio inpaint panel.tif -o proposal.tif --policy crack=fill --grow 1px
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.cli.pairs import pair, require_plan
        from tratteggio.errors import BadUsage
        from tratteggio.treatment import FillOptions, make_engine, samplers
        from tratteggio.treatment.planning import require_policy
        from tratteggio.windows.cluster import connect

        if mask is not None and (damage, kind, policy, grow) != (None, None, None, None):
            raise BadUsage(
                "--mask cannot be combined with --damage, --kind, --policy or --grow; omit one of them"
            )
        if damage is not None and kind:
            raise BadUsage("--damage cannot be combined with --kind; omit one of them")
        options = FillOptions(
            finish=finish, seed=seed, device=device, tile=tile, memory=memory, calibrate=calibrate,
            leave_above=leave_above, mask_orientation=mask_orientation, mask_sense=mask_sense,
            mask_layer=mask_layer, mostly_lost=mostly_lost, white=white,
        )  # fmt: skip
        require_policy(policy, grow)
        items = pair(source, mask if damage is None else damage, output)
        # With --yes, map and overlay of a run that stopped before the fill may be there.
        require_plan(items, samples=samples or 0, weights=weights, overwrite=overwrite, resume=resume or yes)

        def engines(weights: str | Path | None) -> list[Engine]:
            best = make_engine(engine, seed=seed, device=device, weights=weights, attributes=attributes or ())
            return [best, *([] if samples is None else samplers(best, samples))]

        made = engines(weights)
        with connect(scheduler) as client:
            job = Job(
                made,
                None if adapt is None else Adaptation(adapt, _first_weights(made[0], weights), engines),
                None if mask else Detection(tuple(kind or ()), policy, grow),
                options,
                resume,
                overwrite,
                yes,
                client,
            )
            if items[0].in_folder:
                _fill_folder(console, items, job)
            else:
                history = _fill(console, items[0], job)
                console.result(
                    {"output": str(output), "history": history}, f"{_summarize(history)} Wrote {output}."
                )


def _fill(console: Console, item: Item, job: Job) -> Mapping[str, Any]:
    """Fill one painting: first the proposal, then the alternative fills."""
    from tratteggio import files
    from tratteggio.treatment import inpaint_file, sample_file, write_overlay
    from tratteggio.treatment import open as opened
    from tratteggio.treatment.marking import read_mask

    lost = item.mask if job.detection is None else _detect(console, item, job.detection, job)
    assert lost is not None
    engines = job.engines if job.adaptation is None else _adapt(console, item, lost, job.adaptation, job)
    histories = []
    for number, engine in enumerate(engines):
        target = sample_file(item.target, number) if number else item.target
        with console.progress(target.name if number else item.source.name) as progress:
            history = inpaint_file(
                item.source, lost, target, engine=engine, options=job.options, resume=job.resume,
                overwrite=job.overwrite, progress=progress, scheduler=job.client,
            )  # fmt: skip
        histories.append(history)
    if job.detection is None:
        scan = opened(item.source, white=job.options.white).primary
        lacunae = read_mask(lost, scan, job.options)
        overlay = files.sidecar(item.target, "overlay")
        write_overlay(scan, {"lacuna": lacunae}, overlay, overwrite=job.overwrite or job.resume)
    return histories[0]


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
    console: Console, item: Item, lost: Path | Lacunae, adaptation: Adaptation, job: Job
) -> list[Engine]:
    """Train the net on one painting; return the engines with the new weights."""
    from tratteggio import recipes
    from tratteggio.treatment import open as opened
    from tratteggio.treatment.marking import read_mask

    options = job.options
    stack = opened(item.source, white=options.white)
    lacunae = read_mask(lost, stack.primary, options)
    run = item.target.with_name(item.target.name + ".adapt")
    with console.progress(f"{item.source.name}: adapting") as progress:
        weights = recipes.adapt(
            stack, lacunae, run, minutes=adaptation.minutes, weights=adaptation.weights, seed=options.seed,
            device=options.device, resume=job.resume, overwrite=job.overwrite, progress=progress,
        )  # fmt: skip
    return adaptation.engines(weights)


def _detect(console: Console, item: Item, detection: Detection, job: Job) -> Lacunae:
    """Choose lacunae by policies from a damage map; without a map, detect damage and write one."""
    from tratteggio import files
    from tratteggio.errors import BadUsage
    from tratteggio.treatment import (
        find_doubts,
        is_surveyed,
        lacunae_by_policy,
        read_damage,
        survey,
        write_damage,
    )
    from tratteggio.treatment import open as opened
    from tratteggio.treatment.detecting import DETECTORS
    from tratteggio.treatment.planning import ledger_folder, require_savable

    options = job.options
    scan = opened(item.source, white=options.white).primary
    require_savable(scan, item.target, grow=detection.grow)
    damage_map = item.mask or files.sidecar(item.target, "damage")
    kinds = detection.kinds or DETECTORS
    goes_on = job.resume or (job.yes and not job.overwrite)
    kept = item.mask is None and goes_on and is_surveyed(damage_map, scan, kinds)
    if item.mask is None and not kept:
        with console.progress(f"{item.source.name}: damage") as progress:
            found = survey(
                item.source, kinds, seed=options.seed, device=options.device, white=options.white,
                progress=progress, scheduler=job.client,
            )  # fmt: skip
        write_damage(found, damage_map, overwrite=job.overwrite or job.resume)
        console.note(f"{damage_map} shows the damage that was found; check it before you use the fill")
    damage = read_damage(damage_map, scan, mask_orientation=options.mask_orientation)
    # With --yes the overlay of the run that stopped may be there.
    show = partial(_show, console, item, scan, damage, overwrite=job.overwrite or job.resume or job.yes)
    if item.mask is None:
        show()
    lacunae = lacunae_by_policy(damage, detection.policy, grow=detection.grow)
    if item.mask is not None:
        show()
    # A job that was begun was agreed to.
    begun = job.resume and (item.target.exists() or ledger_folder(item.target).exists())
    if not (job.yes or begun):
        doubts = find_doubts(scan, damage, lacunae, detection.policy, detected=item.mask is None)
        if doubts:
            raise BadUsage(
                f"{item.source}: {' and '.join(doubts)}; look at {files.sidecar(item.target, 'overlay')}, "
                f"then add --yes, or correct {damage_map} and give it with --damage and --overwrite"
            )
    return lacunae


def _show(console: Console, item: Item, scan: Scan, damage: DamageMap, *, overwrite: bool) -> None:
    """Write what was detected over the painting, and tell how much there is of each class."""
    from tratteggio import files
    from tratteggio.painting.legend import describe_colour
    from tratteggio.treatment import write_overlay

    overlay = files.sidecar(item.target, "overlay")
    areas = damage.areas()
    write_overlay(scan, {area.damage: damage.of(area.damage) for area in areas}, overlay, overwrite=overwrite)
    for area in areas:
        places = f"{area.pieces:,} place{'s' * (area.pieces != 1)}"
        console.note(
            f"{area.damage} ({describe_colour(area.damage)} in {overlay.name}): "
            f"{100 * area.share:.2f} % of the area, {places}"
        )


def _fill_folder(console: Console, items: list[Item], job: Job) -> None:
    """Fill one painting after another. If one fails, name it and continue."""
    from tratteggio.errors import Stopped, TratteggioError

    done, failed = [], []
    for item in items:
        try:
            history = _fill(console, item, job)
        except Stopped:
            raise
        except TratteggioError as error:
            failed.append({"input": str(item.source), "error": format_error(error)})
            console.error(format_error(error), exit_code=1)
        else:
            done.append({"input": str(item.source), "output": str(item.target), "history": history})
            console.line(f"{item.target}: {_summarize(history)}")
    console.result(
        {"done": done, "failed": failed}, f"{len(done)} of {len(items)} files done, {len(failed)} failed."
    )


def _summarize(history: Mapping[str, Any]) -> str:
    return (
        f"Filled {history['lacunae']['lost_px']:,} px ({100 * history['filled_share']:.2f} % of the area) "
        f"with engine {history['engine']['name']}."
    )
