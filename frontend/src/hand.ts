// The hand on the painting: pointer and keyboard become strokes, polygons, lengths and moves of the view.

import { get, type Values } from "./api";
import { forward, inverse, type Affine, type Point, type Stroke } from "./overlay";
import type { Studio, Tab, Tool } from "./studio";

const VALUES_EVERY_MS = 120;
const TOOLS: Record<string, Tool> = {
  h: "pan",
  b: "brush",
  e: "eraser",
  l: "lasso",
  p: "polygon",
  m: "measure",
  w: "neutral",
  g: "select",
};
const TABS: Tab[] = ["see", "mark", "detect", "fill", "keep"];

export class Hand {
  private stroke: Stroke | null = null;
  private panned: Point | null = null;
  private at: Point | null = null;
  private space = false;
  /** Fingers on the painting; from two on they move the view, whatever tool is chosen. */
  private readonly fingers = new Map<number, Point>();
  private gesture = false;
  private asked: AbortController | null = null;
  private timer = 0;

  constructor(
    private readonly studio: Studio,
    private readonly surface: HTMLElement,
    private readonly stage: HTMLElement,
  ) {
    studio.overlay.decorate = (context, affine) => this.decorate(context, affine);
    surface.addEventListener("pointerdown", (event) => this.down(event));
    surface.addEventListener("pointermove", (event) => this.move(event));
    surface.addEventListener("pointerup", (event) => this.up(event));
    surface.addEventListener("pointercancel", (event) => this.up(event));
    surface.addEventListener("dblclick", () => this.closePolygon());
    surface.addEventListener("contextmenu", (event) => event.preventDefault());
    surface.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        studio.viewer.zoomBy(1.2 ** (-event.deltaY / 100), this.place(event));
      },
      { passive: false },
    );
    stage.addEventListener("pointermove", (event) => this.hover(event));
    stage.addEventListener("pointerleave", () => {
      this.at = null;
      studio.cursor = null;
      studio.overlay.redraw();
      studio.changed();
    });
    window.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("keyup", (event) => {
      if (event.key === " ") this.setSpace(false);
      if (event.key.toLowerCase() === "x") studio.blink(false);
    });
    // A tab that is hidden or closed in the middle of a stroke keeps what was drawn.
    document.addEventListener("visibilitychange", () => document.hidden && this.finish());
  }

  private place(event: MouseEvent): Point {
    const box = this.stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private painting(event: MouseEvent): Point {
    const { x, y } = this.place(event);
    return inverse(this.studio.viewer.affine()!, x, y);
  }

  private down(event: PointerEvent): void {
    if (!this.studio.viewer.affine()) return;
    if (event.pointerType === "touch") {
      this.fingers.set(event.pointerId, this.place(event));
      if (this.fingers.size > 1) this.gather();
      if (this.gesture) {
        this.surface.setPointerCapture(event.pointerId);
        return;
      }
    }
    this.surface.setPointerCapture(event.pointerId);
    this.stage.querySelector<HTMLElement>(".openseadragon-canvas")?.focus({ preventScroll: true });
    const { tool } = this.studio;
    if (event.button !== 0 || this.space || tool === "pan") {
      this.panned = this.place(event);
      return;
    }
    const point = this.painting(event);
    if (tool === "neutral") void this.studio.balance(point);
    else if (tool === "measure") {
      this.studio.measured = [point, point];
    } else if (tool === "polygon") {
      this.studio.corners = [...this.studio.corners, point];
    } else if (this.studio.canMark) {
      this.begin(tool === "lasso" ? "polygon" : "brush", [point]);
    }
    this.studio.overlay.redraw();
    this.studio.changed();
  }

  /** A second finger: what the first one began is taken back. */
  private gather(): void {
    if (this.gesture) return;
    this.gesture = true;
    const { overlay, tool } = this.studio;
    if (this.stroke) overlay.pending.splice(overlay.pending.indexOf(this.stroke), 1);
    this.stroke = this.panned = null;
    if (tool === "polygon") this.studio.corners = this.studio.corners.slice(0, -1);
    if (tool === "measure") this.studio.measured = null;
    overlay.redraw();
  }

  /** Two fingers: the view follows their middle and their distance. */
  private pinch(id: number, now: Point): void {
    const before = [...this.fingers.values()];
    this.fingers.set(id, now);
    const after = [...this.fingers.values()];
    if (after.length < 2) return;
    const [from, to] = [middle(before), middle(after)];
    this.studio.viewer.panBy(from.x - to.x, from.y - to.y, true);
    const factor = apart(after) / Math.max(apart(before), 1);
    if (Number.isFinite(factor) && factor > 0) this.studio.viewer.zoomBy(factor, to, true);
  }

  private begin(tool: Stroke["tool"], points: Point[]): void {
    const { tool: chosen, damage, radius, overlay } = this.studio;
    this.stroke = { tool, points, radius, damage: chosen === "eraser" ? null : damage };
    overlay.pending.push(this.stroke);
  }

  private move(event: PointerEvent): void {
    if (this.gesture) {
      if (this.fingers.has(event.pointerId)) this.pinch(event.pointerId, this.place(event));
      return;
    }
    if (this.panned) {
      const now = this.place(event);
      this.studio.viewer.panBy(this.panned.x - now.x, this.panned.y - now.y, true);
      this.panned = now;
    } else if (this.stroke) {
      // All places between two frames: a quick hand draws round curves.
      const between = event.getCoalescedEvents?.() ?? [];
      for (const one of between.length ? between : [event]) this.stroke.points.push(this.painting(one));
    } else if (this.studio.tool === "measure" && event.buttons && this.studio.measured) {
      this.studio.measured = [this.studio.measured[0], this.painting(event)];
      this.studio.changed();
    }
    this.studio.overlay.redraw();
  }

  private up(event: PointerEvent): void {
    if (this.surface.hasPointerCapture(event.pointerId)) this.surface.releasePointerCapture(event.pointerId);
    this.panned = null;
    this.fingers.delete(event.pointerId);
    if (this.gesture) {
      this.gesture = this.fingers.size > 0; // the last finger of a pinch draws nothing
      return;
    }
    this.finish();
  }

  private finish(): void {
    const stroke = this.stroke;
    this.stroke = null;
    if (!stroke) return;
    if (stroke.tool === "polygon" && stroke.points.length < 3) {
      this.studio.overlay.pending.splice(this.studio.overlay.pending.indexOf(stroke), 1);
      this.studio.overlay.redraw();
      return;
    }
    void (this.studio.tool === "select" ? this.studio.grow(stroke) : this.studio.send(stroke));
  }

  private closePolygon(): void {
    const { corners } = this.studio;
    // A double click sets its place twice.
    const points = corners.filter((p, i) => i === 0 || p.x !== corners[i - 1]!.x || p.y !== corners[i - 1]!.y);
    this.studio.corners = [];
    if (points.length >= 3 && this.studio.canMark) {
      this.begin("polygon", points);
      this.finish();
    }
    this.studio.overlay.redraw();
    this.studio.changed();
  }

  private hover(event: PointerEvent): void {
    this.at = this.place(event);
    const { viewer, overlay } = this.studio;
    if (viewer.comparison === "spyglass") {
      viewer.glass = this.at;
      viewer.crop();
      viewer.osd.forceRedraw();
    }
    overlay.redraw();
    if (!event.buttons) this.ask(this.painting(event));
  }

  private ask({ x, y }: Point): void {
    const { rows, cols } = this.studio.facts;
    const [row, col] = [Math.floor(y), Math.floor(x)];
    if (row < 0 || col < 0 || row >= rows || col >= cols) return;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.asked?.abort();
      this.asked = new AbortController();
      get<Values>(`values?row=${row}&col=${col}`, this.asked.signal).then(
        (values) => {
          this.studio.cursor = values;
          this.studio.changed();
        },
        () => {}, // the pointer is elsewhere by now
      );
    }, VALUES_EVERY_MS);
  }

  // --- keyboard ----------------------------------------------------------------------------------------

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.key === "Escape") return this.escape();
    if (target.closest("input[type=text], input[type=number], textarea, select")) return;
    const control = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (control) {
      if (key === "z") this.studio.step(event.shiftKey ? "redo" : "undo");
      else if (key === "y") this.studio.step("redo");
      else return;
    } else if (event.altKey || !(this.viewKey(event, key) || this.toolKey(event, key))) {
      return;
    }
    event.preventDefault();
  }

  private viewKey(event: KeyboardEvent, key: string): boolean {
    const { viewer } = this.studio;
    const target = event.target as HTMLElement;
    const far = event.shiftKey ? 240 : 60;
    const arrows: Record<string, [number, number]> = {
      arrowleft: [-far, 0],
      arrowright: [far, 0],
      arrowup: [0, -far],
      arrowdown: [0, far],
    };
    if (arrows[key]) {
      // Sliders, buttons and tabs keep their own arrows.
      if (target.closest("input, [role=slider], [role=tablist]")) return false;
      viewer.panBy(...arrows[key]);
    } else if (key === "+" || key === "=") viewer.zoomBy(1.5);
    else if (key === "-") viewer.zoomBy(1 / 1.5);
    else if (key === "0") viewer.fit();
    else if (key === "*") viewer.fullSize();
    else if (key === "r") viewer.turn(event.shiftKey ? 1 : 90);
    else if (key === "c") this.studio.compare(viewer.comparison === "curtain" ? "off" : "curtain");
    else if (key === "s") this.studio.compare(viewer.comparison === "spyglass" ? "off" : "spyglass");
    else if (key === ",") this.studio.moveCurtain(viewer.curtain - 0.02);
    else if (key === ".") this.studio.moveCurtain(viewer.curtain + 0.02);
    else if (key === "v") {
      this.studio.overlay.visible = !this.studio.overlay.visible;
      this.studio.overlay.redraw();
      this.studio.changed();
    } else if (key === "x") {
      if (!event.repeat) this.studio.blink(true);
    } else return false;
    return true;
  }

  private toolKey(event: KeyboardEvent, key: string): boolean {
    const { studio } = this;
    const inside = (event.target as HTMLElement).closest(".openseadragon-canvas, body") !== null;
    const onButton = (event.target as HTMLElement).closest("button, input, a, [role=slider]") !== null;
    if (TOOLS[key]) choose(studio, TOOLS[key]);
    else if (/^[1-5]$/.test(key)) {
      const one = studio.facts.classes[Number(key) - 1];
      if (one) studio.damage = one.name;
    } else if (key === "[") studio.radius = Math.max(0.5, studio.radius / 1.25);
    else if (key === "]") studio.radius = Math.min(20000, studio.radius * 1.25);
    else if (key === "n" && studio.pieces) studio.nextPiece(event.shiftKey ? -1 : 1);
    else if (key === "a" && studio.tab === "detect" && studio.piece) void studio.decide(true);
    else if (key === "d" && studio.tab === "detect" && studio.piece) void studio.decide(false);
    else if (key === "?") studio.help = !studio.help;
    else if (key.startsWith("f") && /^f[2-6]$/.test(key)) studio.tab = TABS[Number(key[1]) - 2]!;
    else if (key === " " && !onButton) this.setSpace(true);
    else if (key === "enter" && inside && !onButton) this.enter(event.shiftKey);
    else return false;
    studio.overlay.redraw();
    studio.changed();
    return true;
  }

  /** What the keyboard draws with: the cross in the middle of the view. */
  private enter(close: boolean): void {
    const { studio } = this;
    const { clientWidth, clientHeight } = studio.overlay.canvas;
    const middle = inverse(studio.viewer.affine()!, clientWidth / 2, clientHeight / 2);
    if (studio.tool === "polygon") {
      if (close) this.closePolygon();
      else studio.corners = [...studio.corners, middle];
    } else if (["brush", "eraser", "select"].includes(studio.tool) && studio.canMark) {
      this.begin("brush", [middle]);
      this.finish();
    } else if (studio.tool === "neutral") {
      void studio.balance(middle);
    } else if (studio.tool === "measure") {
      studio.measured = studio.measured ? [studio.measured[0], middle] : [middle, middle];
    }
  }

  private escape(): void {
    const { studio } = this;
    studio.corners = [];
    studio.measured = null;
    studio.help = false;
    studio.message = null;
    studio.overlay.redraw();
    studio.changed();
  }

  private setSpace(held: boolean): void {
    this.space = held;
    this.surface.classList.toggle("panning", held);
  }

  // --- what is drawn on top ----------------------------------------------------------------------------

  private decorate(context: CanvasRenderingContext2D, affine: Affine): void {
    const { studio } = this;
    const drawing = ["brush", "eraser", "select"].includes(studio.tool);
    if (this.at && drawing && !this.space) {
      const radius = studio.radius * Math.hypot(affine.a, affine.b);
      ring(context, this.at, Math.max(radius, 1.5), studio.overlay.colourOf(studio.tool === "eraser" ? null : studio.damage));
    }
    if (studio.tool !== "pan" && document.activeElement?.classList.contains("openseadragon-canvas")) {
      const { clientWidth, clientHeight } = studio.overlay.canvas;
      cross(context, { x: clientWidth / 2, y: clientHeight / 2 });
    }
    if (studio.piece) {
      const { top, left, bottom, right } = studio.piece;
      const around = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]] as const;
      path(context, around.map(([x, y]) => forward(affine, { x, y })));
    }
    const corners = studio.corners.map((p) => forward(affine, p));
    if (corners.length) path(context, this.at ? [...corners, this.at] : corners);
    if (studio.measured) path(context, studio.measured.map((p) => forward(affine, p)));
    if (studio.viewer.comparison === "spyglass") {
      ring(context, studio.viewer.glass, studio.viewer.glassRadius, "#e0b252");
    }
  }
}

