import { useState } from "preact/hooks";
import { Section } from "../parts";
import type { Studio } from "../studio";
import { t } from "../texts";
import { fillName } from "./see";

export function Keep({ studio }: { studio: Studio }) {
  const saved = studio.state.fills.filter(({ id }) => id.startsWith("proposal"));
  const busy = studio.state.job?.status === "running" || !studio.canMark;
  const [note, write] = useState("");
  const document = (name: string, what: string) => void studio.ask("document", { name, what });
  return (
    <>
      <Section title={t("proposals")}>
        {saved.length === 0 && <p>{t("no_proposals")}</p>}
        {saved.map(({ id }) => (
          <div key={id} class="proposal">
            <h3>{fillName(id)}</h3>
            <div class="row">
              <button disabled={busy} onClick={() => document(id, "verify")}>{t("verify")}</button>
              <button disabled={busy} onClick={() => document(id, "report")}>{t("report")}</button>
              <button disabled={busy} onClick={() => document(id, "layers")}>{t("open_raster")}</button>
            </div>
          </div>
        ))}
      </Section>
      <Section title={t("log")}>
        {studio.canMark && (
          <form
            class="row"
            onSubmit={(event) => {
              event.preventDefault();
              if (!note.trim()) return;
              void studio.ask("note", { text: note.trim() });
              write("");
            }}
          >
            <input type="text" maxLength={2000} aria-label={t("note")} placeholder={t("note")} value={note} onInput={(event) => write(event.currentTarget.value)} />
            <button>{t("add_note")}</button>
          </form>
        )}
        {studio.state.log.length === 0 && <p>{t("log_empty")}</p>}
        <ol class="log" reversed>
          {[...studio.state.log].reverse().map((entry, i) => (
            <li key={i}>
              <time dateTime={entry.when}>{new Date(entry.when).toLocaleString()}</time> {entry.who}: {entry.what}
              {details(entry) && <span class="hint"> {details(entry)}</span>}
            </li>
          ))}
        </ol>
      </Section>
    </>
  );
}

function details({ when: _when, who: _who, what: _what, ...rest }: Record<string, unknown>): string {
  return Object.entries(rest)
    .map(([name, value]) => (name === "text" ? String(value) : `${name} ${String(value)}`))
    .join(", ");
}
