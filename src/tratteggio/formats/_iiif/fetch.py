"""Where the parts of a IIIF image come from: a folder on this machine, or a web server that the user named.

A description may be hostile. Parts are looked for beside it and nowhere else: the address that it states for
itself is not used, a redirection to another server is refused, and an answer has a bounded size.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tratteggio.errors import UnreadableFile
from tratteggio.version import __version__

NAME = "info.json"
SECONDS = 30  # that a server may be silent
SCHEMES = ("http", "https")


def address_of(path: Path) -> str | None:
    """Return the web address that a path is, or None: a path has one "/" where an address has two.

    Example:
        >>> address_of(Path("http://localhost:8000/panel/info.json"))
        'http://localhost:8000/panel/info.json'
        >>> address_of(Path("panel/info.json")) is None
        True
    """
    scheme, _, rest = path.as_posix().partition(":/")
    rest = rest.lstrip("/")
    return f"{scheme}://{rest}" if scheme in SCHEMES and rest else None


def fetch(base: str, part: str, *, most: int) -> bytes:
    """Return a part of an image.

    Args:
        base: a folder, or the address of an image.
        part: what to fetch, from there.
        most: bytes that it may have.

    Raises:
        UnreadableFile: it is not there, too large, or the server does not answer; the message names it.
    """
    if urlsplit(base).scheme in SCHEMES:
        return _download(f"{base}/{part}", most)
    file = Path(base) / part
    try:
        with file.open("rb") as stream:
            return _read(stream, str(file), most)
    except FileNotFoundError:
        raise UnreadableFile(f"{file} is missing, so the IIIF image is not whole; copy it again") from None
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be read: {error.strerror or error}") from error


class _SameServer(urllib.request.HTTPRedirectHandler):
    """Follows a redirection within a server only."""

    def redirect_request(  # noqa: PLR0917 as its base has it
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            raise UnreadableFile(
                f"{req.full_url} redirects to another server ({newurl[:200]}), which is not followed; "
                "open that address if you trust it"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(address: str, most: int) -> bytes:
    request = urllib.request.Request(address, headers={"User-Agent": f"tratteggio/{__version__}"})
    try:
        with urllib.request.build_opener(_SameServer).open(request, timeout=SECONDS) as answer:
            return _read(answer, address, most)
    except urllib.error.HTTPError as error:
        raise UnreadableFile(
            f"{address}: the server answered {error.code} ({error.reason}), so the IIIF image is not whole"
        ) from error
    except urllib.error.URLError as error:
        raise UnreadableFile(f"{address} cannot be reached: {error.reason}; check the address") from error
    except (OSError, HTTPException, ValueError) as error:
        raise UnreadableFile(f"{address} cannot be read: {error or type(error).__name__}") from error


def _read(stream: IO[bytes], source: str, most: int) -> bytes:
    data = stream.read(most + 1)
    if len(data) > most:
        raise UnreadableFile(f"{source} has more than {most:,} bytes, so it is not read; it is damaged")
    return data
