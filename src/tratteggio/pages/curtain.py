"""Two images, one over the other, with a curtain between them that shows where they differ."""

from __future__ import annotations

from tratteggio.errors import GridMismatch
from tratteggio.files.embedding import img
from tratteggio.markup import Markup, html
from tratteggio.names import rows_and_columns
from tratteggio.pages.frame import page
from tratteggio.painting.pixels import Array

STYLE = """
main, header { max-width: none; }
.tools { display: flex; flex-wrap: wrap; gap: 8px 22px; align-items: center; padding: 0 0 12px; }
.tools label { display: flex; gap: 10px; align-items: center; flex: 1 1 320px; }
.tools input { flex: 1; accent-color: var(--mark); min-width: 120px; }
.tools output { min-width: 4ch; text-align: right; font-variant-numeric: tabular-nums; }
.zoom { display: flex; }
.zoom button { font: inherit; font-size: 14px; padding: 4px 14px; border: 1px solid var(--rule);
  background: var(--paper); color: var(--ink); cursor: pointer; margin-left: -1px; }
.zoom button[aria-pressed=true] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
header { padding-top: 20px; padding-bottom: 0; }
footer { max-width: none; padding-top: 10px; padding-bottom: 14px; }
.wall { background: var(--wall); overflow: auto; padding: 14px; }
.stage { position: relative; --cut: 50%; width: max-content; margin: 0 auto; cursor: ew-resize;
  user-select: none; touch-action: pan-y; }
.stage img { max-width: none; pointer-events: none; width: var(--shown); height: auto; }
.zoomed img { image-rendering: pixelated; }
.stage .over-it { position: absolute; inset: 0; clip-path: inset(0 0 0 var(--cut)); }
.stage .rope { position: absolute; top: 0; bottom: 0; left: var(--cut); width: 2px; margin-left: -1px;
  background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / .45); pointer-events: none; }
.stage .rope::after { content: ""; position: absolute; top: 50%; left: 50%; width: 30px; height: 30px;
  margin: -15px; border-radius: 50%; background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / .45);
  background-image: linear-gradient(#444, #444), linear-gradient(#444, #444); background-size: 2px 12px;
  background-repeat: no-repeat; background-position: 11px 9px, 17px 9px; }
.tag { position: absolute; top: 10px; padding: 2px 10px; font-size: 13px; color: #fff;
  background: rgb(20 20 20 / .72); pointer-events: none; max-width: 45%; overflow-wrap: anywhere; }
.tag.left { left: 10px; } .tag.right { right: 10px; }
.tiles { position: absolute; inset: 0; pointer-events: none; }
.stage .tiles img { position: absolute; }
.still .tiles { display: none; }
.still .hint, .still .tools, .still .rope { display: none; }
.still .stage { width: auto; } .still .stage img { width: auto; max-width: 100%; }
.still .stage .over-it { position: relative; clip-path: none; margin-top: 14px; }
@media print { .tools, .rope, .hint { display: none; }
  .wall { max-height: none !important; overflow: visible; background: none; padding: 0; }
  .stage { width: auto; } .stage img { width: auto !important; max-width: 100%; }
  .stage .over-it { position: relative; clip-path: none; margin-top: 6mm; } }
"""

# Without scripts the page stays `still`: both images stand one below the other.
SCRIPT = """
document.querySelector(".still").classList.remove("still");
const stage = document.querySelector(".stage"), wall = document.querySelector(".wall");
const slider = document.querySelector("#cut"), share = document.querySelector("output");
const first = stage.querySelector("img"), buttons = [...document.querySelectorAll(".zoom button")];
const told = document.querySelector("#tiles"), tiles = told && JSON.parse(told.textContent);
const cols = tiles ? tiles.cols : Number(first.getAttribute("width"));
const rows = tiles ? tiles.rows : Number(first.getAttribute("height"));
const layers = [...document.querySelectorAll(".tiles")], laid = new Set();
let zoom = "fit";
function lay() {
  if (!tiles || zoom === "fit") return;
  const seen = wall.getBoundingClientRect(), box = stage.getBoundingClientRect(), scale = box.width / cols;
  const from = x => Math.max(0, Math.floor(x / scale / tiles.side)), across = Math.ceil(cols / tiles.side);
  const last = (x, all) => Math.min(Math.ceil(all / tiles.side) - 1, Math.floor(x / scale / tiles.side));
  for (let row = from(seen.top - box.top); row <= last(seen.bottom - box.top, rows); row++)
    for (let col = from(seen.left - box.left); col <= last(seen.right - box.left, cols); col++) {
      const number = row * across + col;
      if (laid.has(number)) continue;
      laid.add(number);
      const left = col * tiles.side, top = row * tiles.side;
      layers.forEach((layer, side) => { const img = new Image();
        const place = { left: left / cols, top: top / rows, width: Math.min(tiles.side, cols - left) / cols,
          height: Math.min(tiles.side, rows - top) / rows };
        for (const key in place) img.style[key] = 100 * place[key] + "%";
        img.alt = ""; img.src = (side ? tiles.after[number] : null) || tiles.before[number];
        layer.append(img); }); } }
function pull() { stage.style.setProperty("--cut", slider.value + "%");
  share.value = Math.round(slider.value) + " %"; }
function show() {
  const above = wall.getBoundingClientRect().top + scrollY;
  const high = Math.max(300, innerHeight - above - document.querySelector("footer").offsetHeight);
  wall.style.maxHeight = high + "px";
  const scale = zoom === "fit" ? Math.min((wall.clientWidth - 28) / cols, (high - 28) / rows) : Number(zoom);
  stage.style.setProperty("--shown", Math.max(1, cols * scale) + "px");
  stage.classList.toggle("zoomed", scale > 1);
  for (const b of buttons) b.setAttribute("aria-pressed", String(b.value === zoom));
  lay(); }
function drag(event) { const box = stage.getBoundingClientRect();
  slider.value = Math.min(100, Math.max(0, 100 * (event.clientX - box.left) / box.width)); pull(); }
stage.addEventListener("pointerdown", event => { stage.setPointerCapture(event.pointerId); drag(event);
  slider.focus({ preventScroll: true }); event.preventDefault(); });
stage.addEventListener("pointermove", event => {
  if (stage.hasPointerCapture(event.pointerId)) drag(event); });
slider.addEventListener("input", pull);
for (const b of buttons) b.addEventListener("click", () => { zoom = b.value; show();
  wall.scrollTo(stage.offsetWidth * slider.value / 100 - wall.clientWidth / 2,
    (stage.offsetHeight - wall.clientHeight) / 2); lay(); });
wall.addEventListener("scroll", lay); addEventListener("scroll", lay);
addEventListener("resize", show);
pull(); show();
"""


