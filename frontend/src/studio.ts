// What the page knows and does: one object, which the panels show and call.

import {
  base, get, post, upload,
  type Change, type Choice, type Facts, type Job, type Marked, type Piece, type Pieces, type State, type Values,
} from "./api";
import { lookOf, takeLook } from "./look";
import { inView, type Affine, Overlay, type Point, type Stroke } from "./overlay";
import { t } from "./texts";
import { PLAIN, type Comparison, type Layer, type Mix, type Stand, type Tone, Viewer } from "./viewer";

const KEEP_LOOK_MS = 1500;

export type Tool = "pan" | "brush" | "eraser" | "lasso" | "polygon" | "measure" | "neutral" | "select";
export type Tab = "see" | "mark" | "detect" | "fill" | "keep";

export interface Message {
  text: string;
  error: boolean;
}

export class Studio {
  tool: Tool = "pan";
  tab: Tab = "see";
  damage: string;
  radius: number;
  tones: Record<string, Tone> = {};
  toned: string;
  /** False colour; null: none. */
  mix: Mix | null = null;
  /** Where the view and the comparison begin. */
  stand: Stand | null = null;
  begun: [Comparison, string] | null = null;
  layers: Layer[];
  shownFill = "";
  threshold = 0.5;
  policies: Record<string, string> = {};
  engine = "auto";
  finish = "mimetic";
  seed = 0;
  samples = 0;
  wholeSize = false;
  calibrate = false;
  leaveAbove = 0;
  /** Of the selection by colour: how far colours may be from those of the stroke. */
  tolerance = 12;
  edges = true;
  /** What a detector found, or the lacunae: those of the panel that is shown. */
  pieces: Pieces | null = null;
  piece: Piece | null = null;
  order: "size" | "doubt" = "size";
  suffix = ".tif";
  surround = localStorage.getItem("surround") ?? "middle";
  cursor: Values | null = null;
  measured: [Point, Point] | null = null;
  corners: Point[] = [];
  help = false;
  message: Message | null = null;
  connected = true;
  viewer!: Viewer;
  overlay!: Overlay;

  private readonly listeners = new Set<() => void>();
  private sending: Promise<unknown> = Promise.resolve();
  private lastJob = 0;
  private look = "";
  private grown: { ask: Record<string, unknown>; version: number } | null = null;
  private regrowing = 0;
  private listed = "";
  private listing = 0;
  private warm = false;
  private keeping = 0;

  constructor(
    readonly facts: Facts,
    public state: State,
  ) {
    this.damage = facts.classes[0]?.name ?? "loss";
    this.radius = Math.max(2, Math.round(Math.max(facts.rows, facts.cols) / 200));
    this.toned = facts.primary;
    this.layers = facts.scans.map((scan) => ({
      id: `scan:${scan.modality}`,
      kind: "scan",
      name: scan.modality,
      visible: scan.modality === facts.primary,
      opacity: 1,
    }));
    // The scan that is filled lies at the bottom.
    this.layers.sort((x, y) => Number(y.name === facts.primary) - Number(x.name === facts.primary));
    for (const one of facts.classes) this.policies[one.name] = one.policy;
    if (facts.notices.length) this.message = { text: facts.notices.join(" "), error: false };
    takeLook(this, facts.view);
    this.follow(state);
  }

