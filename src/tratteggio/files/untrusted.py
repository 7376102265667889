"""Bytes from outside: whatever a parser or a codec raises becomes one sentence that names the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tratteggio.errors import TratteggioError, UnreadableFile
from tratteggio.files.source import require_seekable

REMEDY = "copy it again from its source"


@contextmanager
def untrusted(path: str | os.PathLike[str], *, what: str = "file", remedy: str = REMEDY) -> Iterator[None]:
    """Read untrusted bytes in this block.

    Our own errors pass. All else that is raised (hostile bytes make parsers raise anything) becomes an
    `UnreadableFile` that names the file. A pipe or a device is refused before the block: to open a pipe that
    nobody writes to would wait for ever.

    Args:
        path: the file that is read.
        what: what the file should be, for the message: "TIFF file", "history", ...
        remedy: what the user can do.

    Raises:
        BadUsage: the path is a pipe or a device.
        UnreadableFile: the block raised something that is not ours.

    Example:
        >>> with untrusted("panel.tif", what="TIFF file"):
        ...     raise ZeroDivisionError("division by zero")
        Traceback (most recent call last):
        tratteggio.errors.UnreadableFile: panel.tif is not a sound TIFF file (division by zero); copy it ...
    """
    try:
        require_seekable(Path(path))
        yield
    except TratteggioError:
        raise
    except MemoryError as error:
        raise UnreadableFile(f"{path} needs more memory than there is; {remedy}") from error
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:
        detail = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise UnreadableFile(f"{path} is not a sound {what} ({detail}); {remedy}") from error
