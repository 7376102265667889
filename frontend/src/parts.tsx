// Small parts of panels.

import type { ComponentChildren } from "preact";

export function Section(props: { title: string; hint?: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>{props.title}</h2>
      {props.children}
      {props.hint && <p class="hint">{props.hint}</p>}
    </section>
  );
}

export function Slider(props: {
  label: string;
  value: number;
  least: number;
  most: number;
  step: number;
  shown?: string;
  disabled?: boolean;
  change: (value: number) => void;
}) {
  return (
    <label class="slider">
      <span>{props.label}</span>
      <output>{props.shown ?? props.value}</output>
      <input
        type="range"
        min={props.least}
        max={props.most}
        step={props.step}
        value={props.value}
        disabled={props.disabled}
        aria-valuetext={props.shown}
        onInput={(event) => props.change(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}

export function Choice(props: {
  label: string;
  value: string;
  options: [value: string, text: string][];
  change: (value: string) => void;
}) {
  return (
    <label class="choice">
      <span>{props.label}</span>
      <select value={props.value} onChange={(event) => props.change(event.currentTarget.value)}>
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Swatch({ colour }: { colour: [number, number, number] }) {
  return <span class="swatch" aria-hidden="true" style={{ backgroundColor: `rgb(${colour.join(" ")})` }} />;
}

/** A number of pixels as people read it, with its area if the scale is known. */
export function pixels(count: number, umPerPx: number | null): string {
  const words = `${count.toLocaleString()} px`;
  if (!umPerPx || !count) return words;
  const mm2 = (count * umPerPx ** 2) / 1e6;
  return `${words} · ${mm2 >= 100 ? `${(mm2 / 100).toFixed(1)} cm²` : `${mm2.toPrecision(2)} mm²`}`;
}
