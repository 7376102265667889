import { choose } from "../hand";
import { Choice, Section, Slider } from "../parts";
import type { Studio } from "../studio";
import { type Key, named, t } from "../texts";
import { PLAIN, type Comparison, type Layer, type Mix } from "../viewer";

const LABELS: Record<Layer["kind"], Key> = {
  scan: "layer_scan",
  false: "layer_false",
  fill: "layer_fill",
  confidence: "layer_confidence",
  strength: "layer_strength",
};

export function layerName(studio: Studio, layer: Layer): string {
  if (layer.kind === "scan") return `${t("layer_scan")} ${layer.name}`;
  if (layer.kind === "false") return t("layer_false");
  if (layer.kind === "strength") return `${t("layer_strength")} ${layer.name.split(":")[0]}`;
  return `${t(LABELS[layer.kind])} (${fillName(studio.shownFill)})`;
}

export function fillName(id: string): string {
  const [word, number] = id.split("-");
  if (word === "preview" && number) return `${t("hypothesis")} ${number}`;
  return number ? `${word} ${number}` : named(id);
}

export function See({ studio }: { studio: Studio }) {
  return (
    <>
      <Layers studio={studio} />
      <Compare studio={studio} />
      <Light studio={studio} />
      <FalseColour studio={studio} />
      <About studio={studio} />
    </>
  );
}

function Layers({ studio }: { studio: Studio }) {
  const { overlay } = studio;
  return (
    <Section title={t("layers")} hint={studio.layers.length > 1 ? t("layers_hint") : ""}>
      <ul class="layers">
        <li>
          <label class="tick">
            <input
              type="checkbox"
              checked={overlay?.visible}
              onChange={(event) => {
                overlay.visible = event.currentTarget.checked;
                overlay.redraw();
                studio.changed();
              }}
            />
            {t("layer_marks")}
          </label>
          <Slider
            label={t("opacity")}
            value={overlay?.opacity ?? 1}
            shown={`${Math.round(100 * (overlay?.opacity ?? 1))} %`}
            least={0.1}
            most={1}
            step={0.05}
            change={(value) => {
              overlay.opacity = value;
              overlay.redraw();
              studio.changed();
            }}
          />
        </li>
        {[...studio.layers].reverse().map((layer) => (
          <Row key={layer.id} studio={studio} layer={layer} />
        ))}
      </ul>
      {studio.state.fills.length > 0 && (
        <Choice
          label={t("shown_fill")}
          value={studio.shownFill}
          options={[["", t("no_fill")], ...studio.state.fills.map(({ id }): [string, string] => [id, fillName(id)])]}
          change={(id) => studio.chooseFill(id)}
        />
      )}
    </Section>
  );
}

function Row({ studio, layer }: { studio: Studio; layer: Layer }) {
  const name = layerName(studio, layer);
  return (
    <li>
      <label class="tick">
        <input
          type="checkbox"
          checked={layer.visible}
          onChange={(event) => studio.adjust(layer.id, { visible: event.currentTarget.checked })}
        />
        {name}
      </label>
      {studio.layers.length > 1 && (
        <span class="order">
          <button aria-label={`${t("up")}: ${name}`} title={t("up")} onClick={() => studio.move(layer.id, 1)}>
            ↑
          </button>
          <button aria-label={`${t("down")}: ${name}`} title={t("down")} onClick={() => studio.move(layer.id, -1)}>
            ↓
          </button>
        </span>
      )}
      {layer.visible && (
        <Slider
          label={t("opacity")}
          value={layer.opacity}
          shown={`${Math.round(100 * layer.opacity)} %`}
          least={0}
          most={1}
          step={0.05}
          change={(opacity) => studio.adjust(layer.id, { opacity })}
        />
      )}
    </li>
  );
}

function Compare({ studio }: { studio: Studio }) {
  const mode = studio.viewer?.comparison ?? "off";
  const modes: [Comparison, Key][] = [
    ["off", "compare_off"],
    ["curtain", "compare_curtain"],
    ["spyglass", "compare_spyglass"],
  ];
  return (
    <Section title={t("compare")} hint={mode === "off" ? "" : t("compare_hint")}>
      <div class="segments" role="group" aria-label={t("compare")}>
        {modes.map(([name, key]) => (
          <button key={name} aria-pressed={mode === name} onClick={() => studio.compare(name)}>
            {t(key)}
          </button>
        ))}
      </div>
      {mode !== "off" && (
        <Choice
          label={t("compare_layer")}
          value={studio.viewer.compared}
          options={studio.layers.map((layer) => [layer.id, layerName(studio, layer)])}
          change={(id) => studio.compare(mode, id)}
        />
      )}
    </Section>
  );
}

