// The marks, drawn over the painting. The server alone rasterises; this draws its tiles, and strokes until the
// server has answered.

import { markTile, type Change, type DamageClass } from "./api";

export interface Point {
  x: number;
  y: number;
}

/** From pixels of the painting to pixels of the element: x' = a x + c y + e, y' = b x + d y + f. */
export interface Affine {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

export interface Stroke {
  tool: "brush" | "polygon";
  points: Point[];
  radius: number;
  damage: string | null;
}

interface Tile {
  data: Uint8Array | null;
  picture: HTMLCanvasElement | null;
  stale: boolean;
  loading: boolean;
  used: number;
}

const MOST_TILES = 160;
const MOST_LOADING = 6;

export class Overlay {
  readonly canvas = document.createElement("canvas");
  opacity = 0.6;
  visible = true;
  /** Strokes that the server has not yet answered, the one in hand last. */
  readonly pending: Stroke[] = [];
  /** Drawn on top: the ring of the brush, the polygon, the measure. */
  decorate: (context: CanvasRenderingContext2D, affine: Affine) => void = () => {};
  /** A box of the element over which no marks are drawn: that of the small picture of the whole. */
  spared: () => DOMRect | null = () => null;
  /** Milliseconds of the latest drawings, for measuring. */
  readonly times: number[] = [];

  private readonly tiles = new Map<string, Tile>();
  private loading = 0;
  private clock = 0;
  private frame = 0;
  private readonly colours: Uint32Array;

  constructor(
    private readonly rows: number,
    private readonly cols: number,
    private readonly side: number,
    private readonly classes: DamageClass[],
    private readonly affine: () => Affine | null,
  ) {
    this.canvas.className = "overlay";
    this.colours = new Uint32Array(classes.length + 1);
    classes.forEach(({ colour: [r, g, b] }, i) => {
      this.colours[i + 1] = (255 << 24) | (b << 16) | (g << 8) | r;
    });
  }

  colourOf(damage: string | null): string {
    const found = this.classes.find((one) => one.name === damage);
    return found ? `rgb(${found.colour.join(" ")})` : "#000";
  }

  /** Draw in the next frame. */
  redraw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  /** Note that the server has other marks here. */
  changed(change: Change | null): void {
    if (change === null) return;
    const [top, left, bottom, right] = change;
    for (const [key, tile] of this.tiles) {
      const [halving, row, col] = key.split("/").map(Number) as [number, number, number];
      const span = this.side * 2 ** halving;
      if (row * span < bottom && (row + 1) * span > top && col * span < right && (col + 1) * span > left) {
        tile.stale = true;
      }
    }
    this.redraw();
  }

  everythingChanged(): void {
    this.changed([0, 0, this.rows, this.cols]);
  }

  /** Whether all tiles in view are those of the server. */
  get loaded(): boolean {
    const inView = [...this.tiles.values()].filter((tile) => tile.used === this.clock);
    return this.loading === 0 && !inView.some((tile) => tile.stale);
  }

  draw(): void {
    const began = performance.now();
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const context = this.canvas.getContext("2d")!;
    const affine = this.affine();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!affine) return;
    const { a, b, c, d, e, f } = affine;
    const scale = Math.hypot(a, b);
    const toPainting = () =>
      context.setTransform(a * ratio, b * ratio, c * ratio, d * ratio, e * ratio, f * ratio);
    if (this.visible) {
      toPainting();
      this.drawTiles(context, affine, scale * ratio, width, height);
      for (const stroke of this.pending) this.drawStroke(context, stroke, scale);
    }
    // The opacity belongs to the marks as a whole: what lies over each other is not darker.
    context.globalCompositeOperation = "source-over";
    if (this.visible && this.opacity < 1) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.globalCompositeOperation = "destination-in";
      context.fillStyle = `rgb(0 0 0 / ${this.opacity})`;
      context.fillRect(0, 0, this.canvas.width, this.canvas.height);
      context.globalCompositeOperation = "source-over";
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const spared = this.spared();
    if (spared) context.clearRect(spared.x, spared.y, spared.width, spared.height);
    this.decorate(context, affine);
    this.times.push(performance.now() - began);
    if (this.times.length > 600) this.times.shift();
  }

