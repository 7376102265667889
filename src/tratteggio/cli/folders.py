"""Verbs that read proposals or images, over a folder: one line per file, then a summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tratteggio.cli import wording
from tratteggio.cli.console import Console
from tratteggio.errors import TratteggioError, UnreadableFile

Work = Callable[[Path], tuple[Mapping[str, Any], str]]


def is_folder(path: Path) -> bool:
    """Tell a folder of files from a file, and from a painting that is a folder."""
    from tratteggio.files.stacks import is_stack

    return path.is_dir() and not is_stack(path)


def list_proposals(folder: Path) -> list[Path]:
    """List the proposals in a folder: files with the history of a fill beside them, by name.

    Raises:
        UnreadableFile: there is none.
    """
    from tratteggio.files.provenance import SIDECARS

    suffix = SIDECARS["history"]
    targets = [file.with_name(file.name.removesuffix(suffix)) for file in sorted(folder.glob(f"*{suffix}"))]
    found = [target for target in targets if target.exists() and _is_proposal(target)]
    if not found:
        raise UnreadableFile(
            f"the folder {folder} contains no proposal; a proposal is an image that `tratteggio.inpaint` "
            f"wrote, with its NAME{suffix} beside it"
        )
    return found


def _is_proposal(target: Path) -> bool:
    """Tell a proposal from what other verbs wrote; one whose history is damaged counts, to be named later."""
    from tratteggio.files.provenance import read_history, sidecar

    try:
        return "lacunae" in read_history(sidecar(target, "history"))
    except TratteggioError:
        return True


def work_through(console: Console, folder: Path, files: Sequence[Path], work: Work, *, done: str) -> None:
    """Do one thing for each file; go on after a failure, whose exit code counts at the end.

    Args:
        folder: where the files are, for the summary.
        work: returns the values of a file for programs, and its line for people.
        done: what the summary says of files that went through, for example "verified".
    """
    results, failed = list[Mapping[str, Any]](), 0
    for file in files:
        try:
            values, line = work(file)
        except TratteggioError as error:
            sentence, failed = wording.format_error(error), failed + 1
            console.error(
                sentence if file.name in sentence else f"{file}: {sentence}",
                exit_code=max(error.exit_code, console.exit_code),
            )
            results.append({"output": str(file), "error": sentence})
        else:
            console.line(line)
            results.append(values)
    summary = f"{folder}: {len(files) - failed} of {len(files)} {done}" + (
        f", {failed} failed." if failed else "."
    )
    console.result({"folder": str(folder), "files": results, "failed": failed}, summary)
