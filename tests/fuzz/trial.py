"""One mutated input after the other, each through the command line; what it did is judged.

A process of its own, with a limit on memory: `python -m fuzz.trial FORMAT FIRST LAST`. It writes a line of
JSON before each input and one after it, so that whoever started it knows which input killed or stopped it.
"""

import contextlib
import functools
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fuzz.mutate import mutated
from fuzz.seeds import Seed, Words, seeds

GIB = 1 << 30
READ_LIMIT_GIB = 0.25  # the stated limit in these trials
ROOM_GIB = (
    1.25  # above what the program takes before: the limit, decoded, in two further copies, and room to work
)
CODES = {0, 1, 2, 3, 4}


class Trial(NamedTuple):
    """One mutated input: the files, which of them was touched, and the command."""

    files: dict[str, bytes]
    touched: str
    verb: Words


def trial(kind: str, sound: list[Seed], number: int) -> Trial:
    """Make the input of a number; the same number makes the same input."""
    rng = random.Random(f"{kind} {number}")
    seed = rng.choice(sound)
    touched = rng.choice(seed.touched)
    data = mutated(touched, seed.files[touched], rng)
    files = {name: content for name, content in seed.files.items() if seed.wrap is None or name != touched}
    name, data = (touched, data) if seed.wrap is None else seed.wrap(touched, data)
    return Trial({**files, name: data}, name, rng.choice(seed.verbs))


def judge(one: Trial, folder: Path) -> str:
    """Run a trial in an empty folder: "ok", "refused", or what is wrong with how it ended."""
    for name, content in one.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    os.chdir(folder)
    code, out, err, cause = run(one.verb)
    wrong = _ended(code, out, err, cause) or _left(one, folder, code)
    if not wrong and code == 0 and one.verb[0] == "inpaint":
        wrong = _verified(one.verb[one.verb.index("-o") + 1])
    return wrong or ("ok" if code == 0 else "refused")


def run(words: Words) -> tuple[int | None, str, str, str]:
    """Run a verb; return its exit code (None: it raised), what it printed, and what it hid or raised."""
    from tratteggio.cli import fault

    hidden: list[BaseException] = []
    fault.keep = hidden.append  # type: ignore[assignment,return-value]
    out, err = io.StringIO(), io.StringIO()
    code: int | None = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = (
                _read_ora(words[1])
                if words[0] == "read_ora"
                else _command()(list(words), standalone_mode=False) or 0
            )
        except BaseException as error:  # noqa: BLE001 this is what is looked for
            hidden.append(error)
            usage = (
                type(error).__module__.startswith(("typer", "click"))
                and getattr(error, "exit_code", None) == 2
            )
            if usage:
                code, hidden = 2, []
                err.write(f"tratteggio: {error}\n")
    return code, out.getvalue(), err.getvalue(), _place(hidden[0]) if hidden else ""


@functools.cache
def _command() -> Any:
    """Build the command line once: it takes four times as long as most verbs."""
    from typer.main import get_command

    from tratteggio.cli.main import app

    return get_command(app)


def _read_ora(name: str) -> int:
    """No verb reads OpenRaster yet; the library does."""
    import typer

    from tratteggio.cli.console import conversation
    from tratteggio.formats.ora import read_ora

    try:
        with conversation(as_json=False, quiet=True):
            read_ora(Path(name))
    except typer.Exit as ended:
        return ended.exit_code
    return 0


def _place(error: BaseException) -> str:
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "/tratteggio/" in f.filename]
    where = f" at {ours[-1].filename.rpartition('/tratteggio/')[2]}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}: {str(error)[:90]!r}{where}"


def _ended(code: int | None, out: str, err: str, cause: str) -> str:
    """Judge the exit code and what was said."""
    said = [line for line in err.splitlines() if not line.startswith("note: ")]
    if code is None:
        return f"traceback: {cause}"
    if code not in CODES:
        return f"exit code {code}: {cause or err[:200]}"
    if re.search(r"out of memory|more memory than there is", err):
        return f"memory above the limit: {err[:200].strip()}"
    if code and (len(said) != 1 or not said[0].startswith("tratteggio: ")):
        return f"not one sentence: {err[:300]!r}"
    if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", out + err):
        return f"control characters on the terminal: {(out + err)[:200]!r}"
    return ""


def _left(one: Trial, folder: Path, code: int | None) -> str:
    """Judge what stands in the folder: sources as they were, no litter, nothing half written."""
    names = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    for name, content in one.files.items():
        if ".job/" in name or name.startswith("run/"):  # work in hand, which a sound end removes or rewrites
            continue
        if name not in names:
            return f"removed: {name}"
        if (folder / name).read_bytes() != content:
            return f"changed: {name}"
    new = sorted(names - set(one.files))
    if any(".part" in name or ".tmp" in name for name in new):
        return f"litter: {new}"
    folders = [p.name for p in folder.glob("*.job")]
    if code and "--resume" not in one.verb and one.verb[0] != "train":
        stays = [
            name for name in new if not name.endswith(".lock") and not (".job/" in name and _tiles(folder))
        ]
        if stays or (folders and not _tiles(folder)):
            return f"left after a refusal: {stays or folders}"
    return ""


def _tiles(folder: Path) -> bool:
    """Tell whether finished work stands in a ledger, to be resumed."""
    return any(folder.glob("*.job/*.npz"))


def _verified(output: str) -> str:
    sidecars = [f"{output}.{part}" for part in ("history.json", "lost.tif", "confidence.tif")]
    missing = [name for name in (output, *sidecars) if not Path(name).exists()]
    if missing:
        return f"half written: {missing} missing"
    code, _, err, cause = run(("verify", output))
    return f"verify refuses the output ({code}): {cause or err[:200]}" if code else ""


def trials(kind: str, first: int, last: int) -> Iterator[tuple[int, str]]:
    """Run the trials of a format, from the first to before the last."""
    from tratteggio.files.limits import decoded_limit

    home = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    base = Path(tempfile.mkdtemp(prefix="tratteggio-fuzz-", dir=home))
    try:
        (base / "seeds").mkdir()
        sound = seeds(kind, base / "seeds")
        _warm(sound, base)
        _limit()
        with decoded_limit(READ_LIMIT_GIB):
            for number in range(first, last):
                yield number, ""
                yield number, _in_a_folder(trial(kind, sound, number), base)
    finally:
        os.chdir("/")
        shutil.rmtree(base, ignore_errors=True)


def _in_a_folder(one: Trial, base: Path) -> str:
    folder = Path(tempfile.mkdtemp(dir=base))
    try:
        return judge(one, folder)
    finally:
        os.chdir(base)
        shutil.rmtree(folder, ignore_errors=True)


def _warm(sound: list[Seed], base: Path) -> None:
    """Run the sound inputs once: they must pass, and libraries are then in memory."""
    for seed in sound:
        for verb in seed.verbs:
            name = seed.touched[0]
            made, content = (
                (name, seed.files[name]) if seed.wrap is None else seed.wrap(name, seed.files[name])
            )
            files = {other: data for other, data in seed.files.items() if seed.wrap is None or other != name}
            told = _in_a_folder(Trial({**files, made: content}, made, verb), base)
            assert told == "ok" or (told == "refused" and seed.refusable), (verb, told)


def _limit() -> None:
    taken = int(re.search(r"VmSize:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
    room = taken + int(ROOM_GIB * GIB)
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (GIB // 4, GIB // 4))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    kind, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    for number, verdict in trials(kind, first, last):
        lines.write(json.dumps([number, verdict]) + "\n")


if __name__ == "__main__":
    main()
