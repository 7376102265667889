"""File names as text: any bytes may be a name, but not every name can be printed, or said in JSON.

A byte that is not UTF-8 comes from the system as a lone surrogate, which no UTF-8 stream and no strict JSON
takes. Names are made printable for messages, pages and JSON; the path that a history records is kept byte by
byte beside it, so that it can be followed.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

SURROGATE = re.compile("[\udc80-\udcff]+|[\ud800-\udfff]")  # bytes from the system, or another lone one
JOINERS = "\u200c\u200d"  # format characters that scripts need


def followed(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path behind links. A circle of links stays as it is: to open it fails by name.

    `Path.resolve` raises a RuntimeError for a circle, up to Python 3.12.
    """
    return Path(os.path.realpath(path))


def printable(text: str, *, lines: bool = False) -> str:
    r"""Write what cannot be printed, or would steer a terminal, as an escape; all else stays.

    Names, cards and histories come from outside: a control or format character in them could hide or fake
    lines.

    Args:
        text: what is to be printed.
        lines: line breaks and tabs stay; a sentence has none.

    Example:
        >>> print(printable("caf\udce9 1\n.tif"))
        caf\xe9 1\n.tif
    """
    kept = JOINERS + ("\n\t" if lines else "")
    return "".join(one if one in kept or _is_plain(one) else ascii(one)[1:-1] for one in encodable(text))


def _is_plain(one: str) -> bool:
    """True for letters, signs and spaces; not for control and format characters and separators of lines."""
    return unicodedata.category(one) not in ("Cc", "Cf", "Zl", "Zp")


def encodable(text: str) -> str:
    r"""Write bytes that are not UTF-8 as escapes; all else stays, line ends too.

    Example:
        >>> print(encodable("caf\udce9.tif"))
        caf\xe9.tif
    """
    return SURROGATE.sub(_escaped, text)


def json_safe(text: str) -> str:
    r"""Do the same to the text of a JSON document, whose strings stay sound.

    Example:
        >>> print(json_safe('{"name": "caf\udce9.tif"}'))
        {"name": "caf\\xe9.tif"}
    """
    return SURROGATE.sub(lambda found: _escaped(found).replace("\\", "\\\\"), text)


def _escaped(found: re.Match[str]) -> str:
    try:
        raw = found[0].encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return f"\\u{ord(found[0]):04x}"
    # In a locale of ASCII alone bytes come as they are, though they may be sound UTF-8.
    return raw.decode("utf-8", "backslashreplace")


def quoted(path: str) -> str | None:
    r"""Return a path byte by byte with percent signs, if text cannot hold it; else None.

    Example:
        >>> quoted("a/caf\udce9.tif"), quoted("a/café.tif")
        ('a/caf%E9.tif', None)
    """
    return quote(os.fsencode(path)) if SURROGATE.search(path) else None


def unquoted(text: str) -> str:
    r"""Return the path that `quoted` wrote down.

    Example:
        >>> unquoted("a/caf%E9.tif") == "a/caf\udce9.tif"
        True
    """
    return os.fsdecode(unquote_to_bytes(text))


def rows_and_columns(grid: tuple[int, ...]) -> str:
    """Write the size of an image so that nobody can mistake rows for columns.

    Example:
        >>> rows_and_columns((1200, 960))
        '1,200 rows x 960 columns'
    """
    return f"{grid[0]:,} rows x {grid[1]:,} columns"


def same_name(one: str, other: str) -> bool:
    r"""True if two names are the same text, however their accents are stored (NFC or NFD).

    Example:
        >>> same_name("caf\u00e9", "cafe\u0301")
        True
    """
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
