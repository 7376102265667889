// Drives the page of the studio in Chromium. Called by test_browser.py with a scenario and the address; prints
// one line of JSON with what it saw.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [, , frontend, chromium, scenario, address, folder] = process.argv;
const require = createRequire(`${frontend}/package.json`);
const { chromium: browserType } = require("playwright-core");

// Several scenarios share one Chromium; the pictures of the tutorial start their own.
const browser = chromium.startsWith("ws:")
  ? await browserType.connect(chromium)
  : await browserType.launch({ executablePath: chromium, args: ["--no-sandbox"] });
// Of this scenario alone: nothing is left of another one.
const context = await browser.newContext({ hasTouch: scenario === "touch" });
const seen = { errors: [], outside: [] };

const folderAddress = scenario === "folder" ? address : null;

async function open(url = address, size = { width: 1366, height: 768 }) {
  const page = await context.newPage();
  await page.setViewportSize(size);
  const own = new URL(address).origin;
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(own) && !/^(blob|data):/.test(url)) seen.outside.push(url);
  });
  await page.goto(url);
  if (url === folderAddress) return page;
  await loaded(page);
  return page;
}

async function loaded(page) {
  await page.waitForFunction(() => window.studio?.viewer?.affine());
  await page.waitForFunction(() => !studio.viewer.osd.isAnimating?.() && studio.overlay.loaded);
  await page.waitForTimeout(700);
}

/** Wait until strokes are answered and the overlay shows the server's tiles; return its pixels. */
async function overlay(page) {
  await page.mouse.move(5, 400); // the ring of the brush is no mark
  return page.evaluate(async () => {
    await studio.settled();
    for (let i = 0; i < 200; i += 1) {
      studio.overlay.draw();
      if (studio.overlay.loaded) break;
      await new Promise((done) => setTimeout(done, 25));
    }
    document.activeElement?.blur();
    studio.overlay.draw();
    const { canvas } = studio.overlay;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let hash = 0;
    let marked = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3]) marked += 1;
      hash = (Math.imul(hash, 31) + data[i] + data[i + 1] * 7 + data[i + 2] * 13 + data[i + 3] * 17) | 0;
    }
    return { hash, marked };
  });
}

async function drag(page, points) {
  await page.mouse.move(...points[0]);
  await page.mouse.down();
  for (const point of points) await page.mouse.move(...point);
  await page.mouse.up();
}

async function jobEnds(page, task) {
  await page.waitForFunction(
    (wanted) => studio.state.job?.task === wanted && studio.state.job.status !== "running",
    task,
    { timeout: 120_000 },
  );
  return page.evaluate(() => studio.state.job);
}

const wave = (x, y, n = 25) => Array.from({ length: n }, (_, i) => [x + 5 * i, y + 30 * Math.sin(i / 4)]);

