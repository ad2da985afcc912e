/** The interpreter of plans: it says what the reference engine says, in whatever order threads have their turns. */

import { describe, expect, test } from "vitest";
import type { Engine, RunOutputs } from "../../src/engines/engine.ts";
import { planEngine } from "../../src/engines/plan/engine.ts";
import { PlanMachine } from "../../src/engines/plan/planMachine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { type Program, prepareProgram } from "../../src/graph/program.ts";
import { makePlan } from "../../src/plan/makePlan.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const n = 4;
const rowCount = 100;
const x = g.input("x", [n]);

/** A step of training through layers, a scan, draws, products of matrices and a norm: every phase has several levels. */
function training(): Program {
  const [a, b] = [g.parameter("a", [n, n]), g.parameter("b", [n, n])];
  const [stack, bias] = [g.parameter("stack", [5, n]), g.parameter("bias", [n])];
  const rate = g.stepInput("rate");
  const mask = g.constant(
    Float64Array.from({ length: n * n }, (_, i) => (i % n <= i / n ? 1 : 0)),
    [n, n],
  );
  const noisy = g.add(x, g.mul(0.1, g.randomNormal([n], "noise")));
  const hidden = g.relu(g.linear(noisy, g.mul(g.matrixProduct(a, b), mask), bias));
  const y = g.scan(hidden, 5, [stack], (s, [row]) => g.tanh(g.add(s, row!)), { reversed: true });
  const loss = g.sumRows(g.sum(g.square(g.sub(y, x))));
  const trained = [a, b, stack, bias];
  const gradients = vjp([loss], [g.constant(1)], trained);
  const norm = gradients
    .map((gradient) => g.sum(g.square(gradient)))
    .reduce<Expr>((s, v) => g.add(s, v), g.constant(1));
  return {
    rows: { y },
    sums: { loss, norm },
    updates: [
      ...trained.slice(2).map((parameter, i) => ({
        parameter,
        value: g.sub(parameter, g.mul(g.div(rate, norm), gradients[2 + i]!)),
      })),
      // They change places.
      { parameter: a, value: b },
      { parameter: b, value: a },
    ],
  };
}

const numbers = (name: string, count: number): Float64Array => {
  const out = new Float64Array(count);
  new RandomStream(randomKey(name.length)).fillNormal(out);
  return out;
};

interface Outcome extends RunOutputs {
  readonly parameters: Readonly<Record<string, Float64Array>>;
}

/** Outputs of rows, sums of three steps of several sizes, and what parameters become. */
async function outcome(engine: Engine): Promise<Outcome> {
  const executable = await engine.compile(training());
  const sizes = [...executable.parameters];
  await executable.setParameters(
    Object.fromEntries(sizes.map(([name, size]) => [name, numbers(name, size)])),
  );
  const inputs = { rows: rowCount, inputs: { x: numbers("rows", n * rowCount) } };
  const key = randomKey(5);
  const { rows, sums } = await executable.run(inputs, { key });
  await executable.load(inputs);
  const counts = [1, 98, 0, 5];
  const indices = Uint32Array.from({ length: 104 }, (_, i) => (i * 37) % rowCount);
  const stepInputs = { rate: Float64Array.of(0.1, 0.2, 0.3, 0.4) };
  const steps = await executable.step({ indices, counts, key, stepInputs, firstStep: 7 });
  const parameters = await executable.getParameters();
  executable.dispose();
  return { rows, sums: { ...sums, steps: steps.loss!, norms: steps.norm! }, parameters };
}

describe("the interpreter of plans", () => {
  test("says what the reference engine says, and the same bits for any threads in any order", async () => {
    const expected = await outcome(referenceEngine);
    const actual = await outcome(planEngine());
    for (const part of ["rows", "sums", "parameters"] as const)
      for (const [name, data] of Object.entries(expected[part]))
        data.forEach((value, i) => {
          expect(Math.abs(actual[part][name]![i]! - value), name).toBeLessThan(
            1e-11 * Math.max(1, Math.abs(value)),
          );
        });
    for (const crew of [
      { threads: 1, order: [0] },
      { threads: 2, order: [0, 1] },
      { threads: 5, order: [3, 1, 4, 0, 2] },
    ])
      expect(await outcome(planEngine(crew))).toEqual(actual);
  });

  const target = { rowLength: 3, numberBytes: 8, lanes: 3, gates: true, reservedBytes: 0 } as const;
  const lossOf = (plan: Plan): number => {
    const machine = new PlanMachine(plan, { threads: 2, order: [1, 0] });
    for (const port of plan.parameters) machine.numbersOf(port).set(numbers(port.name, port.size));
    machine.run({
      rows: 5,
      inputs: [numbers("rows", n * 5)],
      draws: { key: randomKey(5), step: 0, firstRow: 0 },
    });
    return machine.numbersOf(plan.outputs[0]!)[0]!;
  };
  const plan = makePlan(prepareProgram({ sums: { loss: training().sums.loss! } }), target);
  const loss = lossOf(plan);

  test("what is not written is not a number", () => {
    expect(loss).toBeGreaterThan(0);
    // Each call of a tile that is left out shows, but for the copy of the last state: where it goes, the last round has left the same.
    const unseen = [...plan.tile.keys()].filter(
      (i) => lossOf({ ...plan, tile: plan.tile.filter((_, k) => k !== i) }) === loss,
    );
    expect(unseen).toEqual([plan.tile.findIndex((item) => "items" in item) + 1]);
    for (const i of plan.prologue.keys())
      expect(lossOf({ ...plan, prologue: plan.prologue.filter((_, k) => k !== i) })).toBeNaN();
  });
  test("a level too few shows: threads that should wait for others read what is not there", () => {
    expect(plan.prologue.length).toBeGreaterThan(1);
    expect(lossOf({ ...plan, prologue: [plan.prologue.flat()] })).toBeNaN();
  });
});
