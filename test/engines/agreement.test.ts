import { afterAll, describe, expect, test } from "vitest";
import { coupling } from "../../src/bijections/autoregressive/coupling.ts";
import { maskedAutoregressive } from "../../src/bijections/autoregressive/maskedAutoregressive.ts";
import { chain } from "../../src/bijections/combinators/chain.ts";
import { luAffine } from "../../src/bijections/linear/luAffine.ts";
import { permutation } from "../../src/bijections/linear/permutation.ts";
import { triangularAffine } from "../../src/bijections/linear/triangularAffine.ts";
import type { Executable, RunOutputs } from "../../src/engines/engine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import { type Expr, sizeOf } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree, flattenTree } from "../../src/graph/parameters.ts";
import { type Program, prepareProgram } from "../../src/graph/program.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";
import { rationalQuadraticTransformer } from "../../src/transformers/rationalQuadraticTransformer.ts";

const open: Executable[] = [];
afterAll(() => {
  for (const executable of open) executable.dispose();
});

/** Runs a program on an engine with random parameters and rows. */
async function run(
  program: Partial<Program>,
  options: { engine: "reference" | "float32" | "float64"; rows: number; threads?: number; scale?: number },
): Promise<RunOutputs> {
  const engine =
    options.engine === "reference"
      ? referenceEngine
      : wasmEngine({ precision: options.engine, threads: options.threads ?? 1 });
  const executable = await engine.compile(program);
  open.push(executable);
  const prepared = prepareProgram(program);
  const stream = new RandomStream(randomKey(5));
  const draw = (n: number, scale: number): Float64Array =>
    Float64Array.from({ length: n }, () => scale * Math.fround(stream.normal()));
  const sorted = [...prepared.parameters].sort((a, b) => (a.name < b.name ? -1 : 1));
  await executable.setParameters(
    Object.fromEntries(
      sorted.map(({ name, shape }) => [name, draw(sizeOf(shape), options.scale ?? 0.3).map(Math.fround)]),
    ),
  );
  const inputs = Object.fromEntries(
    prepared.inputs.map(({ name, shape }) => [name, draw(options.rows * sizeOf(shape), 1)]),
  );
  return executable.run({ rows: options.rows, inputs });
}

function expectClose(actual: RunOutputs, expected: RunOutputs, tolerance: number): void {
  for (const kind of ["rows", "sums"] as const)
    for (const [name, data] of Object.entries(expected[kind])) {
      const scale = Math.max(1, ...Array.from(data, Math.abs));
      data.forEach((value, i) => {
        const other = actual[kind][name]![i]!;
        if (!(Math.abs(other - value) <= tolerance * scale))
          throw new Error(`${kind}.${name}[${i}]: ${other} for ${value} (tolerance ${tolerance * scale})`);
      });
    }
}

const x = g.input("x", [5]);
const w = g.parameter("w", [3, 5]);
const v = g.parameter("v", [5]);
const square = g.parameter("square", [5, 5]);
const identity = g.constant(
  Float64Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 3 : 0)),
  [5, 5],
);

const programs: Record<string, Partial<Program>> = {
  "element-wise chain": { rows: { y: g.mul(g.exp(g.neg(g.square(x))), g.add(x, v)) } },
  "every element-wise operation": {
    rows: {
      y: g.concatenate([
        g.neg(x),
        g.abs(x),
        g.sign(x),
        g.floor(x),
        g.sqrt(g.abs(x)),
        g.exp(x),
        g.log(g.add(1, g.square(x))),
        g.log1p(g.abs(x)),
        g.expm1(x),
        g.tanh(x),
        g.sigmoid(x),
        g.softplus(x),
        g.sin(x),
        g.cos(x),
        g.erf(x),
        g.normalQuantile(g.sigmoid(x)),
        g.max(x, v),
        g.min(x, 0.3),
        g.less(x, v),
        g.lessEqual(x, 0),
        g.select(g.less(x, 0), v, x),
        g.div(x, g.add(2, g.abs(v))),
        g.logAddExp(x, v),
      ]),
    },
  },
  "total and partial sums": {
    rows: { t: g.sum(g.exp(x)), p: g.sum(g.mul(g.reshape(x, [5, 1]), g.reshape(g.tanh(x), [1, 5])), 0) },
  },
  moves: {
    rows: { y: g.gather(g.sin(x), [4, 4, -1, 0, 2, 1], [6]), z: g.scatter(x, [0, 0, 1, -1, 1], [2]) },
  },
  "a run of elements is a view": { rows: { y: g.mul(g.slice(g.exp(x), 1, 4), 2), z: g.slice(x, 2, 5) } },
  "dense layer, both ways": {
    rows: { y: g.tanh(g.linear(x, w)), z: g.linear(g.linear(x, w), w, undefined, { transposed: true }) },
  },
  "triangular solves": {
    rows: {
      a: g.solveTriangular(g.add(square, identity), x, { lower: true }),
      b: g.solveTriangular(g.add(square, identity), x, { lower: false }),
      c: g.solveTriangular(g.add(square, identity), x, { lower: true, transposed: true }),
      d: g.solveTriangular(g.add(square, identity), x, { lower: false, transposed: true }),
    },
  },
  "triangular solves of shared vectors": {
    rows: Object.fromEntries(
      [true, false].flatMap((lower) =>
        [true, false].map((transposed) => [
          `${lower} ${transposed}`,
          g.mul(x, g.solveTriangular(g.add(square, identity), v, { lower, transposed })),
        ]),
      ),
    ),
  },
  "products of parameters before the tiles": {
    rows: { y: g.linear(x, g.matrixProduct(w, g.transpose(square)), g.linear(v, w)) },
  },
  "products of shared matrices of any shape": {
    sums: Object.fromEntries(
      [
        [1, 1, 1],
        [3, 5, 7],
        [8, 3, 4],
        [2, 6, 3],
        [17, 16, 13],
      ].map(([m, k, n], i) => [
        `product ${i}`,
        g.matrixProduct(g.parameter(`left ${i}`, [m!, k!]), g.parameter(`right ${i}`, [k!, n!])),
      ]),
    ),
  },
  "a sum over rows sees no padding": { sums: { s: g.sumRows(g.exp(x)), n: g.sumRows(g.exp(g.mul(x, 0))) } },
  "a shared output of rows": { rows: { y: g.sum(v), z: v } },
  "norm of sums": { sums: { s: g.sqrt(g.sum(g.square(g.sumOuter(x, g.mul(g.rowMark(), g.tanh(x)))))) } },
  "an iteration": {
    rows: {
      y: g.fixedPoint(g.zeros([5]), 5, (y) =>
        g.add(
          x,
          g.linear(
            g.tanh(y),
            g.mul(
              square,
              g.constant(
                Float64Array.from({ length: 25 }, (_, i) => (i % 5 < Math.floor(i / 5) ? 1 : 0)),
                [5, 5],
              ),
            ),
          ),
        ),
      ),
    },
  },
};

