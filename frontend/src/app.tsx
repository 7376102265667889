import { useEffect, useRef, useState } from "preact/hooks";
import { Hand, choose } from "./hand";
import { Detect } from "./panels/detect";
import { Fill } from "./panels/fill";
import { Keep } from "./panels/keep";
import { Mark } from "./panels/mark";
import { See } from "./panels/see";
import type { Studio, Tab, Tool } from "./studio";
import { LANGUAGES, type Key, language, named, speak, t } from "./texts";

const TOOLS: [Tool, string, string][] = [
  ["pan", "H", "M8 2v12M2 8h12M8 2 6 4m2-2 2 2M8 14l-2-2m2 2 2-2M2 8l2-2M2 8l2 2m10-2-2-2m2 2-2 2"],
  ["brush", "B", "M13 2 7 9m0 0c-2-.5-3.500.5-3.500 2.200C3.500 12.700 2.700 13.500 2 14c3 .6 6-.3 6-3 0-.8-.4-1.500-1-2z"],
  ["eraser", "E", "m6 13-4-4 7-7 5 5-6 6zm-1-7 5 5M6 13h8"],
  ["lasso", "L", "M8 3c3.500 0 6 1.500 6 3.500S11.500 10 8 10 2 8.500 2 6.500 4.500 3 8 3zM5 10c-.8 1 .8 1.500.2 3"],
  ["polygon", "P", "m3 4 9-1 2 7-6 4-5-4z"],
  ["select", "G", "m3 13 7-7m1-1 1-1M9 2v1.500M14 7h-1.500M13 3l-1 1M6 3l.800.800M13 10l-.800-.800"],
  ["neutral", "W", "M3 13 9 7m-1-3 4 4m-1-6 3 3-2 2-3-3zM3 13l-1 1"],
  ["measure", "M", "m2 11 9-9 3 3-9 9zM5 8l1.500 1.500M7 6l2.200 2.200M9 4l1.500 1.500"],
];
const TABS: [Tab, Key][] = [
  ["see", "tab_see"],
  ["mark", "tab_mark"],
  ["detect", "tab_detect"],
  ["fill", "tab_fill"],
  ["keep", "tab_keep"],
];

export function App({ studio }: { studio: Studio }) {
  const [, renew] = useState(0);
  const stage = useRef<HTMLDivElement>(null);
  const painting = useRef<HTMLDivElement>(null);
  const surface = useRef<HTMLDivElement>(null);
  useEffect(() => studio.subscribe(() => renew((n) => n + 1)), [studio]);
  useEffect(() => {
    studio.attach(painting.current!);
    surface.current!.before(studio.overlay.canvas);
    new Hand(studio, surface.current!, stage.current!);
    studio.changed();
  }, [studio]);
  return (
    <div class="studio">
      <Bar studio={studio} />
      <Tools studio={studio} />
      <main class={`stage ${studio.surround}`} ref={stage}>
        <div class="painting" ref={painting} />
        <div class={`surface ${studio.tool}`} ref={surface} />
        {studio.viewer?.comparison === "curtain" && <Curtain studio={studio} />}
        <ScaleBar studio={studio} />
        <Told studio={studio} />
      </main>
      <Panel studio={studio} />
      <Status studio={studio} />
      {studio.help && <Keys studio={studio} />}
    </div>
  );
}

function Bar({ studio }: { studio: Studio }) {
  const { facts, state } = studio;
  return (
    <header>
      {facts.in_folder && (
        <a class="back" href="/">
          <span aria-hidden="true">◂ </span>
          {t("back_to_folder")}
        </a>
      )}
      <h1>
        {facts.title || facts.name}
        {facts.title && <small>{facts.name}</small>}
        {facts.read_only && <small class="tag">{t("read_only")}</small>}
      </h1>
      <div class="row">
        <button disabled={!state.marks.undo || !studio.canMark} onClick={() => studio.step("undo")} title="Ctrl+Z">
          {t("undo")}
        </button>
        <button disabled={!state.marks.redo || !studio.canMark} onClick={() => studio.step("redo")} title="Ctrl+Shift+Z">
          {t("redo")}
        </button>
        <label class="choice">
          <span>{t("surround")}</span>
          <select value={studio.surround} onChange={(event) => studio.setSurround(event.currentTarget.value)}>
            {["dark", "middle", "light"].map((name) => (
              <option key={name} value={name}>
                {t(`surround_${name}` as Key)}
              </option>
            ))}
          </select>
        </label>
        <label class="choice">
          <span>{t("language_label")}</span>
          <select
            value={language()}
            onChange={(event) => {
              speak(event.currentTarget.value);
              studio.changed();
            }}
          >
            {Object.entries(LANGUAGES).map(([name, texts]) => (
              <option key={name} value={name} lang={name}>
                {texts.language}
              </option>
            ))}
          </select>
        </label>
        <button onClick={() => { studio.help = true; studio.changed(); }} title="?">
          {t("help")}
        </button>
      </div>
    </header>
  );
}

