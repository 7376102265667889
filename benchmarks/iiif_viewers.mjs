// Opens a published painting in OpenSeadragon and in Mirador, looks around, and lists every request that failed.
//
//     node benchmarks/iiif_viewers.mjs SITE PORT FOLDER PACKAGES PICTURES
//
// SITE is the folder that `python -m http.server PORT` hands out, FOLDER the published one in it, PACKAGES a
// folder whose node_modules hold playwright-core, openseadragon and mirador, PICTURES a folder for screenshots.
// Two pages are written into SITE. Prints one line of JSON; exits with 1 if anything failed.
import { createRequire } from "node:module";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [, , site, port, folder, packages, pictures] = process.argv;
const require = createRequire(join(packages, "package.json"));
const { chromium } = require("playwright-core");
const origin = `http://localhost:${port}`;

function bring(name, file) {
  const home = join(packages, "node_modules", name, file);
  copyFileSync(home, join(site, file.split("/").pop()));
}
bring("openseadragon", "build/openseadragon/openseadragon.min.js");
bring("mirador", "dist/mirador.min.js");
writeFileSync(join(site, "osd.html"), `<!doctype html><meta charset="utf-8"><title>OpenSeadragon</title>
<style>#v{width:1200px;height:800px;background:#333}</style><div id="v"></div>
<script src="openseadragon.min.js"></script><script>
const name = new URLSearchParams(location.search).get("image");
window.viewer = OpenSeadragon({ id: "v", tileSources: name + "/info.json", showNavigator: true, prefixUrl: "none/",
  showNavigationControl: false });
</script>`);
writeFileSync(join(site, "mirador.html"), `<!doctype html><meta charset="utf-8"><title>Mirador</title><div id="m"></div>
<script src="mirador.min.js"></script><script>
window.mirador = Mirador.viewer({ id: "m", windows: [{ manifestId: new URLSearchParams(location.search).get("manifest"),
  sideBarOpen: true, sideBarPanel: "layers" }], window: { panels: { layers: true, info: true, annotations: true } } });
</script>`);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const told = { requests: 0, failed: [], errors: [], layers: [] };

async function open(url) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.on("response", (answer) => {
    told.requests += 1;
    if (answer.status() >= 400 && !answer.url().endsWith("favicon.ico")) told.failed.push(`${answer.status()} ${answer.url()}`);
  });
  page.on("requestfailed", (request) => {
    if (request.failure()?.errorText !== "net::ERR_ABORTED") told.failed.push(`${request.failure()?.errorText} ${request.url()}`);
  });
  page.on("pageerror", (error) => told.errors.push(error.message));
  await page.goto(url);
  return page;
}

const manifest = await (await fetch(`${origin}/${folder}/manifest.json`)).json();
const body = manifest.items[0].items[0].items[0].body;
const layers = body.type === "Choice" ? body.items : [body];
for (const layer of layers) {
  const name = new URL(layer.service[0].id).pathname.split("/").pop();
  told.layers.push(name);
  const page = await open(`${origin}/osd.html?image=${folder}/${name}`);
  await page.waitForFunction(() => window.viewer?.world.getItemCount() > 0, undefined, { timeout: 60000 });
  for (const [zoom, x, y] of [[1, 0.5, 0.5], [2, 0.3, 0.3], [4, 0.9, 0.6], [8, 0.95, 0.7], [16, 0.1, 0.1], [1, 0.5, 0.5]]) {
    await page.evaluate(([zoom, x, y]) => {
      const home = viewer.world.getItemAt(0).getBounds();
      viewer.viewport.zoomTo(zoom * viewer.viewport.getHomeZoom(), null, true);
      viewer.viewport.panTo(new OpenSeadragon.Point(x * home.width, y * home.height), true);
    }, [zoom, x, y]);
    await page.waitForFunction(() => viewer.world.getItemAt(0).getFullyLoaded(), undefined, { timeout: 60000 });
    if (zoom === 8) await page.screenshot({ path: join(pictures, `osd-${name}-near.png`) });
  }
  await page.screenshot({ path: join(pictures, `osd-${name}.png`) });
  await page.close();
}
const page = await open(`${origin}/mirador.html?manifest=${encodeURIComponent(`${origin}/${folder}/manifest.json`)}`);
await page.waitForSelector("canvas", { timeout: 120000 });
await page.waitForTimeout(5000);
await page.screenshot({ path: join(pictures, "mirador-layers.png") });
told.mirador = {};
for (const tab of ["Information", "Annotations", "Layers"]) {
  const button = page.locator(`[role=tab][aria-label*="${tab}" i]`).first();
  told.mirador[tab] = await button.count();
  if (!told.mirador[tab]) continue;
  await button.click();
  await page.waitForTimeout(1500);
  if (tab === "Annotations") {
    const show = page.locator('button[aria-label*="highlight" i], button[aria-label*="show" i][aria-label*="annotation" i]');
    told.mirador.shown = await show.count();
    if (told.mirador.shown) await show.first().click();
    await page.waitForTimeout(2500);
  }
  await page.screenshot({ path: join(pictures, `mirador-${tab.toLowerCase()}.png`) });
}
await browser.close();
console.log(JSON.stringify(told));
process.exit(told.failed.length + told.errors.length ? 1 : 0);
