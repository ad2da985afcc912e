/**
 * The playground in headless Chromium: when there is a picture, what its main thread does in one piece, steps a second
 * beside those of the same session in Node, how soon two moons are learned, and tables of 100,000 rows.
 *
 *     npm run bench:playground -- [--rounds 3]
 *
 * Rounds alternate between Chromium and Node. When there is a picture is timed on a visit that nothing else looks at: a trace,
 * which says what the tasks of a second visit are, takes the processor from them. Times of tasks are given by the clock and of
 * the processor: on a machine that does other work the second alone says what the page did. Needs Chromium (CHROMIUM_PATH).
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createServer } from "vite";
import { tableFromObjects, tableToBytes } from "../dist/index.js";
import { serve } from "../playground/test/serve.mjs";
import { launchChromium } from "../test/browser/chromium.mjs";
import { mainThreadOf } from "../test/browser/mainThread.mjs";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" } } });
const rounds = Number(values.rounds);
const quantile = (list, share) =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))] ?? Number.NaN;
const median = (list) => quantile(list, 0.5);
const shown = (list, digits = 0) => list.map((value) => value.toFixed(digits)).join(", ");

/** Notes on the page when what happens. */
function watch() {
  const seen = { frames: [], messages: [], pictures: [] };
  globalThis.seen = seen;
  let last;
  const tick = (now) => {
    if (last !== undefined) seen.frames.push([now, now - last]);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  const Plain = Worker;
  globalThis.Worker = class extends Plain {
    constructor(...parts) {
      super(...parts);
      this.addEventListener("message", ({ data }) => {
        const at = performance.now();
        if (data === "drawn") {
          seen.pictures.push(at);
          const isFirst = seen.messages.some(({ type }) => type === "snapshot") && !seen.density;
          if (isFirst) seen.density = performance.mark("density").startTime;
        } else seen.messages.push({ at, type: data.type, phase: data.phase, progress: data.progress });
      });
    }
  };
}

const tasksText = (tasks) =>
  `longest tasks of the main thread, ms of processor: ${shown(
    tasks
      .map(({ processor }) => processor)
      .toSorted((a, b) => b - a)
      .slice(0, 3),
  )}; over 50: ${tasks.filter(({ processor }) => processor > 50).length}, by the clock ${tasks.filter(({ clock }) => clock > 50).length}`;

const folder = await mkdtemp(join(tmpdir(), "playground-"));
const browser = await launchChromium();
const host = await serve();

/** Does something with a page of its own. */
async function visited(act) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, serviceWorkers: "block" });
  try {
    await page.addInitScript(watch);
    return await act(page);
  } finally {
    await page.close();
  }
}

/** Does something with a page, and says what its main thread did meanwhile. */
const traced = (link, act) =>
  visited(async (page) => {
    const { result, tasks, untilMark } = await mainThreadOf(page, () =>
      act(page, () => page.goto(`${host.address}${link}`)),
    );
    return { seen: result, tasks, untilDensity: untilMark("density") };
  });

/** Waits until the flow that the page begins with is trained, and gives what was noted meanwhile. */
async function trained(page) {
  await page.waitForFunction(() => document.querySelector("figcaption .note")?.textContent === "done");
  return await page.evaluate(() => globalThis.seen);
}

/** Milliseconds a step of each round, the steps until 0.02 nats are missing, and the time until then. */
function trainingOf(progress) {
  const perRound = progress[0].step;
  const times = progress.slice(1).map(({ step, rate }) => (1000 * (step - perRound)) / rate);
  const each = times.map((time, i) => (time - (times[i - 1] ?? 0)) / perRound);
  const final = progress.at(-1).heldOutLogProb;
  const hit = progress.findIndex(({ heldOutLogProb }) => heldOutLogProb >= final - 0.02);
  return { each, final, steps: progress[hit].step, seconds: (times[Math.max(0, hit - 1)] ?? 0) / 1000 };
}

