"""The style sheet of printed reports: A4, page numbers, black on white, no table cut within a row."""

from __future__ import annotations

from tratteggio.pages.maps import RAMP
from tratteggio.painting.legend import LEGEND

PAGE_MM = (170.0, 212.0)  # most that a picture has across and down, on a page of its own
MAP_MM = (81.0, 108.0)  # two side by side
CLOSE_MM = (39.0, 44.0)

SWATCHES = "\n".join(f".swatch.{name} {{ background: {entry.hex}; }}" for name, entry in LEGEND.items())
STYLE = f"""
@page {{ size: A4; margin: 21mm 20mm 22mm;
  @bottom-left {{ content: string(object); width: 130mm; color: #444;
    font: 8pt "Liberation Sans", "DejaVu Sans", sans-serif; }}
  @bottom-right {{ content: "Page " counter(page) " of " counter(pages);
    font: 8pt "Liberation Sans", "DejaVu Sans", sans-serif; color: #444; }} }}
* {{ box-sizing: border-box; }}
html {{ font: 9.5pt/1.42 "Liberation Sans", "Noto Sans", "DejaVu Sans", sans-serif; color: #000; }}
body {{ margin: 0; }}
h1, h2, h3 {{ font-family: "Liberation Serif", "Noto Serif", "DejaVu Serif", serif; font-weight: 500;
  line-height: 1.2; overflow-wrap: anywhere; break-after: avoid; }}
h1 {{ font-size: 22pt; margin: 1mm 0 1mm; }}
h2 {{ font-size: 15pt; margin: 0 0 3mm; padding-top: 2.5mm; border-top: .5pt solid #999; }}
h3 {{ font-size: 11pt; margin: 5mm 0 1.5mm; }}
section {{ margin-top: 8mm; }}
section.sheet {{ break-before: page; margin-top: 0; }}
p {{ margin: 0 0 2.2mm; orphans: 3; widows: 3; max-width: 160mm; }}
.kind {{ font-size: 8.5pt; letter-spacing: .08em; text-transform: uppercase; color: #8a2d18; }}
.object {{ string-set: object attr(data-running); }}
.soft {{ color: #444; }}
table {{ border-collapse: collapse; width: 100%; font-size: 8.5pt; }}
caption {{ text-align: left; padding-bottom: 1.5mm; color: #444; break-after: avoid; }}
thead {{ display: table-header-group; }}
tr {{ break-inside: avoid; }}
th, td {{ text-align: right; vertical-align: top; padding: 1mm 2.5mm 1mm 0; border-bottom: .35pt solid #bbb;
  overflow-wrap: anywhere; }}
th:last-child, td:last-child {{ padding-right: 0; }}
thead th {{ font-weight: 600; vertical-align: bottom; border-bottom: .7pt solid #555; }}
.words th, .words td {{ text-align: left; }}
.words th {{ font-weight: 400; color: #444; width: 42mm; }}
.words td {{ font-size: 9.5pt; }}
.log th:first-child {{ width: 24mm; white-space: nowrap; }}
.log .by {{ width: 40mm; }}
.history td, .history th {{ font-size: 8pt; text-align: left; padding-top: .45mm; padding-bottom: .45mm; }}
.history th {{ font-weight: 400; color: #444; width: 56mm; }}
code {{ font: 7.5pt "Liberation Mono", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }}
figure {{ margin: 0; break-inside: avoid; }}
figure img {{ display: block; }}
figcaption {{ margin-top: 1.8mm; font-size: 8.5pt; color: #444; }}
figcaption b {{ color: #000; font-weight: 600; }}
.swatch {{ display: inline-block; width: 3mm; height: 3mm; border: .35pt solid #555; margin-right: 1.8mm; }}
{SWATCHES}
.few {{ image-rendering: pixelated; }}
.scale {{ display: inline-block; width: 22mm; height: 2.6mm; border: .35pt solid #555; margin: 0 1.5mm;
  background: linear-gradient(90deg, {RAMP}); }}
.classes th:first-child, .numbered th:first-child, .numbered td:first-child {{ text-align: left; }}
.key {{ white-space: nowrap; }}
.pairs td {{ width: 50%; border: 0; padding: 0 4mm 4mm 0; text-align: left; }}
.pair img {{ display: inline-block; margin-right: 1.5mm; }}
.sign, .whole {{ break-inside: avoid; }}
.sign td, .sign th {{ border: 0; text-align: left; font-weight: 400; }}
.sign .line {{ border-bottom: .5pt solid #000; height: 16mm; }}
.sign .gap {{ width: 8mm; }}
"""
