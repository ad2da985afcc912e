/** Programs that once went wrong: the order in which kernels run, what they read, and derivatives of scans. */

import { expect, test } from "vitest";
import type { Engine, RunInputs, RunOutputs } from "../../src/engines/engine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import type { Program } from "../../src/graph/program.ts";

const double = wasmEngine({ precision: "float64", threads: 1 });
const wave = (n: number, shift = 0): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => Math.cos(i + shift));

async function run(
  engine: Engine,
  program: Partial<Program>,
  parameters: Record<string, Float64Array>,
  inputs: RunInputs,
): Promise<RunOutputs> {
  const executable = await engine.compile(program);
  await setKnownParameters(executable, parameters);
  const outputs = await executable.run(inputs);
  executable.dispose();
  return outputs;
}

/** Compares all outputs of the engines. */
async function expectAgreement(
  program: Partial<Program>,
  parameters: Record<string, Float64Array>,
  inputs: RunInputs,
): Promise<void> {
  const [reference, own] = [
    await run(referenceEngine, program, parameters, inputs),
    await run(double, program, parameters, inputs),
  ];
  for (const kind of ["rows", "sums"] as const)
    for (const [name, values] of Object.entries(reference[kind]))
      values.forEach((value, i) => {
        expect(own[kind][name]![i], `${kind}.${name}[${i}]`).toBeCloseTo(value, 10);
      });
}

const x4 = g.input("x", [4]);

test("kernels are not joined around one that must run in between", async () => {
  const weights = g.parameter("W", [4, 4]);
  const a = g.tanh(x4);
  const between = g.linear(a, weights);
  const y = g.select(g.less(x4, 0.3), a, between);
  const [m] = g.mapFeatures([g.exp(x4), g.tanh(x4), between], ([u], [v], [w]) => [
    [g.add(g.mul(u!, v!), w!)],
  ]);
  await expectAgreement({ rows: { y, m: m! } }, { W: wave(16) }, { rows: 3, inputs: { x: wave(12) } });
});

test("an early value that shares a kernel with a late one is read when the kernel has run", async () => {
  const weights = g.parameter("W", [3, 3]);
  const mask = g.constant(Float64Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0), [3, 3]);
  const y = g.fixedPoint(x4, 6, (state) => {
    const early = g.tanh(g.slice(state, 0, 3));
    const late = g.add(early, g.gather(state, [2, 2, 2], [3]));
    const layer = g.linear(early, g.mul(weights, mask));
    return g.add(x4, g.concatenate([layer, g.reshape(g.sum(late), [1])]));
  });
  await expectAgreement({ rows: { y } }, { W: wave(9) }, { rows: 3, inputs: { x: wave(12) } });
});

test("rows of a masked layer in an iteration do not read what is not known yet", async () => {
  const x = g.input("x", [3]);
  const weights = g.parameter("W", [2, 3]);
  const mask = g.constant(Float64Array.of(1, 0, 0, 0, 0, 1), [2, 3]);
  const y = g.fixedPoint(x, 4, (state) => {
    const total = g.reshape(g.sum(g.linear(state, g.mul(weights, mask))), [1]);
    return g.add(x, g.gather(g.concatenate([total, g.zeros([1])]), [1, 0, 1], [3]));
  });
  const rows = 200;
  const data = wave(3 * rows);
  const program = { rows: { y } };
  const clean = await run(double, program, { W: wave(6) }, { rows, inputs: { x: data } });
  const poisoned = await run(
    double,
    program,
    { W: wave(6) },
    { rows, inputs: { x: data.slice().fill(Number.NaN, 15, 18) } },
  );
  for (let i = 0; i < 3 * rows; i++)
    if (i < 15 || i >= 18) expect(poisoned.rows.y![i], `element ${i}`).toBe(clean.rows.y![i]);
});

test("threads do not read shared values before others have made them", async () => {
  const n = 4099;
  const p = g.parameter("p", [n]);
  const made = g.tanh(p);
  const shifted = g.exp(g.slice(made, 1, n));
  const scaled = g.div(made, g.reshape(g.slice(made, 0, 1), []));
  const program = { sums: { shifted, scaled, one: g.sumRows(g.input("x", [1])) } };
  const inputs = { rows: 1, inputs: { x: Float64Array.of(1) } };
  const expected = await run(referenceEngine, program, { p: wave(n) }, inputs);
  const threaded = await wasmEngine({ precision: "float64", threads: 2 }).compile(program);
  await threaded.setParameters({ p: wave(n) });
  for (let round = 0; round < 40; round++) {
    const { sums } = await threaded.run(inputs);
    for (const name of ["shifted", "scaled"])
      sums[name]!.forEach((value, i) => {
        if (!(Math.abs(value - expected.sums[name]![i]!) < 1e-10 * Math.abs(value) + 1e-12))
          throw new Error(`${name}[${i}]: ${value}`);
      });
  }
  threaded.dispose();
});

