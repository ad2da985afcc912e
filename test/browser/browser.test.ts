/** The built library in headless Chromium, beside the same calls in Node. */

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRelaxedSimd } from "../../src/engines/wasm/run/capabilities.ts";
import * as entries from "../entries.ts";
import { findChromium, remedy, startBrowser } from "./chromium.mjs";
import { mainThreadOf } from "./mainThread.mjs";

/** The library, on the page and in Node: the functions below run in both, so that they use nothing else. */
type Entries = typeof entries;
declare const pushforward: Entries["top"] & Entries["architectures"] & Entries["random"];

/** Fits a small flow to three columns and returns the model file and the log-likelihoods. */
async function train({
  rows,
  ...options
}: {
  threads: number;
  engine?: "reference";
  rows: number;
  epochs: number;
}) {
  const { fit, neuralSplineFlow, RandomStream, randomKey, tableFromRows } = pushforward;
  const stream = new RandomStream(randomKey(1));
  const values = new Float64Array(3 * rows);
  for (let i = 0; i < values.length; i += 3) {
    const a = stream.normal();
    values.set([a, a * a + 0.3 * stream.normal(), stream.uniform()], i);
  }
  const flow = neuralSplineFlow({ features: 3, transforms: 2, hidden: [16, 16], autoregressive: true });
  const table = tableFromRows(["a", "b", "c"], values);
  const result = await fit(table, { ...options, flow });
  return {
    bytes: Array.from(result.flow.toBytes()),
    logProbs: result.report.history.map(({ trainLogProb }) => trainLogProb),
  };
}

/** Loads a model file, scores rows and draws others. */
async function use({ bytes, rows }: { bytes: readonly number[]; rows: readonly number[] }) {
  const flow = await pushforward.load(Uint8Array.from(bytes));
  return {
    logProb: Array.from(await flow.logProb(Float64Array.from(rows))),
    sample: Array.from((await flow.sample(50, { seed: 3 })).values),
  };
}

/** Rows to train on, which the page makes beforehand. */
function makeRows() {
  const { RandomStream, randomKey } = pushforward;
  const stream = new RandomStream(randomKey(1));
  Object.assign(globalThis, { made: Float64Array.from({ length: 3 * 10_000 }, () => stream.normal()) });
}
declare const made: Float64Array;

/** Trains for four epochs and aborts at the beginning of the fifth; what an epoch took, and the abort, in milliseconds. */
async function trainAndAbort() {
  const { AbortedError, fit, realNVP, tableFromRows } = pushforward;
  const abort = new AbortController();
  const ends: number[] = [];
  let abortedAt = 0;
  try {
    await fit(tableFromRows(["a", "b", "c"], made), {
      flow: realNVP({ features: 3, transforms: 6, hidden: [128, 128] }),
      epochs: 50,
      threads: 2,
      signal: abort.signal,
      onProgress() {
        if (ends.push(performance.now()) !== 4) return;
        setTimeout(() => {
          abortedAt = performance.now();
          abort.abort();
        }, 10);
      },
    });
    return { error: "none", epochs: ends.length, epoch: 0, abort: 0 };
  } catch (error) {
    return {
      error: error instanceof AbortedError ? "AbortedError" : String(error),
      epochs: ends.length,
      epoch: (ends.at(-1)! - ends[0]!) / (ends.length - 1),
      abort: performance.now() - abortedAt,
    };
  }
}

const path = findChromium();
test.runIf(process.env.CI)("there is a Chromium to test in", () => {
  expect(path, remedy).toBeDefined();
});

describe.skipIf(path === undefined)(`in Chromium${path ? "" : ` (skipped: ${remedy})`}`, () => {
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  let isolated: Page;
  let plain: Page;
  beforeAll(async () => {
    Object.assign(globalThis, {
      pushforward: { ...entries.top, ...entries.architectures, ...entries.random },
    });
    browser = await startBrowser();
    isolated = await browser.open({ isolated: true });
    plain = await browser.open();
  });
  afterAll(() => browser?.close());

  const small = { threads: 2, rows: 2000, epochs: 5 };
  /** The same model in Node, and on the isolated page, trained once each. */
  let inNode: ReturnType<typeof train> | undefined;
  let onPage: ReturnType<typeof train> | undefined;
  const trainedInNode = (): ReturnType<typeof train> => (inNode ??= train(small));
  const trainedOnPage = (): ReturnType<typeof train> => (onPage ??= isolated.evaluate(train, small));

  test("a cross-origin isolated page gives the same model on one thread and on two", async () => {
    expect(await isolated.evaluate(() => crossOriginIsolated)).toBe(true);
    const model = await trainedOnPage();
    expect(model.logProbs.length).toBe(5);
    expect(await isolated.evaluate(train, { ...small, threads: 1 })).toEqual(model);
    // Not to the bit: Math.exp and others differ in the last digit between versions of V8.
    const { logProbs } = await trainedInNode();
    model.logProbs.forEach((value, epoch) => {
      expect(Math.abs(value - logProbs[epoch]!)).toBeLessThan(1e-3);
    });
  });

  test("a page trains as the reference engine does", async () => {
    const few = { threads: 2, rows: 200, epochs: 3 };
    const { logProbs } = await isolated.evaluate(train, few);
    const reference = await train({ ...few, engine: "reference" });
    expect(logProbs.length).toBe(3);
    logProbs.forEach((value, epoch) => {
      expect(Math.abs(value - reference.logProbs[epoch]!)).toBeLessThan(1e-3);
    });
  });

  test("a page that is not isolated gives the same model, on one worker", async () => {
    expect(await plain.evaluate(() => crossOriginIsolated)).toBe(false);
    expect(plain.workers().length).toBe(0);
    expect(await plain.evaluate(train, small)).toEqual(await trainedOnPage());
    expect(plain.workers().length).toBe(1);
  });

  test.each(["isolated", "plain"])("a page stays live while it trains: %s", async (kind) => {
    const page = kind === "plain" ? plain : isolated;
    await page.evaluate(makeRows);
    const { result, tasks } = await mainThreadOf(page, () => page.evaluate(trainAndAbort));
    expect(result).toMatchObject({ error: "AbortedError", epochs: 4 });
    // It does not wait for the end of the epoch, however fast the machine is.
    expect(result.abort).toBeLessThan(0.4 * result.epoch);
    expect(tasks.length).toBeGreaterThan(100);
    expect(Math.max(...tasks.map(({ processor }) => processor))).toBeLessThan(50);
  });

  test("a model saved in Node is loaded on a page, scores rows and draws others", async () => {
    const { bytes } = await trainedInNode();
    const rows = [0, 0.1, 0.5, 1, 1.2, 0.9, -2, 3.8, 0.1, 50, -70, 0.5];
    const inNode = await use({ bytes, rows });
    for (const page of [isolated, plain]) {
      const onPage = await page.evaluate(use, { bytes, rows });
      if (hasRelaxedSimd()) expect(onPage.logProb).toEqual(inNode.logProb);
      for (const name of ["logProb", "sample"] as const)
        onPage[name].forEach((value, i) => {
          expect(Math.abs(value - inNode[name][i]!) / (1 + Math.abs(value))).toBeLessThan(1e-4);
        });
    }
  });

  test.each([
    ["'wasm-unsafe-eval'", "`worker-src blob:`"],
    ["", "`script-src 'wasm-unsafe-eval'`"],
  ])("a page whose policy forbids what the engine needs is told so: %s", async (allowed, named) => {
    const page = await browser.open({ policy: `script-src 'self' 'unsafe-inline' ${allowed}` });
    await expect(page.evaluate(train, small)).rejects.toThrow(named);
  });
});
