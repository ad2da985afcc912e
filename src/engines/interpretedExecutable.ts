/**
 * The contract of executables for interpreters: what computes some rows at once, in float64, on this thread.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { nextTurn } from "../platform/platform.ts";
import type { RandomKey } from "../random/philox.ts";
import { checkParameters, checkSteps, inputsOf, stepInputOf } from "./checks.ts";
import type { Arrays, Executable, RunInputs, RunOptions, RunOutputs, Steps } from "./engine.ts";
import { Operations } from "./operations.ts";

/** A leaf or an output: its name, and the elements that it has for each row or step. */
export interface InterpretedPort {
  readonly name: string;
  readonly size: number;
}

/** What random draws start from. */
export interface Draws {
  readonly key: RandomKey;
  readonly step: number;
  readonly firstRow: number;
}

/** What is computed together: the outputs of each row, the sums, the sums and after them these, or the updates. */
export type Part = "rows" | "sums" | "sums and rows" | "sums and updates";

/** What a part of a program is computed of. */
export interface Given extends RunInputs {
  /** Those that are left out are zeros. */
  readonly stepInputs: Arrays;
  readonly parameters: ReadonlyMap<string, Float64Array>;
  readonly draws: Draws;
}

/** A program as an interpreter has read it. */
export interface Interpreted {
  /** What has to be given for each row. */
  readonly inputs: readonly InterpretedPort[];
  readonly stepInputs: readonly InterpretedPort[];
  readonly parameters: readonly (InterpretedPort & {
    /** Of a part of another: the name of that, and where in it the part begins. */
    readonly part?: { readonly of: string; readonly start: number } | undefined;
  })[];
  /** Outputs of each row; a shared one is given once. */
  readonly rows: readonly (InterpretedPort & { readonly isShared: boolean })[];
  readonly sums: readonly string[];
  /** Parameters that get new values, in the order in which these are given. */
  readonly updated: readonly string[];
  readonly hasRandoms: boolean;
  /** The outputs of a part, in order. What is returned holds until the next call. */
  readonly evaluate: (given: Given, part: Part) => readonly Float64Array[];
}

/** {@link Given.stepInputs} by name, zeros where left out. */
export function stepInputOrZeros(stepInputs: Arrays, port: InterpretedPort): Float64Array {
  return stepInputs[port.name] === undefined ? new Float64Array(port.size) : stepInputOf(stepInputs, port, 1);
}

/** A program that an interpreter runs, with the current values of its parameters. */
export class InterpretedExecutable implements Executable {
  readonly #program: Interpreted;
  readonly #parameters: ReadonlyMap<string, Float64Array>;
  readonly #operations = new Operations();
  readonly parameters: ReadonlyMap<string, number>;
  #loaded: RunInputs | undefined;

  constructor(program: Interpreted) {
    this.#program = program;
    const wholes = new Set(program.parameters.map(({ part }) => part?.of));
    const listed = program.parameters.filter(({ name }) => !wholes.has(name));
    this.parameters = new Map(listed.map(({ name, size }) => [name, size]));
    const numbers = new Map<string, Float64Array>();
    for (const { name, size, part } of program.parameters)
      if (!part) numbers.set(name, new Float64Array(size));
    for (const { name, size, part } of program.parameters)
      if (part) numbers.set(name, numbers.get(part.of)!.subarray(part.start, part.start + size));
    this.#parameters = numbers;
  }

