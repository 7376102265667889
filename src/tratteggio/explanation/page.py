"""The page of `explain`, as one file that opens from disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tratteggio.explanation.explaining import Explanation, Feature, LayerShown, Painting, explain
from tratteggio.explanation.receptive import Field
from tratteggio.files.embedding import img
from tratteggio.files.outputs import require_outputs
from tratteggio.files.provenance import short_name
from tratteggio.markup import Markup, html, join
from tratteggio.pages.frame import page
from tratteggio.pages.maps import SCALE_STYLE, apply_colours
from tratteggio.pages.tables import STYLE as TABLE_STYLE
from tratteggio.pages.writing import html_path, write_page
from tratteggio.painting.pixels import Array

Rgb = NDArray[np.uint8]

GAP = 2  # px between tiles
BACKGROUND = 141  # grey between them
MOST = 32  # filters or maps on one sheet
ACROSS = 3  # patches side by side
PATCH_PX = 56  # about the size of an enlarged patch
FILTER_PX = 28  # of an enlarged filter
MAP_PX = 112  # of a reduced feature map

STYLE = """
.row { display: flex; flex-wrap: wrap; gap: 14px; margin: 0 0 26px; align-items: flex-end; }
.row figcaption { flex-basis: 100%; }
.wall { background: var(--wall); padding: 8px; display: inline-block; max-width: 100%; }
.wall img { image-rendering: pixelated; height: auto; }
.features { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr));
  gap: 0 24px; }
