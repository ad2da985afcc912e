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
import { type Interpretation, interpretation } from "./interpreter.ts";

/** The float64 oracle. */
export const referenceEngine: Engine = {
  name: "reference",
  compile: async (given, { signal } = {}) => {
    const program = typeof given === "function" ? await given() : given;
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

/** What is computed together: the outputs of each row, the sums, the sums and after them these, or the updates. */
type Part = "rows" | "sums" | "sums and rows" | "sums and updates";

class ReferenceExecutable implements Executable {
  readonly #program: PreparedProgram;
  /** What has to be given. */
  readonly #needed: PreparedProgram;
  /** In the order in which an interpretation is given their values. */
  readonly #leaves: readonly Expr[];
  readonly #interpretations = new Map<Part, Interpretation>();
  readonly #parameters = new Map<string, Float64Array>();
  readonly #inputs: readonly { readonly name: string; readonly size: number }[];
  readonly #operations = new Operations();
  readonly parameters: ReadonlyMap<string, number>;
  #loaded: RunInputs | undefined;

  constructor(program: PreparedProgram, simplified: PreparedProgram) {
    this.#program = program;
    this.#needed = simplified;
    this.#leaves = [...program.inputs, ...program.parameters, ...program.randoms, ...program.stepInputs];
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
      const outputs = Object.entries(this.#program.rows);
      const rows: Record<string, Float64Array> = {};
      for (const [name, value] of outputs) rows[name] = new Float64Array(inputs.rows * sizeOf(value.shape));
      await nextTurn();
      this.#operations.checkAborted(signal);
      const sumCount = Object.keys(this.#program.sums).length;
      // In one block the outputs of rows are computed along with the sums, with which they share most of their graph.
      const isOneBlock = sumCount > 0 && outputs.length > 0 && inputs.rows <= block;
      const all =
        sumCount > 0 ? this.#evaluate(inputs, stepInputs, draws, isOneBlock ? "sums and rows" : "sums") : [];
      const sums = this.#sums(all);
      if (outputs.length === 0) return { rows, sums };
      for (let start = 0; start < inputs.rows; start += block) {
        if (start > 0) await nextTurn();
        this.#operations.checkAborted(signal);
        const count = Math.min(block, inputs.rows - start);
        const part = Object.fromEntries(
          this.#inputs.map(({ name, size }) => [
            name,
            inputs.inputs[name]!.subarray(start * size, (start + count) * size),
          ]),
        );
        const values = isOneBlock
          ? all.slice(sumCount)
          : this.#evaluate({ rows: count, inputs: part }, stepInputs, { ...draws, firstRow: start }, "rows");
        outputs.forEach(([name, { batched, shape }], k) => {
          const size = sizeOf(shape);
          const data = values[k]!;
          // A shared output is the same in every row.
          if (batched) rows[name]!.set(data, start * size);
          else for (let row = start; row < start + count; row++) rows[name]!.set(data, row * size);
        });
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
        const stepRows = steps.indices.subarray(start, start + count);
        start += count;
        const inputs = Object.fromEntries(
          this.#inputs.map(({ name, size }) => {
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
        const newValues = values.slice(Object.keys(history).length).map((value) => value.slice());
        this.#program.updates.forEach(({ parameter }, i) => {
          this.#parameters.get(parameter.name)!.set(newValues[i]!);
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
      this.#parameters.clear();
      this.#interpretations.clear();
    });
  }

  #draws(key: RandomKey | undefined): Draws {
    if (!key && this.#needed.randoms.length > 0)
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
    return Object.fromEntries(Object.keys(this.#program.sums).map((name, i) => [name, values[i]!.slice()]));
  }

  #outputs(what: Part): Expr[] {
    const { rows, sums, updates } = this.#program;
    if (what === "rows") return Object.values(rows);
    if (what === "sums and rows") return [...Object.values(sums), ...Object.values(rows)];
    return [...Object.values(sums), ...(what === "sums" ? [] : updates.map(({ value }) => value))];
  }

  /** Reads the graph behind a part of the program once. */
  #interpretation(what: Part): Interpretation {
    let evaluate = this.#interpretations.get(what);
    if (!evaluate) {
      evaluate = interpretation(this.#outputs(what), this.#leaves);
      this.#interpretations.set(what, evaluate);
    }
    return evaluate;
  }

  #evaluate({ rows, inputs }: RunInputs, stepInputs: Arrays, draws: Draws, what: Part): Float64Array[] {
    const program = this.#program;
    const leaves = [
      // Zeros for what no output depends on once the graph is simplified.
      ...program.inputs.map(({ name, shape }) => inputs[name] ?? new Float64Array(rows * sizeOf(shape))),
      ...program.parameters.map(({ name }) => this.#parameters.get(name)!),
      ...program.randoms.map(({ stream, shape }) => programUniforms(draws, stream, rows, sizeOf(shape))),
      ...program.stepInputs.map(({ name, shape }) => {
        const spec = { name, size: sizeOf(shape) };
        return stepInputs[name] !== undefined
          ? stepInputOf(stepInputs, spec, 1)
          : new Float64Array(spec.size);
      }),
    ];
    return this.#interpretation(what)(leaves, rows);
  }
}
