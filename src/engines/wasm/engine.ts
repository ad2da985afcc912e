/**
 * The wasm engine: programs compiled to SIMD WebAssembly at run time, on threads that share one memory.
 *
 * @module
 */

import { AbortedError, ShapeError, UsageError } from "../../errors.ts";
import { type PreparedProgram, prepareProgram } from "../../graph/program.ts";
import { availableThreads, warn } from "../../platform.ts";
import type { Arrays, Engine, Executable, RunInputs, RunOutputs, Steps } from "../engine.ts";
import { canShareMemory, hasRelaxedSimd, hasSimd } from "./capabilities.ts";
import { type CompiledProgram, compileProgram, control, mostShards, type Region } from "./compiler.ts";
import { type Job, type JobExports, type JobPlan, runJob } from "./job.ts";
import { ThreadedProgram } from "./threads.ts";
import type { Precision } from "./vector.ts";
import { enableWideSimd } from "./wide.ts";

/** Options of {@link wasmEngine}. */
export interface WasmEngineOptions {
  /** Type of all numbers inside (default `float32`). */
  readonly precision?: Precision;
  /** Threads (default: those of the machine, at most 8). Results do not depend on it. */
  readonly threads?: number;
  /**
   * Registers of twice the width (default false): V8's experimental re-vectorization, nearly twice as fast. It is turned on
   * for the whole process when a program is first compiled, tried, and left unused with a warning where it does not
   * work (Node 20, browsers). Results do not depend on it.
   */
  readonly wide?: boolean;
}

/** Rows of a tile: feature-major values of 64 rows stay in the first cache levels. */
const rowLength = 64;
/** Pages of 64 KiB that memory may grow to: 2 GiB. */
const maximumPages = 32768;
/** Rows that an evaluation without sums puts into memory at a time. */
const blockRows = 256 * rowLength;

/**
 * An engine that compiles programs to WebAssembly.
 * @throws {@link UsageError} if the runtime has no WebAssembly SIMD, or `threads` is not a positive integer.
 */
export function wasmEngine({
  precision = "float32",
  threads,
  wide: wantsWide = false,
}: WasmEngineOptions = {}): Engine {
  if (threads !== undefined && (!Number.isSafeInteger(threads) || threads < 1))
    throw new UsageError(`threads must be a positive integer, got ${threads}.`);
  if (!hasSimd()) throw new UsageError("This runtime has no WebAssembly SIMD; use the reference engine.");
  const shared = canShareMemory();
  const count = shared ? Math.min(threads ?? Math.min(8, availableThreads()), 64) : 1;
  return {
    name: "wasm",
    compile: async (program) => {
      const prepared = prepareProgram(program);
      const wide = wantsWide && (await isWideUsable());
      const vector = { precision, relaxed: hasRelaxedSimd(), wide };
      const compiled = compileProgram(prepared, {
        vector,
        threads: count,
        sharedMemory: shared,
        maximumPages,
        rowLength,
      });
      return new WasmExecutable(prepared, compiled, await WebAssembly.compile(compiled.bytes), shared, count);
    },
  };
}

let warned = false;

/** Whether wide kernels work here; says so once where they do not. */
async function isWideUsable(): Promise<boolean> {
  const obstacle = await enableWideSimd();
  if (obstacle === undefined || warned) return obstacle === undefined;
  warned = true;
  warn(`Wide SIMD was asked for, and is not used: ${obstacle}.`);
  return false;
}

/** Lets the threads drop programs that nobody can reach any more. */
const unreachable = new FinalizationRegistry<ThreadedProgram>((program) => program.dispose());

