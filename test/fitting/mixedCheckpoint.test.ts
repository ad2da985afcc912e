/** Fits of mixed columns that are stopped: they go on to the same bytes, or keep the best model so far. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import type { FitResult } from "../../src/fitting/fitReport.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";

const folder = mkdtempSync(join(tmpdir(), "pushforward-mixed-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}.checkpoint`);

const stream = new RandomStream(randomKey(2));
const table = tableFromObjects(
  Array.from({ length: 200 }, (_, row) => ({
    kind: ["a", "b", "c"][row % 3]!,
    size: Math.round(5 + (row % 3) + stream.normal()),
    price: row % 7 === 0 ? null : Math.exp(stream.normal()),
    weight: 1 + stream.uniform(),
  })),
);
// Patience for all epochs: each is one to stop at.
const options: FitOptions = { hidden: [8], epochs: 8, patience: 8, threads: 1, seed: 3, weights: "weight" };

/** Runs a fit until an epoch is done, then stops it from outside. */
async function stopAt(epoch: number, own: FitOptions): Promise<FitResult> {
  const controller = new AbortController();
  return await fit(table, {
    ...own,
    signal: controller.signal,
    onProgress: (progress) => {
      if (progress.epoch >= epoch) controller.abort();
    },
  });
}

let whole: FitResult;
beforeAll(async () => {
  whole = await fit(table, options);
});

describe("a fit of mixed columns", () => {
  it("repeats by its seed on any number of threads, and not by another", async () => {
    const again = await fit(table, { ...options, threads: 2 });
    expect(again.flow.toBytes()).toEqual(whole.flow.toBytes());
    const other = await fit(table, { ...options, seed: 4 });
    expect(other.flow.toBytes()).not.toEqual(whole.flow.toBytes());
  });

  // Two members of 8 epochs each: in the first and in the second.
  it.each([3, 11])("that was killed in epoch %i goes on to the bytes of one that was not", async (epoch) => {
    const checkpoint = newFile();
    await expect(stopAt(epoch, { ...options, checkpoint })).rejects.toThrow(AbortedError);
    const seen: number[] = [];
    const resumed = await fit(table, {
      ...options,
      checkpoint,
      resume: true,
      threads: 2,
      onProgress: ({ epoch }) => seen.push(epoch),
    });
    expect(seen).toEqual(Array.from({ length: 16 - epoch }, (_, i) => epoch + 1 + i));
    expect(resumed.flow.toBytes()).toEqual(whole.flow.toBytes());
    expect(resumed.report.history).toEqual(whole.report.history);
    for (const own of [{ seed: 4 }, { hidden: [9] }, { missing: "marginal" }, { epochs: 9 }] as FitOptions[])
      await expect(fit(table, { ...options, checkpoint, resume: true, ...own })).rejects.toThrow(UsageError);
  });

  it.each([3, 11])(
    "that is stopped in epoch %i keeps its best model where that is asked for",
    async (epoch) => {
      const { flow, report } = await stopAt(epoch, { ...options, keepOnAbort: true });
      expect(report.interrupted).toBe(true);
      expect((await flow.logProb(table)).every(Number.isFinite)).toBe(true);
      expect(report.epochs).toBe(epoch);
    },
  );
});