describe.each(Object.keys(programs))("%s", (name) => {
  test.each([1, 63, 64, 65, 200])("agrees with the reference engine for %i rows", async (rows) => {
    const expected = await run(programs[name]!, { engine: "reference", rows });
    expectClose(await run(programs[name]!, { engine: "float64", rows }), expected, 1e-12);
    expectClose(await run(programs[name]!, { engine: "float32", rows }), expected, 1e-5);
  });
});

const spline = rationalQuadraticTransformer({ bins: 5, bound: 4 });
const flows = {
  realnvp: chain([
    coupling({ features: 3, transformed: [0, 2], transformer: affineTransformer(), hidden: [9, 10] }),
    coupling({ features: 3, transformed: [1], transformer: affineTransformer(), hidden: [9] }),
    triangularAffine({ features: 3 }),
  ]),
  "spline coupling": chain([
    permutation([2, 0, 1]),
    luAffine({ features: 3 }),
    coupling({ features: 3, context: 2, transformed: [2, 1], transformer: spline, hidden: [12, 7] }),
  ]),
  "masked affine": chain([
    maskedAutoregressive({ features: 3, context: 2, transformer: affineTransformer(), hidden: [16, 16] }),
    maskedAutoregressive({ features: 3, order: [2, 1, 0], transformer: affineTransformer(), hidden: [17] }),
  ]),
  "masked spline": chain([
    maskedAutoregressive({ features: 3, transformer: spline, hidden: [20, 20] }),
    maskedAutoregressive({ features: 3, order: [2, 1, 0], transformer: spline, hidden: [20, 20] }),
  ]),
};

/** Log-density and sample of a flow, and the gradient of its weighted negative log-likelihood. */
function flowProgram(flow: ReturnType<typeof chain>, parts: "rows" | "sums"): Partial<Program> {
  const bound = bindTree(flow.parameters);
  const data = g.input("data", [flow.features]);
  const context = flow.context > 0 ? g.input("context", [flow.context]) : undefined;
  const inverse = flow.inverse(data, bound, context);
  const logProb = g.add(g.mul(-0.5, g.sum(g.square(inverse.value))), inverse.logAbsDet);
  if (parts === "rows") {
    const forward = flow.forward(data, bound, context);
    return { rows: { logProb, base: inverse.value, sample: forward.value, logAbsDet: forward.logAbsDet } };
  }
  const weight = g.input("weight", []);
  const loss = g.sumRows(g.neg(g.mul(logProb, weight)));
  const leaves: Expr[] = [];
  const names: string[] = [];
  const walk = (tree: object, prefix: string): void => {
    for (const [key, member] of Object.entries(tree)) {
      if ("op" in (member as object)) {
        leaves.push(member as Expr);
        names.push(prefix + key);
      } else walk(member as object, `${prefix}${key}.`);
    }
  };
  walk(bound, "");
  const gradients = vjp([loss], [g.constant(1)], leaves);
  return { sums: { loss, ...Object.fromEntries(names.map((name, i) => [name, gradients[i]!])) } };
}

describe.each(Object.keys(flows) as (keyof typeof flows)[])("%s", (name) => {
  const flow = flows[name];
  test("log-density and sample agree with the reference engine", async () => {
    const program = flowProgram(flow, "rows");
    const expected = await run(program, { engine: "reference", rows: 150 });
    expectClose(await run(program, { engine: "float64", rows: 150 }), expected, 1e-10);
    expectClose(await run(program, { engine: "float32", rows: 150 }), expected, 2e-4);
  });

  test("loss and gradient agree with the reference engine", async () => {
    const program = flowProgram(flow, "sums");
    expect(Object.keys(program.sums!).length).toBe(1 + flattenTree(flow.parameters).size);
    const expected = await run(program, { engine: "reference", rows: 150 });
    expectClose(await run(program, { engine: "float64", rows: 150 }), expected, 1e-10);
    expectClose(await run(program, { engine: "float32", rows: 150 }), expected, 2e-4);
  });

  test("the number of threads changes no bit", async () => {
    const program = flowProgram(flow, "sums");
    const one = await run(program, { engine: "float32", rows: 700, threads: 1 });
    for (const threads of [2, 3])
      expect(await run(program, { engine: "float32", rows: 700, threads })).toEqual(one);
  });
});