export function choose(studio: Studio, tool: Tool): void {
  studio.tool = tool;
  if (tool !== "polygon") studio.corners = [];
  if (tool !== "measure") studio.measured = null;
  if (tool !== "pan" && tool !== "measure") studio.overlay.visible = true;
  studio.overlay.redraw();
  studio.changed();
}

function middle(points: Point[]): Point {
  const sum = points.reduce((x, y) => ({ x: x.x + y.x, y: x.y + y.y }));
  return { x: sum.x / points.length, y: sum.y / points.length };
}

function apart([first, second]: Point[]): number {
  return first && second ? Math.hypot(first.x - second.x, first.y - second.y) : 0;
}

function ring(context: CanvasRenderingContext2D, at: Point, radius: number, colour: string): void {
  for (const [width, style] of [[3, "rgb(0 0 0 / 0.7)"], [1.5, "#fff"], [1, colour]] as const) {
    context.beginPath();
    context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
  }
}

function cross(context: CanvasRenderingContext2D, at: Point): void {
  for (const [width, style] of [[3, "rgb(0 0 0 / 0.6)"], [1, "#fff"]] as const) {
    context.beginPath();
    context.moveTo(at.x - 8, at.y);
    context.lineTo(at.x + 8, at.y);
    context.moveTo(at.x, at.y - 8);
    context.lineTo(at.x, at.y + 8);
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
  }
}

function path(context: CanvasRenderingContext2D, points: Point[]): void {
  for (const [width, style] of [[3, "rgb(0 0 0 / 0.6)"], [1.5, "#fff"]] as const) {
    context.beginPath();
    points.forEach((p, i) => (i ? context.lineTo(p.x, p.y) : context.moveTo(p.x, p.y)));
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
    for (const p of points) {
      context.beginPath();
      context.arc(p.x, p.y, 2.5, 0, 2 * Math.PI);
      context.fillStyle = style;
      context.fill();
    }
  }
}
