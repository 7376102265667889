"""Where the machine gives out, not the input: memory, and processes that were killed."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from tratteggio.errors import OutOfMemory, TratteggioError

# Libraries that run out of memory say so in errors of their own: torch, OpenCV, safetensors, C++ itself.
MEMORY = re.compile(
    r"(can't|cannot) allocate|(not enough|out of|insufficient) memory|bad_alloc", re.IGNORECASE
)
WORKER = re.compile(r"DataLoader worker \(pid\(?s?\)? .*\) (is killed|exited)")


@contextmanager
def machine_failures(advice: str) -> Iterator[None]:
    """Turn what libraries raise in this block, when the machine gives out, into errors of ours.

    Args:
        advice: what the user can do.

    Raises:
        OutOfMemory: a library could not get memory.
        TratteggioError: a process that made training patches was killed.
    """
    try:
        yield
    except TratteggioError:
        raise
    except Exception as error:
        if told := _told(error, advice):
            raise told from error
        raise


def _told(error: Exception, advice: str) -> TratteggioError | None:
    text = str(error)
    # A worker that dies while it hands pixels over resets its connection.
    if WORKER.search(text) or isinstance(error, ConnectionError):
        return TratteggioError(
            "a data worker process was killed, most often because memory ran out; continue with "
            "`resume=True`, with fewer workers"
        )
    # What quotes its input, as these do, could have the words from there.
    by_library = not isinstance(error, ValueError | LookupError | TypeError | OSError)
    by_system = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if isinstance(error, MemoryError) or by_system or (by_library and MEMORY.search(text)):
        return OutOfMemory(f"there is not enough memory for this work; {advice}")
    return None
