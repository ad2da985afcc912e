import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { AbortedError, NumericalError, UsageError } from "../../src/errors.ts";
import {
  type MinimizeOptions,
  type MinimizeState,
  minimize,
  type Rows,
} from "../../src/fitting/gradient/minimize.ts";
import * as g from "../../src/graph/ops.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const truth = [1.5, -2, 0.5];
const offset = 0.7;

/** Rows of a linear model with noise, some of them far off where that is asked for. */
function linearRows(
  rows: number,
  seed: number,
  noise = 0.1,
): Rows & { inputs: Record<string, Float64Array> } {
  const stream = new RandomStream(randomKey(seed));
  const x = Float64Array.from({ length: 3 * rows }, () => stream.normal());
  const y = Float64Array.from({ length: rows }, (_, row) => {
    const exact = truth.reduce((sum, slope, i) => sum + slope * x[3 * row + i]!, offset);
    return exact + noise * stream.normal();
  });
  return { rows, inputs: { x, y } };
}

const slope = g.parameter("slope", [3]);
const level = g.parameter("level", []);
const residual = g.sub(g.add(g.sum(g.mul(g.input("x", [3]), slope)), level), g.input("y", []));
const leastSquares = { loss: g.square(residual), parameters: [slope, level] };
const start = () => ({ slope: new Float64Array(3), level: new Float64Array(1) });
const options: MinimizeOptions & { engine: ReturnType<typeof wasmEngine> } = {
  engine: wasmEngine({ precision: "float64", threads: 1 }),
  key: randomKey(1),
  epochs: 120,
  batch: 32,
  learningRate: 0.05,
  averaging: 0.9,
  patience: 200,
  weightDecay: 0,
};

/** The solution of the normal equations, weighted, by elimination. */
function closedForm({ rows, inputs }: Rows, weights?: Float64Array): number[] {
  const a = Array.from({ length: 4 }, () => new Array<number>(5).fill(0));
  for (let row = 0; row < rows; row++) {
    const line = [...inputs.x!.subarray(3 * row, 3 * row + 3), 1];
    const w = weights?.[row] ?? 1;
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) a[i]![j]! += w * line[i]! * line[j]!;
      a[i]![4]! += w * line[i]! * inputs.y![row]!;
    }
  }
  for (let k = 0; k < 4; k++)
    for (let i = 0; i < 4; i++) {
      if (i === k) continue;
      const f = a[i]![k]! / a[k]![k]!;
      for (let j = k; j < 5; j++) a[i]![j]! -= f * a[k]![j]!;
    }
  return a.map((line, k) => line[4]! / line[k]!);
}

