"""How a net is trained: every choice of a run in one frozen object, kept beside its weights."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_type_hints

from tratteggio import options
from tratteggio.errors import BadUsage
from tratteggio.registry import unknown
from tratteggio.seeds import require_seed

Setting: TypeAlias = bool | int | float | str
Settings: TypeAlias = Mapping[str, Setting]

SCHEDULES = ("constant", "inverse_time", "cosine")
OPTIMISERS = ("adam", "adadelta")
PRECISIONS = ("32", "bf16")
LARGEST = 10**9
WITH_OPTIONS = ("loss", "spoilt")  # keys that go with a key of options
AT_LEAST_ONE = ("steps", "batch", "side", "validate_every", "keep_every")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every choice of one training run.

    Equal recipes on equal patches give equal weights, to the bit on a CPU.

    Attributes:
        name: of the recipe, for the journal.
        model: name of the net in `tratteggio.models`.
        steps: weight updates of the whole run.
        batch: patches per update, over all processes together.
        side: side of a square patch, in pixels.
        optimiser: "adam", or "adadelta" (Zeiler 2012, which settles the length of its steps itself: rate 1).
        rate: learning rate before the schedule. 2e-4 is that of Liu et al. 2018, for Adam.
        schedule: "constant"; "inverse_time", rate / (1 + decay * step); "cosine", down to 0 at the last step.
        decay: of "inverse_time", per step.
        hold: of "cosine", the share of the steps that pass before the rate begins to fall, 0 up to 1.
        warmup: steps in which the rate climbs to its full height. With cold moments Adam's first steps are
            as long as its later ones, which a deep net with batch norm may not survive.
        clip: largest norm of the gradient of all weights together; None leaves it as it is.
        average: how much of a running mean of the weights stays at each step, 0 up to 1; the mean is what is
            validated and handed on. With 0.997 it spans some 300 steps and does what a falling rate does,
            at whatever step a run is stopped. 0 hands on the weights themselves.
        blend: how far the weights that are handed on lie from those that the run began with, 0 to 1; 0.5 is
            halfway, which in fine-tuning often fills better than either end. 1 hands on what was learnt.
        loss: name of the objective in `tratteggio.losses`.
        loss_options: what that objective is given.
        dataset: name of a dataset in `tratteggio.datasets`: where the samples come from.
        damage: a kind of damage, NAME or NAME:OPTION=VALUE, or names with weights.
        fixed: each picture has the same lacunae in every round, as if they had been drawn beforehand.
        whole: a patch is a whole picture brought to the square `side`, whatever its shape.
        halved: pictures are brought to half their size first: photographs become sharp to the pixel, and what
            compression has left in them is averaged away.
        reduced: pictures are first brought to this many pixels on their longer side, so that a patch shows
            more of the composition; None leaves them as they are, as do pictures that are smaller.
        augment: what the sampling of patches is given: flips, rotation.
        absent: how often each modality of a patch is missing, for nets of several; one at least is there.
        filled: the modality that is damaged and judged, for nets that fill it from others; None: all alike.
        spoilt: what an enhancer is shown instead of the patch, by name, see `training.spoiling`; None shows
            the patch. Nothing is lost then: `damage` is "none".
        spoilt_options: what that is given.
        precision: "32", or "bf16": products in bfloat16, weights and loss in float32. It pays on GPUs and on
            CPUs with bfloat16 units only.
        channels_last: keep the channels of a pixel side by side: a quarter less time on a CPU, and less on
            GPUs in bf16.
        moments: "32", or "bf16": what the optimiser remembers of each weight is rounded to 16 bits whenever a
            state is kept, which then takes twice the room of the weights instead of three times.
        seed: of the first weights, the patches and every random number of a step.
        validate_every: steps between two looks at the patches held out.
        keep_every: steps between two saved states: the most that a power cut can cost.
        init_from: weights to begin with, a safetensors file or the name of some that came with this
            installation; None begins with random ones.
        freeze_norms: keep statistics and scale of the encoder's batch norms, in fine-tuning: lacunae bias the
            statistics (Liu et al. 2018).

    Raises:
        UnknownName: no such optimiser, schedule, precision or precision of moments.
        BadUsage: a number out of its range.

    Example:
        >>> recipe = Recipe(name="try", model="pconv-compact", steps=100)
        >>> with_settings(recipe, ["rate=5e-5", "batch=4"]).rate
        5e-05
    """

    name: str
    model: str
    steps: int
    batch: int = 8
    side: int = 256
    optimiser: str = "adam"
    rate: float = 2e-4
    schedule: str = "constant"
    decay: float = 0.0
    hold: float = 0.0
    warmup: int = 0
    clip: float | None = None
    average: float = 0.0
    blend: float = 1.0
    loss: str = "l1"
    loss_options: Settings = field(default_factory=dict)
    dataset: str = "images"
    damage: str | Settings = "mixed"
    fixed: bool = False
    whole: bool = False
    halved: bool = False
    reduced: int | None = None
    augment: Settings = field(default_factory=dict)
    absent: float = 0.0
    filled: str | None = None
    spoilt: str | None = None
    spoilt_options: Settings = field(default_factory=dict)
    precision: str = "32"
    moments: str = "32"
    channels_last: bool = True
    seed: int = 0
    validate_every: int = 500
    keep_every: int = 500
    init_from: str | None = None
    freeze_norms: bool = False

    def __post_init__(self) -> None:
        _require_known("optimiser", self.optimiser, OPTIMISERS)
        _require_known("schedule", self.schedule, SCHEDULES)
        _require_known("precision", self.precision, PRECISIONS)
        _require_known("moments", self.moments, PRECISIONS)
        for key in AT_LEAST_ONE:
            if getattr(self, key) < 1:
                raise BadUsage(f"{key} must be at least 1, got {getattr(self, key)}")
            if getattr(self, key) > LARGEST:
                raise BadUsage(f"{key} must be at most {LARGEST}")
        if self.reduced is not None and self.reduced < self.side:
            raise BadUsage(f"reduced must be at least the side of a patch, {self.side}, got {self.reduced}")
        require_seed(self.seed)
        for key in ("decay", "warmup"):
            if not 0 <= getattr(self, key) < math.inf:
                raise BadUsage(f"{key} must be 0 or more, got {getattr(self, key)}")
        if self.spoilt is not None and self.damage != "none":
            raise BadUsage(f"patches spoilt by {self.spoilt} are not damaged as well; set damage=none")
        for key in ("absent", "average", "hold"):
            if not 0 <= getattr(self, key) < 1:
                raise BadUsage(f"{key} must be 0 or more and less than 1, got {getattr(self, key)}")
        if not 0 < self.blend <= 1:
            raise BadUsage(f"blend must be above 0 and at most 1, got {self.blend}")
        for key in ("rate", "clip"):
            value = getattr(self, key)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise BadUsage(f"{key} must be a positive number, got {value}")


