/** Programs run with few rows: what is computed, where, and that it is the same to the bit. */

import { expect, onTestFinished, test } from "vitest";
import type { Engine, Executable, RunOutputs } from "../../../src/engines/engine.ts";
import type { Precision } from "../../../src/engines/wasm/emit/vector.ts";
import { wasmEngineWith } from "../../../src/engines/wasm/engine.ts";
import { CallingThread } from "../../../src/engines/wasm/run/callingThread.ts";
import type { HostedProgram } from "../../../src/engines/wasm/run/host.ts";
import { sizeOf } from "../../../src/graph/expr.ts";
import { type Program, prepareProgram } from "../../../src/graph/program.ts";
import * as g from "../../../src/graph/publicOps.ts";
import { RandomStream, randomKey } from "../../../src/random/philox.ts";

const features = 5;
const x = g.input("x", [features]);
const weights = g.parameter("weights", [9, features]);
const bias = g.parameter("bias", [9]);
const factor = g.parameter("factor", [features, features]);
const hidden = g.relu(g.linear(x, weights, bias));
/** A program with a kernel of every kind that a tile has. */
const program: Partial<Program> = {
  rows: {
    hidden,
    total: g.sum(g.exp(g.mul(-0.1, g.square(hidden)))),
    axis: g.sum(g.gather(hidden, [0, 8, 3, 3, 1, 7], [3, 2]), 0),
    solved: g.solveTriangular(factor, x, { lower: true }),
    root: g.root(g.sub(x, 2), g.add(x, 2), (y) => g.sub(g.add(y, g.tanh(y)), x)),
    stacked: g.concatenate([g.slice(x, 1, 3), g.mul(2, x)]),
  },
};

const stream = new RandomStream(randomKey(5));
const largest = 130;
const numbers = (count: number): Float64Array =>
  Float64Array.from({ length: count }, () => Math.fround(stream.normal()));
const values = numbers(largest * features);
const parameters = Object.fromEntries(
  prepareProgram(program).parameters.map(({ name, shape }) => [
    name,
    numbers(sizeOf(shape)).map((value, i) => (name === "factor" && i % (features + 1) === 0 ? 2 : value)),
  ]),
);

async function compile(engine: Engine): Promise<Executable> {
  const executable = await engine.compile(program);
  onTestFinished(() => executable.dispose());
  await executable.setParameters(parameters);
  return executable;
}

const runRows = (executable: Executable, first: number, rows: number): Promise<RunOutputs> =>
  executable.run({ rows, inputs: { x: values.slice(first * features, (first + rows) * features) } });

test.each(["float32", "float64"] as const)(
  "rows alone, or few together, are those of all rows to the bit in %s, however often they are asked for",
  async (precision: Precision) => {
    const shared = await compile(wasmEngineWith(true, { precision, threads: 2 }));
    const owned = await compile(wasmEngineWith(false, { precision }));
    const all = await runRows(owned, 0, largest);
    for (const rows of [1, 2, 7, 8, 9, 63, 64, 65, 129])
      for (const executable of [shared, owned])
        for (let repetition = 0; repetition < (rows === 1 ? 30 : 2); repetition++) {
          const first = repetition % (largest - rows + 1);
          const some = await runRows(executable, first, rows);
          for (const [name, output] of Object.entries(some.rows)) {
            const size = output.length / rows;
            expect(output, `${name} of ${rows} rows`).toEqual(
              all.rows[name]!.slice(first * size, (first + rows) * size),
            );
          }
        }
  },
);

test("the calling thread computes what has been seen to take less than a millisecond, and nothing else", () => {
  const plan = { rowLength: 64, levels: { prologue: 0, epilogue: 0, updates: 0 } };
  const thread = (): CallingThread => new CallingThread({ plan } as HostedProgram);
  const [unknown, slow, quick] = [thread(), thread(), thread()];
  slow.learn(64, 80);
  quick.learn(64, 80);
  quick.learn(1, 0.7);
  expect([unknown, slow, quick].map((each) => each.isAffordable(1))).toEqual([false, false, true]);
  // Two tiles are done by two threads: what they take tells nothing of one thread.
  expect(quick.isAffordable(65)).toBe(false);
  expect(quick.isAffordable(Number.POSITIVE_INFINITY)).toBe(false);
});
