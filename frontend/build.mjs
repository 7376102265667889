// Builds the page of the studio into ../src/tratteggio/studio/built: one script, one style sheet, one page.
// Nothing comes from the network, and nothing that is built is committed.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "..", "src", "tratteggio", "studio", "built");

await rm(built, { recursive: true, force: true });
await mkdir(built, { recursive: true });
await build({
  entryPoints: [join(here, "src", "main.tsx")],
  outfile: join(built, "studio.js"),
  bundle: true,
  minify: true,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
});
await cp(join(here, "src", "studio.css"), join(built, "studio.css"));
await cp(join(here, "src", "icon.svg"), join(built, "icon.svg"));

// The licences of what is built in travel with it.
const licences = await Promise.all(
  [["openseadragon", "LICENSE.txt"], ["preact", "LICENSE"]].map(async ([name, file]) => {
    const text = await readFile(join(here, "node_modules", name, file), "utf-8");
    return `${name}\n\n${text.trim()}\n`;
  }),
);
await writeFile(join(built, "licences.txt"), licences.join("\n----\n\n"));
// Last: a page that is there is complete.
await cp(join(here, "src", "index.html"), join(built, "index.html"));
