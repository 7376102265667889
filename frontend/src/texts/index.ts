import { en, type Key, type Texts } from "./en";
import { it } from "./it";

export type { Key } from "./en";
export const LANGUAGES: Record<string, Texts> = { en, it };

let chosen = localStorage.getItem("language") ?? navigator.language.slice(0, 2);
if (!(chosen in LANGUAGES)) chosen = "en";
document.documentElement.lang = chosen;

export function language(): string {
  return chosen;
}

export function speak(name: string): void {
  chosen = name in LANGUAGES ? name : "en";
  localStorage.setItem("language", chosen);
  document.documentElement.lang = chosen;
}

export function t(key: Key): string {
  return (LANGUAGES[chosen] ?? en)[key];
}

/** A word that comes from the server: translated if it is known here, else as it is. */
export function named(key: string): string {
  return key in en ? t(key as Key) : key;
}
