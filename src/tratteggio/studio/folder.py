"""The folder of a session beside the painting: its lock, the journal of the marks, the treatment log."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tratteggio.errors import UnsafeOutput, UnwritableFile
from tratteggio.files.documents import read_json, require
from tratteggio.files.locks import Hold, take
from tratteggio.files.parts import append, whole_file
from tratteggio.treatment.choosing import Choice

LOCK, JOURNAL, LOG, VIEW, CHOICES = (
    "lock",
    "marks.journal",
    "log.jsonl",
    "view.json",
    "choices.json",
)

MOST_VIEW = 64 << 10


class FillSettings(msgspec.Struct):
    """How a proposal is filled."""

    engine: str
    finish: str
    seed: int
    sample: int
    calibrate: bool = False
    leave_above: float | None = None
    choices: list[Choice] = []


class KeptChoices(msgspec.Struct):
    """What was chosen for single lacunae."""

    choices: list[Choice]


class SessionFolder:
    """Where a session is kept, held by one studio.

    Args:
        source: the painting; the folder lies beside it, as `panel.tif.studio`.

    Raises:
        UnsafeOutput: another studio has it open.
        UnwritableFile: it cannot be made, or is something else.
    """

    def __init__(self, source: Path) -> None:
        self.path = folder_of(source)
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_dir()):
            raise UnwritableFile(f"{self.path} is not a folder; move it away")
        try:
            self.path.mkdir(exist_ok=True)
            self._hold: Hold = take(self.path / LOCK, of=self.path)
        except OSError as error:
            raise UnwritableFile(f"{self.path}: {error.strerror or error}") from error

    @property
    def journal(self) -> Path:
        """Where the marks are."""
        return self.path / JOURNAL

    def file(self, name: str) -> Path:
        """Return where a file of the session lies; names come from the studio, never from the page."""
        return self.path / name

    def log(self, what: str, details: dict[str, Any]) -> None:
        """Add an entry to the treatment log.

        Raises:
            UnwritableFile: no space or no permission.
        """
        when = datetime.now(UTC).isoformat(timespec="seconds")
        append(self.path / LOG, json.dumps({"when": when, "who": _user(), "what": what, **details}) + "\n")

    def entries(self) -> list[dict[str, Any]]:
        """Read the treatment log; a last line that a kill cut off is left out."""
        try:
            lines = (self.path / LOG).read_text("utf-8").split("\n")[:-1]
        except FileNotFoundError:
            return []
        entries = []
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                entries.append(entry)
        return entries

    def keep_view(self, view: str) -> None:
        """Keep how the page shows the painting; only the page knows what the text means.

        Raises:
            UnwritableFile: no space or no permission.
        """
        self._keep(VIEW, view)

    def view(self) -> str | None:
        """Return how the page showed the painting."""
        try:
            with (self.path / VIEW).open("rb") as stream:
                return stream.read(MOST_VIEW).decode("utf-8", "replace")
        except OSError:
            return None

    def keep_settings(self, number: int, settings: dict[str, Any]) -> None:
        """Keep how proposal `number` is filled, so that a stopped fill can go on."""
        self._keep(f"fill-{number}.json", json.dumps(settings))

    def settings(self, number: int) -> dict[str, Any]:
        """Return how proposal `number` is filled.

        Raises:
            UnreadableFile: it was removed or damaged.
        """
        file = self.path / f"fill-{number}.json"
        found = read_json(file, what="settings of a fill", remedy="fill anew")
        settings = require(found, FillSettings, file, what="settings of a fill", remedy="fill anew")
        return dict(msgspec.to_builtins(settings))

    def keep_choices(self, choices: list[dict[str, Any]]) -> None:
        """Keep what was chosen for single lacunae.

        Raises:
            UnwritableFile: no space or no permission.
        """
        self._keep(CHOICES, json.dumps({"choices": choices}))

    def choices(self) -> list[dict[str, Any]]:
        """Return what was chosen for single lacunae.

        Raises:
            UnreadableFile: the file was damaged.
        """
        file = self.path / CHOICES
        if not file.exists():
            return []
        what, remedy = "choices for lacunae", "remove it, and choose anew"
        found = read_json(file, what=what, remedy=remedy)
        kept = require(found, KeptChoices, file, what=what, remedy=remedy)
        return [asdict(one) for one in kept.choices]

    def numbers(self) -> list[int]:
        """Return the numbers of the proposals that were begun."""
        names = (file.stem.removeprefix("fill-") for file in self.path.glob("fill-*.json"))
        return sorted(int(name) for name in names if name.isdecimal())

    def _keep(self, name: str, text: str) -> None:
        try:
            with whole_file(self.path / name) as stream:
                stream.write(text.encode())
        except OSError as error:
            raise UnwritableFile(f"{self.path / name}: {error.strerror or error}") from error

    def close(self, *, marked: bool) -> None:
        """Let go; a folder in which nothing was done is removed.

        Args:
            marked: the journal holds changes.
        """
        kept = {file.name for file in self.path.iterdir()} - {LOCK, *([] if marked else [JOURNAL])}
        if not kept:
            for name in (LOCK, JOURNAL):
                (self.path / name).unlink(missing_ok=True)
        self._hold.release()
        if not kept:
            self.path.rmdir()


def folder_of(source: Path) -> Path:
    """Return where the session of a painting lies."""
    return source.with_name(source.name + ".studio")


def why_not(source: Path, error: UnsafeOutput | UnwritableFile) -> str:
    """Say why a painting is only shown."""
    if isinstance(error, UnsafeOutput):
        return f"Another studio has {source.name} open. This one only shows it. ({error})"
    return f"Nothing can be kept beside {source.name}, so this studio only shows it. ({error})"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"