const scenarios = {
  /** From the first look to a verified proposal. */
  async work() {
    const page = await open();
    const said = {};
    await page.keyboard.press("b");
    await drag(page, wave(480, 300));
    said.marked = await page.evaluate(async () => (await studio.settled(), studio.state.marks.counts));
    await page.mouse.move(500, 310);
    await page.waitForFunction(() => studio.cursor !== null);
    said.values = await page.evaluate(() => studio.cursor.samples);
    await page.click("#tab-detect");
    await page.selectOption("#panel select", "tophat");
    await page.click("#panel button.main");
    said.detect = (await jobEnds(page, "detect")).status;
    await page.click("#tab-fill");
    await page.selectOption("#panel section:nth-of-type(2) select", "diffusion");
    await page.keyboard.press("0");
    await page.click("text=Preview what is in view");
    said.preview = (await jobEnds(page, "preview")).status;
    await page.waitForFunction(() => studio.shownFill === "preview");
    await page.click("text=Fill all marks");
    said.fill = (await jobEnds(page, "fill")).result;
    await page.waitForFunction(() => studio.shownFill === "proposal-1");
    await page.click("#tab-keep");
    await page.click("text=Report");
    said.report = (await jobEnds(page, "report")).result;
    await page.waitForSelector("text=panel.proposal-1.report.html");
    said.told = await page.textContent(".told");
    await page.close();
    // Next week: all is there again.
    const again = await open();
    said.again = await page_state(again);
    return said;
  },

  /** A stroke, undone and done again, in pixels. */
  async strokes() {
    const page = await open();
    const said = { empty: await overlay(page) };
    await page.keyboard.press("b");
    await drag(page, wave(480, 300));
    said.one = await overlay(page);
    await page.keyboard.press("3");
    await page.keyboard.press("l");
    await drag(page, [[560, 420], [680, 430], [650, 520], [560, 500]]);
    said.two = await overlay(page);
    await page.keyboard.press("e");
    await drag(page, [[500, 420], [700, 470]]);
    said.three = await overlay(page);
    said.counts = await page.evaluate(() => studio.state.marks.counts);
    const keys = async (key) => {
      await page.keyboard.press(key);
      return overlay(page);
    };
    said.back = [await keys("Control+z"), await keys("Control+z"), await keys("Control+z")];
    said.forth = [await keys("Control+y"), await keys("Control+Shift+z"), await keys("Control+y")];
    // By the keyboard alone: a dab at the cross in the middle of the view.
    await page.focus(".openseadragon-canvas");
    await page.keyboard.press("b");
    await page.keyboard.press("Enter");
    said.dab = await page.evaluate(async () => (await studio.settled(), studio.state.marks.undo));
    said.times = await page.evaluate(() => [...studio.overlay.times].sort((a, b) => a - b));
    return { ...said, times: said.times.length, slow_ms: said.times[Math.floor(said.times.length * 0.95)] };
  },

  /** The list of a folder, a painting from it, false colour, and the look that comes back. */
  async folder() {
    const page = await open();
    const said = { names: await page.locator(".paintings strong").allTextContents() };
    await page.waitForFunction(() => [...document.images].every((one) => one.complete && one.naturalWidth));
    await page.click("text=panel.ome.zarr");
    await loaded(page);
    const mean = () => page.evaluate(() => {
      const canvas = document.querySelector(".painting canvas");
      const { data } = canvas.getContext("2d").getImageData(canvas.width / 2 - 40, canvas.height / 2 - 40, 80, 80);
      const sums = [0, 0, 0];
      for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c += 1) sums[c] += data[i + c] / (data.length / 4);
      return sums;
    });
    said.before = await mean();
    await page.selectOption("section:has(h2:text('False colour')) select", "false_infrared");
    await page.waitForTimeout(1500);
    said.infrared = await mean();
    await page.keyboard.press("w");
    await page.mouse.click(500, 400);
    await page.waitForFunction(() => studio.tones.rgb?.red !== undefined && studio.tones.rgb.red !== 1);
    await page.evaluate(() => studio.viewer.zoomBy(3));
    await page.waitForTimeout(2500); // the look is kept when the hand rests
    said.stand = await page.evaluate(() => studio.viewer.stand());
    await page.click("text=Folder");
    await page.waitForSelector("text=begun");
    await page.click("text=panel.ome.zarr");
    await loaded(page);
    said.again = await page.evaluate(() => ({ mix: studio.mix, red: studio.tones.rgb.red, stand: studio.viewer.stand() }));
    return said;
  },

  /** Findings one by one, a selection by colour, and a choice for one lacuna. */
  async pieces() {
    const page = await open();
    const said = {};
    await page.click("#tab-detect");
    await page.selectOption("#panel select", "tophat");
    await page.click("#panel button.main");
    await jobEnds(page, "detect");
    await page.waitForFunction(() => studio.pieces?.listed.length > 1);
    await page.focus(".openseadragon-canvas");
    await page.keyboard.press("n");
    said.first = await page.evaluate(() => studio.piece);
    await page.keyboard.press("a");
    await page.waitForFunction(() => studio.pieces?.listed[0].decided === "accepted");
    await page.keyboard.press("d");
    await page.waitForFunction(() => studio.pieces?.listed[1].decided === "rejected");
    said.marked = await page.evaluate(() => studio.state.marks.counts);
    await page.keyboard.press("0");
    await page.click("#tab-mark");
    await page.keyboard.press("g");
    await page.keyboard.press("4"); // as a stain
    await drag(page, wave(560, 300, 6));
    said.selected = await page.evaluate(async () => (await studio.settled(), studio.state.marks.counts.stain));
    await page.evaluate(async () => {
      studio.setTolerance({ tolerance: 40, edges: false });
      await new Promise((done) => setTimeout(done, 400));
      await studio.settled();
    });
    said.more = await page.evaluate(() => studio.state.marks.counts.stain);
    said.steps = await page.evaluate(() => studio.state.marks.undo);
    await page.keyboard.press("Control+z");
    await page.keyboard.press("b");
    await page.keyboard.press("1");
    await drag(page, wave(480, 500));
    await page.evaluate(() => studio.settled());
    await page.click("#tab-fill");
    await page.waitForFunction(() => studio.pieces?.listed.length);
    await page.click("ol.pieces button");
    await page.selectOption(".choosing select >> nth=1", "neutral");
    await page.waitForFunction(() => studio.piece?.choice?.finish === "neutral");
    await page.check(".choosing input[type=checkbox]");
    await page.fill(".choosing input[type=text]", "part of the work");
    await page.click(".choosing form button");
    await page.waitForFunction(() => studio.piece?.choice?.leave === "part of the work");
    said.log = (await page_state(page)).log.map((entry) => entry.what);
    return said;
  },

  /** How long the overlay is drawn while the brush moves, at several zooms; for the benchmark. */
  async brush() {
    const page = await open();
    await page.keyboard.press("b");
    const said = [];
    for (const zoom of [1, 8, 64, 512]) {
      await page.evaluate((zoom) => {
        const { viewport } = studio.viewer.osd;
        viewport.goHome(true);
        viewport.zoomBy(zoom, undefined, true);
        viewport.applyConstraints(true);
        studio.radius = 12 / studio.viewer.scale();
        studio.overlay.times.length = 0;
      }, zoom);
      await page.waitForTimeout(1000);
      for (let i = 0; i < 4; i += 1) await drag(page, wave(300, 200 + 100 * i, 60));
      await page.evaluate(() => studio.settled());
      said.push(
        await page.evaluate((zoom) => {
          const times = [...studio.overlay.times].sort((a, b) => a - b);
          const at = (share) => times[Math.floor(share * times.length)].toFixed(1);
          return `zoom ${zoom}: ${times.length} drawings, median ${at(0.5)} ms, 95 % below ${at(0.95)} ms`;
        }, zoom),
      );
    }
    return said;
  },

  /** Two fingers move and enlarge the view while a brush is chosen; one finger draws. */
  async touch() {
    const page = await open(address, { width: 1024, height: 768 });
    await page.keyboard.press("b");
    const client = await context.newCDPSession(page);
    const touch = (type, ...points) =>
      client.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    const before = await page.evaluate(() => studio.viewer.stand());
    await touch("touchStart", [400, 400]);
    await touch("touchMove", [405, 400]);
    await touch("touchStart", [405, 400], [500, 400]);
    for (let i = 1; i <= 10; i += 1) await touch("touchMove", [405 - 5 * i, 400 + 4 * i], [500 + 5 * i, 400 + 4 * i]);
    await touch("touchEnd", [355, 440]);
    await touch("touchMove", [300, 300]);
    await touch("touchEnd");
    await page.waitForTimeout(300);
    const after = await page.evaluate(() => studio.viewer.stand());
    const pinched = await page.evaluate(() => studio.state.marks.undo);
    await touch("touchStart", [400, 400]);
    await touch("touchMove", [450, 420]);
    await touch("touchEnd");
    const drawn = await page.evaluate(async () => (await studio.settled(), studio.state.marks.undo));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    return { before, after, pinched, drawn, wide };
  },

  /** A tab that is closed in the middle of a stroke loses that stroke at most. */
  async closed() {
    const page = await open();
    await page.keyboard.press("b");
    await drag(page, wave(480, 300));
    await page.evaluate(() => studio.settled());
    await page.mouse.move(400, 400);
    await page.mouse.down();
    await page.mouse.move(500, 450);
    await page.close();
    return page_state(await open());
  },

  /** What lies left and right of the curtain, at two zooms, turned and not. */
  async curtain() {
    const page = await open();
    const said = [];
    for (const [zoom, turns] of [[1, 0], [32, 0], [4, 1]]) {
      await page.evaluate(
        ([zoom, turns]) => {
          const { viewport } = studio.viewer.osd;
          viewport.setRotation(90 * turns, true);
          viewport.goHome(true);
          viewport.zoomBy(zoom, undefined, true);
          viewport.applyConstraints(true);
          studio.compare("curtain", "scan:irr");
          studio.moveCurtain(0.5);
        },
        [zoom, turns],
      );
      await page.waitForTimeout(1500);
      said.push(
        await page.evaluate(() => {
          const canvas = document.querySelector(".painting canvas");
          const context = canvas.getContext("2d");
          const { width, height } = canvas;
          // Beside the curtain and away from it; infrared is grey, the painting in colour.
          const grey = (from, to) => {
            const { data } = context.getImageData(from, height * 0.3, to - from, height * 0.4);
            let plain = 0;
            let coloured = 0;
            for (let i = 0; i < data.length; i += 4) {
              if (data[i + 3] < 255) continue;
              const spread = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
              if (spread > 6) coloured += 1;
              else plain += 1;
            }
            return plain / (plain + coloured);
          };
          const middle = width / 2;
          return { left: grey(middle - 60, middle - 3), right: grey(middle + 3, middle + 60) };
        }),
      );
    }
    return said;
  },

  /** Every panel, the list of keys and a message, as axe-core judges them. */
  async accessible() {
    const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");
    const found = [];
    for (const language of ["en", "it"]) {
      const page = await open();
      await page.evaluate((name) => localStorage.setItem("language", name), language);
      await page.reload();
      await page.waitForFunction(() => window.studio?.viewer?.affine());
      await page.evaluate(axe); // the page's own policy takes no other script
      const judge = async (where) => {
        const result = await page.evaluate(() => axe.run());
        for (const { id, impact, nodes } of result.violations) {
          if (["serious", "critical"].includes(impact)) found.push({ where, id, nodes: nodes.map((n) => n.html) });
        }
      };
      for (const tab of ["see", "mark", "detect", "fill", "keep"]) {
        await page.click(`#tab-${tab}`);
        await judge(`${language} ${tab}`);
      }
      await page.evaluate(() => studio.tell("A message", true));
      await page.keyboard.press("c");
      await judge(`${language} curtain`);
      await page.keyboard.press("?");
      await page.waitForSelector("dialog[open]");
      await judge(`${language} keys`);
      await page.close();
    }
    return found;
  },

  /** The pictures of the tutorial. */
  async pictures() {
    const page = await open();
    const shot = (name) => page.screenshot({ path: `${folder}/${name}.png` });
    await page.click("#tab-see");
    await shot("studio_see");
    await page.click("#tab-mark");
    await page.keyboard.press("l");
    for (const [x, y, r] of LOSSES) {
      await drag(page, Array.from({ length: 25 }, (_, i) => [
        x + r * Math.cos((i * Math.PI) / 12),
        y + r * Math.sin((i * Math.PI) / 12),
      ]));
    }
    await page.evaluate(() => studio.settled());
    await page.keyboard.press("b");
    await page.mouse.move(620, 300);
    await page.waitForTimeout(500);
    await shot("studio_mark");
    await page.click("#tab-detect");
    await page.click("#panel button.main");
    await jobEnds(page, "detect");
    await page.waitForFunction(() => studio.pieces?.listed.length > 1);
    await page.focus(".openseadragon-canvas");
    for (const key of ["n", "a", "d", "n"]) await page.keyboard.press(key, { delay: 400 });
    await page.evaluate(() => document.querySelector("ol.pieces").scrollIntoView({ block: "end" }));
    await page.waitForTimeout(1200);
    await shot("studio_detect");
    await page.keyboard.press("0");
    await page.evaluate(() => studio.adjust("strength", { visible: false }));
    await page.click("#tab-fill");
    await page.click("text=Preview what is in view");
    await jobEnds(page, "preview");
    await page.waitForFunction(() => studio.shownFill === "preview");
    await page.keyboard.press("v");
    await page.waitForTimeout(1200);
    await shot("studio_fill");
    await page.close();
    return [];
  },

  /** Every panel at two sizes, for looking at. */
  async panels() {
    for (const [width, height] of [[1366, 768], [1920, 1080]]) {
      const page = await open(address, { width, height });
      for (const tab of ["see", "mark", "detect", "fill", "keep"]) {
        await page.click(`#tab-${tab}`);
        await page.waitForTimeout(600);
        if (tab === "fill") await page.evaluate(() => studio.pieces && studio.nextPiece(1));
        for (const part of ["top", "end"]) {
          if (part === "end") await page.evaluate(() => document.getElementById("panel").scrollTo(0, 1e6));
          await page.waitForTimeout(300);
          await page.screenshot({ path: `${folder}/${tab}-${width}-${part}.png` });
        }
      }
      await page.close();
    }
    return [];
  },
};

// Where the panel of the tutorial has losses, on the screen of 1366 x 768.
const LOSSES = [[318, 618, 40], [738, 620, 32], [503, 362, 28], [595, 172, 28], [625, 470, 22], [415, 673, 20]];

async function page_state(page) {
  return page.evaluate(() => studio.state);
}

try {
  const said = await scenarios[scenario]();
  console.log(JSON.stringify({ said, ...seen }));
} finally {
  await context.close();
  await browser.close(); // of a shared one only the connection
}