.layers tbody th { text-align: left; }
h3 { font-size: 17px; font-weight: 600; margin: 26px 0 8px; overflow-wrap: anywhere; }
"""

TARGETS = {
    "fill": "the fill at the centre of a lacuna of {square} × {square} pixels (framed)",
    "code": "the latent code of the image, relative to its size",
    "output": "the output at the centre of the image (framed)",
}


def explain_file(
    model: str | Path,
    page_file: str | Path,
    painting: Painting | None = None,
    *,
    data: str | Path | None = None,
    layer: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Explanation:
    """Write the page on a net; see `explain`.

    Args:
        model: name of weights that came with this installation, or a file.
        page_file: an .html file.
        painting, data, layer, progress: as for `explain`.
        overwrite: replace a page that is there already.

    Returns:
        what the page shows.

    Raises:
        BadUsage: `page_file` is not an .html file.
        UnsafeOutput: it is there already.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
        TratteggioError: as `explain`.
    """
    target = html_path(page_file)
    require_outputs([target], overwrite=overwrite)
    found = explain(model, painting, data=data, layer=layer, progress=progress)
    write_page(target, explain_page(found))
    return found


def explain_page(found: Explanation) -> Markup:
    """Return the whole page."""
    parts = [
        _image_of(found),
        _layers(found),
        _filters(found),
        *(_close(found, layer) for layer in found.shown),
        _occlusion(found),
        _reading(found),
    ]
    body = html(
        '<header>\n<div class="over">Inside a net</div>\n<h1>{}</h1>\n<p class="soft">{}</p>\n</header>\n'
        "<main>\n{}\n</main>\n"
        "<footer>The response of a net is not evidence of the painter's work.</footer>",
        found.name, _about(found), join(parts, "\n"),
    )  # fmt: skip
    return page(f"Inside {found.name}", body, style=STYLE + SCALE_STYLE + TABLE_STYLE)


def _about(found: Explanation) -> Markup:
    recipe = str(found.facts["recipe"])
    return html(
        "Weights of {}, {:,} parameters, sha256 <code>{}…</code>.{}",
        found.facts["model"],
        found.facts["parameters"],
        found.facts["weights_sha256"][:16],
        "" if "{" in recipe else f" Trained by {recipe}.",
    )


def _image_of(found: Explanation) -> Markup:
    figures = join(
        html(
            '<figure><div class="wall">{}</div><figcaption><b>{}</b></figcaption></figure>',
            img(image, name),
            name,
        )
        for name, image in found.images.items()
    )
    rows, cols = next(iter(found.images.values())).shape[:2]
    missing = [name for name in found.modalities if name not in found.images]
    lacks = f" Masked as missing: {', '.join(missing)}." if missing else ""
    return html(
        "<section><h2>Input</h2>\n<p>{} × {} pixels (width × height) from the centre of "
        "{}, at full scale.{} Source of the patches below: {}.</p>\n"
        '<div class="row">{}</div></section>',
        cols, rows, short_name(found.painting), lacks, found.data, figures,
    )  # fmt: skip


def _layers(found: Explanation) -> Markup:
    rows = join(
        html(
            '<tr><th scope="row"><code>{}</code></th><td>{}</td><td>{}</td><td>{}</td><td>{} → {}</td>'
            "<td>{} of {}</td><td>{}</td><td>{}</td></tr>\n",
            one.name, one.kind, _by(one.kernel), _by(one.stride), one.inner, one.outer,
            one.active, one.outer, _size(found.fields[one.name]), _stride(found.fields[one.name]),
        )
        for one in found.layers
    )  # fmt: skip
    held = (
        " Values that the net computes once for the whole image, such as its strength, are held fixed."
        if any(field.held for field in found.fields.values())
        else ""
    )
    heads = ["Layer", "Kind", "Kernel", "Stride", "Channels", "Active"]
    heads += ["Receptive field (px)", "Output stride (px)"]
    return html(
        '<section><h2>Layers</h2>\n<div class="roll"><table class="layers">\n'
        "<caption>The layers in the order of computation. The receptive field is measured by changing each "
        "row or column of an image and seeing which outputs change.{} Active: features that are above 0 "
        "somewhere in the window. Features that are never above 0 contribute nothing to later layers."
        "</caption>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table></div></section>",
        held,
        join(html('<th scope="col">{}</th>', head) for head in heads),
        rows,
    )


def _by(pair: Sequence[int]) -> str:
    return f"{pair[0]} × {pair[1]}"


def _size(field: Field) -> str:
    if field.blind:
        return "nothing without lacunae"
    if field.rows is None or field.cols is None:
        return "more than 256"
    return f"{field.rows.size} × {field.cols.size}"


def _stride(field: Field) -> str:
    return "–" if field.rows is None else f"{field.rows.stride:g}"


def _filters(found: Explanation) -> Markup:
    parts = []
    for name, weights in found.filters.items():
        some = weights[:MOST]
        if weights.shape[1] == 3 and not _several(found):
            sheet = tile_images([_filter(one.transpose(1, 2, 0)) for one in some], across=16)
            caption = "one tile for each filter, its three channels shown as red, green and blue"
        else:
            tiles = [_filter(one[channel], of=one) for one in some for channel in range(weights.shape[1])]
            sheet = tile_images(tiles, across=16 if weights.shape[1] == 1 else weights.shape[1])
            caption = (
                "one row for each filter, one tile for each input channel"
                if weights.shape[1] > 1
                else "one tile for each filter"
            )
            caption += _list_channels(found, weights.shape[1])
        more = f" The first {len(some)} of {len(weights)}." if len(some) < len(weights) else ""
        parts.append(
            html(
                '<figure class="row"><div class="wall">{}</div>'
                "<figcaption><b><code>{}</code></b>: {}. Grey is 0. Each filter is scaled by "
                "its largest weight.{}</figcaption></figure>",
                img(sheet, f"Filters of {name}"), name, caption, more,
            )
        )  # fmt: skip
    return html("<section><h2>Filters of the first layer</h2>\n{}</section>", join(parts))


def _several(found: Explanation) -> bool:
    """Return whether three channels belong to several modalities."""
    return sum(found.modalities.values()) == 3 and len(found.modalities) > 1


def _list_channels(found: Explanation, count: int) -> str:
    """List the channels of all modalities; nothing if these are others."""
    if count != sum(found.modalities.values()):
        return ""
    return ": " + ", ".join(f"{name} ({channels})" for name, channels in found.modalities.items())


def _filter(weights: Array, *, of: Array | None = None) -> Rgb:
    return _enlarge(_tile(weights, of=of), FILTER_PX)


def _tile(weights: Array, *, of: Array | None = None) -> Rgb:
    """Show weights (h, w) or (h, w, 3) with 0 as grey; scaled by the largest weight of `of`."""
    most = np.abs(weights if of is None else of).max() or 1.0
    shown = np.rint(127.5 + 127.5 * weights / most).astype(np.uint8)
    return shown if shown.ndim == 3 else np.repeat(shown[..., None], 3, axis=2)


def tile_images(tiles: Sequence[Rgb], *, across: int) -> Rgb:
    """Put tiles of any sizes on a grey sheet, so many side by side."""
    rows, cols = (max(tile.shape[axis] for tile in tiles) for axis in (0, 1))
    across = min(across, len(tiles))
    down = -(-len(tiles) // across)
    sheet = np.full((down * (rows + GAP) - GAP, across * (cols + GAP) - GAP, 3), BACKGROUND, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // across * (rows + GAP), number % across * (cols + GAP)
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet


def _enlarge(image: Rgb, width: int) -> Rgb:
    """Repeat pixels as often as fits into a width."""
    times = max(1, width // image.shape[1])
    return image.repeat(times, axis=0).repeat(times, axis=1)


def _close(found: Explanation, shown: LayerShown) -> Markup:
    name = shown.layer.name
    maps = tile_images([_map(one) for one in shown.maps[:MOST]], across=8)
    more = f" The first {MOST} of {len(shown.maps)}." if len(shown.maps) > MOST else ""
    return html(
        "<section><h2>Layer <code>{}</code></h2>\n"
        '<figure class="row"><div class="wall">{}</div>'
        "<figcaption><b>Feature maps</b> of the window above, before the activation. Each map is scaled "
        "on its own. Bright is high.{}</figcaption></figure>\n"
        "<h3>Strongest patches</h3>\n<p>The most distinctive features. Left: the patches with the strongest "
        "activations; the receptive field is {}. Right: the same patches, projected back to the pixels by a "
        "deconvolutional net (grey is 0). Each is scaled on its own.</p>\n"
        '<div class="features">{}</div></section>',
        name,
        img(maps, f"Feature maps of {name}"),
        more,
        _extent(shown.field),
        join(_feature(found, feature) for feature in shown.features),
    )


def _extent(field: Field) -> str:
    if field.rows is None or field.cols is None:
        return "larger than the window, so the whole window is shown"
    return f"{field.rows.size} × {field.cols.size} pixels"


def _feature(found: Explanation, feature: Feature) -> Markup:
    paint = tile_images([_enlarge(patch.paint, PATCH_PX) for patch in feature.patches], across=ACROSS)
    shown = [_enlarge(_show_projection(patch.projection), PATCH_PX) for patch in feature.patches]
    projections = tile_images(shown, across=ACROSS)
    strength = f"{feature.patches[0].place.value:.3g} to {feature.patches[-1].place.value:.3g}"
    of = (
        ""
        if not found.modalities
        else " in " + ", ".join(sorted({patch.modality for patch in feature.patches}))
    )
    return html(
        '<figure class="row"><div class="wall">{}</div><div class="wall">{}</div>'
        "<figcaption><b>Feature {}</b>, strongest activations {}{}.</figcaption></figure>\n",
        img(paint, f"Patches of feature {feature.number}"),
        img(projections, f"Feature {feature.number}, projected back to pixels"),
        feature.number,
        strength,
        of,
    )


def _show_projection(projection: Array) -> Rgb:
    if projection.shape[2] == 3:
        return _tile(projection)
    # One channel, or packed pixels: the sum shows where, but not which colour.
    return _tile(projection.sum(axis=2))


def _map(outputs: Array) -> Rgb:
    """Show a feature map from its 1st to its 99th percentile as black to white, reduced or enlarged."""
    step = -(-max(outputs.shape) // MAP_PX)
    rows, cols = (n // step * step for n in outputs.shape)
    outputs = outputs[:rows, :cols].reshape(rows // step, step, cols // step, step).mean(axis=(1, 3))
    low, high = np.percentile(outputs, (1, 99))
    if high <= low:
        return np.full((*outputs.shape, 3), 128, np.uint8)
    grey = np.rint(255 * np.clip((outputs - low) / (high - low), 0, 1)).astype(np.uint8)
    return _enlarge(np.repeat(grey[..., None], 3, axis=2), MAP_PX)


def _occlusion(found: Explanation) -> Markup:
    seen = found.occlusion
    rows, cols = seen.change.shape
    most = float(seen.change.max())
    heat = np.rint(apply_colours(seen.change.astype(np.float64) / (most or 1.0))).astype(np.uint8)
    image = _crop_middle(next(iter(found.images.values())), rows, cols)
    if seen.place is not None:
        heat, image = (_frame(one, seen.place.top, seen.place.left, seen.place.rows) for one in (heat, image))
    target = TARGETS[seen.target].format(square=seen.square)
    return html(
        "<section><h2>Occlusion</h2>\n<p>A grey square of "
        "{} × {} pixels moves over the image in steps of {} pixels. The map shows how much this "
        "changes {}.</p>\n"
        '<figure class="row"><div class="wall">{}</div><div class="wall">{}</div>'
        '<figcaption>No change <span class="scale"></span> {:.3g}, root mean square.</figcaption></figure>'
        "</section>",
        seen.square,
        seen.square,
        seen.step,
        target,
        img(_enlarge(image, 384), "The image"),
        img(_enlarge(heat, 384), "Change of the output"),
        most,
    )


def _crop_middle(image: Rgb, rows: int, cols: int) -> Rgb:
    top, left = (image.shape[0] - rows) // 2, (image.shape[1] - cols) // 2
    return image[top : top + rows, left : left + cols]


def _frame(image: Rgb, top: int, left: int, side: int) -> Rgb:
    framed = image.copy()
    bottom, right = top + side - 1, left + side - 1
    framed[[top, bottom], left : right + 1] = framed[top : bottom + 1, [left, right]] = (255, 255, 255)
    return framed


def _reading(found: Explanation) -> Markup:
    note = (
        " This net fills lacunae. Filters, feature maps and patches are shown for an image without lacunae."
        if found.fills
        else ""
    )
    return html(
        "<section><h2>How to read this page</h2>\n<p>Filters show what the first layer responds to. The "
        "strongest patches and their projections show what a deeper feature responds to. Neither is a "
        "proof: a feature may also respond to things that these images do not show.{}</p>\n"
        "<p>Source: Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014 "
        "(patches, deconvolutional net, occlusion).</p></section>",
        note,
    )
