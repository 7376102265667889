// The painting on the screen: scans and fills as stacked images of tiles, a curtain or a spyglass over them.

import OpenSeadragon from "openseadragon";
import type { Facts } from "./api";
import { inverse, type Affine, type Point } from "./overlay";

export interface Tone {
  exposure: number;
  gamma: number;
  black: number;
  white: number;
  red: number;
  blue: number;
}

export const PLAIN: Tone = { exposure: 0, gamma: 1, black: 0, white: 1, red: 1, blue: 1 };

/** What is shown as red, green and blue: a scan and its channel, as "irr:0". */
export type Mix = [red: string, green: string, blue: string];

/** Where the view stands. */
export interface Stand {
  x: number;
  y: number;
  zoom: number;
  degrees: number;
}

export interface Layer {
  id: string;
  kind: "scan" | "false" | "fill" | "confidence" | "strength";
  name: string;
  visible: boolean;
  opacity: number;
}

export type Comparison = "off" | "curtain" | "spyglass";

interface Shown {
  url: string;
  image: OpenSeadragon.TiledImage | null;
}

export class Viewer {
  readonly osd: OpenSeadragon.Viewer;
  /** Called when the view has changed and the overlay has to be drawn anew. */
  moved: () => void = () => {};
  comparison: Comparison = "off";
  compared = "";
  /** Place of the curtain, 0 to 1 of the width; of the spyglass in pixels of the element. */
  curtain = 0.5;
  glass: Point = { x: 0, y: 0 };
  /** Where the view begins; null shows all. */
  begin: Stand | null = null;
  /** Called once the first picture is there. */
  ready: () => void = () => {};
  readonly glassRadius = 130;

  private readonly shown = new Map<string, Shown>();
  private readonly cropped = new WeakMap<OpenSeadragon.TiledImage, string>();
  private order: Layer[] = [];
  private readonly most: number;

