/** Fits of mixed columns of any order, end to end: all sets of columns are answered without draws, by a model like others. */

import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { crossFit } from "../../src/fitting/crossFit.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import type { FitResult } from "../../src/fitting/fitReport.ts";
import { load } from "../../src/models/flow.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromObjects, tableToObjects } from "../../src/tables/reading/tableFromObjects.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder();
const stream = new RandomStream(randomKey(5));
/** The region decides the size, and both the price; some prices are missing. */
const objects = Array.from({ length: 400 }, () => {
  const region = stream.uniform() < 0.5 ? "north" : "south";
  const size = Math.max(1, Math.round((region === "north" ? 6 : 3) + stream.normal()));
  const price = size * Math.exp(0.2 * stream.normal());
  return { price: stream.uniform() < 0.1 ? null : price, size, region, garden: stream.uniform() < size / 12 };
});
const table = tableFromObjects(objects);
const options: FitOptions = { anyOrder: true, hidden: [16], epochs: 40, seed: 2, threads: 1 };
const given = { threads: 1 };

let result: FitResult;
beforeAll(async () => {
  result = await fit(table, options);
});

const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe("a flow of any order", () => {
  it("says what it is, needs no kind to be named, and comes back from its file", async () => {
    const { flow } = result;
    expect(flow.description.kind).toBe("columns");
    expect(flow.description.bijection).toMatchObject({ anyOrder: true });
    expect(flow.toString()).toContain("any order");
    const loaded = await load(flow.toBytes());
    const question = { columns: ["size"], given: ["price", "region"], ...given };
    expect(await loaded.marginal(table, question)).toEqual(await flow.marginal(table, question));
  });

  it("answers every set of columns without draws, and better than without what is given", async () => {
    const { flow } = result;
    const names = flow.columns;
    for (let set = 1; set < 15; set++) {
      const asked = names.filter((_, i) => (set >> i) & 1);
      const others = names.filter((name) => !asked.includes(name));
      const { logProb, standardError, effectiveSize } = await flow.marginal(table, {
        columns: asked,
        given: others,
        ...given,
      });
      expect(logProb.every(Number.isFinite)).toBe(true);
      expect(standardError.every((error) => error === 0)).toBe(true);
      expect(effectiveSize.every((size) => size === Number.POSITIVE_INFINITY)).toBe(true);
    }
    const knowing = await flow.marginal(table, { columns: ["region"], given: ["size"], ...given });
    const alone = await flow.marginal(table, { columns: ["region"], ...given });
    expect(meanOf(knowing.logProb) - meanOf(alone.logProb)).toBeGreaterThan(0.2);
  });

  it("has densities of sets that nearly agree with one another", async () => {
    const { flow } = result;
    const pair = await flow.marginal(table, { columns: ["region", "size"], ...given });
    for (const [first, second] of [
      ["region", "size"],
      ["size", "region"],
    ] as const) {
      const alone = await flow.marginal(table, { columns: [first], ...given });
      const rest = await flow.marginal(table, { columns: [second], given: [first], ...given });
      const gaps = pair.logProb.map((value, row) => value - alone.logProb[row]! - rest.logProb[row]!);
      expect(Math.sqrt(meanOf(gaps.map((gap) => gap ** 2)))).toBeLessThan(0.25);
    }
  });

  it("samples given any columns, and fills missing cells in, without weights", async () => {
    const { flow } = result;
    let effectiveSize = 0;
    const sample = await flow.sample(200, {
      given: { region: "north", size: { from: 5 } },
      seed: 1,
      ...given,
      onGiven: (report) => {
        ({ effectiveSize } = report);
      },
    });
    expect(effectiveSize).toBe(Number.POSITIVE_INFINITY);
    expect(tableToObjects(sample).every((row) => row.region === "north" && (row.size as number) >= 5)).toBe(
      true,
    );
    const {
      tables,
      filled,
      effectiveSize: sizes,
    } = await flow.impute(table, { draws: 2, seed: 1, ...given });
    expect(filled).toBe(objects.filter(({ price }) => price === null).length);
    expect(sizes.every((size) => size === Number.POSITIVE_INFINITY)).toBe(true);
    const [first, second] = tables.map((own) => tableToObjects(own).map(({ price }) => price as number));
    expect(first!.every((price) => price > 0)).toBe(true);
    objects.forEach(({ price }, row) => {
      if (price !== null) expect(first![row]).toBe(price);
      else expect(first![row]).not.toBe(second![row]);
    });
  });

  it("has quantiles that its distribution function knows", async () => {
    const { flow } = result;
    const how = { column: "size", given: { price: [2, 8], region: "north" }, ...given };
    const { table: quantiles } = await flow.quantile({ ...how, at: [0.1, 0.9] });
    const rows = tableToObjects(quantiles) as Record<string, number>[];
    expect(rows[0]!["0.9"]).toBeLessThan(rows[1]!["0.9"]!);
    const { probability } = await flow.cdf({ ...how, at: [rows[0]!["0.9"]!, rows[0]!["0.9"]! - 1] });
    expect(probability[0]).toBeGreaterThanOrEqual(0.9);
    expect(probability[1]).toBeLessThan(0.9);
  });

  it("scores rows that miss a cell which none did by what is there", async () => {
    const { flow } = result;
    const lines: string[] = [];
    const rows = objects.slice(0, 20);
    const score = await flow.logProb(
      rows.map((row) => ({ ...row, size: null })),
      { onWarning: (line) => lines.push(line), ...given },
    );
    const others = ["price", "region", "garden"];
    const { logProb } = await flow.marginal(rows, { columns: others, ...given });
    expect(score).toEqual(logProb);
    expect(lines.join()).toMatch(/exactly/);
  });

  it("scores whole rows nearly as well as a model of one order", async () => {
    const plain = await fit(table, { ...options, anyOrder: false, flow: "columns" });
    expect(plain.flow.description.bijection).not.toHaveProperty("anyOrder");
    expect(result.report.validationLogProb).toBeGreaterThan(plain.report.validationLogProb - 0.3);
    // The history is in the same units.
    const best = Math.max(...result.report.history.map(({ validationLogProb }) => validationLogProb));
    expect(Math.abs(best - result.report.validationLogProb)).toBeLessThan(0.5);
  });

  it("takes given columns and cells that are masked", async () => {
    const own = { ...options, epochs: 8, missing: "marginal", given: ["garden"] } as const;
    const { flow } = await fit(table, own);
    const rows = objects.map((row) => ({ ...row, price: null }));
    const score = await flow.logProb(rows, given);
    const { logProb } = await flow.marginal(rows, { columns: ["size", "region"], ...given });
    expect(score).toEqual(logProb);
    const { logProb: prices } = await flow.marginal(objects, {
      columns: ["price"],
      given: ["region"],
      ...given,
    });
    objects.forEach(({ price }, row) => {
      if (price === null) expect(prices[row]).toBe(0);
      else expect(prices[row]).not.toBe(0);
    });
  });

  it("goes on from a checkpoint to the bytes of a fit that was not stopped, and not to another model", async () => {
    const own: FitOptions = { ...options, hidden: [8], epochs: 4, patience: 4 };
    const checkpoint = join(folder, "fit.checkpoint");
    const controller = new AbortController();
    const stopped = fit(table, {
      ...own,
      checkpoint,
      signal: controller.signal,
      onProgress: ({ epoch }) => epoch >= 2 && controller.abort(),
    });
    await expect(stopped).rejects.toThrow(AbortedError);
    const other = { ...own, anyOrder: false, flow: "columns" } as const;
    await expect(fit(table, { ...other, checkpoint, resume: true })).rejects.toThrow(UsageError);
    const { flow } = await fit(table, { ...own, checkpoint, resume: true, threads: 2 });
    expect(flow.toBytes()).toEqual((await fit(table, own)).flow.toBytes());
  });

  it("is an option of mixed columns alone", async () => {
    await expect(fit(table, { ...options, flow: "nsf" })).rejects.toThrow(UsageError);
  });
});

