"""Where a painting is published, and what is said of it: the options of `publish`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tratteggio.errors import BadUsage
from tratteggio.finish import require_finish

RIGHTS = ("creativecommons.org", "rightsstatements.org")
LOCAL = "http://localhost:8000"


@dataclass(frozen=True)
class PublishOptions:
    """Where a painting is published, and what is said of it.

    Attributes:
        address: where the folder will be reached, as "https://museum.example/iiif/panel"; None: on this
            machine, where `python -m http.server` hands out the folder that holds it.
        rights: the address of a Creative Commons licence or a statement of rightsstatements.org.
        statement: what viewers must show, as the owner and a credit line.
        finishes: further finishes of a proposal that are shown beside it: "hatched", "neutral", ...
    """

    address: str | None = None
    rights: str | None = None
    statement: str | None = None
    finishes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, text in (("address", self.address), ("rights", self.rights)):
            parts = urlsplit(text or LOCAL)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
                raise BadUsage(
                    f"{name} must be an address that begins with http:// or https://, got {text!r}",
                    option=name,
                )
        if self.rights is not None and urlsplit(self.rights).netloc.removeprefix("www.") not in RIGHTS:
            raise BadUsage(
                f"rights must be an address of {' or '.join(RIGHTS)}, as "
                f"http://creativecommons.org/publicdomain/mark/1.0/, got {self.rights!r}",
                option="rights",
            )
        for finish in self.finishes:
            require_finish(finish)
