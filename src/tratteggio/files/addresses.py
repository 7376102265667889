"""Files at an address: "file://" is a path, all else is read by parts over the network.

TIFF alone is read so, since its directory says where each tile lies. Only the bytes that a region needs are
fetched, by HTTP ranges or by what fsspec (filesystem-spec.readthedocs.io) has for that storage.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from tratteggio.errors import MissingExtra, UnreadableFile
from tratteggio.extras import optional

# A path has lost one of the slashes.
ADDRESS = re.compile(r"(?P<scheme>file|https?|s3|gs|gcs|abfs|memory):/{1,3}(?P<rest>.+)", re.DOTALL)
NEEDS = {"http": "'fsspec[http]'", "https": "'fsspec[http]'", "s3": "s3fs", "abfs": "adlfs"}
BLOCK = 1 << 18  # bytes that are fetched at once, at least: a directory comes in few requests
MARKS = (
    "ETag",
    "etag",
    "LastModified",
    "last_modified",
    "mtime",
    "updated",
)  # what tells a file from another


@dataclass(frozen=True)
class Remote:
    """A file at an address, with what readers ask of a path.

    Attributes:
        address: where it lies.
        size: in bytes.
        mark: what its storage says to tell it from what lay there before; empty: nothing.
    """

    address: str
    size: int
    mark: str
    _files: Any = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.address.rpartition("/")[2]

    def open(self, mode: str = "rb", buffering: int = -1) -> IO[bytes]:
        """Open the file; what is read is fetched by parts."""
        del buffering  # parts are fetched whole
        options = {"size": self.size} if self.address.startswith("http") else {}  # else it is asked for again
        opened: IO[bytes] = self._files.open(self.address, mode, block_size=BLOCK, **options)
        return opened

    def stat(self) -> os.stat_result:
        """Return its size; nothing else is known."""
        return os.stat_result((0, 0, 0, 1, 0, 0, self.size, 0, 0, 0))

    def __fspath__(self) -> str:
        return self.address

    def __str__(self) -> str:
        return self.address

    def __reduce__(self) -> tuple[Any, ...]:
        return _reach_again, (self.address, self.size, self.mark)


def locate(path: str | os.PathLike[str]) -> Path | Remote:
    """Return the path that a name or an address stands for, or the file that lies at that address.

    Raises:
        MissingExtra: the library for that storage is not installed.
        UnreadableFile: nothing answers there, or no file lies there.
    """
    found = ADDRESS.fullmatch(os.fspath(path))
    if found is None or Path(path).exists():
        return Path(path)
    if found["scheme"] == "file":
        return Path("/" + unquote(found["rest"]).removeprefix("localhost/"))
    return reach(f"{found['scheme']}://{found['rest']}")


def reach(address: str) -> Remote:
    """Ask what lies at an address; nothing of it is read.

    Raises:
        MissingExtra, UnreadableFile: as `locate`.
    """
    scheme = address.partition(":")[0]
    install = f"pip install {NEEDS.get(scheme, 'the package that fsspec names')}"
    try:
        files = _storage(scheme)
        found = files.info(address)
    except (ImportError, MissingExtra) as error:
        raise MissingExtra(f"to read {address} a library is missing ({error}); {install}") from error
    except Exception as error:  # each storage has its own errors
        detail = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise UnreadableFile(f"{address} cannot be read ({detail}); check the address") from error
    if found.get("type") == "directory" or found.get("size") is None or found.get("partial") is False:
        raise UnreadableFile(
            f"{address} is no file that can be read by parts; its server must state sizes and accept ranges, "
            "or copy it to a disk first"
        )
    mark = next((str(found[name]) for name in MARKS if found.get(name)), "")
    return Remote(address, int(found["size"]), mark, files)


@cache
def _storage(scheme: str) -> Any:
    with optional("fsspec", needs="an address needs fsspec", install="pip install fsspec"):
        import fsspec  # noqa: PLC0415
    return fsspec.filesystem(scheme)


def _reach_again(address: str, size: int, mark: str) -> Remote:
    """Open an address in another process, and make sure that the same file lies there."""
    found = reach(address)
    if (found.size, found.mark) != (size, mark):
        raise UnreadableFile(f"{address} was replaced while it was being read; put the file back")
    return found