  setParameters(values: Arrays): Promise<void> {
    return this.#operations.inTurn(async () => {
      checkParameters(values, this.parameters);
      for (const [name, data] of Object.entries(values)) this.#parameters.get(name)!.set(data);
    });
  }

  getParameters(): Promise<Record<string, Float64Array>> {
    return this.#operations.inTurn(async () =>
      Object.fromEntries(
        Array.from(this.parameters.keys(), (name) => [name, this.#parameters.get(name)!.slice()]),
      ),
    );
  }

  run(inputs: RunInputs, options: RunOptions = {}): Promise<RunOutputs> {
    return this.#operations.inTurn(async () => {
      const { stepInputs = {}, signal, onProgress } = options;
      const { inputs: leaves, rows: outputs, sums: sumNames } = this.#program;
      const draws = this.#draws(options.key);
      inputsOf("run", inputs, leaves);
      // Blocks bound the memory of long tables, and let an abort through.
      const block = 1024;
      const rows: Record<string, Float64Array> = {};
      for (const { name, size } of outputs) rows[name] = new Float64Array(inputs.rows * size);
      await nextTurn();
      this.#operations.checkAborted(signal);
      // In one block the outputs of rows are computed along with the sums, with which they share most of their graph.
      const isOneBlock = sumNames.length > 0 && outputs.length > 0 && inputs.rows <= block;
      const all =
        sumNames.length > 0
          ? this.#evaluate(inputs, stepInputs, draws, isOneBlock ? "sums and rows" : "sums")
          : [];
      const sums = this.#sums(all);
      if (outputs.length === 0) return { rows, sums };
      for (let start = 0; start < inputs.rows; start += block) {
        if (start > 0) await nextTurn();
        this.#operations.checkAborted(signal);
        const count = Math.min(block, inputs.rows - start);
        const part = Object.fromEntries(
          leaves.map(({ name, size }) => [
            name,
            inputs.inputs[name]!.subarray(start * size, (start + count) * size),
          ]),
        );
        const values = isOneBlock
          ? all.slice(sumNames.length)
          : this.#evaluate({ rows: count, inputs: part }, stepInputs, { ...draws, firstRow: start }, "rows");
        outputs.forEach(({ name, size, isShared }, k) => {
          const data = values[k]!;
          if (!isShared) rows[name]!.set(data, start * size);
          else for (let row = start; row < start + count; row++) rows[name]!.set(data, row * size);
        });
        onProgress?.({ done: start + count, of: inputs.rows });
      }
      return { rows, sums };
    });
  }

  load(inputs: RunInputs): Promise<void> {
    return this.#operations.inTurn(async () => {
      inputsOf("load", inputs, this.#program.inputs);
      // As it is now, whatever becomes of the arrays.
      const copies = this.#program.inputs.map(({ name }) => [name, inputs.inputs[name]!.slice()]);
      this.#loaded = { rows: inputs.rows, inputs: Object.fromEntries(copies) };
    });
  }

  step(steps: Steps): Promise<Record<string, Float64Array>> {
    return this.#operations.inTurn(async () => {
      checkSteps(steps, this.#loaded?.rows ?? 0);
      const loaded = this.#loaded!;
      const { inputs: leaves, sums, updated } = this.#program;
      const stepInputs = this.#program.stepInputs.map((port) => ({
        ...port,
        values: stepInputOf(steps.stepInputs, port, steps.counts.length),
      }));
      const history = Object.fromEntries(sums.map((name): [string, number[]] => [name, []]));
      const draws = this.#draws(steps.key);
      let start = 0;
      for (let s = 0; s < steps.counts.length; s++) {
        if (steps.signal?.aborted) break;
        const count = steps.counts[s]!;
        const stepRows = steps.indices.subarray(start, start + count);
        start += count;
        const inputs = Object.fromEntries(
          leaves.map(({ name, size }) => {
            const data = new Float64Array(count * size);
            const source = loaded.inputs[name]!;
            stepRows.forEach((row, i) => data.set(source.subarray(row * size, (row + 1) * size), i * size));
            return [name, data];
          }),
        );
        const stepEntries = stepInputs.map(({ name, size, values }) => [
          name,
          values.subarray(s * size, (s + 1) * size),
        ]);
        const values = this.#evaluate(
          { rows: count, inputs },
          Object.fromEntries(stepEntries),
          { ...draws, step: (steps.firstStep ?? 0) + s },
          "sums and updates",
        );
        for (const [name, data] of Object.entries(this.#sums(values))) history[name]!.push(...data);
        // All are read before the first is set: a value may be the array of a parameter.
        const newValues = values.slice(sums.length).map((value) => value.slice());
        updated.forEach((name, i) => {
          this.#parameters.get(name)!.set(newValues[i]!);
        });
        // Lets aborts and progress through between steps.
        await nextTurn();
        this.#operations.checkDisposed();
      }
      return Object.fromEntries(
        Object.entries(history).map(([name, list]) => [name, Float64Array.from(list)]),
      );
    });
  }

  dispose(): void {
    this.#operations.dispose(() => {
      this.#loaded = undefined;
    });
  }

  #draws(key: RandomKey | undefined): Draws {
    if (!key && this.#program.hasRandoms)
      throw new UsageError({
        problem: "the program draws random numbers",
        expected: "a key",
        received: "none",
        remedy: "give the key that they are drawn with",
      });
    return { key: key ?? { k0: 0, k1: 0 }, step: 0, firstRow: 0 };
  }

  /** The sums by name, from what was computed of them first; copies. */
  #sums(values: readonly Float64Array[]): Record<string, Float64Array> {
    return Object.fromEntries(this.#program.sums.map((name, i) => [name, values[i]!.slice()]));
  }

  #evaluate(rows: RunInputs, stepInputs: Arrays, draws: Draws, part: Part): readonly Float64Array[] {
    return this.#program.evaluate({ ...rows, stepInputs, parameters: this.#parameters, draws }, part);
  }
}
