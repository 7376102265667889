// The paintings of a folder, with thumbnails.

import type { Folder, Listed } from "./api";
import { language, t } from "./texts";

export function Paintings({ folder }: { folder: Folder }) {
  return (
    <div class="folder" lang={language()}>
      <header>
        <h1>
          {folder.folder}
          {folder.read_only && <small class="tag">{t("read_only")}</small>}
        </h1>
      </header>
      <main>
        <ul class="paintings">
          {folder.paintings.map((one) => (
            <li key={one.number}>{one.error ? <Broken one={one} /> : <Painting one={one} />}</li>
          ))}
        </ul>
      </main>
    </div>
  );
}

function Painting({ one }: { one: Listed }) {
  return (
    <a href={`/p/${one.number}/`}>
      <span class="thumbnail">
        <img
          src={`/api/thumbnails/${one.number}`}
          alt=""
          loading="lazy"
          onError={(event) => event.currentTarget.remove()}
        />
      </span>
      <strong>{one.title || one.name}</strong>
      {one.title && <span class="hint">{one.name}</span>}
      <span class="hint">
        {one.cols!.toLocaleString()} × {one.rows!.toLocaleString()} px
        {one.scans!.length > 1 && ` · ${one.scans!.join(", ")}`}
      </span>
      {(one.begun || one.proposals > 0) && (
        <span class="hint">
          {one.begun && t("begun")}
          {one.begun && one.proposals > 0 && " · "}
          {one.proposals > 0 && `${t("proposals")}: ${one.proposals}`}
        </span>
      )}
    </a>
  );
}

function Broken({ one }: { one: Listed }) {
  return (
    <div class="broken">
      <strong>{one.name}</strong>
      <span class="hint">{one.error}</span>
    </div>
  );
}
