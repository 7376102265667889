"""What every page has: one file, no network, legible in light and dark, on paper and to a screen reader."""

from __future__ import annotations

import base64
import hashlib

from tratteggio.markup import Markup, html

# Pictures stand on a middle grey in both schemes: a white or black surround would change how colours look.
STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf8; --ink: #22201d; --soft: #6a645c; --rule: #dcd7cf;
  --wall: #8d8b88; --mark: #a4371f; --tint: #f1eee9; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1a19; --ink: #ece8e2; --soft: #a9a29a;
  --rule: #3b3835; --wall: #6f6d6a; --mark: #f08a6c; --tint: #262423; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
main, header, footer { max-width: 1240px; margin: 0 auto; padding: 0 28px; }
header { padding-top: 36px; padding-bottom: 12px; }
footer { padding-top: 20px; padding-bottom: 36px; color: var(--soft); font-size: 13px; }
h1, h2 { font-family: "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "DejaVu Serif", serif;
  font-weight: 500; line-height: 1.2; overflow-wrap: anywhere; }
h1 { font-size: 32px; margin: 2px 0 6px; }
h2 { font-size: 22px; margin: 44px 0 14px; padding-top: 16px; border-top: 1px solid var(--rule); }
p { margin: 0 0 10px; max-width: 76ch; }
.over { color: var(--mark); font-size: 13px; letter-spacing: .08em; text-transform: uppercase; }
.soft { color: var(--soft); }
img { display: block; max-width: 100%; }
figure { margin: 0; }
figcaption { margin-top: 8px; font-size: 14px; color: var(--soft); }
figcaption b { color: var(--ink); font-weight: 600; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
@page { size: A4; margin: 14mm 12mm; }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --rule: #bbb;
    --tint: #fff; --mark: #a4371f; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  figure, tr { break-inside: avoid; } h2 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def page(title: str, body: Markup, *, style: str = "", script: str = "", images: str = "data:") -> Markup:
    """Return a whole HTML document.

    The browser loads nothing from anywhere, and runs and applies only what is in the page: the
    policy names the hashes of the one style sheet and the one script.

    Args:
        title: plain text; escaped here.
        body: made by `html`.
        style: CSS of this kind of page; ours, never data.
        script: JavaScript of this kind of page; ours, never data.
        images: where images may come from; a page with files beside it names these, too.

    Raises:
        TypeError: the body is a plain string, so nobody has escaped what it holds.
    """
    if not isinstance(body, Markup):
        raise TypeError("the body of a page is made by tratteggio.markup.html, got a plain string")
    sheet = own_code(STYLE + style)
    run = html("<script>{}</script>\n", own_code(script)) if script else ""
    return html(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}\n{}</body>\n</html>\n",
        Markup(policy(style=sheet, script=script, images=images)), title, sheet, body, run,
    )  # fmt: skip


def policy(*, style: str, script: str = "", images: str = "data:") -> str:
    """Return the content security policy of a page with this style sheet and this script."""
    allowed = {
        "default-src": "'none'",
        "img-src": images,
        "style-src": _hash(style),
        "script-src": _hash(script) if script else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def own_code(code: str) -> Markup:
    """Take CSS or JavaScript, in which nothing is escaped.

    Raises:
        ValueError: it would end its own element.
    """
    if "</" in code or "<!--" in code:
        raise ValueError("a style sheet or script of a page must hold neither '</' nor '<!--'")
    return Markup(code)
