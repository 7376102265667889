import { useState } from "preact/hooks";
import type { Choice as Chosen, Piece } from "../api";
import { Choice, Section, Swatch } from "../parts";
import type { Studio } from "../studio";
import { type Key, named, t } from "../texts";
import { PieceList } from "./pieces";
import { fillName } from "./see";

/** What is done with one lacuna. */
function ChoiceFor({ studio, piece }: { studio: Studio; piece: Piece }) {
  const choice: Chosen = piece.choice ?? { row: 0, col: 0, sample: null, finish: null, leave: null };
  const [why, write] = useState(choice.leave ?? "");
  const [leaving, leave] = useState(choice.leave !== null);
  const set = (change: Partial<Chosen>) => void studio.chooseFor(piece, { ...choice, ...change });
  return (
    <div class="choosing">
      <Choice
        label={t("hypothesis_for")}
        value={String(choice.sample ?? "")}
        options={[["", t("as_all")], ["0", t("best")], ...[1, 2, 3].map((n): [string, string] => [String(n), `${t("hypothesis")} ${n}`])]}
        change={(one) => set({ sample: one === "" ? null : Number(one) })}
      />
      <Choice
        label={t("finish_for")}
        value={choice.finish ?? ""}
        options={[["", t("as_all")], ...studio.facts.finishes.map((name): [string, string] => [name, t(`finish_${name}` as Key)])]}
        change={(one) => set({ finish: one || null })}
      />
      <label class="tick">
        <input
          type="checkbox"
          checked={leaving}
          onChange={(event) => {
            leave(event.currentTarget.checked);
            if (!event.currentTarget.checked && choice.leave !== null) set({ leave: null });
          }}
        />
        {t("leave")}
      </label>
      {leaving && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (why.trim()) set({ leave: why.trim() });
          }}
        >
          <input type="text" maxLength={500} aria-label={t("reason")} placeholder={t("reason")} value={why} onInput={(event) => write(event.currentTarget.value)} />
          <button disabled={!why.trim()}>{t("leave_it")}</button>
        </form>
      )}
    </div>
  );
}

function summary({ sample, finish, leave }: Chosen): string {
  if (leave !== null) return t("left");
  const words = [sample === null ? "" : sample === 0 ? t("best") : `${t("hypothesis")} ${sample}`, finish ? t(`finish_${finish}` as Key).split(":")[0]! : ""];
  return words.filter(Boolean).join(", ");
}

export function Fill({ studio }: { studio: Studio }) {
  const { facts, state } = studio;
  const busy = state.job?.status === "running";
  const some = facts.classes.some((one) => state.marks.counts[one.name] && studio.policies[one.name] === "fill");
  const set = (change: Partial<Pick<Studio, "engine" | "finish" | "seed" | "samples" | "suffix" | "wholeSize" | "calibrate" | "leaveAbove">>) => {
    Object.assign(studio, change);
    studio.changed();
  };
  const shown = state.fills.find(({ id }) => id === studio.shownFill);
  const engines = facts.engines.map(([words]) => words.split(":")[0]!);
  return (
    <>
      <Section title={t("to_fill")}>
        <table>
          <tbody>
            {facts.classes.map((one) => (
              <tr key={one.name}>
                <th scope="row">
                  <Swatch colour={one.colour} /> {named(one.name)}
                </th>
                <td>
                  <select
                    aria-label={`${t("to_fill")}: ${named(one.name)}`}
                    value={studio.policies[one.name]}
                    onChange={(event) => {
                      studio.policies = { ...studio.policies, [one.name]: event.currentTarget.value };
                      studio.changed();
                    }}
                  >
                    <option value="fill">{t("policy_fill")}</option>
                    <option value="keep">{t("policy_keep")}</option>
                  </select>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
      <Section title={t("tab_fill")} hint={t("fill_hint")}>
        <Choice label={t("engine")} value={studio.engine} options={engines.map((name) => [name, name])} change={(engine) => set({ engine })} />
        <p class="hint">{facts.engines.find(([words]) => words.split(":")[0] === studio.engine)?.[1]}</p>
        <Choice
          label={t("finish")}
          value={studio.finish}
          options={facts.finishes.map((name) => [name, t(`finish_${name}` as Key)])}
          change={(finish) => set({ finish })}
        />
        <div class="row">
          <label class="choice">
            <span>{t("seed")}</span>
            <input type="number" min={0} max={2147483647} value={studio.seed} onChange={(event) => set({ seed: Math.max(0, Math.floor(event.currentTarget.valueAsNumber || 0)) })} />
          </label>
          <Choice label={t("samples")} value={String(studio.samples)} options={["0", "1", "2", "3"].map((n) => [n, n])} change={(n) => set({ samples: Number(n) })} />
        </div>
        <button class="main" disabled={busy || !some || !studio.previewFits} onClick={() => studio.preview()}>
          {t("fill_preview")}
        </button>
        <label class="tick">
          <input type="checkbox" checked={studio.wholeSize} onChange={(event) => set({ wholeSize: event.currentTarget.checked })} />
          {t("whole_size")}
        </label>
        {shown && shown.step > 1 && <p class="hint">{t(shown.step === 2 ? "half_size" : "quarter_size")}</p>}
        {!studio.previewFits && <p class="hint">{t("zoom_in_for_preview")}</p>}
        <label class="tick">
          <input type="checkbox" checked={studio.calibrate} onChange={(event) => set({ calibrate: event.currentTarget.checked })} />
          {t("calibrate")}
        </label>
        <Choice
          label={t("leave_above")}
          value={String(studio.leaveAbove)}
          options={[["0", t("no_limit")], ...["0.05", "0.1", "0.2", "0.3"].map((one): [string, string] => [one, `${Math.round(100 * Number(one))} %`])]}
          change={(one) => set({ leaveAbove: Number(one) })}
        />
        <Choice label={t("format")} value={studio.suffix} options={facts.suffixes.map((suffix) => [suffix, suffix])} change={(suffix) => set({ suffix })} />
        <button class="main" disabled={busy || !some || !studio.canMark} onClick={() => studio.fillWhole()}>
          {t("fill_whole")}
          {studio.hypothesis > 0 && ` (${fillName(studio.shownFill)})`}
        </button>
        {!some && <p class="hint">{t("nothing_marked")}</p>}
        {state.fills.length > 0 && (
          <Choice
            label={t("shown_fill")}
            value={studio.shownFill}
            options={[["", t("no_fill")], ...state.fills.map(({ id }): [string, string] => [id, fillName(id)])]}
            change={(id) => studio.chooseFill(id)}
          />
        )}
      </Section>
      {studio.pieces && studio.pieces.listed.length > 0 && (
        <Section title={t("lacuna_by_lacuna")} hint={t("choice_hint")}>
          {studio.piece && <ChoiceFor key={`${studio.piece.row} ${studio.piece.col}`} studio={studio} piece={studio.piece} />}
          <PieceList studio={studio} label={t("lacuna_by_lacuna")} told={(one) => one.choice && summary(one.choice)} />
        </Section>
      )}
      {state.unfinished.length > 0 && (
        <Section title={t("unfinished")} hint={t("continue_hint")}>
          {state.unfinished.map((name) => (
            <div class="row" key={name}>
              <span class="name">{name}</span>
              <button disabled={busy} onClick={() => studio.ask("resume", { name })}>
                {t("resume")}
              </button>
            </div>
          ))}
        </Section>
      )}
    </>
  );
}