def rate_at(recipe: Recipe, step: int) -> float:
    """Return the learning rate of a step, counted from 0.

    Example:
        The decay that Keras applies, as for the FP-CAE: half the rate after 1 / decay steps.

        >>> recipe = Recipe(name="", model="", steps=9, rate=1.0, schedule="inverse_time", decay=0.25)
        >>> rate_at(recipe, 0), rate_at(recipe, 4)
        (1.0, 0.5)
    """
    climb = min(1.0, (step + 1) / (recipe.warmup + 1))
    match recipe.schedule:
        case "inverse_time":
            fall = 1 / (1 + recipe.decay * step)
        case "cosine":
            begin = max(recipe.warmup, round(recipe.hold * recipe.steps))
            way = max(0, step - begin) / max(1, recipe.steps - begin)
            fall = (1 + math.cos(math.pi * way)) / 2
        case _:
            fall = 1.0
    return recipe.rate * climb * fall


def with_settings(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """Return a recipe with some choices changed, each written "key=value", as the command line takes them.

    "key.name=value" sets one entry of `loss_options`, `damage` or `augment` beside those that are there;
    "loss=NAME:option=value,option=value" and "spoilt=NAME:..." set a name with all its options; where no
    value is allowed, "key=none" says so.

    Raises:
        UnknownName: a recipe has no such key; the message gives the nearest.
        BadUsage: not of the form "key=value", or a value that the key cannot take.

    Example:
        >>> recipe = Recipe(name="try", model="pconv-compact", steps=100)
        >>> with_settings(recipe, ["loss_options.tv=0.1", "clip=none"]).loss_options
        {'tv': 0.1}
        >>> with_settings(recipe, ["loss=l1_ssim:weight=0.2"]).loss_options
        {'weight': 0.2}
    """
    changed: dict[str, Any] = {}
    hints = get_type_hints(Recipe)
    for setting in settings:
        key, text = options.pair(setting, form='a setting is written "key=value"')
        key, _, entry = key.partition(".")
        _require_known("setting", key, hints)
        if entry:
            if Mapping not in _kinds(hints[key]):
                raise BadUsage(f"{key} is a single value and has no {entry!r}; write {key}={text}")
            there = changed.get(key, getattr(recipe, key))
            changed[key] = {**(there if isinstance(there, Mapping) else {}), entry: options.guess(text)}
        elif key in WITH_OPTIONS and ":" in text:
            changed[key], given = options.split(text, form=f"{key} is NAME:option=value,option=value")
            changed[f"{key}_options"] = {name: options.guess(value) for name, value in given.items()}
        else:
            changed[key] = _parse(key, text, hints[key])
    return dataclasses.replace(recipe, **changed)


def to_json(recipe: Recipe) -> str:
    """Write a recipe down as JSON, one choice per line."""
    return json.dumps(dataclasses.asdict(recipe), indent=1) + "\n"


def from_json(text: str, *, source: str = "recipe") -> Recipe:
    """Read a recipe that `to_json` wrote.

    Args:
        text: the JSON.
        source: where it came from, for messages.

    Raises:
        UnreadableFile: not JSON, or not an object.
        UnknownName: a key that no recipe has.
        BadUsage: a key is missing, or a value is of the wrong type.
    """
    # NumPy comes with it, which a list of recipes does not need.
    from tratteggio.files.documents import parse_json, require  # noqa: PLC0415

    place = Path(source)
    values = require(parse_json(text, place, what="recipe"), dict[str, Any], place, what="recipe")
    values = _with_new_names(values)
    hints = get_type_hints(Recipe)
    for key, value in values.items():
        _require_known("setting", key, hints)
        values[key] = _checked(key, value, hints[key])
    missing = [f.name for f in fields(Recipe) if _is_required(f) and f.name not in values]
    if missing:
        raise BadUsage(f"{source} lacks {', '.join(missing)}")
    return Recipe(**values)


def _with_new_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Read recipes of earlier versions, which named no dataset: runs and cards keep what was written then."""
    new = dict(values)
    if new.get("damage") == "bared":
        new["damage"] = "large_losses"
    if "dataset" not in new:
        kind = options.name_of(str(new.get("model")))
        finders = {"crack-unet": "cracks", "fp-cae": "paintings", "fpcae-add": "paintings"}
        by_net = {**finders, "fpcae-concat": "paintings"}.get(kind, "images")
        new["dataset"] = "losses" if new.get("damage") == "large_losses" else by_net
    return new


def differences(one: Recipe, other: Recipe) -> list[str]:
    """Name the choices in which two recipes differ, as "key: this one's, not that one's"."""
    pairs = ((f.name, getattr(one, f.name), getattr(other, f.name)) for f in fields(Recipe))
    return [f"{key}: {a!r}, not {b!r}" for key, a, b in pairs if a != b]


def _is_required(choice: dataclasses.Field[Any]) -> bool:
    return choice.default is dataclasses.MISSING and choice.default_factory is dataclasses.MISSING


def _require_known(kind: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise unknown(kind, name, known)


def _parse(key: str, text: str, hint: Any) -> Any:
    """Read a value as the type that a key has."""
    if Mapping not in _kinds(hint) or str in _kinds(hint):
        return options.value(text, hint, what=key)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    return _checked(key, value, hint)


def _checked(key: str, value: Any, hint: Any) -> Any:
    """Return a value if a key can take it; a whole number may stand for a float."""
    kinds = _kinds(hint)
    if type(value) is int and float in kinds and int not in kinds:
        if value.bit_length() > 1000:
            raise BadUsage(f"{key} must be a number that is not too large for a float")
        return float(value)
    if type(value) is dict and Mapping in kinds:
        return {name: _checked(f"{key}.{name}", entry, Setting) for name, entry in value.items()}
    if type(value) not in kinds:
        wanted = " or ".join("nothing" if kind is type(None) else _WORDS[kind] for kind in kinds)
        raise BadUsage(f"{key} must be {wanted}, got {value!r}")
    return value


def _kinds(hint: Any) -> tuple[Any, ...]:
    """Return the classes that a type hint allows."""
    if hint == Settings:
        return (Mapping,)
    return tuple(Mapping if kind == Settings else kind for kind in get_args(hint)) or (hint,)


_WORDS = {**options.TYPES, Mapping: "an object of settings"}
