/**
 * The contract between programs and what runs them.
 *
 * @module
 */

import type { Program } from "../graph/program.ts";
import type { RandomKey } from "../random/philox.ts";

/** Arrays by name. */
export type Arrays = Readonly<Record<string, Float64Array>>;

/** What {@link Executable.run} reads. */
export interface RunInputs {
  /** Number of rows, at least one. */
  readonly rows: number;
  /** By name of a batched input: `rows` times its size, row-major. */
  readonly inputs: Arrays;
}

/** Options of {@link Executable.run}. */
export interface RunOptions {
  /** Stops the run with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
  /** Key of the random draws, those of step 0; needed by programs that have some. */
  readonly key?: RandomKey | undefined;
  /** By name of a step input: its elements (default: zeros). */
  readonly stepInputs?: Arrays | undefined;
}

/** What {@link Executable.run} returns. */
export interface RunOutputs {
  /** By name of a batched output: `rows` times its size, row-major. */
  readonly rows: Arrays;
  /** By name of a summed output: its elements. */
  readonly sums: Arrays;
}

/** A sequence of training steps over rows that {@link Executable.load} has put in place. */
export interface Steps {
  /** Rows of each step, one after another, counted from 0. */
  readonly indices: Uint32Array;
  /** Rows a step; step s reads `indices` from the sum of the counts before it. */
  readonly counts: readonly number[];
  /** Key of the random draws; needed by programs that have some. */
  readonly key?: RandomKey | undefined;
  /** Number of the first step, for the random draws (default 0). */
  readonly firstStep?: number | undefined;
  /** By name of a step input: its elements for each step, one step after another. */
  readonly stepInputs: Arrays;
  /** Stops the steps; those already done count. */
  readonly signal?: AbortSignal | undefined;
}

/** A compiled program with the current values of its parameters. */
export interface Executable {
  /** Sets parameters; those not named keep their values (zero at first). Arrays are copied. */
  setParameters(values: Arrays): Promise<void>;
  /** The current values, by name. */
  getParameters(): Promise<Record<string, Float64Array>>;
  /** Computes the outputs for rows at hand. Updates are not applied. */
  run(inputs: RunInputs, options?: RunOptions): Promise<RunOutputs>;
  /** Puts rows in place for {@link Executable.step}. */
  load(inputs: RunInputs): Promise<void>;
  /**
   * Runs steps on loaded rows, applying the updates after each, and returns each step's sums, by name, one step
   * after another. Steps not run because of an abort are left out.
   */
  step(steps: Steps): Promise<Record<string, Float64Array>>;
  /** Gives memory and threads back; the executable cannot be used afterwards. */
  dispose(): void;
}

/** Something that compiles programs. */
export interface Engine {
  /** Which engine it is. */
  readonly name: "reference" | "wasm";
  /**
   * Compiles a program once for any number of runs; parts that are left out are empty.
   * @throws ShapeError if the program is inconsistent.
   */
  compile(program: Partial<Program>): Promise<Executable>;
}
