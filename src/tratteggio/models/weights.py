"""Weights on disk: safetensors, with a card that says where they come from.

The card lies in the file's own metadata, so that weights never travel without it. Nothing is ever
unpickled: a weights file cannot run code.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from tratteggio.errors import (
    BadUsage,
    MissingExtra,
    UnreadableFile,
    UnsupportedFile,
    UnwritableFile,
)
from tratteggio.failures import machine_failures
from tratteggio.files.beside import beside
from tratteggio.files.documents import parse_json, require
from tratteggio.files.source import require_seekable
from tratteggio.files.untrusted import untrusted
from tratteggio.models._catalogue import build
from tratteggio.version import __version__

WHAT = "card of weights"
REMEDY = "copy the file again from its source, or train the net anew"
CARD = "tratteggio card"  # the key in the file's metadata
SHIPPED = Path(__file__).parents[1] / "weights"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, kw_only=True)
class Card:
    """What someone must know before they use weights.

    Attributes:
        model: name of the net, for `tratteggio.models.build`.
        recipe: how it was trained: the recipe's name, or all of its settings.
        data: names of the images it learnt from, or one hash of the list.
        licence: class of those images: "open" may be shipped.
        seed: of the training.
        hours: that it took.
        machine: that it took them on.
        figures: what was measured, by name, e.g. {"psnr 10-20 %": 24.1}.
        version: of tratteggio that wrote the file.
        created: when, ISO 8601, UTC.
    """

    model: str
    recipe: str
    data: tuple[str, ...]
    licence: str
    seed: int
    hours: float
    machine: str
    figures: Mapping[str, float] = field(default_factory=dict)
    version: str = __version__
    created: str = field(default_factory=_now)


def save(net: nn.Module, path: str | os.PathLike[str], card: Card) -> None:
    """Write weights and their card: whole, or not at all, and then what stood there before remains.

    Raises:
        BadUsage: net is not the `card.model` that `load` would build; the message names what differs.
        UnknownName: there is no such model.
        UnwritableFile: no folder, no permission, no space.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    wrong = _difference(tensors, _empty(card.model))
    if wrong:
        raise BadUsage(f"the card says {card.model!r}, but this net is another: {wrong}")
    text = json.dumps(dataclasses.asdict(card), sort_keys=True)
    with beside([Path(path)]) as (temporary,):
        mode = temporary.stat().st_mode
        try:
            save_file(tensors, temporary, metadata={CARD: text})
            temporary.chmod(mode)  # safetensors puts a file in its place that its owner alone can read
        except SafetensorError as error:  # what it makes of a full disk
            raise UnwritableFile(f"{path} could not be written: {error}; nothing was changed") from error


def load(path: str | os.PathLike[str]) -> tuple[nn.Module, Card]:
    """Build the net that a card names and give it the weights beside it.

    Returns:
        the net on the CPU, ready to answer (`eval()`), and its card.

    Raises:
        UnreadableFile: no such file, or it is damaged.
        UnsupportedFile: a sound file, but without a card of ours, of a model unknown here, or with other
            weights than that model has.
    """
    card = read_card(path)
    try:
        with untrusted(path, what="file of weights", remedy=REMEDY):
            net = _empty(card.model)
    except BadUsage as error:
        raise UnsupportedFile(
            f"{path} was written by tratteggio {card.version:.40}; its net cannot be built here: {error}"
        ) from error
    with _open(path) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no mapping)
    wrong = _difference(tensors, net)
    if wrong:
        raise UnsupportedFile(f"{path} does not hold the weights of {card.model!r}: {wrong}")
    broken = [name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if broken:
        raise UnreadableFile(f"{path} holds weights that are NaN or infinite, in {broken[0]}; {REMEDY}")
    net.load_state_dict(tensors, assign=True)
    return net.eval(), card


def read_card(path: str | os.PathLike[str]) -> Card:
    """Read the card alone, which is quick however large the weights are.

    Raises:
        UnreadableFile: no such file, or it is damaged.
        UnsupportedFile: it holds no card of ours.
    """
    with _open(path) as file:
        text = (file.metadata() or {}).get(CARD)
    if text is None:
        raise UnsupportedFile(
            f"{path} holds weights without a tratteggio card; `tratteggio.train` writes one"
        )
    entries = parse_json(text, Path(path), what=WHAT, remedy=REMEDY)
    return require(entries, Card, Path(path), what=WHAT, remedy=REMEDY, error=UnsupportedFile)


def sha256(path: str | os.PathLike[str]) -> str:
    """Hash a file of weights: 64 hexadecimal digits.

    Raises:
        BadUsage: it is a pipe or a device.
        UnreadableFile: it cannot be read.
    """
    try:
        require_seekable(Path(path))
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error


def shipped() -> list[str]:
    """List the names of the weights that came with this installation, in alphabetical order."""
    return sorted(file.stem for file in SHIPPED.glob("*.safetensors"))


def find(weights: str | os.PathLike[str]) -> Path:
    """Find weights: a file, or those of a name that came with this installation.

    Args:
        weights: a path is taken as it is; a text without folder and suffix is a name.

    Raises:
        MissingExtra: there are none of that name; the message says which there are and what to do.
    """
    name = str(weights)
    if not isinstance(weights, str) or Path(name).name != name or Path(name).suffix:
        return Path(weights)
    if name not in shipped():
        there = ", ".join(shipped()) or "none"
        raise MissingExtra(
            f"this installation includes no weights named {name!r} (it includes: {there}); "
            "train them with `tratteggio.train`, or give the path of a weights file"
        )
    return SHIPPED / f"{name}.safetensors"


def _empty(model: str) -> nn.Module:
    """Build a net without memory for its weights, which are to come from a file."""
    with torch.device("meta"):
        return build(model)


def _difference(tensors: Mapping[str, Tensor], net: nn.Module) -> str:
    """Name the first weights that a net should have and does not, or the reverse; "" if none."""
    wanted = net.state_dict()
    for what, names in (("lacks", wanted.keys() - tensors.keys()), ("has", tensors.keys() - wanted.keys())):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            return f"it {what} {min(names)}{more}"
    for name, tensor in tensors.items():
        got, want = (f"{list(t.shape)} {t.dtype}".replace("torch.", "") for t in (tensor, wanted[name]))
        if got != want:
            return f"{name} is {got} instead of {want}"
    return ""


@contextmanager
def _open(path: str | os.PathLike[str]) -> Iterator[Any]:
    if not Path(path).is_file():
        raise UnreadableFile(f"{path}: no such file; check the path")
    with (
        untrusted(path, what="safetensors file", remedy=REMEDY),
        machine_failures("free some, then try again"),
        safe_open(path, framework="pt", device="cpu") as file,
    ):
        yield file
