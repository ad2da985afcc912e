import { describe, expect, test } from "vitest";
import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr } from "../../src/graph/expr.ts";
import { mapFeatures } from "../../src/graph/ops/bodies.ts";
import { type PreparedProgram, prepareProgram } from "../../src/graph/program.ts";
import * as g from "../../src/graph/publicOps.ts";
import { callsOf } from "../../src/plan/check/calls.ts";
import { makePlan } from "../../src/plan/makePlan.ts";
import { engines } from "../engines.ts";
import { agree, runOn } from "./agree.ts";

interface Case {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly mask?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  "3 x 3 with padding": { height: 4, width: 5, channels: 4, outputs: 3, kernel: [3, 3], padding: [1, 1] },
  "one channel, strides, a corner left over": {
    height: 5,
    width: 6,
    channels: 1,
    outputs: 2,
    kernel: [2, 3],
    strides: [2, 2],
  },
  "three channels, padding wider than the weights": {
    height: 2,
    width: 3,
    channels: 3,
    outputs: 5,
    kernel: [2, 2],
    padding: [3, 2],
    strides: [2, 1],
  },
  "one position": { height: 3, width: 3, channels: 2, outputs: 4, kernel: [3, 3] },
  "a mask as autoregressive pixels have it": {
    height: 4,
    width: 3,
    channels: 3,
    outputs: 6,
    kernel: [3, 3],
    padding: [1, 1],
    mask: true,
  },
};

/** Zero from the middle on, and for half of the channels in the middle. */
function maskOf({ channels, outputs, kernel: [rows, columns] }: Case): Float64Array {
  const blocks = rows * columns;
  return Float64Array.from({ length: outputs * blocks * channels }, (_, i) => {
    const block = Math.floor(i / channels) % blocks;
    const middle = (blocks - 1) / 2;
    return block < middle || (block === middle && i % channels < channels / 2) ? 1 : 0;
  });
}

function programOf(own: Case): { out: Expr; x: Expr; weights: Expr; bias: Expr } {
  const { height, width, channels, outputs, kernel, strides, padding, mask } = own;
  const x = g.input("x", [height, width, channels]);
  const weights = g.parameter("w", [outputs, ...kernel, channels]);
  const bias = g.parameter("b", [outputs]);
  const options = {
    ...(strides && { strides }),
    ...(padding && { padding }),
    ...(mask && { mask: maskOf(own) }),
  };
  return { out: g.convolution(x, weights, bias, options), x, weights, bias };
}

/** As it is defined, number by number. */
function byHand(own: Case, x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>): number[] {
  const {
    height,
    width,
    channels,
    outputs,
    kernel: [rows, columns],
    strides = [1, 1],
    padding = [0, 0],
    mask,
  } = own;
  const factors = mask ? maskOf(own) : undefined;
  const out: number[] = [];
  for (let i = -padding[0]; i + rows <= height + padding[0]; i += strides[0])
    for (let j = -padding[1]; j + columns <= width + padding[1]; j += strides[1])
      for (let o = 0; o < outputs; o++) {
        let total = b[o]!;
        for (let k = 0; k < rows; k++)
          for (let l = 0; l < columns; l++)
            for (let c = 0; c < channels; c++) {
              if (i + k < 0 || i + k >= height || j + l < 0 || j + l >= width) continue;
              const at = ((o * rows + k) * columns + l) * channels + c;
              total += w[at]! * (factors?.[at] ?? 1) * x[((i + k) * width + j + l) * channels + c]!;
            }
        out.push(total);
      }
  return out;
}

const numbers = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.fround(Math.sin(seed + 1.7 * i)));