  static async open(facts: Facts): Promise<Studio> {
    return new Studio(facts, await get<State>("state"));
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed(): void {
    this.list();
    for (const listener of this.listeners) listener();
    this.keepLook();
  }

  /** Keep how the painting is shown, once the hand rests. */
  private keepLook(): void {
    if (!this.canMark || !this.look) return;
    window.clearTimeout(this.keeping);
    this.keeping = window.setTimeout(() => {
      const look = lookOf(this);
      if (look === this.look) return;
      this.look = look;
      void post("look", { view: look }).catch(() => {});
    }, KEEP_LOOK_MS);
  }

  /** Put the painting into the page, and listen to the server. */
  attach(element: HTMLElement): void {
    this.viewer = new Viewer(element, this.facts, t("canvas"));
    const affine = (): Affine | null => this.viewer.affine();
    const { rows, cols, tile, classes } = this.facts;
    this.overlay = new Overlay(rows, cols, tile, classes, affine);
    this.overlay.spared = () => this.viewer.navigator();
    this.viewer.moved = () => {
      this.overlay.redraw();
      this.changed();
    };
    this.viewer.begin = this.stand;
    this.viewer.ready = () => (this.look = lookOf(this)); // only what is changed from here on is kept
    if (this.begun) [this.viewer.comparison, this.viewer.compared] = this.begun;
    this.show();
    const events = new EventSource(`${base}api/events`);
    events.onmessage = (event) => {
      this.connected = true;
      this.follow(JSON.parse(event.data as string) as State);
      this.changed();
    };
    events.onerror = () => {
      this.connected = false;
      this.changed();
    };
  }

  // --- what is shown -----------------------------------------------------------------------------------

  show(): void {
    this.viewer.show(this.layers, (layer) => this.url(layer));
    this.changed();
  }

  private url(layer: Layer): string {
    const tiles = `${base}api/tiles`;
    const key = `k=${this.facts.key}`; // tiles of another painting must not come from the browser's memory
    if (layer.kind === "false") {
      const sources = this.mix!.map((source, i) => `${"rgb"[i]}=${source}`);
      const names = new Set(this.mix!.map((source) => source.slice(0, -2)));
      return join(`${tiles}/false/mix`, [key, ...sources, ...[...names].flatMap((name) => this.toneWords(name, `${name}.`))]);
    }
    const tone = this.toneWords(layer.kind === "scan" ? layer.name : this.facts.primary);
    if (layer.kind === "scan") return join(`${tiles}/scan/${layer.name}`, [key, ...tone]);
    if (layer.kind === "strength") {
      return `${tiles}/strength/${this.state.strength?.version}?${key}&threshold=${this.threshold}`;
    }
    const fill = this.state.fills.find((one) => one.id === this.shownFill);
    const version = `v=${fill?.version ?? 0}`;
    if (layer.kind === "confidence") return `${tiles}/confidence/${this.shownFill}?${key}&${version}`;
    return join(`${tiles}/fill/${this.shownFill}`, [key, version, ...tone]);
  }

  private toneWords(modality: string, prefix = ""): string[] {
    return Object.entries(this.tones[modality] ?? PLAIN)
      .filter(([name, value]) => value !== PLAIN[name as keyof Tone])
      .map(([name, value]) => `${prefix}${name}=${value}`);
  }

  /** Show channels of scans as red, green and blue; null ends it. */
  setMix(mix: Mix | null): void {
    this.mix = mix;
    const there = this.layer("false");
    if (!mix) this.layers = this.layers.filter((layer) => layer !== there);
    else if (!there) {
      const above = this.layers.filter((layer) => layer.kind === "scan").length;
      this.layers.splice(above, 0, { id: "false", kind: "false", name: "false", visible: true, opacity: 1 });
    }
    if (this.viewer) this.show();
  }

  /** Take the white balance from a place that is grey in truth. */
  async balance(at: Point): Promise<void> {
    const scan = this.facts.scans.find((one) => one.modality === this.toned && one.channels === 3);
    const name = scan?.modality ?? this.facts.primary;
    try {
      const place = `row=${Math.floor(at.y)}&col=${Math.floor(at.x)}`;
      this.setTone(name, await get<{ red: number; blue: number }>(`neutral?scan=${name}&${place}`));
    } catch (error) {
      this.tell((error as Error).message, true);
    }
  }

  layer(id: string): Layer | undefined {
    return this.layers.find((layer) => layer.id === id);
  }

  adjust(id: string, change: Partial<Layer>): void {
    Object.assign(this.layer(id) ?? {}, change);
    this.show();
  }

  move(id: string, by: number): void {
    const from = this.layers.findIndex((layer) => layer.id === id);
    const to = from + by;
    if (from < 0 || to < 0 || to >= this.layers.length) return;
    const [layer] = this.layers.splice(from, 1);
    this.layers.splice(to, 0, layer!);
    this.show();
  }

  setTone(modality: string, change: Partial<Tone>): void {
    this.tones = { ...this.tones, [modality]: { ...(this.tones[modality] ?? PLAIN), ...change } };
    this.show();
  }

  compare(mode: Comparison, id = this.viewer.compared): void {
    const other = this.layers.filter((layer) => layer.name !== this.facts.primary).at(-1) ?? this.layers[0];
    this.viewer.compared = this.layer(id) ? id : (other?.id ?? "");
    this.viewer.comparison = mode;
    if (mode === "spyglass" && this.viewer.glass.x === 0) {
      const { clientWidth, clientHeight } = this.overlay.canvas;
      this.viewer.glass = { x: clientWidth / 2, y: clientHeight / 2 };
    }
    this.show();
  }

  moveCurtain(to: number): void {
    this.viewer.curtain = Math.min(0.98, Math.max(0.02, to));
    this.viewer.arrange();
    this.changed();
  }

  /** Hide the uppermost layer that is shown, or show it again. */
  blink(hidden: boolean): void {
    const top = this.layers.filter((layer) => layer.visible).at(-1);
    if (!top || top === this.layers[0]) {
      this.overlay.visible = !hidden;
      this.overlay.redraw();
      return;
    }
    const opacity = top.opacity;
    top.opacity = hidden ? 0 : opacity;
    this.viewer.arrange();
    top.opacity = opacity;
  }

  chooseFill(id: string): void {
    this.shownFill = id;
    const wanted: Layer["kind"][] = id ? ["fill", "confidence"] : [];
    this.layers = this.layers.filter((layer) => !["fill", "confidence"].includes(layer.kind) || id);
    for (const kind of wanted) {
      if (!this.layer(kind)) {
        this.layers.push({ id: kind, kind, name: kind, visible: kind === "fill", opacity: kind === "fill" ? 1 : 0.7 });
      }
    }
    this.show();
  }

  setSurround(name: string): void {
    this.surround = name;
    localStorage.setItem("surround", name);
    this.changed();
  }

  // --- what the server tells ---------------------------------------------------------------------------

  private follow(state: State): void {
    const before = this.state;
    this.state = state;
    if (this.overlay && state.marks.version !== before.marks.version && this.overlay.pending.length === 0) {
      this.overlay.everythingChanged();
    }
    if (state.source !== before.source || (state.source !== "same" && !this.viewer)) {
      if (state.source !== "same") this.tell(t(`source_${state.source}`), true);
    }
    this.followJob(state.job);
    const ids = state.fills.map((fill) => fill.id);
    if (this.shownFill && !ids.includes(this.shownFill)) this.shownFill = "";
    const begun = ids.filter((id) => !before.fills.some((fill) => fill.id === id));
    const latest = begun.at(-1);
    const first = !this.viewer && ids.at(-1);
    if (latest === "live" || latest?.startsWith("proposal")) this.later(() => this.chooseFill(latest));
    else if (begun.includes("preview")) this.later(() => this.chooseFill("preview"));
    else if (first) this.later(() => this.chooseFill(first));
    else if (!this.shownFill && this.layer("fill")) this.later(() => this.chooseFill(""));
    const strength = state.strength;
    if (strength && strength.version !== before.strength?.version) {
      this.threshold = strength.threshold;
      if (!this.layer("strength")) {
        this.layers.push({ id: "strength", kind: "strength", name: strength.detector, visible: true, opacity: 0.7 });
      }
      this.adjustLater("strength", { name: strength.detector, visible: true });
    } else if (this.viewer && JSON.stringify(state.fills) !== JSON.stringify(before.fills)) {
      this.later(() => this.show());
    }
  }

  private adjustLater(id: string, change: Partial<Layer>): void {
    this.later(() => this.adjust(id, change));
  }

  private later(act: () => void): void {
    window.setTimeout(() => {
      if (this.viewer) act();
      else this.later(act);
    });
  }

  private followJob(job: Job | null): void {
    if (!job || job.status === "running" || job.number === this.lastJob) return;
    this.lastJob = job.number;
    if (job.status === "failed") this.tell(job.message, true);
    const { passed, verdict, page, copy } = job.result as Record<string, string | boolean | undefined>;
    if (passed === true) this.tell(t("verified"));
    if (passed === false) this.tell(`${t("not_verified")}: ${String(verdict)}`, true);
    if (page ?? copy) this.tell(`${t("written")} ${String(page ?? copy)}`);
  }

  tell(text: string, error = false): void {
    this.message = text ? { text, error } : null;
    this.changed();
  }

  /** Ask for something, and tell if it cannot be done. */
  async ask<T>(path: string, body: unknown = {}): Promise<T | null> {
    try {
      const answer = await post<T>(path, body);
      this.changed();
      return answer;
    } catch (error) {
      this.tell(error instanceof TypeError ? t("lost_connection") : (error as Error).message, true);
      return null;
    }
  }

  // --- marks -------------------------------------------------------------------------------------------

  get canMark(): boolean {
    return !this.facts.read_only;
  }

  /** Send a stroke that has been drawn; strokes go in their order. */
  send(stroke: Stroke): Promise<void> {
    const body = {
      tool: stroke.tool,
      damage: stroke.damage,
      radius: stroke.radius,
      points: stroke.points.map(({ x, y }) => [round(x), round(y)]),
    };
    const sent = this.sending.then(async () => {
      const answer = await this.ask<Marked>("stroke", body);
      this.take(answer);
      if (answer?.changed) await this.settle();
      this.overlay.pending.splice(this.overlay.pending.indexOf(stroke), 1);
      this.overlay.redraw();
    });
    this.sending = sent;
    return sent;
  }

  /** Wait until the tiles that the server changed are there, so that a stroke does not flicker. */
  private async settle(): Promise<void> {
    this.overlay.redraw();
    for (let i = 0; i < 40; i += 1) {
      await new Promise((done) => window.setTimeout(done, 25));
      if (this.overlay.loaded) return;
    }
  }

  /** Select what has the colours under a stroke. */
  grow(stroke: Stroke): Promise<void> {
    const ask = {
      damage: stroke.damage,
      radius: stroke.radius,
      points: stroke.points.map(({ x, y }) => [round(x), round(y)]),
      view: this.view(),
    };
    this.sending = this.sending.then(async () => {
      await this.growNow(ask);
      this.overlay.pending.splice(this.overlay.pending.indexOf(stroke), 1);
      this.overlay.redraw();
    });
    return this.sending as Promise<void>;
  }

  private async growNow(ask: Record<string, unknown>): Promise<void> {
    const { tolerance, edges } = this;
    const answer = await this.ask<Marked>("grow", { ...ask, tolerance, edges });
    this.take(answer);
    this.grown = answer ? { ask, version: answer.marks.version } : null;
    if (answer?.changed) await this.settle();
  }

  /** Another tolerance: the latest selection is made anew, if nothing was marked since. */
  setTolerance(change: { tolerance?: number; edges?: boolean }): void {
    Object.assign(this, change);
    this.changed();
    window.clearTimeout(this.regrowing);
    this.regrowing = window.setTimeout(() => {
      const { grown } = this;
      if (!grown || grown.version !== this.state.marks.version) return;
      this.sending = this.sending.then(async () => {
        this.take(await this.ask<Marked>("undo", { count: 1 }));
        await this.growNow(grown.ask);
      });
    }, 300);
  }

  // --- piece by piece ----------------------------------------------------------------------------------

  /** Ask for the pieces of the panel that is shown, when they may have changed. */
  private list(): void {
    const { strength, marks } = this.state;
    const wanted =
      this.tab === "detect" && strength
        ? JSON.stringify(["findings", strength.version, this.threshold, this.order, marks.version])
        : this.tab === "fill" && this.canMark
          ? JSON.stringify(["lacunae", marks.version, this.policies])
          : "";
    if (wanted === this.listed) return;
    // The engine is loaded while one chooses; the first preview then need not wait for it.
    if (this.tab === "fill" && this.canMark && !this.warm) {
      this.warm = true;
      void post("warm").catch(() => {});
    }
    const other = wanted.slice(0, 8) !== this.listed.slice(0, 8);
    this.listed = wanted;
    if (other) {
      this.pieces = this.piece = null;
      this.overlay?.redraw();
    }
    window.clearTimeout(this.listing);
    if (!wanted) return;
    this.listing = window.setTimeout(() => {
      const asked =
        this.tab === "detect"
          ? get<Pieces>(`findings?threshold=${this.threshold}&by=${this.order}`)
          : post<Pieces>("lacunae", { policies: this.policies });
      asked.then(
        (pieces) => {
          if (wanted !== this.listed) return;
          this.pieces = pieces;
          this.piece = pieces.listed.find((one) => this.piece && one.row === this.piece.row && one.col === this.piece.col) ?? null;
          this.overlay.redraw();
          this.changed();
        },
        (error: Error) => this.tell(error.message, true),
      );
    }, 200);
  }

  /** Ask for the list again, as after a choice. */
  private relist(): void {
    this.listed = this.listed.slice(0, 8);
    this.changed();
  }

  showPiece(piece: Piece): void {
    this.piece = piece;
    this.viewer.goTo(piece);
    this.overlay.redraw();
    this.changed();
  }

  nextPiece(by: number): void {
    const { pieces, piece } = this;
    if (!pieces?.listed.length) return;
    const at = pieces.listed.findIndex((one) => one === piece);
    const to = at < 0 ? (by > 0 ? 0 : pieces.listed.length - 1) : at + by;
    this.showPiece(pieces.listed[(to + pieces.listed.length) % pieces.listed.length]!);
  }

  /** Mark the piece that is looked at, or reject it, and go on to the next. */
  async decide(accept: boolean, piece = this.piece): Promise<void> {
    if (!piece || this.tab !== "detect" || !this.canMark) return;
    const { row, col } = piece;
    const answer = await this.ask<Marked>("decide", { threshold: this.threshold, row, col, accept });
    if (!answer) return;
    piece.decided = accept ? "accepted" : "rejected";
    this.take(answer);
    this.nextPiece(1);
    this.relist();
  }

  /** Choose what is done with one lacuna; nothing takes it back. */
  async chooseFor(piece: Piece, choice: Partial<Choice>): Promise<void> {
    const { row, col } = piece;
    const set = Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== null));
    if (await this.ask("choose", { ...set, row, col })) this.relist();
  }

  step(what: "undo" | "redo", count = 1): void {
    this.sending = this.sending.then(async () => this.take(await this.ask<Marked>(what, { count })));
  }

  /** Resolves when all strokes so far have been answered. */
  settled(): Promise<unknown> {
    return this.sending;
  }

  private take(answer: Marked | null): void {
    if (!answer) return;
    this.state = { ...this.state, marks: answer.marks };
    this.overlay.changed(answer.changed as Change | null);
    this.changed();
  }

  async bringIn(file: File): Promise<void> {
    try {
      await upload(`import/${this.damage}`, file);
      this.overlay.everythingChanged();
    } catch (error) {
      this.tell((error as Error).message, true);
    }
  }

  // --- fills -------------------------------------------------------------------------------------------

  view(): { top: number; left: number; bottom: number; right: number } {
    const { rows, cols } = this.facts;
    const affine = this.viewer.affine();
    if (!affine) return { top: 0, left: 0, bottom: rows, right: cols };
    const { clientWidth, clientHeight } = this.overlay.canvas;
    const box = inView(affine, clientWidth, clientHeight);
    const within = (value: number, most: number) => Math.round(Math.min(Math.max(value, 0), most));
    return {
      top: within(box.top, rows),
      left: within(box.left, cols),
      bottom: within(box.bottom, rows),
      right: within(box.right, cols),
    };
  }

  get previewFits(): boolean {
    const { top, left, bottom, right } = this.view();
    return (bottom - top + 192) * (right - left + 192) <= this.facts.preview_px;
  }

  private filling(): Record<string, unknown> {
    const { engine, finish, seed, policies } = this;
    return { engine, finish, seed, policies };
  }

  /** The number of the hypothesis that is shown: it is the one that is saved. */
  get hypothesis(): number {
    return Number(/^preview-(\d+)$/.exec(this.shownFill)?.[1] ?? 0);
  }

  preview(): void {
    void this.ask("preview", { ...this.filling(), samples: this.samples, whole_size: this.wholeSize, view: this.view() });
  }

  fillWhole(): void {
    void this.ask("fill", { ...this.filling(), sample: this.hypothesis, suffix: this.suffix, calibrate: this.calibrate, leave_above: this.leaveAbove || null });
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function join(path: string, query: string[]): string {
  return query.length ? `${path}?${query.join("&")}` : path;
}
