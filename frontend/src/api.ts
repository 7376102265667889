// What the server is asked, and what it answers.

export interface Scan {
  modality: string;
  name: string;
  depth: string;
  channels: number;
  profile: string | null;
  white: number;
}

export type Policy = "fill" | "keep";

export interface DamageClass {
  name: string;
  colour: [number, number, number];
  policy: Policy;
}

/** A painting in the list of a folder. */
export interface Listed {
  number: number;
  name: string;
  title?: string;
  rows?: number;
  cols?: number;
  scans?: string[];
  proposals: number;
  begun: boolean;
  error?: string;
}

export interface Folder {
  folder: string;
  paintings: Listed[];
  read_only: boolean;
}

export interface Facts {
  key: string;
  view: string | null;
  in_folder: boolean;
  name: string;
  title: string;
  rows: number;
  cols: number;
  um_per_px: number | null;
  orientation: number;
  primary: string;
  tile: number;
  read_only: boolean;
  notices: string[];
  scans: Scan[];
  classes: DamageClass[];
  engines: [string, string][];
  detectors: [string, string][];
  finishes: string[];
  suffixes: string[];
  preview_px: number;
}

export interface Marks {
  version: number;
  undo: number;
  redo: number;
  counts: Record<string, number>;
}

export interface Job {
  number: number;
  task: string;
  done: number;
  total: number;
  status: "running" | "done" | "failed" | "stopped";
  message: string;
  notes: string[];
  result: Record<string, unknown>;
  left_s: number | null;
}

export interface Strength {
  detector: string;
  damage: string;
  threshold: number;
  version: number;
}

export interface LogEntry {
  when: string;
  who: string;
  what: string;
  [detail: string]: unknown;
}

/** A connected area that a detector found, or that is marked. */
export interface Piece {
  number: number;
  top: number;
  left: number;
  bottom: number;
  right: number;
  px: number;
  row: number;
  col: number;
  strength: number | null;
  decided?: "" | "accepted" | "rejected";
  choice?: Choice | null;
}

/** What was chosen for one lacuna. */
export interface Choice {
  row: number;
  col: number;
  sample: number | null;
  finish: string | null;
  leave: string | null;
}

export interface Pieces {
  count: number;
  listed: Piece[];
}

export interface State {
  version: number;
  source: "same" | "changed" | "missing";
  marks: Marks;
  preparing: number;
  job: Job | null;
  fills: { id: string; version: number; step: number }[];
  unfinished: string[];
  strength: Strength | null;
  log: LogEntry[];
}

export interface Values {
  row: number;
  col: number;
  samples: Record<string, (number | string)[]>;
  damage: string | null;
  fills: Record<string, (number | string)[]>;
  confidence: Record<string, number | string>;
}

export type Change = [top: number, left: number, bottom: number, right: number];

export interface Marked {
  changed: Change | null;
  marks: Marks;
}

/** Where this page's painting is asked about: a painting of a folder has addresses of its own. */
export const base = /^\/p\/\d+\//.exec(location.pathname)?.[0] ?? "/";

async function answer<T>(response: Response): Promise<T> {
  const body = (await response.json().catch(() => ({}))) as T & { error?: string };
  if (!response.ok) throw new Error(body.error ?? `${response.status} ${response.statusText}`);
  return body;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answer<T>(await fetch(`${base}api/${path}`, { signal: signal ?? null }));
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return answer<T>(
    await fetch(`${base}api/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

export async function upload<T>(path: string, file: Blob): Promise<T> {
  return answer<T>(
    await fetch(`${base}api/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: file,
    }),
  );
}

export async function markTile(halving: number, row: number, col: number): Promise<Uint8Array> {
  const response = await fetch(`${base}api/marks/${halving}/${row}/${col}`);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
