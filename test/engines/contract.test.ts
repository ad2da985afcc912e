/** What every engine checks, and what holds of executables whatever engine made them. */

import { describe, expect, onTestFinished, test } from "vitest";
import type { Executable, Steps } from "../../src/engines/engine.ts";
import { AbortedError, ShapeError, UsageError } from "../../src/errors.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import type { Program } from "../../src/graph/program.ts";
import { engines } from "../engines.ts";

const x = g.input("x", [2]);
const weight = g.parameter("weight", [2]);
const summed: Partial<Program> = { sums: { sum: g.sumRows(g.sum(x)), mean: g.sumRows(g.mul(x, weight)) } };
const ones = (rows: number): Float64Array => new Float64Array(2 * rows).fill(1);

describe.each(engines)("$name", ({ engine }) => {
  async function compiled(program: Partial<Program>): Promise<Executable> {
    const executable = await engine.compile(program);
    onTestFinished(() => executable.dispose());
    return executable;
  }
  const steps = (indices: number[], counts: number[], more: Partial<Steps> = {}): Steps => ({
    indices: Uint32Array.from(indices),
    counts,
    stepInputs: {},
    ...more,
  });

  test("steps are checked before one is run: rows that were not loaded, counts that do not fit", async () => {
    const executable = await compiled(summed);
    await expect(executable.step(steps([0], [1]))).rejects.toThrow(/no rows were loaded/);
    await executable.load({ rows: 3, inputs: { x: ones(3) } });
    for (const [own, message] of [
      [steps([0, 3], [1, 1]), "step: index 1 is row 3, and 3 rows were loaded, counted from 0."],
      [steps([0, 2 ** 32 - 1], [2]), "step: index 1 is row 4294967295"],
      [steps([0], [3]), "step: the counts add up to 3 rows, and there are 1 indices"],
      [steps([0, 1], [1]), "step: the counts add up to 1 rows, and there are 2 indices"],
      [steps([0], [2, -1]), "step: the count of step 1 must be a whole number of rows, got -1."],
      [steps([0], [0.5, 0.5]), "step: the count of step 0 must be a whole number of rows, got 0.5."],
      [steps([0], [Number.NaN]), "step: the count of step 0 must be a whole number of rows, got NaN."],
      [steps([0], [1], { firstStep: -1 }), "firstStep must be a whole number"],
    ] as const)
      await expect(executable.step(own)).rejects.toThrow(message);
    expect((await executable.step(steps([0, 2], [1, 1]))).sum).toEqual(Float64Array.of(2, 2));
  });

  test("a step without rows has sums of zero, wherever it stands, and its updates are applied", async () => {
    const count = g.parameter("count", []);
    const updates = [{ parameter: count, value: g.add(count, g.add(1, g.sumRows(g.sum(x)))) }];
    const executable = await compiled({ ...summed, updates });
    await executable.load({ rows: 3, inputs: { x: ones(3) } });
    await executable.setParameters({ weight: Float64Array.of(1, 3) });
    const { sum, mean } = await executable.step(steps([0, 1, 1], [0, 2, 0, 1, 0]));
    expect(sum).toEqual(Float64Array.of(0, 4, 0, 2, 0));
    expect(mean).toEqual(Float64Array.of(0, 0, 2, 6, 0, 0, 1, 3, 0, 0));
    expect((await executable.getParameters()).count).toEqual(Float64Array.of(11));
    expect((await executable.step(steps([], []))).sum).toEqual(Float64Array.of());
  });

  test("parameters that the program does not have, or of another length, are refused, and none is set", async () => {
    const other = g.parameter("other", [3]);
    const dropped = g.mul(0, g.sum(other));
    const executable = await compiled({ rows: { y: g.add(g.mul(x, weight), dropped) } });
    const good = Float64Array.of(2, 2);
    await executable.setParameters({ weight: good });
    for (const [values, message] of [
      [{ weight: ones(1), wieght: good }, /no parameter "wieght"; it has "weight", "other"/],
      [{ weight: ones(1), constructor: good }, /no parameter "constructor"/],
      [{ weight: ones(1), other: good }, /"other" must be 3 numbers, got 2/],
      [{ weight: ones(2) }, /"weight" must be 2 numbers, got 4/],
    ] as const)
      await expect(executable.setParameters(values as never)).rejects.toThrow(message);
    expect((await executable.getParameters()).weight).toEqual(good);
    expect([...executable.parameters].sort()).toEqual([
      ["other", 3],
      ["weight", 2],
    ]);
    // One that the simplified program does not read is kept all the same.
    await executable.setParameters({ other: Float64Array.of(1, 2, 3) });
    expect((await executable.getParameters()).other).toEqual(Float64Array.of(1, 2, 3));
    const none = await compiled({ rows: { y: x } });
    await expect(none.setParameters({ weight: good })).rejects.toThrow(/no parameter "weight"; it has none/);
  });

  test("rows are checked by load and run: how many, and their numbers", async () => {
    const executable = await compiled(summed);
    for (const rows of [0, -1, 1.5, Number.NaN])
      for (const call of ["load", "run"] as const)
        await expect(executable[call]({ rows, inputs: { x: ones(3) } })).rejects.toThrow(ShapeError);
    await expect(executable.run({ rows: 2, inputs: { x: ones(1) } })).rejects.toThrow(
      "must be 4 numbers, got 2",
    );
    await expect(executable.load({ rows: 2, inputs: {} })).rejects.toThrow(
      'load: input "x" must be 4 numbers, got none',
    );
  });

  test("what is disposed of while it runs ends soon and says so; what comes later is refused", async () => {
    let deep: Expr = x;
    for (let i = 0; i < 30; i++) deep = g.sin(g.mul(deep, 1.01));
    const rows = 2000;
    const data = { rows, inputs: { x: ones(rows) } };
    const executable = await compiled({ sums: { sum: g.sumRows(g.sum(deep)) } });
    await executable.load(data);
    const many = 20_000;
    const indices = Array.from({ length: many * 50 }, (_, i) => i % rows);
    const stepping = executable.step(steps(indices, new Array<number>(many).fill(50)));
    const waiting = executable.run(data);
    setTimeout(() => executable.dispose(), 20);
    await expect(stepping).rejects.toThrow(UsageError);
    await expect(waiting).rejects.toThrow("disposed of");
    await expect(executable.getParameters()).rejects.toThrow(UsageError);
    executable.dispose();
  });

  test("an abort by a timer ends a run between rows; progress is told, and ends with all rows", async () => {
    const rows = 40_000;
    const executable = await compiled({ rows: { y: g.sin(x) } });
    const data = { rows, inputs: { x: ones(rows) } };
    const seen: number[] = [];
    await executable.run(data, { onProgress: ({ done, of }) => seen.push(done / of) });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    await expect(executable.run(data, { signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
  });
});