  private drawTiles(
    context: CanvasRenderingContext2D,
    affine: Affine,
    scale: number,
    width: number,
    height: number,
  ): void {
    let most = 0;
    while (Math.max(this.rows, this.cols) > this.side * 2 ** most) most += 1;
    const halving = Math.max(0, Math.min(most, Math.floor(Math.log2(1 / scale))));
    const span = this.side * 2 ** halving;
    const box = inView(affine, width, height);
    context.imageSmoothingEnabled = scale < 1;
    this.clock += 1;
    const first = { row: Math.floor(Math.max(0, box.top) / span), col: Math.floor(Math.max(0, box.left) / span) };
    for (let row = first.row; row * span < Math.min(box.bottom, this.rows); row += 1) {
      for (let col = first.col; col * span < Math.min(box.right, this.cols); col += 1) {
        const picture = this.tile(halving, row, col);
        if (picture) context.drawImage(picture, col * span, row * span, span, span);
      }
    }
    if (this.tiles.size > MOST_TILES) this.forget();
  }

  private drawStroke(context: CanvasRenderingContext2D, stroke: Stroke, scale: number): void {
    const [first, ...rest] = stroke.points;
    if (!first) return;
    context.globalCompositeOperation = stroke.damage === null ? "destination-out" : "source-over";
    context.strokeStyle = context.fillStyle = this.colourOf(stroke.damage);
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    if (stroke.tool === "brush") {
      context.lineWidth = Math.max(2 * stroke.radius, 1 / scale);
      context.moveTo(first.x, first.y);
      for (const point of rest) context.lineTo(point.x, point.y);
      if (rest.length === 0) context.lineTo(first.x + 1e-3, first.y);
      context.stroke();
    } else {
      context.moveTo(first.x, first.y);
      for (const point of rest) context.lineTo(point.x, point.y);
      context.fill("evenodd");
    }
  }

  private tile(halving: number, row: number, col: number): HTMLCanvasElement | null {
    const key = `${halving}/${row}/${col}`;
    let tile = this.tiles.get(key);
    if (!tile) {
      tile = { data: null, picture: null, stale: true, loading: false, used: 0 };
      this.tiles.set(key, tile);
    }
    tile.used = this.clock;
    if (tile.stale && !tile.loading && this.loading < MOST_LOADING) void this.load(tile, halving, row, col);
    return tile.picture;
  }

  private async load(tile: Tile, halving: number, row: number, col: number): Promise<void> {
    tile.loading = true;
    tile.stale = false;
    this.loading += 1;
    try {
      tile.data = await markTile(halving, row, col);
      tile.picture = this.paint(tile.data);
    } catch {
      window.setTimeout(() => {
        tile.stale = true;
        this.redraw();
      }, 1000);
    } finally {
      tile.loading = false;
      this.loading -= 1;
      this.redraw();
    }
  }

  private paint(data: Uint8Array): HTMLCanvasElement | null {
    if (!data.some((value) => value !== 0)) return null;
    const picture = document.createElement("canvas");
    picture.width = picture.height = this.side;
    const pixels = new ImageData(this.side, this.side);
    const words = new Uint32Array(pixels.data.buffer);
    for (let i = 0; i < data.length; i += 1) words[i] = this.colours[data[i]!] ?? 0;
    picture.getContext("2d")!.putImageData(pixels, 0, 0);
    return picture;
  }

  private forget(): void {
    const oldest = [...this.tiles].sort(([, x], [, y]) => x.used - y.used);
    for (const [key, tile] of oldest.slice(0, this.tiles.size - MOST_TILES)) {
      if (tile.used < this.clock && !tile.loading) this.tiles.delete(key);
    }
  }
}

/** The box of the painting that holds all that is in view. */
export function inView(affine: Affine, width: number, height: number) {
  const corners = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ].map(([x, y]) => inverse(affine, x!, y!));
  return {
    left: Math.min(...corners.map((p) => p.x)),
    right: Math.max(...corners.map((p) => p.x)),
    top: Math.min(...corners.map((p) => p.y)),
    bottom: Math.max(...corners.map((p) => p.y)),
  };
}

export function inverse({ a, b, c, d, e, f }: Affine, x: number, y: number): Point {
  const determinant = a * d - b * c;
  return {
    x: (d * (x - e) - c * (y - f)) / determinant,
    y: (a * (y - f) - b * (x - e)) / determinant,
  };
}

export function forward({ a, b, c, d, e, f }: Affine, p: Point): Point {
  return { x: a * p.x + c * p.y + e, y: b * p.x + d * p.y + f };
}
