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
  /** By name of an input: `rows` times its size, row-major. */
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
  /** Told now and then, in long runs, how many rows are done, and of how many; how often is not fixed. */
  readonly onProgress?: ((progress: { readonly done: number; readonly of: number }) => void) | undefined;
}

/** What {@link Executable.run} returns. */
export interface RunOutputs {
  /** By name of an output of each row: `rows` times its size, row-major. */
  readonly rows: Arrays;
  /** By name of a summed output: its elements. */
  readonly sums: Arrays;
}

/** A sequence of training steps over rows that {@link Executable.load} has put in place. */
export interface Steps {
  /** Rows of each step, one after another, counted from 0; as many as the counts add up to. */
  readonly indices: Uint32Array;
  /**
   * Rows per step; step s reads `indices` from the sum of the counts before it. The sums of a step without rows are those of
   * nothing, and its updates are applied.
   */
  readonly counts: readonly number[];
  /** Key of the random draws; needed by programs that have some. */
  readonly key?: RandomKey | undefined;
  /** Number of the first step, for the random draws (default 0). */
  readonly firstStep?: number | undefined;
  /** By name of a step input: its elements for each step, one step after another. */
  readonly stepInputs: Arrays;
  /** Stops the steps soon, also in the middle of one, which is left out; those already done count. */
  readonly signal?: AbortSignal | undefined;
}

/** A compiled program with the current values of its parameters. */
export interface Executable {
  /** The number of elements of each parameter, by name. */
  readonly parameters: ReadonlyMap<string, number>;
  /**
   * Sets parameters; those not named keep their values (zero at first). Arrays are copied.
   * @throws ShapeError if the program has no parameter of a name, or one of another length; then none is set.
   */
  setParameters(values: Arrays): Promise<void>;
  /** The current values, by name. */
  getParameters(): Promise<Record<string, Float64Array>>;
  /**
   * Computes the outputs for rows at hand. Updates are not applied.
   * @throws ShapeError if an input has not `rows` times its size.
   * @throws AbortedError soon after the signal fires.
   */
  run(inputs: RunInputs, options?: RunOptions): Promise<RunOutputs>;
  /** Puts rows in place for {@link Executable.step}. */
  load(inputs: RunInputs): Promise<void>;
  /**
   * Runs steps on loaded rows, applying the updates after each, and returns each step's sums, by name, one step
   * after another. Steps not run because of an abort are left out.
   * @throws ShapeError if a row was not loaded, or counts, indices and step inputs do not fit together; then no step is run.
   */
  step(steps: Steps): Promise<Record<string, Float64Array>>;
  /**
   * Gives memory and threads back, to other programs first; the executable cannot be used afterwards. What it is
   * running ends soon, and is rejected with a UsageError. Other programs do not notice.
   */
  dispose(): void;
}

/** Options of {@link Engine.compile}. */
export interface CompileOptions {
  /** Ends the compilation with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
  /**
   * A name that says all of the program; see `structureOf`. An engine keeps the last programs with such a name, and does not compile
   * another one of a name again.
   */
  readonly structure?: string | undefined;
}

/** Something that compiles programs. */
export interface Engine {
  /** Which engine it is. */
  readonly name: "reference" | "plan" | "wasm";
  /**
   * Compiles a program, or what makes one where it is needed, once for any number of runs; parts that are left out are empty. The event loop has its turn on the
   * way, and an abort ends it between two pieces of the work.
   * @throws ShapeError if the program is inconsistent.
   * @throws AbortedError soon after the signal fires.
   */
  compile(
    program: Partial<Program> | (() => Partial<Program> | Promise<Partial<Program>>),
    options?: CompileOptions,
  ): Promise<Executable>;
}