test("an update that reads another element of its parameter sees the old one, and so does a sum", async () => {
  const p = g.parameter("p", [8]);
  const program = {
    sums: { before: p, total: g.sumRows(g.input("x", [1])) },
    updates: [{ parameter: p, value: g.div(p, g.reshape(g.slice(p, 0, 1), [])) }],
  };
  for (const engine of [referenceEngine, double]) {
    const executable = await engine.compile(program);
    const start = Float64Array.from({ length: 8 }, (_, i) => i + 2);
    await executable.setParameters({ p: start });
    await executable.load({ rows: 2, inputs: { x: Float64Array.of(1, 2) } });
    const sums = await executable.step({ counts: [2], indices: Uint32Array.of(0, 1), stepInputs: {} });
    expect([...sums.before!]).toEqual([...start]);
    expect([...(await executable.getParameters()).p!]).toEqual([...start].map((value) => value / 2));
    executable.dispose();
  }
});

test("a move of one element beside a move of many is repeated, not merged", async () => {
  const x = g.input("x", [3]);
  const y = g.add(g.gather(x, [-1, 0, 1], [3]), g.reshape(g.slice(x, 2, 3), []));
  for (const engine of [referenceEngine, double]) {
    const { rows } = await run(
      engine,
      { rows: { y } },
      {},
      { rows: 1, inputs: { x: Float64Array.of(1, 2, 3) } },
    );
    expect([...rows.y!]).toEqual([3, 4, 5]);
  }
});

test("gradients through a scan reach reshaped and gathered inputs, and count each use", async () => {
  const x = g.input("x", [2]);
  const P = g.parameter("P", [2, 2]);
  const Q = g.parameter("Q", [4]);
  const ones = g.mul(g.rowMark(), g.constant([1, 1]));
  const gradient = (y: Expr, of: Expr): Expr => vjp([y], [ones], [of])[0]!;
  const twice = g.scan(x, 1, [g.slice(P, 0, 1)], (state, [a]) => g.mul(g.mul(state, x), g.exp(a!)));
  const squares = g.scan(x, 2, [P, P], (state, [a, b]) => g.add(g.mul(state, a!), g.mul(b!, b!)));
  const stacked = g.scan(x, 2, [g.reshape(Q, [2, 2])], (state, [a]) => g.add(state, a!));
  const moved = g.scan(x, 2, [P], (state, [a]) => g.add(state, g.gather(a!, [1, 0], [2])));
  const swapped = g.scan(g.gather(x, [1, 0], [2]), 2, [P], (state, [a]) => g.add(state, a!));
  const shared = g.scan(g.gather(Q, [0, 1], [2]), 2, [P], (state, [a]) => g.mul(g.add(state, x), a!));
  const program = {
    rows: { twice: gradient(twice, x), swapped: gradient(swapped, x) },
    sums: {
      squares: gradient(squares, P),
      stacked: gradient(stacked, Q),
      moved: gradient(moved, P),
      shared: gradient(shared, Q),
    },
  };
  const values = { P: new Float64Array(4).fill(1), Q: new Float64Array(4).fill(1) };
  for (const engine of [referenceEngine, double]) {
    const { rows, sums } = await run(engine, program, values, {
      rows: 1,
      inputs: { x: Float64Array.of(3, 5) },
    });
    [6 * Math.E, 10 * Math.E].forEach((value, i) => {
      expect(rows.twice![i]).toBeCloseTo(value, 9);
    });
    expect([...rows.swapped!]).toEqual([1, 1]);
    // d/dP1 = x P2 + 2 P1 P2, d/dP2 = (x P1 + P1^2) + 2 P2.
    expect([...sums.squares!]).toEqual([5, 7, 6, 8]);
    expect([...sums.stacked!]).toEqual([1, 1, 1, 1]);
    expect([...sums.moved!]).toEqual([1, 1, 1, 1]);
    expect([...sums.shared!]).toEqual([1, 1, 0, 0]);
  }
});

test("a scan whose body ignores its state gives the last slice", async () => {
  const x = g.input("x", [2]);
  const P = g.parameter("P", [3, 2]);
  const last = g.scan(x, 3, [P], (_, [a]) => g.mul(2, a!));
  const first = g.scan(x, 3, [P], (_, [a]) => a!, { reversed: true });
  const program = { rows: { last: g.add(x, last), first: g.add(x, first) } };
  const p0 = { P: Float64Array.of(1, 2, 3, 4, 5, 6) };
  for (const engine of [referenceEngine, double]) {
    const { rows } = await run(engine, program, p0, { rows: 1, inputs: { x: new Float64Array(2) } });
    expect([...rows.last!]).toEqual([10, 12]);
    expect([...rows.first!]).toEqual([1, 2]);
  }
});

test("no rows are refused, where sums would be those of the run before", async () => {
  const executable = await double.compile({ sums: { s: g.sumRows(g.input("x", [1])) } });
  await expect(executable.run({ rows: 0, inputs: { x: new Float64Array(0) } })).rejects.toThrow(
    /^run: rows must be a whole number of at least one, got 0\.$/,
  );
  executable.dispose();
});