describe.each(Object.entries(cases))("convolution: %s", (_, own) => {
  const { out, x, weights, bias } = programOf(own);
  const sizes = [x, weights, bias].map(({ shape }) => shape.reduce((a, b) => a * b, 1)) as [
    number,
    number,
    number,
  ];
  const given = { w: numbers(sizes[1], 2), b: numbers(sizes[2], 3) };

  test("is what a loop gives, on all engines", async () => {
    const data = numbers(2 * sizes[0], 1);
    const { rows } = await agree({ rows: { out } }, { rows: 2, inputs: { x: data }, parameters: given });
    const expected = [0, 1].flatMap((row) =>
      byHand(own, data.slice(row * sizes[0], (row + 1) * sizes[0]), given.w, given.b),
    );
    expect(out.shape.reduce((a, b) => a * b, 2)).toBe(expected.length);
    expected.forEach((value, i) => expect(rows.out![i]).toBeCloseTo(value, 12));
  });

  test("has the gradients that differences give, on all engines, for whole and cut tiles", async () => {
    const loss = g.sumRows(g.sum(g.tanh(g.mul(0.3, out))));
    const gradients = vjp([loss], [g.constant(1)], [x, weights, bias]);
    const program = { rows: { dx: gradients[0]! }, sums: { loss, dw: gradients[1]!, db: gradients[2]! } };
    for (const rows of [3, 64]) await agree(program, { rows, parameters: given, roundings: 3000 });
    const data = numbers(sizes[0], 1);
    const lossAt = async (parameters: { w: number[]; b: number[] }, inputs: number[]): Promise<number> => {
      const [result] = await runOn(
        engines[0]!,
        { sums: { loss } },
        { rows: 1, inputs: { x: inputs }, parameters },
      );
      return result!.sums.loss![0]!;
    };
    const [result] = await runOn(engines[0]!, program, { rows: 1, inputs: { x: data }, parameters: given });
    const step = 2 ** -10;
    for (const [name, list, gradient] of [
      ["x", data, result!.rows.dx!],
      ["w", given.w, result!.sums.dw!],
      ["b", given.b, result!.sums.db!],
    ] as const)
      for (const i of [0, list.length >> 1, list.length - 1]) {
        const at = (sign: number): Promise<number> => {
          const moved = list.slice();
          moved[i] = Math.fround(moved[i]! + sign * step);
          return lossAt(
            { ...given, ...(name === "x" ? {} : { [name]: moved }) },
            name === "x" ? moved : data,
          );
        };
        const moved = (sign: number): number => Math.fround(list[i]! + sign * step);
        const slope = ((await at(1)) - (await at(-1))) / (moved(1) - moved(-1));
        expect(gradient[i], `${name}[${i}]`).toBeCloseTo(slope, 5);
      }
  });

  test("has tangents, and second derivatives", async () => {
    const direction = g.sin(x);
    const weightDirection = g.cos(weights);
    const [tangent] = jvp([out], [x, weights, bias], [direction, weightDirection, bias]);
    const second = vjp([g.sumRows(g.sum(g.mul(tangent!, out)))], [g.constant(1)], [x, weights]);
    await agree(
      { rows: { tangent: tangent!, dx: second[0]! }, sums: { dw: second[1]! } },
      { rows: 3, parameters: given, roundings: 3000 },
    );
    // Along its own weights and bias a layer is itself.
    const [same] = jvp([out], [weights, bias], [weights, bias]);
    const { rows } = await agree({ rows: { same: same!, out } }, { rows: 2, parameters: given });
    rows.out!.forEach((value, i) => expect(rows.same![i]).toBeCloseTo(value, 12));
  });
});

describe("a dense layer at each of some positions", () => {
  const x = g.input("x", [5, 3]);
  const w = g.parameter("w", [4, 3]);
  const b = g.parameter("b", [4]);

  test.each([false, true])("is the layer of each position, transposed: %s", async (transposed) => {
    const weights = transposed ? g.transpose(w) : w;
    const out = g.linear(x, weights, b, { transposed });
    const each = g.concatenate(
      Array.from({ length: 5 }, (_, i) =>
        g.reshape(g.linear(g.reshape(g.slice(x, i, i + 1), [3]), weights, b, { transposed }), [1, 4]),
      ),
    );
    const gradientsOf = (value: Expr): Expr[] =>
      vjp([g.sumRows(g.sum(g.tanh(value)))], [g.constant(1)], [x, w, b]);
    const [own, others] = [gradientsOf(out), gradientsOf(each)];
    const { rows, sums } = await agree(
      {
        rows: { out, each, dx: own[0]!, dxEach: others[0]! },
        sums: { dw: own[1]!, dwEach: others[1]!, db: own[2]!, dbEach: others[2]! },
      },
      { rows: 70, roundings: 3000 },
    );
    for (const name of ["out", "dx"])
      rows[name]!.forEach((value, i) =>
        expect(value).toBeCloseTo(rows[name === "out" ? "each" : "dxEach"]![i]!, 11),
      );
    for (const name of ["dw", "db"])
      sums[name]!.forEach((value, i) => expect(value).toBeCloseTo(sums[`${name}Each`]![i]!, 10));
  });

  test("in a scan, with weights that are slices", async () => {
    const stacked = g.parameter("stacked", [3, 3, 3]);
    const out = g.scan(x, 3, [stacked], (state, [weights]) => g.tanh(g.linear(state, weights!)));
    const [dw, dx] = vjp([g.sumRows(g.sum(out))], [g.constant(1)], [stacked, x]);
    await agree({ rows: { out, dx: dx! }, sums: { dw: dw! } }, { rows: 5, roundings: 3000 });
  });

  test("of a value that turns out to be the same in all rows", async () => {
    const out = g.linear(g.parameter("shared", [5, 3]), w, b);
    const [dw] = vjp([g.sumRows(g.sum(g.exp(out)))], [g.constant(1)], [w]);
    await agree(
      { rows: { out, none: g.linear(g.mul(0, x), w, b) }, sums: { dw: dw! } },
      { rows: 5, roundings: 3000 },
    );
  });
});

