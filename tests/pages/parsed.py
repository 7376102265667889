"""A page as the standard library's parser sees it, for the tests of pages."""

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
        self._in_code = False

    @property
    def ids(self) -> int:
        return len(self.names_of_ids)

    @property
    def scripts(self) -> int:
        return self.tags.count("script")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
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