function Light({ studio }: { studio: Studio }) {
  const { toned } = studio;
  const tone = studio.tones[toned] ?? PLAIN;
  const colour = studio.facts.scans.find(({ modality }) => modality === toned)?.channels === 3;
  const set = (change: Partial<typeof tone>) => studio.setTone(toned, change);
  return (
    <Section title={t("tone")}>
      {studio.facts.scans.length > 1 && (
        <Choice
          label={t("tone_of")}
          value={toned}
          options={studio.facts.scans.map(({ modality }) => [modality, modality])}
          change={(modality) => {
            studio.toned = modality;
            studio.changed();
          }}
        />
      )}
      <Slider
        label={t("exposure")}
        value={tone.exposure}
        shown={`${tone.exposure > 0 ? "+" : ""}${tone.exposure.toFixed(1)} ${t("stops")}`}
        least={-4}
        most={4}
        step={0.1}
        change={(exposure) => set({ exposure })}
      />
      <Slider label={t("gamma")} value={tone.gamma} shown={tone.gamma.toFixed(2)} least={0.4} most={2.5} step={0.05} change={(gamma) => set({ gamma })} />
      <Slider label={t("black")} value={tone.black} shown={`${Math.round(100 * tone.black)} %`} least={0} most={1} step={0.01} change={(black) => set({ black })} />
      <Slider label={t("white")} value={tone.white} shown={`${Math.round(100 * tone.white)} %`} least={0} most={1} step={0.01} change={(white) => set({ white })} />
      {colour && (
        <>
          <Slider label={t("red_light")} value={Math.log2(tone.red)} shown={`× ${tone.red.toFixed(2)}`} least={-2} most={2} step={0.02} change={(stops) => set({ red: 2 ** stops })} />
          <Slider label={t("blue_light")} value={Math.log2(tone.blue)} shown={`× ${tone.blue.toFixed(2)}`} least={-2} most={2} step={0.02} change={(stops) => set({ blue: 2 ** stops })} />
          <button aria-pressed={studio.tool === "neutral"} onClick={() => choose(studio, studio.tool === "neutral" ? "pan" : "neutral")}>
            {t("pick_neutral")}
          </button>
        </>
      )}
      <button onClick={() => set(PLAIN)}>{t("reset")}</button>
    </Section>
  );
}

/** Scans shown in the channels of others, as infrared in red. */
function FalseColour({ studio }: { studio: Studio }) {
  const { scans, primary } = studio.facts;
  const channels = scans.flatMap(({ modality, channels }) =>
    channels === 3 ? [0, 1, 2].map((n) => `${modality}:${n}`) : [`${modality}:0`],
  );
  if (channels.length < 4) return null;
  const { mix } = studio;
  const first = (wanted: RegExp) => scans.find(({ modality }) => wanted.test(modality))?.modality;
  const infrared = first(/^(irr?|infrared|nir|swir)/);
  const ultraviolet = first(/^(uv|ultraviolet)/);
  const known: [string, Mix | null][] = [
    ["off", null],
    ...(infrared ? [["false_infrared", [`${infrared}:0`, `${primary}:0`, `${primary}:1`]] as [string, Mix]] : []),
    ...(ultraviolet ? [["false_ultraviolet", [`${primary}:1`, `${primary}:2`, `${ultraviolet}:0`]] as [string, Mix]] : []),
  ];
  const shown = known.find(([, one]) => String(one) === String(mix))?.[0] ?? "false_own";
  const own: Mix = mix ?? [`${primary}:0`, `${primary}:1`, channels.at(-1)!];
  return (
    <Section title={t("layer_false")} hint={mix ? t("false_hint") : ""}>
      <Choice
        label={t("false_kind")}
        value={shown}
        options={[...known.map(([name]) => name), "false_own"].map((name) => [name, t((name === "off" ? "compare_off" : name) as Key)])}
        change={(name) => studio.setMix(name === "false_own" ? own : (known.find(([one]) => one === name)?.[1] ?? null))}
      />
      {mix && (
        <div class="row">
          {(["false_red", "false_green", "false_blue"] as const).map((key, i) => (
            <Choice
              key={key}
              label={t(key)}
              value={mix[i]!}
              options={channels.map((channel) => [channel, channelName(channel, scans)])}
              change={(channel) => studio.setMix(mix.map((one, j) => (i === j ? channel : one)) as Mix)}
            />
          ))}
        </div>
      )}
    </Section>
  );
}

function channelName(channel: string, scans: { modality: string; channels: number }[]): string {
  const [modality, number] = [channel.slice(0, -2), Number(channel.slice(-1))];
  const grey = scans.find((scan) => scan.modality === modality)?.channels !== 3;
  return grey ? modality : `${modality} ${"RGB"[number]}`;
}

function About({ studio }: { studio: Studio }) {
  const { facts } = studio;
  const scan = facts.scans.find((one) => one.modality === studio.toned) ?? facts.scans[0]!;
  return (
    <Section title={t("about_scan")}>
      <dl>
        <dt>{t("size")}</dt>
        <dd>
          {facts.cols.toLocaleString()} × {facts.rows.toLocaleString()} px, {scan.depth}
        </dd>
        <dt>{t("scale")}</dt>
        <dd>{facts.um_per_px ? `${facts.um_per_px.toPrecision(3)} µm/px` : t("no_scale")}</dd>
        <dt>{t("profile")}</dt>
        <dd>{scan.profile ?? t("no_profile")}</dd>
      </dl>
    </Section>
  );
}