def curtain(
    before: Array,
    after: Array,
    *,
    title: str,
    labels: tuple[str, str],
    note: str = "",
    reduced: float = 1.0,
    tiles: Markup | None = None,
    images: str = "data:",
) -> Markup:
    """Return a page that shows two images of one size under a curtain.

    The curtain is pulled with the pointer, or with the arrow keys on its slider. The images fit the window,
    or stand at one or two screen pixels for each of theirs. The buttons give the scale with respect to the
    scan: 1:1 and 2:1, or 1:2.5 and 1:1.25 for copies reduced 2.5 times. On paper and without scripts they
    stand one below the other.

    Args:
        before: (h, w, 3) uint8, left of the curtain.
        after: the same, right of it.
        title: heading of the page.
        labels: what the two images are, left and right.
        note: one line below the heading, for example how much the viewing copies are reduced.
        reduced: scan pixels per pixel of the images, 1 or more.
        tiles: true pixels, as `pages.true_pixels` describes them; they are laid over the images where one
            looks, at 1:1 and 2:1.
        images: where images may come from, as for `frame.page`.

    Raises:
        GridMismatch: the images differ in size.
        BadUsage: an image is not (h, w, 3) uint8.
    """
    if before.shape[:2] != after.shape[:2]:
        sizes = [rows_and_columns(shown.shape) for shown in (before, after)]
        raise GridMismatch(
            f"two images can be compared only if they have the same size, but {labels[0]} has {sizes[0]} and "
            f"{labels[1]} has {sizes[1]}; compare a proposal with its own source"
        )
    left, right = labels
    rows, cols = before.shape[:2]
    layer = html('<div class="tiles"></div>') if tiles else html("")
    scale = 1.0 if tiles else 1 / reduced
    body = html(
        """<div class="still"><header>
<h1>{}</h1>
{}<p id="sides" class="soft">Left of the slider: {}. Right of the slider: {}.
Both are {:,} &times; {:,} pixels here.</p>
</header>
<main>
<div class="tools">
<label for="cut">Curtain <input id="cut" type="range" min="0" max="100" step="0.1" value="50"
 aria-describedby="sides"> <output for="cut">50 %</output></label>
<div class="zoom" role="group" aria-label="Size"><button type="button" value="fit"
 aria-pressed="true">Fit</button><button type="button" value="1" aria-pressed="false">{}</button><button
 type="button" value="2" aria-pressed="false">{}</button></div>
</div>
<div class="wall"><div class="stage">
<div>{}{}<span class="tag left">{}</span></div>
<div class="over-it">{}{}<span class="tag right">{}</span></div>
<div class="rope"></div>
</div></div>
{}</main>
<footer><span class="hint">Drag the curtain, or move it with the arrow keys.</span>
Viewing copies of 8 bits per channel; large ones are JPEG.</footer></div>""",
        title, html('<p class="soft">{}</p>', note) if note else "", left, right, cols, rows,
        _scale(scale), _scale(2 * scale), img(before, left), layer, left, img(after, right), layer, right,
        tiles or html(""),
    )  # fmt: skip
    return page(title, body, style=STYLE, script=SCRIPT, images=images)


def _scale(screen_px: float) -> str:
    """Return screen pixels per pixel of the scan as a scale.

    Example:
        >>> [_scale(shown) for shown in (2, 1, 0.4)]
        ['2:1', '1:1', '1:2.5']
    """
    return f"{screen_px:.3g}:1" if screen_px >= 1 else f"1:{1 / screen_px:.3g}"
