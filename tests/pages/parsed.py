"""A page as the standard library's parser sees it, for the tests of pages."""

import base64
import hashlib
from html.parser import HTMLParser

VOID = {"meta", "img", "input", "br", "hr", "link"}


class Page(HTMLParser):
    """Collects what the laws of pages speak of."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unclosed: list[str] = []
        self.tags: list[str] = []
        self.alts: list[str] = []
        self.outside: list[str] = []
        self.names_of_ids: list[str] = []
        self.links: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self.shape: list[tuple[str, ...]] = []
        self.inline: list[str] = []
        self.policy: dict[str, str] = {}
        self.code: list[tuple[str, str]] = []

    @property
    def ids(self) -> int:
        return len(self.names_of_ids)

    @property
    def scripts(self) -> int:
        return self.tags.count("script")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.shape.append((tag, *(name for name, _ in attrs)))
        self.inline += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        given = dict(attrs)
        if given.get("http-equiv") == "Content-Security-Policy":
            parts = (part.strip().split(" ", 1) for part in (given["content"] or "").split(";"))
            self.policy = dict(parts)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.alts.append(given.get("alt") or "")
        if "id" in given:
            self.names_of_ids.append(given["id"] or "")
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            value = given.get(name) or ""
            if value.startswith("#"):
                self.links.append(value[1:])
            elif value and not value.startswith("data:image/"):
                self.outside.append(value)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            self.code.append((self.open[-1], data))
            self.outside += [word for word in ("http:", "https:", "url(", "@import") if word in data]
            return
        self.text += " " + " ".join(data.split())
        if any(tag in self.open for tag in ("td", "th")):
            self.tables[-1][-1][-1] += " ".join(data.split())


def parsed(html: str) -> Page:
    """Parse a page; what is left open at the end counts as unclosed."""
    page = Page()
    page.feed(html)
    page.close()
    page.unclosed += page.open
    return page


def hash_source(text: str) -> str:
    """A script or style sheet as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def assert_locked(page: Page) -> None:
    """The policy of a page lets nothing in, and nothing run, but the sheet and script that stand there."""
    allowed = dict.fromkeys(("default-src", "script-src", "base-uri", "form-action"), "'none'")
    allowed["img-src"] = "data:"
    for tag, text in page.code:
        assert allowed.get(f"{tag}-src", "'none'") == "'none'", f"more than one {tag}"
        allowed[f"{tag}-src"] = hash_source(text)
    assert page.policy == allowed
    assert page.inline == []
    assert page.outside == page.unclosed == []
