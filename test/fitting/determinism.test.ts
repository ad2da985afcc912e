import { describe, expect, it } from "vitest";
import { neuralSplineFlow } from "../../src/architectures/architecture.ts";
import { fit } from "../../src/fitting/fit.ts";

import { curved, kinds, quick } from "./tables.ts";

const table = curved(80, 1);
const bytesOf = async (options: object): Promise<Uint8Array> =>
  (await fit(table, { ...quick, ...options })).flow.toBytes();

describe("one seed, one model", () => {
  it.each(kinds)("%s: the same bytes on 1, 2 and 3 threads, others for another seed", async (flow) => {
    const first = await bytesOf({ flow });
    for (const threads of [2, 3])
      expect(await bytesOf({ flow, threads }), `${threads} threads`).toEqual(first);
    expect(await bytesOf({ flow, seed: 2 })).not.toEqual(first);
  });

  it("holds with given columns and weights, and in float64", async () => {
    const options = { given: ["mass"], weights: "height", columns: ["gap"], precision: "float64" };
    expect(await bytesOf({ ...options, threads: 2 })).toEqual(await bytesOf(options));
  });

  it("differs between seeds in what is trained, not in the seed that is written down alone", async () => {
    const a = (await fit(table, quick)).flow;
    const b = (await fit(table, { ...quick, seed: 2 })).flow;
    expect(await a.logProb(table)).not.toEqual(await b.logProb(table));
  });

  it("is kept by fit() with an architecture of one's own", async () => {
    const architecture = neuralSplineFlow({ features: 3, transforms: 2, hidden: [8], bins: 4 });
    const run = async (): Promise<Uint8Array> =>
      (await fit(table, { flow: architecture, epochs: 3, seed: 9, threads: 1 })).flow.toBytes();
    expect(await run()).toEqual(await run());
  });

  it("leaves the table as it was", async () => {
    const before = table.values.slice();
    await fit(table, { ...quick, weights: "mass" });
    expect(table.values).toEqual(before);
  });
});
