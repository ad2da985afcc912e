/**
 * The reference engine: programs interpreted in float64. It decides what is right; use it to check, not to wait.
 *
 * It runs the graph as it was written, so that a fault of the simplification is not on both sides of a comparison. What a
 * program asks for (inputs, step inputs, a key) is what it asks of all engines: what the simplified graph reads.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { type Expr, sizeOf } from "../../graph/expr.ts";
import { type PreparedProgram, preparation } from "../../graph/program.ts";
import { inPieces } from "../../platform/pieces.ts";
import { nextTurn } from "../../platform/platform.ts";
import { programUniforms, type RandomKey } from "../../random/philox.ts";
import { checkParameters, checkSteps, inputsOf, stepInputOf } from "../checks.ts";
import type { Arrays, Engine, Executable, RunInputs, RunOptions, RunOutputs, Steps } from "../engine.ts";
import { Operations } from "../operations.ts";
import { interpret, type Values } from "./interpreter.ts";

/** The float64 oracle. */
export const referenceEngine: Engine = {
  name: "reference",
  compile: async (program, { signal } = {}) => {
    const written = await inPieces(preparation(program, { simplified: false }), signal);
    return new ReferenceExecutable(written, await inPieces(preparation(program), signal));
  },
};

/** What random draws start from. */
interface Draws {
  readonly key: RandomKey;
  readonly step: number;
  readonly firstRow: number;
}

class ReferenceExecutable implements Executable {
  readonly #program: PreparedProgram;
  /** What has to be given. */
  readonly #needed: PreparedProgram;
  readonly #parameters = new Map<string, Float64Array>();
  readonly #inputs: readonly { readonly name: string; readonly size: number }[];
  readonly #operations = new Operations();
  readonly parameters: ReadonlyMap<string, number>;
  #loaded: RunInputs | undefined;

  constructor(program: PreparedProgram, simplified: PreparedProgram) {
    this.#program = program;
    this.#needed = simplified;
    this.#inputs = simplified.inputs.map(({ name, shape }) => ({ name, size: sizeOf(shape) }));
    this.parameters = new Map(program.parameters.map(({ name, shape }) => [name, sizeOf(shape)]));
    for (const { name, shape } of program.parameters)
      this.#parameters.set(name, new Float64Array(sizeOf(shape)));
  }

