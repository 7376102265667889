import { Choice, Section, Swatch } from "../parts";
import type { Studio } from "../studio";
import { type Key, named, t } from "../texts";
import { fillName } from "./see";

export function Fill({ studio }: { studio: Studio }) {
  const { facts, state } = studio;
  const busy = state.job?.status === "running";
  const some = facts.classes.some((one) => state.marks.counts[one.name] && studio.policies[one.name] === "fill");
  const set = (change: Partial<Pick<Studio, "engine" | "finish" | "seed" | "samples" | "suffix">>) => {
    Object.assign(studio, change);
    studio.changed();
  };
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
        {!studio.previewFits && <p class="hint">{t("zoom_in_for_preview")}</p>}
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