describe("a fit of any order of columns that determine one another, with weights", () => {
  const stations = 20;
  const rows = tableFromObjects(
    Array.from({ length: 300 }, () => {
      const place = Math.floor(stations * stream.uniform() ** 2);
      return {
        station: stream.uniform() < 0.1 ? null : `station ${place}`,
        number: 3000 + 7 * ((place * 3) % stations),
        price: place + stream.normal(),
        weight: 1 + Math.floor(3 * stream.uniform()),
      };
    }),
  );
  const small = { anyOrder: true, hidden: [8], epochs: 4, seed: 2, threads: 1, kinds: { number: "integer" } };
  const columns = ["station", "number", "price"];

  it("has masses that add up to 1 whatever is given, and is the same by weights of another sum", async () => {
    const { flow } = await fit(rows, { ...small, columns, weights: "weight" });
    expect(flow.toBytes().toString()).toBe(
      (await fit(twice(rows), { ...small, columns, weights: "weight" })).flow.toBytes().toString(),
    );
    expect(new TextDecoder().decode(flow.toBytes())).toContain("ties");
    const schema = flow.description.schema!.columns.find(({ name }) => name === "station")!;
    for (const known of [[], ["number"], ["price"], ["number", "price"]]) {
      const outcomes = tableFromObjects(
        [...schema.levels!, null].map((station) => ({ station, number: 3021, price: 2.5 })),
      );
      const { logProb } = await flow.marginal(outcomes, { columns: ["station"], given: known, ...given });
      expect(logProb.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 6);
    }
  });

  it("scores each row by a fit to others", async () => {
    const { logProb } = await crossFit(rows, { ...small, columns, weights: "weight", folds: 2 });
    expect(logProb).toHaveLength(300);
    expect(logProb.every(Number.isFinite)).toBe(true);
  });

  function twice(source: typeof rows): typeof rows {
    const place = source.columns.indexOf("weight");
    const values = source.values.map((value, i) => (i % source.columns.length === place ? 2 * value : value));
    return { ...source, values };
  }
});
