/**
 * One program on all engines: the outputs of the reference engine, once the others have given the same.
 *
 * @module
 */

import { expect } from "vitest";
import type { RunOutputs } from "../../src/engines/engine.ts";
import { sizeOf } from "../../src/graph/expr.ts";
import { type Program, prepareProgram } from "../../src/graph/program.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { type EngineCase, engines } from "../engines.ts";

/** What a program is run with; what is not given is drawn from a normal distribution. */
export interface Given {
  /** Counts of rows to run it with, one after the other. */
  readonly rows?: number | readonly number[];
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
  readonly parameters?: Readonly<Record<string, readonly number[]>>;
  /** Standard deviation of the parameters that are drawn (default 1). */
  readonly scale?: number;
  /** Differences allowed, relative to the largest element, as multiples of the engine's epsilon. */
  readonly roundings?: number;
}

/** Runs a program on one engine, once for each count of rows. */
export async function runOn(
  { engine }: EngineCase,
  program: Partial<Program>,
  { rows = 3, inputs = {}, parameters = {}, scale = 1 }: Given = {},
): Promise<RunOutputs[]> {
  const leaves = prepareProgram(program);
  // What all precisions can hold; by name, so that it is the same for a program that reads less.
  const numbers = (
    name: string,
    given: readonly number[] | undefined,
    count: number,
    size = 1,
  ): Float64Array => {
    const stream = new RandomStream(split(randomKey(3), name));
    return Float64Array.from({ length: count }, (_, i) =>
      Math.fround(given ? given[i]! : size * stream.normal()),
    );
  };
  const executable = await engine.compile(program);
  try {
    await executable.setParameters(
      Object.fromEntries(
        leaves.parameters.map(({ name, shape }) => [
          name,
          numbers(name, parameters[name], sizeOf(shape), scale),
        ]),
      ),
    );
    const outputs: RunOutputs[] = [];
    for (const count of [rows].flat())
      outputs.push(
        await executable.run(
          {
            rows: count,
            inputs: Object.fromEntries(
              leaves.inputs.map(({ name, shape }) => [
                name,
                numbers(name, inputs[name], count * sizeOf(shape)),
              ]),
            ),
          },
          { key: randomKey(7) },
        ),
      );
    return outputs;
  } finally {
    executable.dispose();
  }
}

/** The outputs of the reference engine (of the last run), with which those of the others agree, NaN and infinities included. */
export async function agree(program: Partial<Program>, given: Given = {}): Promise<RunOutputs> {
  const [reference, ...others] = engines as readonly [EngineCase, ...EngineCase[]];
  const expected = await runOn(reference, program, given);
  for (const other of others) {
    const actual = await runOn(other, program, given);
    expected.forEach((outputs, i) => {
      const difference = differenceOf(actual[i]!, outputs, (given.roundings ?? 64) * other.epsilon);
      if (difference) expect.fail(`${other.name}, ${[given.rows ?? 3].flat()[i]} rows: ${difference}`);
    });
  }
  return expected.at(-1)!;
}

/** Where two outputs differ by more than a share of the largest element of an array; undefined where nowhere. */
export function differenceOf(
  actual: RunOutputs,
  expected: RunOutputs,
  tolerance: number,
): string | undefined {
  for (const kind of ["rows", "sums"] as const)
    for (const [name, data] of Object.entries(expected[kind])) {
      const size = Array.from(data, Math.abs)
        .filter(Number.isFinite)
        .reduce((a, b) => Math.max(a, b), 1);
      for (const [i, value] of data.entries()) {
        const own = actual[kind][name]![i]!;
        if (!(Object.is(own, value) || own === value || Math.abs(own - value) <= tolerance * size))
          return `${kind}.${name}[${i}] is ${own} for ${value}`;
      }
    }
  return undefined;
}