describe("minimize", () => {
  it.each(["wasm float64", "wasm float32", "reference"])(
    "reaches the closed form of least squares on %s",
    async (name) => {
      const rows = linearRows(200, 1);
      const engine =
        name === "reference"
          ? referenceEngine
          : wasmEngine({ precision: name === "wasm float32" ? "float32" : "float64", threads: 1 });
      const { values, history } = await minimize(leastSquares, rows, start(), { ...options, engine });
      const expected = closedForm(rows);
      [...values.slope!, values.level![0]!].forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-3);
      });
      expect(history[history.length - 1]!.trainLoss).toBeCloseTo(0.01, 2);
    },
  );

  it("weighs rows", async () => {
    const rows = linearRows(200, 2, 2);
    const stream = new RandomStream(randomKey(3));
    const weight = Float64Array.from({ length: 200 }, () => Math.exp(stream.normal()));
    const weighted = { rows: 200, inputs: { ...rows.inputs, weight } };
    const objective = { ...leastSquares, weight: g.input("weight", []) };
    const { values } = await minimize(objective, weighted, start(), { ...options, epochs: 300, batch: 200 });
    const expected = closedForm(rows, weight);
    const plain = closedForm(rows);
    [...values.slope!, values.level![0]!].forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(0.02);
    });
    expect(Math.max(...expected.map((value, i) => Math.abs(value - plain[i]!)))).toBeGreaterThan(0.05);
  });

  it("leaves parameters that are not its own alone", async () => {
    const { values } = await minimize(
      { ...leastSquares, parameters: [slope] },
      linearRows(100, 1),
      { ...start(), level: Float64Array.of(3) },
      options,
    );
    expect(values.level).toEqual(Float64Array.of(3));
  });

  it("returns the best values on held-out rows and stops when they get no better", async () => {
    // Ten rows of pure noise: held-out rows are best near the start.
    const train = linearRows(10, 4, 5);
    const validation = linearRows(2000, 5, 5);
    const records: number[] = [];
    const { values, bestEpoch, history } = await minimize(leastSquares, train, start(), {
      ...options,
      validation,
      epochs: 400,
      patience: 15,
      onEpoch: ({ validationLoss }) => void records.push(validationLoss),
    });
    expect(history.length).toBeLessThan(400);
    expect(history.length).toBe(bestEpoch + 15);
    const { x, y } = validation.inputs;
    const loss = y!.reduce((sum, value, row) => {
      const fitted = values.slope!.reduce((total, s, i) => total + s * x![3 * row + i]!, values.level![0]!);
      return sum + (fitted - value) ** 2 / validation.rows;
    }, 0);
    expect(loss).toBeCloseTo(Math.min(...records), 6);
  });

  it("gives the same bits on any number of threads, and goes on from a state as if never stopped", async () => {
    const rows = linearRows(150, 6);
    const run = (own: Partial<typeof options>) =>
      minimize(leastSquares, rows, start(), { ...options, epochs: 12, ...own });
    const whole = await run({});
    expect((await run({ engine: wasmEngine({ precision: "float64", threads: 2 }) })).values).toEqual(
      whole.values,
    );
    let state: MinimizeState | undefined;
    await run({
      onEpoch: async ({ epoch }, read) => {
        if (epoch === 5) state = await read();
      },
    });
    expect(state!.epoch).toBe(5);
    expect((await run({ resume: state })).values).toEqual(whole.values);
    expect((await run({ key: randomKey(2) })).values).not.toEqual(whole.values);
  });

  it("stops when told to", async () => {
    const controller = new AbortController();
    const run = minimize(leastSquares, linearRows(100, 1), start(), {
      ...options,
      signal: controller.signal,
      onEpoch: ({ epoch }) => {
        if (epoch === 3) controller.abort();
        expect(epoch).toBeLessThan(4);
      },
    });
    await expect(run).rejects.toThrow(AbortedError);
  });

  it("refuses to start without rows", async () => {
    await expect(
      minimize(
        leastSquares,
        { rows: 0, inputs: { x: new Float64Array(0), y: new Float64Array(0) } },
        start(),
        options,
      ),
    ).rejects.toThrow(UsageError);
  });
});

describe("a loss that leaves the finite numbers", () => {
  const broken = { ...leastSquares, loss: g.log(g.sub(g.neg(g.square(residual)), 1)) };

  it("at the start is an error, with held-out rows and without, however few the epochs", async () => {
    const rows = linearRows(50, 1);
    for (const epochs of [1, 2, 20])
      for (const validation of [undefined, rows])
        await expect(minimize(broken, rows, start(), { ...options, epochs, validation })).rejects.toThrow(
          NumericalError,
        );
  });

  it("in the gradient alone is an error too", async () => {
    // The root has an infinite slope at 0, where the loss itself is 0.
    const loss = g.sqrt(g.square(g.mul(level, g.input("y", []))));
    const rows = { rows: 20, inputs: { y: new Float64Array(20).fill(1) } };
    const run = minimize({ loss, parameters: [level] }, rows, { level: new Float64Array(1) }, options);
    await expect(run).rejects.toThrow(NumericalError);
  });

  it("in some steps is passed over: those steps change nothing", async () => {
    const rows = linearRows(400, 7);
    // Two rows whose square overflows: the steps with them have no finite gradient.
    for (const row of [17, 230]) rows.inputs.y![row] = 1e300;
    const { values, history } = await minimize(leastSquares, rows, start(), { ...options, batch: 20 });
    [...values.slope!, values.level![0]!].forEach((value, i) => {
      expect(Math.abs(value - [...truth, offset][i]!)).toBeLessThan(0.05);
    });
    expect(history.every(({ trainLoss }) => Number.isFinite(trainLoss))).toBe(true);
  });

  it("for good gives up with the epochs in the message", async () => {
    const rows = linearRows(20, 8);
    rows.inputs.y!.fill(1e300);
    await expect(minimize(leastSquares, rows, start(), options)).rejects.toThrow(
      /not finite in epochs 1 to 3/,
    );
  });

  it("once is got over: the averages and moments of the way that led off are forgotten", async () => {
    const rows = linearRows(400, 10);
    // The slope steps out of the domain of a root whenever the rate is too large, and comes back with a smaller one.
    const loss = g.add(leastSquares.loss, g.mul(0, g.log(g.sub(50, g.square(level)))));
    const run = { ...options, epochs: 60, learningRate: 8, averaging: 0.5, validation: rows };
    const { values, bestEpoch } = await minimize({ ...leastSquares, loss }, rows, start(), run);
    expect(bestEpoch).toBeGreaterThan(0);
    for (const data of Object.values(values)) expect(data.every(Number.isFinite)).toBe(true);
  });
});