  constructor(
    private readonly element: HTMLElement,
    private readonly facts: Facts,
    label: string,
  ) {
    const motion = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.osd = OpenSeadragon({
      element,
      // The same picture on every machine, with a graphics card or without.
      drawer: "canvas",
      showNavigationControl: false,
      showNavigator: true,
      navigatorPosition: "BOTTOM_RIGHT",
      navigatorSizeRatio: 0.16,
      navigatorAutoFade: false,
      navigatorDisplayRegionColor: "#e0b252",
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: false },
      gestureSettingsPen: { clickToZoom: false, dblClickToZoom: false },
      animationTime: motion ? 0.4 : 0,
      immediateRender: true,
      blendTime: 0,
      minZoomImageRatio: 0.5,
      maxZoomPixelRatio: 40,
      visibilityRatio: 0.2,
      imageSmoothingEnabled: true,
      timeout: 60_000,
    } as OpenSeadragon.Options);
    let most = 0;
    while (Math.max(facts.rows, facts.cols) > facts.tile * 2 ** most) most += 1;
    this.most = most;
    const canvas = element.querySelector<HTMLElement>(".openseadragon-canvas");
    canvas?.setAttribute("role", "application");
    canvas?.setAttribute("aria-label", label);
    // Keys are ours alone: the library's own would move the view twice.
    this.osd.addHandler("canvas-key", (event) => {
      (event as { preventDefaultAction: boolean }).preventDefaultAction = true;
    });
    for (const name of ["update-viewport", "resize"] as const) {
      this.osd.addHandler(name, () => {
        this.crop();
        this.moved();
      });
    }
    this.orient(facts.orientation);
  }

  /** From pixels of the painting to pixels of the element, null before anything is shown. */
  affine(): Affine | null {
    if (this.osd.world.getItemCount() === 0) return null;
    const viewport = this.osd.viewport;
    const place = (x: number, y: number) => {
      // One unit of the viewport is the width of the painting.
      const point = new OpenSeadragon.Point(x / this.facts.cols, y / this.facts.cols);
      const pixel = viewport.pixelFromPoint(point, true);
      if (viewport.getFlip()) pixel.x = viewport.getContainerSize().x - pixel.x;
      return pixel;
    };
    const span = 1024;
    const origin = place(0, 0);
    const right = place(span, 0);
    const down = place(0, span);
    return {
      a: (right.x - origin.x) / span,
      b: (right.y - origin.y) / span,
      c: (down.x - origin.x) / span,
      d: (down.y - origin.y) / span,
      e: origin.x,
      f: origin.y,
    };
  }

  /** Where the small picture of the whole lies, in pixels of the element. */
  navigator(): DOMRect | null {
    const box = this.element.querySelector(".navigator")?.getBoundingClientRect();
    const all = this.element.getBoundingClientRect();
    return box ? new DOMRect(box.x - all.x, box.y - all.y, box.width, box.height) : null;
  }

  /** Show these layers, the first at the bottom. */
  show(layers: Layer[], url: (layer: Layer) => string): void {
    this.order = layers;
    const wanted = new Set(layers.map((layer) => layer.id));
    for (const [id, shown] of this.shown) {
      if (!wanted.has(id)) {
        if (shown.image) this.osd.world.removeItem(shown.image);
        this.shown.delete(id);
      }
    }
    for (const layer of layers) {
      const at = url(layer);
      const known = this.shown.get(layer.id);
      const needed = layer.visible || (this.comparison !== "off" && this.compared === layer.id);
      if (known?.url === at || (!known && !needed)) continue;
      this.load(layer, at);
    }
    this.arrange();
  }

  /** Apply opacity, order and the curtain to what is shown. */
  arrange(): void {
    let place = 0;
    for (const layer of this.order) {
      const image = this.shown.get(layer.id)?.image;
      if (!image) continue;
      const compared = this.comparison !== "off" && this.compared === layer.id;
      image.setOpacity(compared ? 1 : layer.visible ? layer.opacity : 0);
      if (this.osd.world.getIndexOfItem(image) !== place) this.osd.world.setItemIndex(image, place);
      place += 1;
    }
    const compared = this.shown.get(this.compared)?.image;
    if (this.comparison !== "off" && compared) {
      this.osd.world.setItemIndex(compared, this.osd.world.getItemCount() - 1);
    }
    this.crop();
    this.osd.forceRedraw();
  }

  /** Cut the compared layer along the curtain or the spyglass, at any zoom and turn. */
  crop(): void {
    const affine = this.affine();
    if (!affine) return;
    for (const [id, { image }] of this.shown) {
      if (!image) continue;
      const cut = this.comparison !== "off" && id === this.compared;
      const polygon = cut ? this.outline().map((p) => inverse(affine, p.x, p.y)) : null;
      // Only what is new: each call makes the library draw, and each drawing comes here again.
      const words = JSON.stringify(polygon);
      if (words === (this.cropped.get(image) ?? "null")) continue;
      this.cropped.set(image, words);
      if (polygon) image.setCroppingPolygons([polygon] as never);
      else image.resetCroppingPolygons();
    }
  }

  private outline(): Point[] {
    const { x: width, y: height } = this.osd.viewport.getContainerSize();
    if (this.comparison === "spyglass") {
      return Array.from({ length: 96 }, (_, i) => ({
        x: this.glass.x + this.glassRadius * Math.cos((i * Math.PI) / 48),
        y: this.glass.y + this.glassRadius * Math.sin((i * Math.PI) / 48),
      }));
    }
    const edge = this.curtain * width;
    const far = 2 * width + 2 * height;
    return [
      { x: edge, y: -far },
      { x: edge + far, y: -far },
      { x: edge + far, y: far },
      { x: edge, y: far },
    ];
  }

  zoomBy(factor: number, at?: Point, immediately = false): void {
    const viewport = this.osd.viewport;
    const point = at ? viewport.pointFromPixel(this.unflipped(at), true) : undefined;
    viewport.zoomBy(factor, point as OpenSeadragon.Point, immediately);
    viewport.applyConstraints(immediately);
  }

  panBy(dx: number, dy: number, immediately = false): void {
    const viewport = this.osd.viewport;
    const delta = new OpenSeadragon.Point(viewport.getFlip() ? -dx : dx, dy);
    viewport.panBy(viewport.deltaPointsFromPixels(delta, true), immediately);
    viewport.applyConstraints(immediately);
  }

  stand(): Stand | null {
    if (this.osd.world.getItemCount() === 0) return this.begin;
    const viewport = this.osd.viewport;
    const { x, y } = viewport.getCenter();
    return { x, y, zoom: viewport.getZoom(), degrees: viewport.getRotation() };
  }

  /** Bring a box of the painting into view, with some paint around it. */
  goTo(box: { top: number; left: number; bottom: number; right: number }): void {
    const { cols } = this.facts;
    const margin = 0.6 * Math.max(box.bottom - box.top, box.right - box.left, 48);
    const [left, top] = [(box.left - margin) / cols, (box.top - margin) / cols];
    const [width, height] = [(box.right + margin) / cols - left, (box.bottom + margin) / cols - top];
    this.osd.viewport.fitBounds(new OpenSeadragon.Rect(left, top, width, height));
  }

  fit(): void {
    this.osd.viewport.goHome();
  }

  /** Pixels of the screen for one pixel of the painting. */
  scale(): number {
    const affine = this.affine();
    return affine ? Math.hypot(affine.a, affine.b) : 1;
  }

  fullSize(): void {
    this.osd.viewport.zoomBy(1 / this.scale());
  }

  turn(degrees: number): void {
    this.osd.viewport.setRotation(this.osd.viewport.getRotation() + degrees);
  }

  private take(stand: Stand | null): void {
    const viewport = this.osd.viewport;
    // After the library has shown all of the first picture.
    window.setTimeout(() => {
      if (stand) {
        viewport.setRotation(stand.degrees, true);
        viewport.zoomTo(stand.zoom, undefined, true);
        viewport.panTo(new OpenSeadragon.Point(stand.x, stand.y), true);
        viewport.applyConstraints(true);
      }
      this.begin = null;
      this.ready();
    });
  }

  private unflipped(at: Point): OpenSeadragon.Point {
    const viewport = this.osd.viewport;
    return new OpenSeadragon.Point(viewport.getFlip() ? viewport.getContainerSize().x - at.x : at.x, at.y);
  }

  /** Show the painting as its orientation tag says; pixels stay as they are stored. */
  private orient(orientation: number): void {
    const turns: Record<number, [number, boolean]> = {
      2: [0, true],
      3: [180, false],
      4: [180, true],
      5: [90, true],
      6: [90, false],
      7: [270, true],
      8: [270, false],
    };
    const [degrees, flipped] = turns[orientation] ?? [0, false];
    this.osd.viewport.setRotation(degrees, true);
    this.osd.viewport.setFlip(flipped);
  }

  private load(layer: Layer, url: string): void {
    const { rows, cols, tile } = this.facts;
    const before = this.shown.get(layer.id);
    const entry: Shown = { url, image: before?.image ?? null };
    this.shown.set(layer.id, entry);
    const [path, query] = url.split("?");
    this.osd.addTiledImage({
      tileSource: {
        width: cols,
        height: rows,
        tileSize: tile,
        tileOverlap: 0,
        minLevel: 0,
        maxLevel: this.most,
        hasTransparency: () => !["scan", "false"].includes(layer.kind),
        getTileUrl: (level: number, x: number, y: number) =>
          `${path}/${this.most - level}/${y}/${x}${query ? `?${query}` : ""}`,
      } as never,
      x: 0,
      y: 0,
      width: 1,
      opacity: 0,
      success: (event: unknown) => {
        const { item } = event as { item: OpenSeadragon.TiledImage };
        if (this.shown.get(layer.id) !== entry) {
          this.osd.world.removeItem(item);
          return;
        }
        // The former picture stays until the new one is there: a slider must not make the painting blink.
        const former = entry.image;
        entry.image = item;
        this.arrange();
        if (this.osd.world.getItemCount() === 1) this.take(this.begin);
        if (former && former !== item) {
          const leave = () => {
            if (this.osd.world.getIndexOfItem(former) !== -1) this.osd.world.removeItem(former);
          };
          item.addHandler("fully-loaded-change", leave as never);
          window.setTimeout(leave, 1500);
        }
      },
    } as never);
  }
}