function Tools({ studio }: { studio: Studio }) {
  const marks: Tool[] = ["brush", "eraser", "lasso", "polygon", "select"];
  return (
    <nav aria-label={t("tools")}>
      {TOOLS.map(([tool, key, drawing]) => {
        const name = t(`tool_${tool}` as Key);
        return (
          <button
            key={tool}
            aria-pressed={studio.tool === tool}
            aria-label={name}
            title={`${name} (${key})`}
            disabled={marks.includes(tool) && !studio.canMark}
            onClick={() => choose(studio, tool)}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d={drawing} />
            </svg>
          </button>
        );
      })}
      <hr />
      <Small label={t("zoom_in")} keys="+" sign="+" act={() => studio.viewer.zoomBy(1.5)} />
      <Small label={t("zoom_out")} keys="-" sign="−" act={() => studio.viewer.zoomBy(1 / 1.5)} />
      <Small label={t("fit")} keys="0" sign="▭" act={() => studio.viewer.fit()} />
      <Small label={`1:1, ${t("full_size")}`} keys="*" sign="1:1" act={() => studio.viewer.fullSize()} />
      <Small label={t("rotate")} keys="R" sign="↻" act={() => studio.viewer.turn(90)} />
    </nav>
  );
}

function Small(props: { label: string; keys: string; sign: string; act: () => void }) {
  return (
    <button aria-label={props.label} title={`${props.label} (${props.keys})`} onClick={props.act}>
      <span aria-hidden="true">{props.sign}</span>
    </button>
  );
}

