/** Parameters that are parts of one: each has its name, and all get their new values together. */

import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import { planEngine } from "../../src/engines/plan/engine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { adamW, joinedParameters } from "../../src/fitting/gradient/adamW.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import type { Expr, ParameterExpr } from "../../src/graph/expr.ts";
import { joinedParameter, partsOf } from "../../src/graph/ops/leaves.ts";
import * as g from "../../src/graph/ops.ts";
import type { Program } from "../../src/graph/program.ts";

const x = g.input("x", [3]);
const rows = 5;
const data = { rows, inputs: { x: Float64Array.from({ length: 3 * rows }, (_, i) => Math.sin(i)) } };

/** What three steps make of the parameters. */
async function trained(engine: Engine, program: Partial<Program>): Promise<Record<string, Float64Array>> {
  const executable = await engine.compile(program);
  try {
    await executable.setParameters(
      Object.fromEntries(
        Array.from(executable.parameters, ([name, size]) => [
          name,
          Float64Array.from({ length: size }, (_, i) =>
            name.includes("square") ? 0.1 : Math.cos(i + name.length),
          ),
        ]),
      ),
    );
    await executable.load(data);
    const of = (value: number): Float64Array => new Float64Array(3).fill(value);
    await executable.step({
      indices: Uint32Array.from({ length: 9 }, (_, i) => i % rows),
      counts: [3, 3, 3],
      stepInputs: { rate: of(0.1), correction1: of(1.5), correction2: of(2), averageShare: of(0.3) },
    });
    return await executable.getParameters();
  } finally {
    executable.dispose();
  }
}

describe("parts of a parameter", () => {
  const joinedOf = (name: string, a: string, b: string): ParameterExpr =>
    joinedParameter(name, [g.parameter(a, [2, 3]), g.parameter(b, [3])]);
  const whole = joinedOf("whole", "a", "b");
  const [a, b] = partsOf(whole) as [ParameterExpr, ParameterExpr];
  const loss = g.sumRows(g.add(g.sum(g.tanh(g.linear(x, a))), g.sum(g.mul(x, g.square(b)))));
  const [da, db] = vjp([loss], [g.constant(1)], [a, b]) as [Expr, Expr];
  const gradient = g.concatenate([g.reshape(da, [6]), db]);
  const state = joinedOf("state", "state.a", "state.b");
  const program = {
    sums: { loss, norm: g.sum(g.square(b)) },
    updates: [
      { parameter: whole, value: g.sub(whole, g.mul(0.1, g.add(state, gradient))) },
      { parameter: state, value: g.add(state, gradient) },
    ],
  };
  const engines = { plan: planEngine(), wasm: wasmEngine({ precision: "float64", threads: 2 }) };
  test.each(Object.entries(engines))(
    "%s: set and got by their names, as the reference engine says",
    async (_, engine) => {
      const expected = await trained(referenceEngine, program);
      expect(Object.keys(expected).sort()).toEqual(["a", "b", "state.a", "state.b"]);
      const actual = await trained(engine, program);
      expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, values] of Object.entries(expected))
        values.forEach((value, i) => expect(actual[name]![i], `${name} ${i}`).toBeCloseTo(value, 12));
    },
  );
  test("the whole is no parameter to set", async () => {
    const executable = await wasmEngine({ threads: 1 }).compile(program);
    await expect(executable.setParameters({ whole: new Float64Array(9) })).rejects.toThrow(/whole/);
    executable.dispose();
  });
});

describe("AdamW of joined parameters", () => {
  const leaves = Object.entries({ first: [4, 3], second: [4, 4], bias: [4], shift: [4] }).map(
    ([name, shape]) => g.parameter(name, shape),
  );
  const program = (parameters: readonly ParameterExpr[]): Partial<Program> => {
    const [first, second, bias, shift] = parameters as unknown as [Expr, Expr, Expr, Expr];
    const y = g.add(g.linear(g.tanh(g.linear(x, first, bias)), second), shift);
    const loss = g.sumRows(g.sum(g.square(y)));
    const { updates, norm } = adamW(parameters, vjp([loss], [g.constant(1)], parameters));
    return { sums: { loss, norm }, updates };
  };
  test.each([1, 3])("is to the bit that of each, on %i threads", async (threads) => {
    const joined = joinedParameters(leaves);
    expect(joined.map(({ part }) => part?.of.name)).toEqual([
      "joined.matrices",
      "joined.matrices",
      "joined.vectors",
      "joined.vectors",
    ]);
    const engine = wasmEngine({ threads });
    expect(await trained(engine, program(joined))).toEqual(await trained(engine, program(leaves)));
  });
});
