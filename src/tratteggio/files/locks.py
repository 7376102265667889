"""Locks that end with their process: who works on an output is known, and a kill leaves nothing locked.

A lock is advisory and sits on an open file (flock; on Windows a byte far behind its end). The kernel drops it
with the process, however that ends. On NFS the kernel passes flock to the server as a record lock; where a
file system knows no locks at all, that is said once per job and the work goes on without.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import stat
import weakref
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tratteggio.errors import UnsafeOutput

if os.name == "nt":
    import msvcrt
else:
    import fcntl

log = logging.getLogger("tratteggio")

NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
BINARY = getattr(os, "O_BINARY", 0)
FAR = 1 << 30  # where Windows locks: a byte that nobody writes
MOST_HOLDER_BYTES = 1000  # that are read of a lock file
TRIES = 20

_open: set[int] = set()


def _forget() -> None:
    """Close the locks of the parent in a child, which would keep them alive after the parent's end."""
    for descriptor in _open:
        with suppress(OSError):
            os.close(descriptor)
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


class Hold:
    """An open file that is locked until it is released, or the object or the process ends."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self.descriptor = descriptor
        self.path = path
        _open.add(descriptor)
        self._end = weakref.finalize(self, _close, descriptor, os.getpid())

    def release(self) -> None:
        """Unlock and close; a second call does nothing."""
        self._end()


def lock(descriptor: int) -> bool | None:
    """Lock an open file without waiting: True, False if another has it, None if there are no locks here."""
    try:
        if os.name == "nt":
            os.lseek(descriptor, FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK) else None
    return True


def take(file: Path, *, of: Path) -> Hold:
    """Take the lock file of a job, and write into it who has it.

    Args:
        file: the lock file, made if missing; never through a link.
        of: what the job writes, for the message.

    Raises:
        UnsafeOutput: another process has it; the message says which, where and since when.
        OSError: the file cannot be made.
    """
    for _ in range(TRIES):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | NOFOLLOW | BINARY, 0o666)
        got = lock(descriptor)
        if got is False:
            os.close(descriptor)
            raise UnsafeOutput(f"{of} is in use by {holder(file)}; wait until it ends, or stop it")
        if _is_at(descriptor, file):
            break
        os.close(descriptor)  # the job before ended and took its lock file away in between
    else:
        raise UnsafeOutput(f"{of} is in use by other jobs; try again")
    if got is None:
        log.warning("%s: this file system has no locks; never start two jobs on one output here", of)
    owner = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, json.dumps(owner).encode())
    return Hold(descriptor, file)


def holder(file: Path) -> str:
    """Say who has a lock file, as far as it is written there."""
    try:
        owner = json.loads(file.read_bytes()[:MOST_HOLDER_BYTES])
        return f"process {int(owner['pid'])} on {str(owner['host'])[:80]} since {str(owner['since'])[:40]}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def in_use(path: Path) -> bool | None:
    """Say whether a process has an unfinished file or folder locked; None if that cannot be known here."""
    try:
        descriptor = os.open(path, os.O_RDONLY | NOFOLLOW | BINARY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        got = lock(descriptor)
        return None if got is None else not got
    finally:
        os.close(descriptor)


def _is_at(descriptor: int, file: Path) -> bool:
    """True if an open file is still the one of that name, a plain one."""
    try:
        here, there = os.fstat(descriptor), file.lstat()
    except OSError:
        return False
    return stat.S_ISREG(there.st_mode) and (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _close(descriptor: int, owner: int) -> None:
    # In a forked child the number may be another file's by now.
    if os.getpid() == owner and descriptor in _open:
        _open.discard(descriptor)
        with suppress(OSError):
            os.close(descriptor)
