/**
 * Small jobs on the thread that calls: to wake the engine's threads takes longer than one row of most flows.
 *
 * @module
 */

import type { HostedProgram } from "./host.ts";
import { type Job, type JobExports, meet, runJob } from "./job.ts";

/** Milliseconds that a job may take of the calling thread, as far as one can tell beforehand. */
const affordable = 1;
/** Of a tile on the engine's threads, waking them included: below, it is tried on the calling thread. */
const worthTrying = 4;
/** Trials: the first runs of a kernel are slower than those after the runtime has optimized it. */
const mostTrials = 20;

/**
 * Runs a program's jobs of few rows on the calling thread, once runs have shown that they take under a millisecond. The
 * numbers are those of the engine's threads to the bit: it is the same code, and no sum depends on who computes it.
 */
export class CallingThread {
  readonly #program: HostedProgram;
  /** Least milliseconds of one tile of rows so far: on the engine's threads with the waking of them, and here. */
  #onThreads = Number.POSITIVE_INFINITY;
  #here = Number.POSITIVE_INFINITY;
  #trials = 0;
  #instance: { readonly memory: WebAssembly.Memory; readonly exports: JobExports } | undefined;

  constructor(program: HostedProgram) {
    this.#program = program;
  }

  /** Whether a job of one step and so many rows is done here. */
  isAffordable(rows: number): boolean {
    const tiles = this.#tiles(rows);
    if (tiles * this.#here < affordable) return true;
    return tiles === 1 && this.#onThreads < worthTrying && this.#trials < mostTrials;
  }

  /** Takes note of what such a job took on the engine's threads. */
  learn(rows: number, milliseconds: number): void {
    if (this.#tiles(rows) === 1) this.#onThreads = Math.min(this.#onThreads, milliseconds);
  }

  /** Runs a job, and takes note of what it took. Returns the steps done. */
  run(memory: WebAssembly.Memory, job: Job, rows: number): number {
    const start = performance.now();
    const steps = runJob(
      this.#exports(memory),
      memory,
      this.#program.plan,
      job,
      { thread: 0, threads: 1 },
      meet,
    );
    let step = steps.next();
    while (!step.done) step = steps.next();
    const perTile = (performance.now() - start) / this.#tiles(rows);
    this.#here = Math.min(this.#here, perTile);
    this.#trials++;
    return step.value;
  }

  /** Lets the program's memory go. */
  forget(): void {
    this.#instance = undefined;
  }

  #tiles(rows: number): number {
    return Math.max(1, Math.ceil(rows / this.#program.plan.rowLength));
  }

  #exports(memory: WebAssembly.Memory): JobExports {
    if (this.#instance?.memory !== memory) {
      const { exports } = new WebAssembly.Instance(this.#program.module, { env: { memory } });
      this.#instance = { memory, exports: exports as JobExports };
    }
    return this.#instance!.exports;
  }
}
