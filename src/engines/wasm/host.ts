/**
 * Where a compiled program lives: its memory, and who runs it. {@link SharedHost} has memory that threads share and
 * that this thread reads and writes itself. {@link PrivateHost} is for pages that are not cross-origin isolated, which
 * have no such memory: one worker owns it, and everything goes there as messages. Both run the same code, so that
 * results are the same to the bit, and in both this thread never computes.
 *
 * @module
 */

import { control, type Region } from "./compiler.ts";
import type { Job, JobPlan } from "./job.ts";
import { startThreads, type Thread } from "./threads.ts";
import type { Precision } from "./vector.ts";

/** What an executable does with its program. Calls take effect in order. */
export interface Host {
  /** Makes memory at least this long; false if there is not as much to be had. */
  reserve(bytes: number): Promise<boolean>;
  /** Puts numbers into memory, in the program's precision; the array is copied. */
  writeNumbers(address: number, data: Float64Array): void;
  /** Puts 32-bit integers into memory; the array is copied. */
  writeIntegers(address: number, data: ArrayLike<number>): void;
  /** The numbers in each region. */
  read(regions: readonly Region[]): Promise<Float64Array[]>;
  /** Runs a job and resolves to the steps done: fewer than all if the signal fires. */
  run(job: Job, signal?: AbortSignal): Promise<number>;
  /** Gives memory back. */
  dispose(): void;
}

/** A compiled program, for a host. */
export interface HostedProgram {
  readonly module: WebAssembly.Module;
  readonly plan: JobPlan;
  readonly precision: Precision;
  /** Pages of 64 KiB that memory may grow to. */
  readonly maximumPages: number;
}

let programs = 0;
const arrayOf = { float32: Float32Array, float64: Float64Array };
const missingPages = (bytes: number, present: number): number =>
  Math.max(0, Math.ceil((bytes - present) / 65536));

/** A program in memory that threads share. */
export class SharedHost implements Host {
  readonly #id = programs++;
  readonly #program: HostedProgram;
  readonly #memory: WebAssembly.Memory;
  readonly #threads: number;
  readonly #told = new Set<Thread>();
  #failure: Error | undefined;

  constructor(program: HostedProgram, threads: number) {
    this.#program = program;
    this.#threads = threads;
    this.#memory = new WebAssembly.Memory({ initial: 0, maximum: program.maximumPages, shared: true });
    this.#start();
  }

  async reserve(bytes: number): Promise<boolean> {
    const pages = missingPages(bytes, this.#memory.buffer.byteLength);
    try {
      if (pages > 0) this.#memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }

  writeNumbers(address: number, data: Float64Array): void {
    new arrayOf[this.#program.precision](this.#memory.buffer, address, data.length).set(data);
  }

  writeIntegers(address: number, data: ArrayLike<number>): void {
    new Int32Array(this.#memory.buffer, address, data.length).set(data);
  }

  async read(regions: readonly Region[]): Promise<Float64Array[]> {
    const Numbers = arrayOf[this.#program.precision];
    return regions.map(
      ({ address, size }) => new Float64Array(new Numbers(this.#memory.buffer, address, size)),
    );
  }

  async run(job: Job, signal?: AbortSignal): Promise<number> {
    if (this.#failure) throw this.#failure;
    const threads = this.#start();
    const words = new Int32Array(this.#memory.buffer);
    const stop = (): void => {
      Atomics.store(words, control.stop, 1);
    };
    signal?.addEventListener("abort", stop);
    try {
      const [done] = await Promise.all(
        threads.map((thread, i) =>
          thread.ask({
            kind: "run",
            program: this.#id,
            memory: this.#memory,
            job,
            share: { thread: i, threads: threads.length },
            number: 0,
          }),
        ),
      );
      return done!;
    } catch (error) {
      // The other threads may wait for the failed one forever: they end here, and later programs start new ones.
      this.#failure = error as Error;
      for (const thread of threads) thread.end(this.#failure);
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      Atomics.store(words, control.stop, 0);
    }
  }

  dispose(): void {
    for (const thread of this.#told) thread.tell({ kind: "forget", program: this.#id });
  }

  /** The threads, each of which knows the program. */
  #start(): Thread[] {
    const threads = startThreads(this.#threads);
    for (const thread of threads) {
      if (this.#told.has(thread)) continue;
      const { module, plan } = this.#program;
      thread.tell({ kind: "compile", program: this.#id, module, plan, memory: this.#memory });
      this.#told.add(thread);
    }
    return threads;
  }
}

/** A program in memory of a worker's own. */
export class PrivateHost implements Host {
  readonly #id = programs++;
  readonly #thread: Thread;
  readonly #Numbers: typeof Float32Array | typeof Float64Array;
  #bytes = 0;
  #jobs = 0;

  constructor({ module, plan, precision, maximumPages }: HostedProgram) {
    this.#thread = startThreads(1)[0]!;
    this.#Numbers = arrayOf[precision];
    this.#thread.tell({ kind: "compile", program: this.#id, module, plan, memory: maximumPages });
  }

  async reserve(bytes: number): Promise<boolean> {
    const pages = missingPages(bytes, this.#bytes);
    if (pages > 0) {
      if (!(await this.#thread.ask({ kind: "grow", program: this.#id, pages }))) return false;
      this.#bytes += 65536 * pages;
    }
    return true;
  }

  writeNumbers(address: number, data: Float64Array): void {
    this.#write(address, new this.#Numbers(data).buffer);
  }

  writeIntegers(address: number, data: ArrayLike<number>): void {
    this.#write(address, new Int32Array(data).buffer);
  }

  async read(regions: readonly Region[]): Promise<Float64Array[]> {
    const width = this.#Numbers.BYTES_PER_ELEMENT;
    const ranges = regions.map(({ address, size }) => ({ address, bytes: size * width }));
    const parts = await this.#thread.ask({ kind: "read", program: this.#id, ranges });
    return parts.map((part) => new Float64Array(new this.#Numbers(part)));
  }

  async run(job: Job, signal?: AbortSignal): Promise<number> {
    const number = this.#jobs++;
    const stop = (): void => this.#thread.tell({ kind: "stop", program: this.#id, job: number });
    signal?.addEventListener("abort", stop);
    try {
      const share = { thread: 0, threads: 1 };
      return await this.#thread.ask({ kind: "run", program: this.#id, job, share, number });
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  dispose(): void {
    this.#thread.tell({ kind: "forget", program: this.#id });
  }

  #write(address: number, data: ArrayBuffer): void {
    this.#thread.tell({ kind: "write", program: this.#id, address, data }, [data]);
  }
}
