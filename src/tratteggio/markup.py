"""HTML and SVG by construction: templates are ours, and every value that is put into one is escaped.

Text from outside (file names, histories, metadata, weights cards) cannot become markup: `html` escapes all
values except those that `html` itself made, and pages take nothing but its results.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from string import Formatter
from typing import LiteralString

# Not allowed in HTML and XML: control characters, halves of surrogate pairs (file names that are not UTF-8).
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """Text that is HTML or SVG already. Only this module makes it; a plain string is never taken for it."""

    __slots__ = ()


class _Escaping(Formatter):
    def format_field(self, value: object, format_spec: str) -> str:
        return value if isinstance(value, Markup) else escaped(format(value, format_spec))


def html(template: LiteralString, *values: object) -> Markup:
    """Fill a template with values.

    Args:
        template: markup, written out where it is used, with a `{}` for each value; attributes stand in
            double quotes.
        values: escaped, after their format (`{:,}`), unless they are markup already.

    Example:
        >>> html('<p title="{}">{}</p>', 'a"b', html("<b>{:.1f}</b>", 2))
        '<p title="a&quot;b"><b>2.0</b></p>'
    """
    return Markup(_Escaping().vformat(template, values, {}))


def join(parts: Iterable[object], between: LiteralString = "") -> Markup:
    """Put parts one after the other; what is not markup is escaped.

    Example:
        >>> join(["<", html("<br>")], ", ")
        '&lt;, <br>'
    """
    return Markup(between.join(part if isinstance(part, Markup) else escaped(str(part)) for part in parts))


def escaped(text: str) -> str:
    """Escape text for elements and quoted attributes; characters that no page may hold become U+FFFD."""
    return escape(FORBIDDEN.sub("\ufffd", text))
