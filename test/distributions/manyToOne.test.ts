/** What a surjection makes of a flow: a bound that is named one, from the fit to the file. */

import { expect, test } from "vitest";
import { maskedAutoregressiveFlow, surjectiveFlow } from "../../src/entries/architectures.ts";
import {
  affine,
  augmentation,
  elementwise,
  largest,
  permutation,
  rounding,
  type Surjection,
} from "../../src/entries/bijections.ts";
import { manyToOne, mixtureOf, standardNormal } from "../../src/entries/distributions.ts";
import { DataError, UsageError } from "../../src/entries/errors.ts";
import { exportModel, verifyExport } from "../../src/entries/exchange.ts";
import { flowOf } from "../../src/entries/fitting.ts";
import { initialValues } from "../../src/entries/graph.ts";
import { RandomStream, randomKey } from "../../src/entries/random.ts";
import { fit, load, tableFromRows } from "../../src/index.ts";
import { normalCdf } from "../../src/numerics/special.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";

/** Numbers of a normal law of mean 20 and deviation 3, rounded down. */
function countedRows(rows: number): number[][] {
  const stream = new RandomStream(randomKey(1));
  return Array.from({ length: rows }, () => [Math.floor(20 + 3 * stream.normal())]);
}

/** A flow through a surjection, as it starts: that of a standard normal base. */
async function started(surjection: Surjection, draws: number) {
  const { features, latent } = surjection;
  const parts = { base: standardNormal({ features: latent }), bijection: affine({ features: latent }) };
  const base = manyToOne({ ...parts, surjection, draws });
  const bijection = permutation(Array.from({ length: features }, (_, i) => i));
  const start = initialValues({ base: base.parameters }, randomKey(1));
  const sizes = { kind: "own", features, context: 0, transforms: 1, hidden: [] };
  const columns = Array.from({ length: features }, (_, i) => `x${i}`);
  return await flowOf({ ...sizes, base, bijection }, start, { columns, precision: "float64" });
}

test("rounded numbers are fitted by a bound near the truth, which the model and its file call one", async () => {
  const rows = countedRows(500);
  const noise = elementwise({ features: 1, context: 1, transformer: affineTransformer(), hidden: [8] });
  const flow = surjectiveFlow({
    surjection: rounding({ features: 1, noise }),
    draws: 4,
    flow: maskedAutoregressiveFlow({ transforms: 1, hidden: [8] }),
  });
  const warnings: string[] = [];
  const onWarning = (line: string) => warnings.push(line);
  const result = await fit(tableFromRows(["count"], rows), { flow, epochs: 20, seed: 1, onWarning });
  expect(warnings).toEqual([]);
  const { description, facts } = result.flow;
  expect(description.bound).toBe(true);
  expect(description.measures).toEqual([{ column: "count", measure: "counting", step: 1 }]);
  expect(facts.architecture).toMatch(/^flow through rounding, 1 transform/);
  expect(facts["log-density"]).toBe("a lower bound, by 4 draws");
  const cells = Array.from({ length: 19 }, (_, i) => [11 + i]);
  const exact = cells.map(([cell]) =>
    Math.log(normalCdf((cell! + 1 - 20) / 3) - normalCdf((cell! - 20) / 3)),
  );
  const found = await result.flow.logProb(cells);
  const mean = exact.reduce((sum, value, i) => sum + Math.exp(value) * (found[i]! - value), 0);
  expect(mean).toBeLessThan(0.01);
  expect(mean).toBeGreaterThan(-0.03);
  const again = await load(result.flow.toBytes());
  expect(again.description).toEqual(description);
  expect(await again.logProb(cells)).toEqual(found);
  // A row has one score, wherever it stands, and none off the grid.
  expect(await again.logProb([[25], [12.5], [20]])).toEqual(
    Float64Array.of(found[14]!, Number.NEGATIVE_INFINITY, found[9]!),
  );
  const { values } = await again.sample(200, { seed: 3 });
  expect(values.every((value) => Number.isInteger(value) && Math.abs(value - 20) < 15)).toBe(true);
  const module = await exportModel(again, { to: "wasm" });
  expect(await verifyExport(again, module, cells)).toMatchObject({ passes: true });
  await expect(fit(tableFromRows(["count"], [...rows, [3.25]]), { flow })).rejects.toThrow(DataError);
});

test("models of which the flow has more numbers than the data are saved, and read back", async () => {
  // Its added numbers have the law that they are drawn from: the bound is the log-density.
  const augmented = await started(augmentation({ features: 2, extra: 3 }), 2);
  const points = [
    [0.3, -1],
    [2, 0.5],
  ];
  const exact = points.map((x) => -0.5 * (x[0]! ** 2 + x[1]! ** 2) - Math.log(2 * Math.PI));
  const scores = await (await load(augmented.toBytes())).logProb(points);
  scores.forEach((score, i) => {
    expect(score).toBeCloseTo(exact[i]!, 12);
  });
  const most = await load((await started(largest({ of: 3 }), 16)).toBytes());
  const at = Array.from({ length: 21 }, (_, i) => [-1 + 0.15 * i]);
  const found = await most.logProb(at);
  const gaps = at.map(
    ([x], i) =>
      found[i]! - (Math.log(3) - 0.5 * x! * x! - 0.5 * Math.log(2 * Math.PI) + 2 * Math.log(normalCdf(x!))),
  );
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  expect(mean).toBeLessThan(0.01);
  expect(mean).toBeGreaterThan(-0.15);
});

test("what is mixed with a bound is a bound, and maps behind one are refused", async () => {
  const sizes = { base: standardNormal({ features: 1 }), bijection: affine({ features: 1 }) };
  const rounded = manyToOne({ ...sizes, surjection: rounding({ features: 1 }) });
  expect(mixtureOf({ parts: [standardNormal({ features: 1 }), rounded] }).bound).toEqual(rounded.bound);
  expect(() => manyToOne({ ...sizes, base: rounded, surjection: rounding({ features: 1 }) })).toThrow(
    UsageError,
  );
  expect(() => largest({ of: 65 })).toThrow(UsageError);
  const own = { kind: "own", features: 1, context: 0, transforms: 1, hidden: [] };
  const flow = { ...own, base: rounded, bijection: affine({ features: 1 }) };
  await expect(fit(tableFromRows(["count"], countedRows(50)), { flow })).rejects.toThrow(UsageError);
  const foreign = { ...rounding({ features: 1 }), toJSON: () => ({ type: "floor" }) };
  await expect(started(foreign, 1).then((made) => made.toBytes())).rejects.toThrow(
    /surjection of type "floor"/,
  );
});
