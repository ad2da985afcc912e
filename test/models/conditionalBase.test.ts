import { expect, test } from "vitest";
import { affine } from "../../src/bijections/linear/affine.ts";
import { conditionalGaussianMixture } from "../../src/distributions/joint/conditionalGaussianMixture.ts";
import { fit } from "../../src/fitting/fit.ts";
import { load } from "../../src/models/flow.ts";
import { draw } from "../fitting/tables.ts";

// Two branches that part with c: no Gaussian given c.
const table = draw(["c", "y"], 600, 4, (stream) => {
  const c = stream.uniform();
  return [c, (stream.uniform() < 0.5 ? 3 : -3) * c + 0.2 * stream.normal()];
});

test("a mixture given a context is the base of a model: it is fitted, drawn from, saved and loaded", async () => {
  const { flow } = await fit(table, {
    flow: ({ features, context }) => ({
      kind: "own",
      features,
      context,
      transforms: 1,
      hidden: [16],
      base: conditionalGaussianMixture({ features, context, components: 2, hidden: [16] }),
      bijection: affine({ features }),
    }),
    given: ["c"],
    epochs: 120,
    seed: 1,
    threads: 1,
  });
  const logProb = await flow.logProb(table, { threads: 1 });
  // The branches' own entropy is log(0.2) + 1.42 + log 2 at most, 0.5; a Gaussian given c has above 1.5.
  expect(logProb.reduce((sum, value) => sum + value, 0) / table.rows).toBeGreaterThan(-0.9);
  const how = { seed: 1, given: { c: 1 }, threads: 1 };
  const { table: drawn, logProb: own } = await flow.sampleWithLogProb(400, how);
  const ys = Array.from({ length: 400 }, (_, i) => drawn.values[2 * i + 1]!);
  const above = ys.filter((y) => Math.abs(y - 3) < 1).length / 400;
  const below = ys.filter((y) => Math.abs(y + 3) < 1).length / 400;
  expect(above + below).toBeGreaterThan(0.95);
  expect(Math.abs(above - below)).toBeLessThan(0.3);
  const scored = await flow.logProb(drawn, { threads: 1 });
  scored.forEach((value, i) => {
    expect(Math.abs(value - own[i]!)).toBeLessThan(1e-3 * (1 + Math.abs(value)));
  });
  const back = await load(flow.toBytes());
  expect(await back.logProb(table, { threads: 1 })).toEqual(logProb);
});
