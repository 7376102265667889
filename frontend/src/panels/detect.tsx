import { useState } from "preact/hooks";
import { Choice, Section, Slider } from "../parts";
import type { Studio } from "../studio";
import { named, t } from "../texts";
import { PieceList } from "./pieces";

export function Detect({ studio }: { studio: Studio }) {
  const { detectors } = studio.facts;
  const names = detectors.map(([words]) => words.split(":")[0]!);
  const [chosen, choose] = useState(names.includes("lacunae") ? "lacunae" : names[0]!);
  const { strength, job } = studio.state;
  const busy = job?.status === "running";
  const accept = async (view: unknown) => {
    const answer = await studio.ask<{ marked_px: number }>("accept", { threshold: studio.threshold, view });
    if (!answer) return;
    studio.overlay.everythingChanged();
    studio.tell(`${t("accepted")} ${answer.marked_px.toLocaleString()}`);
  };
  return (
    <Section title={t("tab_detect")} hint={t("detect_hint")}>
      <Choice
        label={t("detector")}
        value={chosen}
        options={names.map((name) => [name, name])}
        change={choose}
      />
      <p class="hint">{detectors.find(([words]) => words.split(":")[0] === chosen)?.[1]}</p>
      <button class="main" disabled={busy || !studio.canMark} onClick={() => studio.ask("detect", { detector: chosen })}>
        {t("detect")}
      </button>
      <h3>{t("teach")}</h3>
      <p class="hint">{t("teach_hint")}</p>
      <button disabled={busy || !studio.canMark || !studio.previewFits} onClick={() => studio.ask("teach", studio.view())}>
        {t("teach_view")}
      </button>
      {strength && (
        <>
          <h3>
            {strength.detector.split(":")[0]}: {named(strength.damage)}
          </h3>
          <Slider
            label={t("threshold")}
            value={studio.threshold}
            shown={studio.threshold.toFixed(2)}
            least={0.02}
            most={1}
            step={0.01}
            change={(value) => {
              studio.threshold = value;
              studio.show();
            }}
          />
          <p class="hint">{t("threshold_hint")}</p>
          <div class="row">
            <button disabled={!studio.canMark} onClick={() => void accept(studio.view())}>{t("accept_view")}</button>
            <button disabled={!studio.canMark} onClick={() => void accept(null)}>{t("accept_all")}</button>
          </div>
          <h3>{t("one_by_one")}</h3>
          <Choice
            label={t("order")}
            value={studio.order}
            options={[["size", t("by_size")], ["doubt", t("by_doubt")]]}
            change={(order) => {
              studio.order = order as typeof studio.order;
              studio.changed();
            }}
          />
          <div class="row">
            <button disabled={!studio.canMark || !studio.piece} onClick={() => void studio.decide(true)} title="A">{t("accept_piece")}</button>
            <button disabled={!studio.canMark || !studio.piece} onClick={() => void studio.decide(false)} title="D">{t("reject_piece")}</button>
          </div>
          <p class="hint">{t("piece_columns")}</p>
          <PieceList
            studio={studio}
            label={t("one_by_one")}
            told={(one) => `${one.strength?.toFixed(2)}${one.decided ? ` · ${t(one.decided === "accepted" ? "is_accepted" : "is_rejected")}` : ""}`}
          />
        </>
      )}
    </Section>
  );
}