class WasmExecutable implements Executable {
  readonly #compiled: CompiledProgram;
  readonly #memory: WebAssembly.Memory;
  readonly #threaded: ThreadedProgram | undefined;
  readonly #inline: { readonly exports: JobExports; readonly plan: JobPlan } | undefined;
  readonly #single: boolean;
  readonly #bytes: number;
  #top: number;
  #loadedTop = 0;
  #loadedRows = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    program: PreparedProgram,
    compiled: CompiledProgram,
    module: WebAssembly.Module,
    shared: boolean,
    threads: number,
  ) {
    this.#compiled = compiled;
    this.#single = compiled.vector.precision === "float32";
    this.#bytes = this.#single ? 4 : 8;
    const pages = Math.ceil(compiled.memoryBytes / 65536);
    if (pages > maximumPages)
      throw new UsageError(
        `The program needs ${Math.round(compiled.memoryBytes / 2 ** 20)} MiB of memory, more than the engine can have; make the flow smaller.`,
      );
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: maximumPages, shared });
    this.#top = compiled.memoryBytes;
    const plan: JobPlan = {
      rowLength: compiled.rowLength,
      shards: compiled.shards.address,
      shardBytes: compiled.shardBytes,
      mostShards,
      arenas: compiled.arenas,
      arenaBytes: compiled.arenaBytes,
      hasSums: compiled.sums.size > 0 || program.updates.length > 0,
      levels: compiled.levels,
    };
    for (const { address, data } of compiled.constants) this.#write(address, data);
    for (const { address, data } of compiled.tables)
      new Int32Array(this.#memory.buffer, address, data.length).set(data);
    if (shared) {
      this.#threaded = new ThreadedProgram(module, this.#memory, plan, threads);
      unreachable.register(this, this.#threaded, this);
    } else {
      // Without shared memory the same code runs here.
      const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
      this.#inline = { exports: instance.exports as unknown as JobExports, plan };
    }
  }

  setParameters(values: Arrays): Promise<void> {
    return this.#inTurn(async () => {
      for (const [name, data] of Object.entries(values)) {
        const region = this.#compiled.parameters.get(name);
        if (!region) continue;
        if (region.size !== data.length)
          throw new ShapeError(`setParameters: "${name}" has ${region.size} elements, got ${data.length}.`);
        this.#write(region.address, data);
      }
    });
  }

  getParameters(): Promise<Record<string, Float64Array>> {
    return this.#inTurn(async () =>
      Object.fromEntries(
        Array.from(this.#compiled.parameters, ([name, region]) => [name, this.#read(region)]),
      ),
    );
  }

  run(inputs: RunInputs, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<RunOutputs> {
    return this.#inTurn(async () => {
      const { rows: outputs } = this.#compiled;
      const whole = this.#compiled.sums.size > 0;
      const size = whole ? inputs.rows : Math.min(inputs.rows, blockRows);
      const base = Math.max(this.#compiled.memoryBytes, this.#loadedTop);
      this.#top = base;
      const inputAt = this.#compiled.inputs.map((input) => this.#allocate(size * input.size * this.#bytes));
      const outputAt = outputs.map((output) => this.#allocate(size * output.size * this.#bytes));
      const indices = this.#allocate(4 * size);
      const counts = this.#allocate(4);
      new Uint32Array(this.#memory.buffer, indices, size).forEach((_, i, list) => {
        list[i] = i;
      });
      const rows = Object.fromEntries(
        outputs.map((output) => [output.name, new Float64Array(inputs.rows * output.size)]),
      );
      this.#point([...inputAt, ...outputAt]);
      for (let start = 0; start < inputs.rows; start += size) {
        if (options.signal?.aborted) throw new AbortedError("The computation was aborted.");
        const count = Math.min(size, inputs.rows - start);
        this.#compiled.inputs.forEach((input, i) => {
          this.#write(
            inputAt[i]!,
            this.#input(inputs, input).subarray(start * input.size, (start + count) * input.size),
          );
        });
        new Int32Array(this.#memory.buffer, counts, 1)[0] = count;
        await this.#do({ steps: 1, counts, indices, stepInputs: [], sums: [], applyUpdates: false });
        outputs.forEach((output, i) => {
          const region = { address: outputAt[i]!, size: count * output.size };
          rows[output.name]!.set(this.#read(region), start * output.size);
        });
      }
      const sums = Object.fromEntries(
        Array.from(this.#compiled.sums, ([name, region]) => [name, this.#read(region)]),
      );
      this.#pointToLoaded();
      return { rows, sums };
    });
  }

  load(inputs: RunInputs): Promise<void> {
    return this.#inTurn(async () => {
      this.#top = this.#compiled.memoryBytes;
      this.#loadedRows = inputs.rows;
      this.#loadedAt = this.#compiled.inputs.map((input) => {
        const address = this.#allocate(inputs.rows * input.size * this.#bytes);
        this.#write(address, this.#input(inputs, input));
        return address;
      });
      this.#loadedTop = this.#top;
      this.#pointToLoaded();
    });
  }
  #loadedAt: number[] = [];

  step(steps: Steps): Promise<Record<string, Float64Array>> {
    return this.#inTurn(async () => {
      if (this.#loadedRows === 0) throw new ShapeError("step: no rows were loaded.");
      this.#top = this.#loadedTop;
      const count = steps.counts.length;
      const counts = this.#allocate(4 * count);
      const indices = this.#allocate(4 * steps.indices.length);
      // A step may have outputs by row, which nobody reads; they still need room.
      const largest = Math.max(...steps.counts);
      const outputAt = this.#compiled.rows.map((output) =>
        this.#allocate(largest * output.size * this.#bytes),
      );
      const stepInputs = Array.from(this.#compiled.stepInputs, ([name, region]) => {
        const from = this.#allocate(count * region.size * this.#bytes);
        this.#write(from, steps.stepInputs[name]!.subarray(0, count * region.size));
        return { from, to: region.address, bytes: region.size * this.#bytes };
      });
      const sums = Array.from(this.#compiled.sums, ([name, region]) => {
        const to = this.#allocate(count * region.size * this.#bytes);
        return { name, size: region.size, from: region.address, to, bytes: region.size * this.#bytes };
      });
      new Int32Array(this.#memory.buffer, counts, count).set(steps.counts);
      new Uint32Array(this.#memory.buffer, indices, steps.indices.length).set(steps.indices);
      this.#point([...this.#loadedAt, ...outputAt]);
      const words = new Int32Array(this.#memory.buffer);
      const stop = (): void => {
        Atomics.store(words, control.stop, 1);
      };
      steps.signal?.addEventListener("abort", stop);
      if (steps.signal?.aborted) stop();
      let done: number;
      try {
        done = await this.#do({ steps: count, counts, indices, stepInputs, sums, applyUpdates: true });
      } finally {
        steps.signal?.removeEventListener("abort", stop);
        Atomics.store(words, control.stop, 0);
      }
      return Object.fromEntries(
        sums.map(({ name, size, to }) => [name, this.#read({ address: to, size: done * size })]),
      );
    });
  }

  dispose(): void {
    unreachable.unregister(this);
    this.#threaded?.dispose();
  }

  /** Operations run one after another: they share the memory. */
  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const own = this.#queue.then(operation);
    this.#queue = own.catch(() => undefined);
    return own;
  }

  async #do(job: Job): Promise<number> {
    if (this.#threaded) return this.#threaded.run(job);
    const { exports, plan } = this.#inline!;
    return runJob(exports, this.#memory, plan, job, 0, 1);
  }

  #input(inputs: RunInputs, { name, size }: { readonly name: string; readonly size: number }): Float64Array {
    const data = inputs.inputs[name];
    if (data?.length !== inputs.rows * size)
      throw new ShapeError(`run: input "${name}" needs ${inputs.rows * size} numbers, got ${data?.length}.`);
    return data;
  }

  #allocate(bytes: number): number {
    const address = Math.ceil(this.#top / 64) * 64;
    this.#top = address + bytes + 64;
    const missing = this.#top - this.#memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.#memory.grow(Math.ceil(missing / 65536));
      } catch {
        throw new UsageError(
          `The rows need ${Math.round(this.#top / 2 ** 20)} MiB of memory, more than the engine can have.`,
        );
      }
    }
    return address;
  }

  #write(address: number, data: Float64Array): void {
    const view = this.#single
      ? new Float32Array(this.#memory.buffer, address, data.length)
      : new Float64Array(this.#memory.buffer, address, data.length);
    view.set(data);
  }

  #read({ address, size }: Region): Float64Array {
    return this.#single
      ? Float64Array.from(new Float32Array(this.#memory.buffer, address, size))
      : new Float64Array(this.#memory.buffer, address, size).slice();
  }

  #point(addresses: readonly number[]): void {
    new Int32Array(this.#memory.buffer).set(addresses, control.pointers);
  }

  #pointToLoaded(): void {
    if (this.#loadedRows > 0) this.#point(this.#loadedAt);
  }
}