const vite = await createServer({
  configFile: fileURLToPath(new URL("../playground/vite.config.ts", import.meta.url)),
  logLevel: "error",
  server: { middlewareMode: true, ws: false },
});
const { LiveSession } = await vite.ssrLoadModule("/src/flow/liveSession.ts");
const { drawSet } = await vite.ssrLoadModule("/src/data/sets.ts");
const { firstState } = await vite.ssrLoadModule("/src/state.ts");

/** The training that the page begins with, by its own session. */
async function inNode() {
  const progress = [];
  const { flow, steps, seed, data } = firstState;
  const request = {
    ...{ type: "train", run: 1, threads: 1, energy: undefined, flow, steps, seed },
    ...{ points: drawSet(data.name, data.rows, 1), view: { x: 0, y: 0, half: 3 } },
  };
  const session = new LiveSession(request, (reply) => {
    if (reply.type === "progress") progress.push(reply.progress);
  });
  await session.begin();
  session.stop();
  return trainingOf(progress);
}

const kinds = ["csv", "jsonl", "parquet", "arrow"];

try {
  const fromNode = [];
  const fromPage = [];
  for (let round = 0; round < rounds; round++) {
    const seen = await visited(async (page) => {
      await page.goto(host.address);
      return await trained(page);
    });
    const { tasks, untilDensity } = await traced("", async (page, go) => {
      await go();
      return await trained(page);
    });
    const at = (phase) => seen.messages.find((message) => message.phase === phase).at;
    const frames = seen.frames.filter(([now]) => now > at("training") && now < at("done"));
    console.log(
      `page ${round + 1}: points after ${seen.pictures[0].toFixed(0)} ms, density after ${seen.density.toFixed(0)} ms ` +
        `(${untilDensity.toFixed(0)} ms of processor, all threads); ` +
        `median frame ${median(frames.map(([, time]) => time)).toFixed(1)} ms while training\n  ${tasksText(tasks)}`,
    );
    fromPage.push(trainingOf(seen.messages.flatMap(({ progress }) => progress ?? [])));
    fromNode.push(await inNode());
  }
  for (const [name, trainings] of Object.entries({ Chromium: fromPage, Node: fromNode })) {
    const each = trainings.flatMap((training) => training.each);
    console.log(
      `${name.padEnd(8)} steps a second, one thread: median ${(1000 / median(each)).toFixed(0)}, best tenth ${(1000 / quantile(each, 0.1)).toFixed(0)}; ` +
        `two moons: within 0.02 nats of ${shown(
          trainings.slice(0, 1).map(({ final }) => final),
          3,
        )} after ${trainings[0].steps} steps, seconds ${shown(
          trainings.map(({ seconds }) => seconds),
          2,
        )}`,
    );
  }
  // Numbers, levels, a count, and missing cells.
  const table = tableFromObjects(
    Array.from({ length: 100_000 }, (_, i) => ({
      age: 20 + ((7 * i) % 50),
      city: ["Rome", "Oslo", "Lima"][(i * i) % 3],
      pay: i % 97 === 0 ? null : 1000 + ((7919 * i) % 10_007) / 7,
      weight: 60 + 12 * Math.sin(i) + 5 * Math.cos(i * i),
    })),
  );
  for (const kind of kinds) {
    const path = join(folder, `rows.${kind}`);
    const bytes = await tableToBytes(table, kind);
    await writeFile(path, bytes);
    const { seen, tasks } = await traced("#flow=gaussian,0,0&steps=100", async (page, go) => {
      await go();
      await page.waitForFunction(() => document.querySelector("figcaption .note")?.textContent === "done");
      const begun = await page.evaluate(() => performance.now());
      await page.getByLabel("Open a table").setInputFiles(path);
      await page.locator("canvas.pairs").waitFor();
      return (await page.evaluate(() => performance.now())) - begun;
    });
    console.log(
      `${kind.padEnd(8)} 100,000 rows, ${(bytes.length / 1e6).toFixed(1)} MB: pair plot after ${seen.toFixed(0)} ms\n  ${tasksText(tasks)}`,
    );
  }
} finally {
  await vite.close();
  await browser.close();
  await host.close();
  await rm(folder, { recursive: true });
}
