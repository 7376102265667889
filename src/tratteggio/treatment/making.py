"""Make engines, detectors and enhancers from text, once for any number of paintings."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import getdoc, signature
from pathlib import Path
from typing import Any

from tratteggio import options, registry
from tratteggio.errors import BadUsage, BrokenPlugin, MissingExtra
from tratteggio.roles import Detector, Engine, Enhancer, Sampler
from tratteggio.seeds import require_seed

GIVEN = ("seed", "device", "attributes")  # arguments that are not options of the text


def make_engine(
    name: str,
    *,
    seed: int = 0,
    device: str = "auto",
    weights: str | Path | None = None,
    attributes: Sequence[str] = (),
) -> Engine:
    """Make an engine by name, for any number of paintings.

    Args:
        name: from `tratteggio.registry.names("engines")`, with options if needed, as
            "patch_mrf:paste=mean".
        seed: fixes every random choice.
        device: "auto", "cpu" or "cuda".
        weights: for the engine's net, instead of the included weights.
        attributes: what the painting shows, for engines whose net takes attributes.

    Raises:
        UnknownName: no such engine, option or attribute.
        BadUsage: the engine cannot run on the device, or takes no weights or no attributes.
        MissingExtra: an optional dependency is not installed, or no such weights are.
        UnreadableFile, UnsupportedFile: the weights are missing, damaged, or of another net.
    """
    require_seed(seed)
    name, chosen = options.parse(name, lambda name: _options("engines", name))
    make = registry.load("engines", name).make
    accepted = signature(make).parameters
    if weights is not None and "weights" not in accepted:
        raise BadUsage(f"engine {name} has no net, so it takes no weights; omit them")
    if attributes and "attributes" not in accepted:
        raise BadUsage(f"engine {name} takes no attributes; omit them, or use engine vae")
    own = (
        chosen
        | ({"weights": weights} if weights is not None else {})
        | ({"attributes": attributes} if attributes else {})
    )
    made: Engine = make(seed=seed, device=device, **own)
    return made


def samplers(engine: Engine, number: int) -> list[Engine]:
    """Return engines that give this number of other plausible fills, instead of the best one.

    Raises:
        BadUsage: a number below 1, or an engine that makes only one fill.
    """
    if number < 1:
        raise BadUsage(
            f"samples must be the number of other fills, 1 or more, got {number}", option="samples"
        )
    if not isinstance(engine, Sampler):
        raise BadUsage(
            f"engine {engine.name} makes only one fill; for several fills use engine vae, patch_mrf or "
            "brushwork"
        )
    return [engine.sample(one) for one in range(1, number + 1)]


def make_detector(text: str, *, seed: int = 0, device: str = "auto") -> tuple[Detector, str]:
    """Make a detector.

    Args:
        text: NAME or NAME:OPTION=VALUE,OPTION=VALUE; `tratteggio detect --list` shows all.
        seed: fixes every random choice.
        device: "auto", "cpu" or "cuda".

    Returns:
        the detector, and the text with all its options, defaults included.

    Raises:
        UnknownName: no such detector or option; the message gives the nearest and all.
        BadUsage: a value that cannot be.
        TratteggioError: as the detector raises, for weights above all.
    """
    require_seed(seed)
    made: tuple[Detector, str] = _made("detectors", text, seed=seed, device=device)
    return made


def make_enhancer(text: str, *, device: str = "auto") -> tuple[Enhancer, str]:
    """Make an enhancer; `tratteggio enhance --list` shows all. Otherwise as `make_detector`."""
    made: tuple[Enhancer, str] = _made("enhancers", text, device=device)
    return made


def list_available(role: str) -> list[tuple[str, str]]:
    """List what is registered for a role: NAME:OPTION=VALUE, and the first line of its description.

    If something cannot be used here, the list gives its name and the cause.
    """
    return [_describe(role, name) for name in registry.names(role)]


def _describe(role: str, name: str) -> tuple[str, str]:
    try:
        written = options.example(name, _options(role, name))
    except (MissingExtra, BrokenPlugin) as error:
        return name, str(error)
    return written, (getdoc(registry.load(role, name)) or "").split("\n")[0]


def _made(role: str, text: str, **given: Any) -> tuple[Any, str]:
    """Make what a text names; return it and the text with all options."""
    name, chosen = options.parse(text, lambda name: _options(role, name))
    known = _options(role, name)
    made = registry.load(role, name).make(**given, **chosen)
    return made, options.full(name, chosen, known)


def _options(role: str, name: str) -> dict[str, options.Option]:
    with registry.usable(role, name):  # a module without `make`, or with one that cannot be read
        return options.options_of(registry.load(role, name).make, given=GIVEN)
