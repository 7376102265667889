"""Who may talk to the studio: only the browser that got the address with its token, and only its own page.

A server on one's own machine can be reached by every page that the browser shows and by every program on the
machine. So it listens on loopback only, answers to its own names only (no DNS rebinding), wants a token that
becomes a cookie which other sites cannot send, takes changes only from its own page, and only as JSON or as
one file of bounded size.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

JSON_BYTES = 4 << 20
FILE_BYTES = 256 << 20
TOO_LARGE = "The request is too large."
IMPORT = re.compile(r"(/p/\d+)?/api/import/")
READING = ("GET", "HEAD")
# The one style sheet that the viewer library puts into the page itself; all others are files of ours.
VIEWER_STYLE = "sha256-9xTiqzfwFaL2SGb1rmr8gysEwVVjIvqWAgmZgqFqpEE="
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self'; style-src 'self' '{VIEWER_STYLE}'; "
        "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
}


@dataclass(frozen=True)
class Door:
    """What opens the studio.

    Attributes:
        port: where it listens.
        token: in the address that is printed.
        read_only: nothing can be changed by anyone.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    read_only: bool = False

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names by which it may be called."""
        return tuple(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]"))

    @property
    def cookie(self) -> str:
        """The name of its cookie: cookies are shared by all ports of a machine."""
        return f"tratteggio-{self.port}"

    @property
    def address(self) -> str:
        """The address that opens it."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"


class Guard:
    """Refuses all requests that are not those of the studio's own page.

    Args:
        app: answers the others.
        door: what opens it.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no WebSocket: refused by silence
        answer = self._refused(scope)
        limited = _Limited(receive, FILE_BYTES if _is_file(scope) else JSON_BYTES)
        if answer is None and limited.too_large(Headers(scope=scope)):
            answer = _refusal(413, TOO_LARGE)
        await (answer or self.app)(scope, limited, _with_headers(send))

    def _refused(self, scope: Scope) -> Response | None:  # noqa: PLR0911 a list of rules, one after the other
        """Return why a request is refused, or the way in for one with a token; None lets it in."""
        headers = Headers(scope=scope)
        own = tuple(f"http://{host}" for host in self.door.hosts)
        if len(headers.getlist("host")) != 1 or headers["host"] not in self.door.hosts:
            return _refusal(421, "This is not an address of the studio.")
        if scope["method"] not in (*READING, "POST"):
            return _refusal(405, "The studio takes GET and POST only.")
        if any(origin not in own for origin in headers.getlist("origin")):
            return _refusal(403, "Another site may not use the studio.")
        fetched = headers.get("sec-fetch-site")
        opening = scope["path"] == "/" and headers.get("sec-fetch-mode", "navigate") == "navigate"
        # A link in a mail or in the terminal opens the page; nothing else may come from elsewhere.
        if fetched not in (None, "same-origin", "none") and not opening:
            return _refusal(403, "Another site may not use the studio.")
        if scope["path"] == "/" and scope["method"] == "GET" and (token := _token_in(scope)) is not None:
            return self._let_in(token)
        if not self._known(headers):
            return _refusal(403, "Open the address that the command printed, with its token.")
        if scope["method"] == "POST":
            return self._changing(scope, headers)
        return None

    def _changing(self, scope: Scope, headers: Headers) -> Response | None:
        if self.door.read_only:
            return _refusal(403, "This studio only shows: it was opened read-only.")
        if "origin" not in headers:
            return _refusal(403, "Changes come from the page of the studio only.")
        wanted = "application/octet-stream" if _is_file(scope) else "application/json"
        if headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
            return _refusal(415, f"The request must be {wanted}.")
        return None

    def _let_in(self, token: str) -> Response:
        if not secrets.compare_digest(token.encode(), self.door.token.encode()):
            return _refusal(403, "The token is wrong. Open the address that the command printed.")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.door.cookie, token, httponly=True, samesite="strict", path="/")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _known(self, headers: Headers) -> bool:
        try:
            cookies = SimpleCookie("; ".join(headers.getlist("cookie")))
        except CookieError:
            return False
        morsel = cookies.get(self.door.cookie)
        return morsel is not None and secrets.compare_digest(
            morsel.value.encode("utf-8", "replace"), self.door.token.encode()
        )


class TooLargeError(Exception):
    """A body that is longer than it may be."""


class _Limited:
    """Receives a body up to a number of bytes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.receive = receive
        self.most = most
        self.got = 0

    def too_large(self, headers: Headers) -> bool:
        length = headers.get("content-length")
        return length is not None and (not length.isdecimal() or int(length) > self.most)

    async def __call__(self) -> Message:
        message = await self.receive()
        self.got += len(message.get("body", b""))
        if self.got > self.most:
            raise TooLargeError
        return message


def _is_file(scope: Scope) -> bool:
    return IMPORT.match(str(scope["path"])) is not None


def _token_in(scope: Scope) -> str | None:
    values = parse_qs(scope["query_string"].decode("latin-1")).get("token")
    return values[0] if values else None


def _refusal(status: int, sentence: str) -> Response:
    if status == 405:
        return PlainTextResponse(sentence, status, {"Allow": "GET, HEAD, POST"})
    return JSONResponse({"error": sentence}, status)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", [])}
            more = [
                (name.lower().encode(), value.encode())
                for name, value in SAFE_HEADERS.items()
                if name.lower().encode() not in there
            ]
            if b"cache-control" not in there:
                more.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await send(message)

    return sending