  setParameters(values: Arrays): Promise<void> {
    return this.#operations.inTurn(async () => {
      checkParameters(values, this.parameters);
      for (const [name, data] of Object.entries(values)) this.#parameters.get(name)!.set(data);
    });
  }

  getParameters(): Promise<Record<string, Float64Array>> {
    return this.#operations.inTurn(async () =>
      Object.fromEntries(Array.from(this.#parameters, ([name, data]) => [name, data.slice()])),
    );
  }

  run(inputs: RunInputs, options: RunOptions = {}): Promise<RunOutputs> {
    return this.#operations.inTurn(async () => {
      const { stepInputs = {}, signal, onProgress } = options;
      const draws = this.#draws(options.key);
      inputsOf("run", inputs, this.#inputs);
      // Blocks bound the memory of long tables, and let an abort through.
      const block = 1024;
      const rows: Record<string, Float64Array> = {};
      const sums: Record<string, Float64Array> = {};
      for (const [name, value] of Object.entries(this.#program.rows))
        rows[name] = new Float64Array(inputs.rows * sizeOf(value.shape));
      await nextTurn();
      this.#operations.checkAborted(signal);
      if (Object.keys(this.#program.sums).length > 0) {
        const { sums: all } = this.#evaluate(inputs, stepInputs, draws, "sums");
        Object.assign(sums, all);
      }
      if (Object.keys(rows).length === 0) return { rows, sums };
      for (let start = 0; start < inputs.rows; start += block) {
        await nextTurn();
        this.#operations.checkAborted(signal);
        const count = Math.min(block, inputs.rows - start);
        const part = Object.fromEntries(
          this.#inputs.map(({ name, size }) => [
            name,
            inputs.inputs[name]!.subarray(start * size, (start + count) * size),
          ]),
        );
        const { rows: values } = this.#evaluate(
          { rows: count, inputs: part },
          stepInputs,
          { ...draws, firstRow: start },
          "rows",
        );
        for (const [name, data] of Object.entries(values))
          rows[name]!.set(data, (start * data.length) / count);
        onProgress?.({ done: start + count, of: inputs.rows });
      }
      return { rows, sums };
    });
  }

  load(inputs: RunInputs): Promise<void> {
    return this.#operations.inTurn(async () => {
      inputsOf("load", inputs, this.#inputs);
      // As it is now, whatever becomes of the arrays.
      const copies = this.#inputs.map(({ name }) => [name, inputs.inputs[name]!.slice()]);
      this.#loaded = { rows: inputs.rows, inputs: Object.fromEntries(copies) };
    });
  }

  step(steps: Steps): Promise<Record<string, Float64Array>> {
    return this.#operations.inTurn(async () => {
      checkSteps(steps, this.#loaded?.rows ?? 0);
      const loaded = this.#loaded!;
      const stepInputs = this.#needed.stepInputs.map(({ name, shape }) => {
        const size = sizeOf(shape);
        return { name, size, values: stepInputOf(steps.stepInputs, { name, size }, steps.counts.length) };
      });
      const history: Record<string, number[]> = {};
      for (const name of Object.keys(this.#program.sums)) history[name] = [];
      const draws = this.#draws(steps.key);
      let start = 0;
      for (let s = 0; s < steps.counts.length; s++) {
        if (steps.signal?.aborted) break;
        const count = steps.counts[s]!;
        const picked = steps.indices.subarray(start, start + count);
        start += count;
        const inputs = Object.fromEntries(
          this.#inputs.map(({ name, size }) => {
            const data = new Float64Array(count * size);
            const source = loaded.inputs[name]!;
            picked.forEach((row, i) => data.set(source.subarray(row * size, (row + 1) * size), i * size));
            return [name, data];
          }),
        );
        const own = stepInputs.map(({ name, size, values }) => [
          name,
          values.subarray(s * size, (s + 1) * size),
        ]);
        const { sums, updates } = this.#evaluate(
          { rows: count, inputs },
          Object.fromEntries(own),
          { ...draws, step: (steps.firstStep ?? 0) + s },
          "step",
        );
        for (const [name, data] of Object.entries(sums)) history[name]!.push(...data);
        updates.forEach((value, i) =>
          this.#parameters.get(this.#program.updates[i]!.parameter.name)!.set(value),
        );
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
      this.#parameters.clear();
    });
  }

  #draws(key: RandomKey | undefined): Draws {
    if (!key && this.#needed.randoms.length > 0)
      throw new UsageError("The program draws random numbers: give the key that they are drawn with.");
    return { key: key ?? { k0: 0, k1: 0 }, step: 0, firstRow: 0 };
  }

  #evaluate(
    { rows, inputs }: RunInputs,
    stepInputs: Arrays,
    draws: Draws,
    what: "rows" | "sums" | "step",
  ): { rows: Record<string, Float64Array>; sums: Record<string, Float64Array>; updates: Float64Array[] } {
    const program = this.#program;
    const values: Values = new Map();
    // Zeros for what no output depends on once the graph is simplified.
    for (const leaf of program.inputs)
      values.set(leaf, inputs[leaf.name] ?? new Float64Array(rows * sizeOf(leaf.shape)));
    for (const leaf of program.parameters) values.set(leaf, this.#parameters.get(leaf.name)!);
    for (const leaf of program.randoms)
      values.set(leaf, programUniforms(draws, leaf.stream, rows, sizeOf(leaf.shape)));
    for (const leaf of program.stepInputs) {
      const own = { name: leaf.name, size: sizeOf(leaf.shape) };
      const isGiven = stepInputs[leaf.name] !== undefined;
      values.set(leaf, isGiven ? stepInputOf(stepInputs, own, 1) : new Float64Array(own.size));
    }
    const named = (outputs: Readonly<Record<string, Expr>>): Record<string, Float64Array> => {
      const found = interpret(Object.values(outputs), values, rows);
      return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, found[i]!.slice()]));
    };
    const batched = (): Record<string, Float64Array> =>
      Object.fromEntries(
        Object.entries(named(program.rows)).map(([name, data]) => {
          const output = program.rows[name]!;
          const size = sizeOf(output.shape);
          return [
            name,
            output.batched ? data : Float64Array.from({ length: rows * size }, (_, i) => data[i % size]!),
          ];
        }),
      );
    return {
      rows: what === "rows" ? batched() : {},
      sums: what === "rows" ? {} : named(program.sums),
      updates:
        what === "step"
          ? interpret(
              program.updates.map(({ value }) => value),
              values,
              rows,
            ).map((value) => value.slice())
          : [],
    };
  }
}