function Curtain({ studio }: { studio: Studio }) {
  const { curtain } = studio.viewer;
  const drag = (event: PointerEvent) => {
    if (!event.buttons) return;
    const box = (event.currentTarget as HTMLElement).parentElement!.getBoundingClientRect();
    studio.moveCurtain((event.clientX - box.left) / box.width);
  };
  return (
    <div
      class="curtain"
      role="slider"
      tabIndex={0}
      aria-label={t("curtain_position")}
      aria-valuemin={2}
      aria-valuemax={98}
      aria-valuenow={Math.round(100 * curtain)}
      aria-orientation="horizontal"
      style={{ left: `${100 * curtain}%` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={(event) => {
        const by = event.key === "ArrowLeft" ? -0.02 : event.key === "ArrowRight" ? 0.02 : 0;
        if (by) studio.moveCurtain(curtain + by);
      }}
    />
  );
}

function ScaleBar({ studio }: { studio: Studio }) {
  const um = studio.facts.um_per_px;
  const scale = studio.viewer?.affine() ? studio.viewer.scale() : 0;
  if (!um || !scale) return null;
  const [width, words] = bar(um / scale);
  return (
    <div class="scale-bar" style={{ width: `${width}px` }}>
      {words}
    </div>
  );
}

/** A round length of about 140 pixels of the screen: its width, and what it is called. */
export function bar(umPerScreenPx: number): [number, string] {
  const most = 140 * umPerScreenPx;
  const power = 10 ** Math.floor(Math.log10(most));
  const um = power * (most >= 5 * power ? 5 : most >= 2 * power ? 2 : 1);
  const words = um >= 1e6 ? `${um / 1e6} m` : um >= 1e4 ? `${um / 1e4} cm` : um >= 1e3 ? `${um / 1e3} mm` : `${um} µm`;
  return [um / umPerScreenPx, words];
}

function Told({ studio }: { studio: Studio }) {
  const lost = !studio.connected;
  const { message } = studio;
  return (
    <div class="told" role="status" aria-live="polite">
      {lost && <p class="error">{t("lost_connection")}</p>}
      {message && (
        <p class={message.error ? "error" : ""}>
          {message.text}
          <button aria-label={t("close")} onClick={() => studio.tell("")}>
            ×
          </button>
        </p>
      )}
    </div>
  );
}

function Panel({ studio }: { studio: Studio }) {
  const go = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    const at = TABS.findIndex(([name]) => name === studio.tab);
    studio.tab = TABS[(at + by + TABS.length) % TABS.length]![0];
    studio.changed();
    requestAnimationFrame(() => document.getElementById(`tab-${studio.tab}`)?.focus());
  };
  return (
    <aside>
      <div role="tablist" aria-label={t("studio")} onKeyDown={go}>
        {TABS.map(([name, key]) => (
          <button
            key={name}
            id={`tab-${name}`}
            role="tab"
            aria-selected={studio.tab === name}
            aria-controls="panel"
            tabIndex={studio.tab === name ? 0 : -1}
            onClick={() => {
              studio.tab = name;
              studio.changed();
            }}
          >
            {t(key)}
          </button>
        ))}
      </div>
      <div key={studio.tab} id="panel" class="panel" role="tabpanel" aria-labelledby={`tab-${studio.tab}`} tabIndex={0}>
        {studio.tab === "see" && <See studio={studio} />}
        {studio.tab === "mark" && <Mark studio={studio} />}
        {studio.tab === "detect" && <Detect studio={studio} />}
        {studio.tab === "fill" && <Fill studio={studio} />}
        {studio.tab === "keep" && <Keep studio={studio} />}
      </div>
      <Work studio={studio} />
    </aside>
  );
}

function Work({ studio }: { studio: Studio }) {
  const { job } = studio.state;
  if (!job) return null;
  const share = job.total ? job.done / job.total : 0;
  const left =
    job.left_s === null ? "" : job.left_s < 90 ? `${Math.ceil(job.left_s)} ${t("seconds_left")}` : `${Math.round(job.left_s / 60)} ${t("minutes_left")}`;
  const running = job.status === "running";
  return (
    <div class="work" aria-label={named(`job_${job.task}`)} role="group">
      <strong>{named(`job_${job.task}`)}</strong>{" "}
      <span>{running ? (job.total ? `${Math.round(100 * share)} % ${left}` : t("starting")) : t(job.status)}</span>
      {running && (
        <>
          <progress max={1} value={job.total ? share : undefined} aria-label={named(`job_${job.task}`)} />
          <button onClick={() => studio.ask("stop")}>{t("stop")}</button>
        </>
      )}
    </div>
  );
}

function Status({ studio }: { studio: Studio }) {
  const { cursor, facts } = studio;
  const um = facts.um_per_px;
  const scale = studio.viewer?.affine() ? studio.viewer.scale() : 0;
  const mm = (px: number) => `${((px * um!) / 1000).toFixed(1)}`;
  const [from, to] = studio.measured ?? [];
  const length = from && to ? Math.hypot(to.x - from.x, to.y - from.y) : 0;
  return (
    <footer>
      {scale > 0 && (
        <span>
          {t("zoom")} {scale < 1 ? (100 * scale).toPrecision(3) : Math.round(100 * scale)} %
        </span>
      )}
      {length > 0 && (
        <span>
          {t("length")} {length.toFixed(1)} px{um && ` = ${((length * um) / 1000).toFixed(2)} mm`}
        </span>
      )}
      {studio.state.preparing > 0 && <span>{t("preparing")}</span>}
      {cursor && (
        <>
          <span>
            {t("place")} x {cursor.col}, y {cursor.row} px{um && ` = ${mm(cursor.col)}, ${mm(cursor.row)} mm`}
          </span>
          {Object.entries(cursor.samples).map(([modality, samples]) => (
            <span key={modality} class="samples">
              {modality} {samples.map(number).join(" ")}
            </span>
          ))}
          {cursor.damage && <span>{named(cursor.damage)}</span>}
          {cursor.fills[studio.shownFill] && (
            <span class="samples">
              {t("layer_fill")} {cursor.fills[studio.shownFill]!.map(number).join(" ")}, {t("confidence")}{" "}
              {number(cursor.confidence[studio.shownFill] ?? 0)}
            </span>
          )}
        </>
      )}
    </footer>
  );
}

function number(value: number | string): string {
  return typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(4) : String(value);
}

const KEYS: [string, Key][] = [
  ["H", "key_pan"],
  ["B E L P", "key_brush"],
  ["M", "key_measure"],
  ["G", "key_select"],
  ["N, Shift+N", "key_pieces"],
  ["A, D", "key_decide"],
  ["W", "key_neutral"],
  ["1 … 5", "key_class"],
  ["[ ]", "key_size"],
  ["Enter", "key_dab"],
  ["Shift+Enter", "key_close"],
  ["Esc", "key_escape"],
  ["Ctrl+Z, Ctrl+Shift+Z", "key_undo"],
  ["+ − 0 *", "key_zoom"],
  ["← → ↑ ↓", "key_arrows"],
  ["R, Shift+R", "key_rotate"],
  ["V", "key_marks"],
  ["X", "key_blink"],
  ["C, S", "key_curtain"],
  [", .", "key_curtain_move"],
  ["F2 … F6", "key_tabs"],
  ["?", "key_help"],
];

function Keys({ studio }: { studio: Studio }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  const leave = () => {
    studio.help = false;
    studio.changed();
  };
  return (
    <dialog ref={box} onClose={leave} aria-labelledby="keys-title">
      <h2 id="keys-title">{t("keys_title")}</h2>
      <table>
        <tbody>
          {KEYS.map(([keys, key]) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{t(key)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <button onClick={leave}>{t("close")}</button>
    </dialog>
  );
}
