/** Updates are applied together: every new value is computed from the old ones, whatever it is computed of. */

import { describe, expect, test } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import type { Expr, ParameterExpr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import type { Update } from "../../src/graph/program.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { engines } from "../engines.ts";

const size = 6;
const [a, b, c] = ["a", "b", "c"].map((name) => g.parameter(name, [size])) as [
  ParameterExpr,
  ParameterExpr,
  ParameterExpr,
];
const wide = g.parameter("wide", [2, size]);
const part = (value: Expr, from: number, to: number): Expr =>
  g.gather(
    value,
    Array.from({ length: to - from }, (_, i) => from + i),
    [to - from],
  );
const row = (which: number): Expr => part(g.reshape(wide, [2 * size]), which * size, (which + 1) * size);

/** New values that are copies, or parts, or both. */
const cases: Record<string, readonly Update[]> = {
  "a copy of what changes": [
    { parameter: a, value: b },
    { parameter: b, value: g.add(b, 1) },
  ],
  "an exchange": [
    { parameter: a, value: b },
    { parameter: b, value: a },
  ],
  "a ring of three": [
    { parameter: a, value: b },
    { parameter: b, value: c },
    { parameter: c, value: a },
  ],
  "a shift by one place": [{ parameter: a, value: g.concatenate([part(a, 1, size), part(a, 0, 1)]) }],
  "a part of what changes": [
    { parameter: a, value: row(1) },
    { parameter: wide, value: g.mul(wide, 2) },
  ],
  "parts of each other": [
    { parameter: wide, value: g.reshape(g.concatenate([row(1), a]), [2, size]) },
    { parameter: a, value: row(0) },
  ],
  "a view of a view": [
    { parameter: a, value: g.reshape(part(g.reshape(wide, [2 * size]), 3, 3 + size), [size]) },
    { parameter: wide, value: g.reshape(g.concatenate([b, a]), [2, size]) },
    { parameter: b, value: part(g.concatenate([a, b]), 2, 2 + size) },
  ],
  "what two updates share": [
    { parameter: a, value: g.mul(b, 3) },
    { parameter: b, value: g.mul(b, 3) },
    { parameter: c, value: g.add(g.mul(b, 3), a) },
  ],
  itself: [{ parameter: a, value: a }],
};
const start: Record<string, Float64Array> = Object.fromEntries(
  [a, b, c, wide].map(({ name, shape }, k) => [
    name,
    Float64Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, i) => 10 * k + i),
  ]),
);

/** The parameters after some steps, and the sums seen on the way. */
async function resultOf(engine: (typeof engines)[number]["engine"], updates: readonly Update[], steps = 3) {
  const x = g.input("x", []);
  const executable = await engine.compile({
    sums: { a, total: g.mul(g.sumRows(x), g.sum(wide)), tail: part(b, 2, 4) },
    updates,
  });
  try {
    const own = Object.entries(start).filter(([name]) => executable.parameters.has(name));
    await executable.setParameters(Object.fromEntries(own));
    await executable.load({ rows: 1, inputs: { x: Float64Array.of(1) } });
    const sums = await executable.step({
      indices: new Uint32Array(steps),
      counts: new Array<number>(steps).fill(1),
      stepInputs: {},
    });
    return { ...(await executable.getParameters()), sums };
  } finally {
    executable.dispose();
  }
}

describe.each(engines)("$name", ({ engine }) => {
  test.each(Object.keys(cases))("reads the old values of %s", async (name) => {
    expect(await resultOf(engine, cases[name]!)).toEqual(await resultOf(referenceEngine, cases[name]!));
  });
});

test("the reference exchanges what is to be exchanged", async () => {
  expect(await resultOf(referenceEngine, cases["an exchange"]!, 1)).toMatchObject({ a: start.b, b: start.a });
});

test("a parameter with two new values is refused", async () => {
  const twice = [a, b].map((value) => ({ parameter: a, value }));
  for (const { engine } of engines)
    await expect(engine.compile({ updates: twice })).rejects.toThrow('program: "a" is updated twice');
});

test("random updates of one another are those of the reference, on any number of threads", async () => {
  for (let seed = 0; seed < 12; seed++) {
    const stream = new RandomStream(randomKey(seed));
    const names = [a, b, c, wide];
    const pick = (): Expr => {
      const flat = [a, b, c, row(0), row(1)][stream.integerBelow(5)]!;
      switch (stream.integerBelow(6)) {
        case 0:
          return g.add(flat, pick());
        case 1:
          return g.concatenate([part(flat, 2, size), part(pick(), 0, 2)]);
        case 2:
          return g.gather(
            flat,
            Array.from({ length: size }, () => stream.integerBelow(size)),
            [size],
          );
        default:
          return flat;
      }
    };
    const updates = names
      .filter(() => stream.uniform() < 0.8)
      .map((parameter) => ({
        parameter,
        value: parameter === wide ? g.reshape(g.concatenate([pick(), pick()]), [2, size]) : pick(),
      }));
    const expected = await resultOf(referenceEngine, updates);
    for (const threads of [1, 3])
      expect(await resultOf(wasmEngine({ precision: "float64", threads }), updates), `seed ${seed}`).toEqual(
        expected,
      );
  }
});
