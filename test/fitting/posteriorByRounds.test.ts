/** A posterior by rounds of truncated priors, against one that is known. */

import { expect, test } from "vitest";
import { DataError } from "../../src/entries/errors.ts";
import { posteriorByRounds } from "../../src/entries/fitting.ts";
import type { RandomStream } from "../../src/entries/random.ts";
import { column, type Flow, type Table, tableFromColumns } from "../../src/index.ts";

const side = 10;
const noise = [0.3, 0.5];

/** Uniform on a square. */
const prior = (rows: number, stream: RandomStream): Table => {
  const draw = (): Float64Array =>
    Float64Array.from({ length: rows }, () => side * (2 * stream.uniform() - 1));
  return tableFromColumns({ a: draw(), b: draw() });
};

/** x is a, and y is b + a^2 / 4, each with noise. */
const simulate = (parameters: Table, stream: RandomStream): Table => {
  const [a, b] = [column(parameters, "a"), column(parameters, "b")];
  return tableFromColumns({
    x: a.map((value) => value + noise[0]! * stream.normal()),
    y: b.map((value, i) => value + 0.25 * a[i]! ** 2 + noise[1]! * stream.normal()),
  });
};

test("a second round, where the posterior of the first is, comes near a posterior that is known", async () => {
  const observed = { x: 2, y: 3 };
  const flows: Flow[] = [];
  const { rounds, table } = await posteriorByRounds({
    prior,
    simulate,
    observed,
    seed: 1,
    epsilon: 1e-3,
    rounds: 2,
    simulations: 400,
    fit: { flow: "maf", transforms: 3, epochs: 30, hidden: [16] },
    onRound: (_, flow) => flows.push(flow),
  });
  expect(rounds.map(({ simulations }) => simulations)).toEqual([400, 800]);
  expect(table.rows).toBe(800);
  expect(rounds[0]!.acceptedShare).toBe(1);
  expect(rounds[1]!.acceptedShare).toBeLessThan(0.25);
  // Of a flat prior: a is normal around x, b + a^2 / 4 around y.
  const logPosterior = (a: number, b: number): number =>
    -0.5 * (((a - 2) / 0.3) ** 2 + ((b + 0.25 * a * a - 3) / 0.5) ** 2) - Math.log(2 * Math.PI * 0.3 * 0.5);
  const divergence = async (flow: Flow): Promise<number> => {
    const drawn = await flow.sampleWithLogProb(1000, { given: observed, seed: 2 });
    const [a, b] = [column(drawn.table, "a"), column(drawn.table, "b")];
    return drawn.logProb.reduce((sum, own, i) => sum + own - logPosterior(a[i]!, b[i]!), 0) / a.length;
  };
  const [first, second] = [await divergence(flows[0]!), await divergence(flows[1]!)];
  expect(second).toBeLessThan(0.1);
  expect(first).toBeGreaterThan(2 * second);
});

test("data that the simulator does not give are refused", async () => {
  await expect(
    posteriorByRounds({ prior, simulate, observed: { x: 1, z: 2 }, simulations: 20 }),
  ).rejects.toThrow(DataError);
});
