/**
 * Runs a random program on what stands for one of the stages: its outputs, and what a few steps make of its parameters.
 *
 * @module
 */

import type { Engine } from "../../src/engines/engine.ts";
import type { Program } from "../../src/graph/program.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";

/** Everything that a program gives, by name. */
export type Results = ReadonlyMap<string, Float64Array>;

/** The outputs for so many rows, and sums and parameters of two steps on some of them. */
export async function resultsOf(engine: Engine, program: Partial<Program>, rows: number): Promise<Results> {
  // By name, so that the numbers are the same for a program that reads less.
  const numbers = (name: string, count: number): Float64Array => {
    const stream = new RandomStream(split(randomKey(3), name));
    return Float64Array.from({ length: count }, () => Math.fround(0.5 * stream.normal()));
  };
  const executable = await engine.compile(program);
  try {
    const parameters = Array.from(executable.parameters, ([name, size]) => [name, numbers(name, size)]);
    await executable.setParameters(Object.fromEntries(parameters));
    // More than are asked for do no harm: n is at most 5.
    const x = program.rows!.dx!.shape[0]!;
    const inputs = { rows, inputs: { x: numbers("x", rows * x) } };
    const key = randomKey(7);
    const outputs = await executable.run(inputs, { key, stepInputs: { rate: Float64Array.of(0.3) } });
    await executable.load(inputs);
    const counts = [rows, Math.floor(rows / 2)];
    const steps = await executable.step({
      indices: Uint32Array.from({ length: counts[0]! + counts[1]! }, (_, i) => (i * 7) % rows),
      counts,
      key,
      stepInputs: { rate: Float64Array.of(0.3, -0.2) },
    });
    const named = (part: string, arrays: Readonly<Record<string, Float64Array>>) =>
      Object.entries(arrays).map(([name, data]) => [`${part} ${name}`, data] as const);
    return new Map([
      ...named("rows", outputs.rows),
      ...named("sum", outputs.sums),
      ...named("step", steps),
      ...named("parameter", await executable.getParameters()),
    ]);
  } finally {
    executable.dispose();
  }
}

/** Where results differ by more than a share of the largest element of an array; undefined where nowhere. */
export function firstDifference(actual: Results, expected: Results, tolerance: number): string | undefined {
  for (const [name, data] of expected) {
    const size = data.reduce(
      (largest, x) => (Number.isFinite(x) ? Math.max(largest, Math.abs(x)) : largest),
      1,
    );
    const other = actual.get(name);
    // A parameter that is read no more, nor updated, is gone.
    if (!other && name.startsWith("parameter ")) continue;
    for (let i = 0; i < data.length; i++)
      if (!(Object.is(other?.[i], data[i]) || Math.abs(other![i]! - data[i]!) <= tolerance * size))
        return `${name}[${i}] is ${other?.[i]} for ${data[i]}`;
  }
  return undefined;
}
