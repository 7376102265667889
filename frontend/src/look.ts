// How the page shows the painting, kept with the session for the next time.

import type { Studio } from "./studio";
import { PLAIN, type Mix, type Stand, type Tone } from "./viewer";

const NUMBERS = ["radius", "seed", "samples"] as const;
const WORDS = ["damage", "engine", "finish", "suffix", "toned"] as const;

/** Put what is to be kept into words. */
export function lookOf(studio: Studio): string {
  const look: Record<string, unknown> = {
    layers: studio.layers.map(({ id, visible, opacity }) => ({ id, visible, opacity })),
    tones: studio.tones,
    mix: studio.mix,
    policies: studio.policies,
    stand: studio.viewer?.stand() ?? null,
    compare: studio.viewer ? [studio.viewer.comparison, studio.viewer.compared] : null,
  };
  for (const name of [...NUMBERS, ...WORDS]) look[name] = studio[name];
  return JSON.stringify(look);
}

/** Show as last time; what does not fit any more is left out. */
export function takeLook(studio: Studio, view: string | null): void {
  let look: Record<string, unknown>;
  try {
    look = JSON.parse(view ?? "{}") as Record<string, unknown>;
  } catch {
    return;
  }
  if (typeof look !== "object" || look === null) return;
  for (const name of NUMBERS) if (Number.isFinite(look[name])) studio[name] = look[name] as number;
  for (const name of WORDS) if (typeof look[name] === "string") studio[name] = look[name] as string;
  const { facts } = studio;
  const modalities = facts.scans.map((scan) => scan.modality);
  if (!modalities.includes(studio.toned)) studio.toned = facts.primary;
  if (!facts.classes.some(({ name }) => name === studio.damage)) studio.damage = facts.classes[0]!.name;
  if (!facts.suffixes.includes(studio.suffix)) studio.suffix = facts.suffixes[0]!;
  if (!facts.finishes.includes(studio.finish)) studio.finish = facts.finishes[0]!;
  if (!facts.engines.some(([words]) => words.split(":")[0] === studio.engine)) studio.engine = "auto";
  studio.policies = { ...studio.policies, ...policies(look.policies, Object.keys(studio.policies)) };
  for (const name of modalities) {
    const tone = (look.tones as Record<string, unknown> | undefined)?.[name];
    if (isTone(tone)) studio.tones[name] = tone;
  }
  if (isMix(look.mix, modalities)) studio.setMix(look.mix);
  const stand = look.stand as Stand | null;
  if (stand && [stand.x, stand.y, stand.zoom, stand.degrees].every(Number.isFinite) && stand.zoom > 0) {
    studio.stand = stand;
  }
  if (Array.isArray(look.compare) && look.compare.length === 2) {
    const [mode, id] = look.compare as string[];
    if ((mode === "curtain" || mode === "spyglass") && studio.layer(id!)) studio.begun = [mode, id!];
  }
  restack(studio, look.layers);
}

function restack(studio: Studio, kept: unknown): void {
  if (!Array.isArray(kept)) return;
  const order = (kept as { id?: unknown; visible?: unknown; opacity?: unknown }[]).filter(
    (one) => one && typeof one.id === "string",
  );
  for (const one of order) {
    const layer = studio.layer(one.id as string);
    if (!layer) continue;
    layer.visible = one.visible === true;
    if (Number.isFinite(one.opacity)) layer.opacity = Math.min(1, Math.max(0, one.opacity as number));
  }
  const place = (id: string) => {
    const at = order.findIndex((one) => one.id === id);
    return at < 0 ? order.length : at;
  };
  studio.layers.sort((x, y) => place(x.id) - place(y.id));
}

function policies(kept: unknown, names: string[]): Record<string, string> {
  const found = Object.entries((kept ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    found.filter(([name, policy]) => names.includes(name) && (policy === "fill" || policy === "keep")),
  ) as Record<string, string>;
}

function isTone(kept: unknown): kept is Tone {
  const tone = kept as Record<string, unknown> | null;
  return typeof tone === "object" && tone !== null && Object.keys(PLAIN).every((name) => Number.isFinite(tone[name]));
}

function isMix(kept: unknown, modalities: string[]): kept is Mix {
  return (
    Array.isArray(kept) &&
    kept.length === 3 &&
    kept.every((one) => typeof one === "string" && modalities.some((name) => /^:[012]$/.test(one.slice(name.length)) && one.startsWith(name)))
  );
}
