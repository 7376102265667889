"""What every page has: one file, no network, legible in light and dark, on paper and to a screen reader."""

from __future__ import annotations

from html import escape

# The browser itself is told to load nothing from anywhere.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

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
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --rule: #bbb;
    --tint: #fff; --mark: #a4371f; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  figure, tr { break-inside: avoid; } h2 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def page(title: str, body: str, *, style: str = "", script: str = "") -> str:
    """Return a whole HTML document.

    Args:
        title: plain text; escaped here.
        body: HTML, already escaped by whoever made it.
        style: CSS of this kind of page.
        script: JavaScript of this kind of page; ours, never data.
    """
    run = f"<script>{script}</script>\n" if script else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n"
        f"<body>\n{body}\n{run}</body>\n</html>\n"
    )
