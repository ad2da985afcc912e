import { afterEach, expect, test } from "vitest";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { fit } from "../../src/fitting/fit.ts";
import { type Expr, topologicalOrder } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { observePasses } from "../../src/graph/passes.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { tableFromObjects } from "../../src/tables/reading/tableFromObjects.ts";

afterEach(() => observePasses(undefined));

/** The programs that are compiled by what is done, each by its outputs. */
async function programsOf(act: () => Promise<unknown>): Promise<(readonly Expr[])[]> {
  const programs: (readonly Expr[])[] = [];
  observePasses((pass, outputs) => {
    if (pass === "simplification") programs.push(outputs);
  });
  await act();
  observePasses(undefined);
  return programs;
}

/** How many programs are compiled by what is done. */
async function compilations(act: () => Promise<unknown>): Promise<number> {
  return (await programsOf(act)).length;
}

/** Whether a program sums over rows, as those of a training and its validation do and those of preparations and models do not. */
const isObjective = (outputs: readonly Expr[]): boolean =>
  topologicalOrder(outputs).some(({ op }) => op === "sumRows");

function people(seed: number, rows = 60) {
  const stream = new RandomStream(randomKey(seed));
  return tableFromObjects(
    Array.from({ length: rows }, () => {
      const age = 20 + Math.floor(40 * stream.uniform());
      return { age, height: 150 + 0.5 * age + stream.normal(), group: stream.uniform() < 0.5 ? "a" : "b" };
    }),
  );
}

test("a second fit of mixed columns trains what the first one has compiled, whatever its seed", async () => {
  // Sizes that no other test fits: files share a process, and its engines keep what was compiled before.
  const options = { flow: "columns", hidden: [11], epochs: 2, threads: 1 } as const;
  const table = people(1);
  let first: Uint8Array | undefined;
  // Training, validation, the cells of the members, and the model that was fitted.
  const cold = await compilations(async () => {
    first = (await fit(table, options)).flow.toBytes();
  });
  expect(cold).toBe(4);
  // The model alone: weights of its members are part of it.
  expect(await compilations(() => fit(table, { ...options, seed: 5 }))).toBeLessThanOrEqual(1);
  let again: Uint8Array | undefined;
  const warm = await compilations(async () => {
    again = (await fit(table, options)).flow.toBytes();
  });
  expect(warm).toBe(0);
  expect(again).toEqual(first);
  expect(await compilations(() => fit(table, { ...options, hidden: [12] }))).toBeGreaterThanOrEqual(3);
});

test("the preparations of a fit of numbers are tried with one program", async () => {
  const stream = new RandomStream(randomKey(3));
  // As many columns as no other test fits: files share a process, and its engines keep what was compiled before.
  const names = Array.from("abcdefghijklm");
  const table = tableFromObjects(
    Array.from({ length: 60 }, () => Object.fromEntries(names.map((name) => [name, stream.normal()]))),
  );
  const options = { flow: "realnvp", transforms: 1, hidden: [13, 3], epochs: 2, threads: 1 } as const;
  const cold = await programsOf(() => fit(table, options));
  expect(cold.filter(isObjective).length).toBe(2);
  // Four preparations are tried, each with one program for the rows to train on and those to judge by; some of all rows differ.
  expect(cold.length).toBeGreaterThanOrEqual(2 + 4);
  expect(cold.length).toBeLessThanOrEqual(10);
  const warm = await programsOf(() => fit(table, { ...options, seed: 1 }));
  expect(warm.filter(isObjective).length).toBe(0);
  // The programs of the new model alone, where it has another preparation, and preparations of another size.
  expect(warm.length).toBeLessThanOrEqual(4);
});

test("a second fit of a kind by its name compiles nothing, writes no loss, and has the same model", async () => {
  const stream = new RandomStream(randomKey(4));
  const rows = Array.from({ length: 60 }, () => ({ x: stream.normal(), y: stream.uniform() }));
  const table = tableFromObjects(rows);
  const options = { flow: "nsf-ar", transforms: 1, hidden: [11, 4], epochs: 2, threads: 1 } as const;
  const scored = async (more: object = {}): Promise<Float64Array> => {
    const { flow } = await fit(table, { ...options, ...more });
    return (await flow.logProb(rows, { threads: 1 })) as Float64Array;
  };
  let first: Float64Array | undefined;
  expect(
    await compilations(async () => {
      first = await scored();
    }),
  ).toBeGreaterThan(3);
  const passes: string[] = [];
  observePasses((pass) => passes.push(pass));
  const again = await scored();
  expect(passes).toEqual([]);
  expect(again).toEqual(first);
  // Whatever else its programs depend on is part of what they are known by.
  for (const other of [{ hidden: [4, 11] }, { transforms: 2 }, { base: "laplace" }, { precision: "float64" }])
    expect(await compilations(() => scored(other)), JSON.stringify(other)).toBeGreaterThan(3);
});

test("an engine compiles what has a name once, and gives each its own parameters", async () => {
  const engine = wasmEngine({ threads: 1 });
  let written = 0;
  const compile = () =>
    engine.compile(
      () => {
        written++;
        return { rows: { y: g.mul(g.input("x", [1]), g.parameter("w", [1])) } };
      },
      { structure: "w x" },
    );
  const [a, b] = [await compile(), await compile()];
  expect(written).toBe(1);
  await a.setParameters({ w: Float64Array.of(2) });
  await b.setParameters({ w: Float64Array.of(3) });
  const x = { rows: 1, inputs: { x: Float64Array.of(5) } };
  expect([(await a.run(x)).rows.y![0], (await b.run(x)).rows.y![0]]).toEqual([10, 15]);
  a.dispose();
  expect((await b.run(x)).rows.y![0]).toBe(15);
  b.dispose();
});
