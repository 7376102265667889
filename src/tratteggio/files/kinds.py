"""Which format a path has, and which formats can do something. Questions about suffixes are asked here.

What lies on disk is recognized by its content, what will be written by its suffix. Of several formats that
fit, the one with the longest suffix of the name is taken: "panel.ome.tif" is an OME-TIFF before it is a TIFF.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

from tratteggio import registry
from tratteggio.errors import BadUsage, BrokenPlugin, TratteggioError, UnreadableFile, UnsupportedFile
from tratteggio.files.source import require_seekable
from tratteggio.roles import Facts, Format, LayerReader, OutlineReader, ScanReader, ScanWriter, StackReader

log = logging.getLogger("tratteggio")

Able = TypeVar("Able", bound=Format)
ROLE = "formats"
START_BYTES = 64


def formats(ability: type[Able]) -> dict[str, Able]:
    """Return the formats that can do something, by their names: those that keep most depths first.

    A format of another package that is broken is left out with a warning.

    Args:
        ability: one of the protocols in `roles`: `ScanReader`, `ScanWriter`, ...
    """
    found = {name: one for name, one in _load()[0].items() if isinstance(one, ability)}
    return dict(sorted(found.items(), key=_rank))


def suffixes(ability: type[Able]) -> list[str]:
    """List the suffixes of the formats that can do something; ".ome.tif" is left to ".tif"."""
    found = [suffix for one in formats(ability).values() for suffix in one.FACTS.suffixes]
    return [one for one in found if not any(one != other and one.endswith(other) for other in found)]


def image_suffixes() -> list[str]:
    """List the suffixes by which images are picked out of a folder: of formats that are read and written."""
    written = suffixes(ScanWriter)
    return [suffix for suffix in suffixes(ScanReader) if suffix in written]


def mask_suffixes() -> list[str]:
    """List the suffixes by which masks are picked out of a folder: images, layered files and polygons."""
    return [*image_suffixes(), *suffixes(LayerReader), *suffixes(OutlineReader)]


def keeps_pixels(path: Path) -> bool:
    """True if a file of that suffix keeps every sample as it is written; False of a JPEG."""
    one = find_by_suffix(path, ScanWriter)
    return one is not None and one.FACTS.keeps.lossless


def name_of(one: Format) -> str:
    """Return the name of a format as users read it: "png", "ome-tiff"."""
    return next(name for name, other in _load()[0].items() if other is one).replace("_", "-")


def what_is(facts: Facts) -> str:
    """Return what a file or folder of a format is called in messages: "PNG file", "OME-Zarr"."""
    return facts.title if facts.folder else f"{facts.title} file"


def by_suffix(path: Path, ability: type[Able], *, what: str = "the suffix") -> Able:
    """Return the format that the suffix of a path asks for.

    Args:
        path: what will be written, or is read by its name.
        ability: what the format must be able to do.
        what: whose suffix it is, for the message.

    Raises:
        BadUsage: no such format has that suffix.
    """
    best = find_by_suffix(path, ability)
    if best is None:
        raise BadUsage(f"{path}: {what} must be one of {' '.join(suffixes(ability))}; got {path.suffix!r}")
    return best


def find_by_suffix(path: Path, ability: type[Able]) -> Able | None:
    """Return the format that the suffix of a path asks for, or None."""
    best = max(formats(ability).values(), key=lambda one: _suffix_length(path, one), default=None)
    return best if best is not None and _suffix_length(path, best) else None


def recognize(path: Path, ability: type[Able]) -> list[Able]:
    """List the formats that what lies at a path may have, the likeliest first; empty: none, or nothing there.

    Args:
        path: a file or a folder, or nothing.
        ability: what the format must be able to do.
    """
    start = _start(path)
    fitting = [one for one in formats(ability).values() if _recognizes(one, path, start)]
    return sorted(fitting, key=lambda one: -_suffix_length(path, one))


def stack_format(path: Path) -> StackReader | None:
    """Return the format of a stack whose scans are read as PATH/MODALITY; None: a path is no such stack."""
    return next((one for one in recognize(path, StackReader) if one.FACTS.names_scans), None)


def scan_format(path: Path) -> ScanReader:
    """Return the format of a file that holds one scan.

    Raises:
        BadUsage: the path is a folder, a pipe or a device.
        UnreadableFile: missing, empty or not allowed to be read.
        UnsupportedFile: of no format that is read.
        BrokenPlugin: of none that is read, but a format of another package is broken.
    """
    if path.is_dir():
        raise BadUsage(f"{path} is a folder, expected one image file; name a file in it")
    require_seekable(path)
    try:
        with path.open("rb") as file:
            start = file.read(START_BYTES)
    except FileNotFoundError:
        raise UnreadableFile(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
    if not start:
        raise UnreadableFile(f"{path} is empty (0 bytes); copy it again from its source")
    fitting = recognize(path, ScanReader)
    if fitting:
        return fitting[0]
    if broken := _load()[1]:
        raise broken[0]
    titles = [one.FACTS.title for one in formats(ScanReader).values()]
    raise UnsupportedFile(f"{path} is not a {_one_of(titles)} file; convert it to TIFF first")


def list_for_choice(named: Iterable[Format]) -> str:
    """Return the usual suffixes of formats, to choose from: ".tif or .png"."""
    firsts = [one.FACTS.suffixes[0] for one in named if one.FACTS.suffixes]
    # A suffix of two parts is for who asks for it.
    return _one_of([suffix for suffix in firsts if suffix.count(".") == 1] or firsts)


@contextmanager
def usable(one: Format) -> Iterator[None]:
    """Write with a format in this block; what a format of another package raises names that package.

    Errors of the disk pass: whoever opened the file knows it by name. To read, use `untrusted`: what a
    reader raises says that the file is damaged, not the package.

    Raises:
        BrokenPlugin: the block raised something that is not ours.
    """
    name = name_of(one).replace("-", "_")
    if name not in registry.plugins(ROLE):
        yield
        return
    disk: OSError | None = None
    with registry.usable(ROLE, name):
        try:
            yield
        except OSError as error:
            disk = error
    if disk is not None:
        raise disk


def is_outside(one: Format) -> bool:
    """True if a format comes from another package."""
    return name_of(one).replace("-", "_") in registry.plugins(ROLE)


def _load() -> tuple[dict[str, Format], list[TratteggioError]]:
    """Return all formats by their names, and the errors of those that are broken."""
    found: dict[str, Format] = {}
    broken: list[TratteggioError] = []
    for name in registry.names(ROLE):
        try:
            with registry.usable(ROLE, name):
                found[name] = _required(cast(Format, registry.load(ROLE, name)))
        except BrokenPlugin as error:
            _note(str(error))
            broken.append(error)
    return found, broken


def _required(one: Format) -> Format:
    """Return a module that has what every format has."""
    if not isinstance(getattr(one, "FACTS", None), Facts) or not callable(getattr(one, "recognizes", None)):
        raise TypeError("it has no FACTS or no function recognizes, see tratteggio.roles.Format")
    return one


@cache
def _note(message: str) -> None:
    """Say once what is broken: formats are looked through for each file."""
    log.warning("a format is left out: %s", message)


def _rank(item: tuple[str, Format]) -> tuple[bool, int, str]:
    name, one = item
    return name in registry.plugins(ROLE), -len(one.FACTS.keeps.depths), name


def _suffix_length(path: Path, one: Format) -> int:
    """Return how long the suffix of a format is that a name ends in; 0: it ends in none."""
    name = path.name.lower()
    return max((len(s) for s in one.FACTS.suffixes if name.endswith(s) and len(name) > len(s)), default=0)


def _start(path: Path) -> bytes:
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(START_BYTES)
    except (OSError, ValueError):  # not allowed; a name that no file can have
        return b""


def _recognizes(one: Format, path: Path, start: bytes) -> bool:
    try:
        with usable(one):
            return one.recognizes(path, start)
    except (OSError, ValueError):  # as in `_start`
        return False
    except BrokenPlugin as error:
        _note(str(error))
        return False


def _one_of(words: list[str]) -> str:
    """Join words by commas, and the last by "or"."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