test("what does not fit is refused by name", () => {
  const x = g.input("x", [4, 4, 3]);
  const w = g.parameter("w", [2, 3, 3, 3]);
  expect(() => g.convolution(x, g.parameter("v", [2, 3, 3, 2]))).toThrow(
    /weights must be shared, of the shape \[2, 3, 3, 3\]/,
  );
  expect(() => g.convolution(x, w, g.parameter("b", [3]))).toThrow(/bias must be shared, a vector of 2/);
  expect(() => g.convolution(x, g.parameter("v", [2, 5, 5, 3]))).toThrow(/no larger than x/);
  expect(() => g.convolution(x, w, undefined, { strides: [0, 1] })).toThrow(
    /strides must be two positive integers/,
  );
  expect(() => g.convolution(x, w, undefined, { mask: new Float64Array(3) })).toThrow(
    /54 numbers, one for each weight/,
  );
  expect(() => g.convolution(g.reshape(x, [16, 3]), w)).toThrow(/\[height, width, channels\]/);
  expect(() => g.linear(g.input("y", [5, 3]), g.parameter("v", [4, 2]))).toThrow(/of the shape \[4, 3\]/);
  expect(() =>
    mapFeatures([g.input("z", [6])], (s) => [
      [g.sum(g.linear(g.reshape(g.concatenate([s[0]!, s[0]!]), [2, 1]), g.constant([1], [1, 1])))],
    ]),
  ).toThrow(/scalar operations alone/);
});

/** The program of a convolution over a square. */
function squareProgram(extent: number, mask?: Float64Array): PreparedProgram {
  const x = g.input("x", [extent, extent, 4]);
  const w = g.parameter("w", [4, 3, 3, 4]);
  const out = g.convolution(x, w, undefined, { padding: [1, 1], ...(mask && { mask }) });
  const [dx, dw] = vjp([g.sumRows(g.sum(g.square(out)))], [g.constant(1)], [x, w]);
  return prepareProgram({ rows: { out, dx: dx! }, sums: { dw: dw! } });
}

test("a block that the mask leaves out costs nothing", () => {
  /** Inputs that positions sum, of the value and of the gradient of x, and runs that the gradient of the weights sums. */
  const costs = (mask?: Float64Array): { inputs: number[]; runs: number } => {
    const target = { rowLength: 64, numberBytes: 4, lanes: 4, gates: true, reservedBytes: 0 } as const;
    const { kernels, tile, tables } = makePlan(squareProgram(6, mask), target);
    const inputs: number[] = [];
    let runs = 0;
    for (const { kernel, arguments: args } of callsOf(tile)) {
      const { kind } = kernels[kernel]!;
      const table = args.find((argument) => argument.kind === "table");
      if (!table || (kind !== "connected" && kind !== "sumConnected")) continue;
      const { data } = tables[table.table]!;
      if (kind === "sumConnected") runs += data.length / 4;
      else inputs.push(data.filter((_, i) => i % 4 === 3).reduce((sum, count) => sum + count, 0));
    }
    return { inputs, runs };
  };
  const top = Float64Array.from({ length: 144 }, (_, i) => (Math.floor(i / 4) % 9 < 3 ? 1 : 0));
  // In a row of 6 positions 4 are below three others, and 2 below two; the first row is below none. Each has 4 channels.
  expect(costs(top)).toEqual({ inputs: [5 * 16 * 4, 5 * 16 * 4], runs: 5 * 6 });
  expect(costs()).toEqual({ inputs: [16 * 16 * 4, 16 * 16 * 4], runs: 16 * 6 });
});

test("kernels and calls do not grow with positions", () => {
  const target = { rowLength: 64, numberBytes: 4, lanes: 4, gates: true, reservedBytes: 0 } as const;
  const [small, large] = [4, 16].map((extent) => makePlan(squareProgram(extent), target));
  expect(large!.kernels.length).toBe(small!.kernels.length);
  expect([...callsOf(large!.tile)].length).toBe([...callsOf(small!.tile)].length);
});
