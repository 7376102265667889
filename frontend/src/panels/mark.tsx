import { Section, Slider, Swatch, pixels } from "../parts";
import type { Studio } from "../studio";
import { named, t } from "../texts";

export function Mark({ studio }: { studio: Studio }) {
  const { facts, state } = studio;
  const marked = facts.classes.filter((one) => state.marks.counts[one.name]);
  const save = async (form: string) => {
    const view = form === "strokes" ? studio.view() : null;
    const answer = await studio.ask<{ files: string[] }>("export", { form, view });
    if (answer) studio.tell(`${t("exported")} ${answer.files.join(", ")}`);
  };
  return (
    <>
      <Section title={t("damage_class")}>
        <div class="classes" role="radiogroup" aria-label={t("damage_class")}>
          {facts.classes.map((one, i) => (
            <label key={one.name} class={studio.damage === one.name ? "chosen" : ""}>
              <input
                type="radio"
                name="damage"
                checked={studio.damage === one.name}
                onChange={() => {
                  studio.damage = one.name;
                  studio.changed();
                }}
              />
              <Swatch colour={one.colour} />
              {named(one.name)}
              <kbd>{i + 1}</kbd>
            </label>
          ))}
        </div>
      </Section>
      <Section title={t("tool_brush")}>
        <Slider
          label={t("brush_size")}
          // Sizes go over four orders of magnitude: the slider goes by their logarithm.
          value={Math.log2(studio.radius)}
          shown={size(2 * studio.radius, facts.um_per_px)}
          least={-1}
          most={Math.log2(Math.max(64, Math.max(facts.rows, facts.cols) / 4))}
          step={0.05}
          change={(value) => {
            studio.radius = 2 ** value;
            studio.overlay.redraw();
            studio.changed();
          }}
        />
      </Section>
      <Section title={t("tool_select")} hint={t("select_hint")}>
        <Slider
          label={t("tolerance")}
          value={studio.tolerance}
          shown={studio.tolerance.toFixed(0)}
          least={1}
          most={60}
          step={1}
          change={(tolerance) => studio.setTolerance({ tolerance })}
        />
        <label class="tick">
          <input
            type="checkbox"
            checked={studio.edges}
            onChange={(event) => studio.setTolerance({ edges: event.currentTarget.checked })}
          />
          {t("stop_at_edges")}
        </label>
      </Section>
      <Section title={t("marked")} hint={t("saved_at_once")}>
        {marked.length === 0 ? (
          <p>{t("nothing_marked")}</p>
        ) : (
          <table>
            <tbody>
              {marked.map((one) => (
                <tr key={one.name}>
                  <th scope="row">
                    <Swatch colour={one.colour} /> {named(one.name)}
                  </th>
                  <td>{pixels(state.marks.counts[one.name]!, facts.um_per_px)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {studio.canMark && (
          <>
            <div class="row">
              {(["masks", "geojson", "strokes"] as const).map((form) => (
                <button key={form} disabled={marked.length === 0} onClick={() => void save(form)}>
                  {t(`export_${form}`)}
                </button>
              ))}
            </div>
            <label class="file">
              <span>{t("import")}</span>
              <input
                type="file"
                accept=".png,.tif,.tiff,.geojson,.json"
                onChange={(event) => {
                  const file = event.currentTarget.files?.[0];
                  if (file) void studio.bringIn(file);
                  event.currentTarget.value = "";
                }}
              />
            </label>
            <p class="hint">{t("import_hint")}</p>
          </>
        )}
      </Section>
    </>
  );
}

function size(px: number, umPerPx: number | null): string {
  const words = `${px < 10 ? px.toFixed(1) : Math.round(px)} px`;
  return umPerPx ? `${words} · ${((px * umPerPx) / 1000).toPrecision(2)} mm` : words;
}
