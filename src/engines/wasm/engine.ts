/**
 * The wasm engine: programs compiled to SIMD WebAssembly at run time, on threads that share one memory, or on one
 * worker where memory cannot be shared.
 *
 * @module
 */

import { AbortedError, ShapeError, UsageError } from "../../errors.ts";
import { prepareProgram } from "../../graph/program.ts";
import { availableThreads, compileModule, warn } from "../../platform.ts";
import type { RandomKey } from "../../random/philox.ts";
import type { Arrays, Engine, Executable, RunInputs, RunOptions, RunOutputs, Steps } from "../engine.ts";
import { stepInputOf } from "../stepInputs.ts";
import { canShareMemory, hasRelaxedSimd, hasSimd } from "./capabilities.ts";
import { type CompiledProgram, compileProgram, control, mostShards, type Region } from "./compiler.ts";
import { type Host, PrivateHost, SharedHost } from "./host.ts";
import type { Job, JobPlan } from "./job.ts";
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
 * @throws {@link UsageError} if the runtime has no WebAssembly SIMD, or `threads` is not a positive integer; from
 *   `compile`, if it allows no workers.
 */
export function wasmEngine(options: WasmEngineOptions = {}): Engine {
  return wasmEngineWith(canShareMemory(), options);
}

/** The engine on threads that share memory, or on one worker that has its own. */
export function wasmEngineWith(
  sharedMemory: boolean,
  { precision = "float32", threads: wanted, wide: wantsWide = false }: WasmEngineOptions = {},
): Engine {
  if (wanted !== undefined && (!Number.isSafeInteger(wanted) || wanted < 1))
    throw new UsageError(`threads must be a positive integer, got ${wanted}.`);
  if (!hasSimd()) throw new UsageError("This runtime has no WebAssembly SIMD; use the reference engine.");
  const threads = sharedMemory ? Math.min(wanted ?? Math.min(8, availableThreads()), 64) : 1;
  return {
    name: "wasm",
    compile: async (program) => {
      const prepared = prepareProgram(program);
      const wide = wantsWide && (await isWideUsable());
      const vector = { precision, relaxed: hasRelaxedSimd(), wide };
      const compiled = compileProgram(prepared, { vector, threads, sharedMemory, maximumPages, rowLength });
      const plan: JobPlan = {
        rowLength: compiled.rowLength,
        shards: compiled.shards.address,
        shardBytes: compiled.shardBytes,
        mostShards,
        arenas: compiled.arenas,
        arenaBytes: compiled.arenaBytes,
        hasSums: compiled.sums.size > 0 || prepared.updates.length > 0,
        levels: compiled.levels,
      };
      const hosted = { module: await compileModule(compiled.bytes), plan, precision, maximumPages };
      const host = sharedMemory ? new SharedHost(hosted, threads) : new PrivateHost(hosted);
      if (!(await host.reserve(compiled.memoryBytes)))
        throw new UsageError(
          `The program needs ${mebibytes(compiled.memoryBytes)} MiB of memory, more than the engine can have; make the flow smaller.`,
        );
      for (const { address, data } of compiled.constants) host.writeNumbers(address, data);
      for (const { address, data } of compiled.tables) host.writeIntegers(address, data);
      return new WasmExecutable(compiled, host);
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

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** Lets the threads drop programs that nobody can reach any more. */
const unreachable = new FinalizationRegistry<Host>((host) => host.dispose());

class WasmExecutable implements Executable {
  readonly #compiled: CompiledProgram;
  readonly #host: Host;
  /** Bytes of a number. */
  readonly #bytes: number;
  /** Where free memory begins. */
  #top: number;
  #loadedAt: number[] = [];
  #loadedTop = 0;
  #loadedRows = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #isDisposed = false;

  constructor(compiled: CompiledProgram, host: Host) {
    this.#compiled = compiled;
    this.#host = host;
    this.#bytes = compiled.vector.precision === "float32" ? 4 : 8;
    this.#top = compiled.memoryBytes;
    unreachable.register(this, host, this);
  }

  setParameters(values: Arrays): Promise<void> {
    return this.#inTurn(async () => {
      for (const [name, data] of Object.entries(values)) {
        const region = this.#compiled.parameters.get(name);
        if (!region) continue;
        if (region.size !== data.length)
          throw new ShapeError(`setParameters: "${name}" has ${region.size} elements, got ${data.length}.`);
        this.#host.writeNumbers(region.address, data);
      }
    });
  }

  getParameters(): Promise<Record<string, Float64Array>> {
    return this.#inTurn(() => this.#readByName(this.#compiled.parameters));
  }

  run(inputs: RunInputs, options: RunOptions = {}): Promise<RunOutputs> {
    return this.#inTurn(async () => {
      const random = this.#random(options.key);
      if (!(inputs.rows >= 1)) throw new ShapeError(`run: needs at least one row, got ${inputs.rows}.`);
      const { inputs: leaves, rows: outputs, sums } = this.#compiled;
      const data = leaves.map((leaf) => checkedInput(inputs, leaf));
      const given = options.stepInputs ?? {};
      const stepInputs = Array.from(this.#compiled.stepInputs, ([name, { address, size }]) => {
        const values = given[name] === undefined ? new Float64Array(size) : undefined;
        return [address, values ?? stepInputOf(given, { name, size }, 1)] as const;
      });
      const size = sums.size > 0 ? inputs.rows : Math.min(inputs.rows, blockRows);
      this.#top = Math.max(this.#compiled.memoryBytes, this.#loadedTop);
      const inputAt = leaves.map((input) => this.#allocate(size * input.size * this.#bytes));
      const outputAt = outputs.map((output) => this.#allocate(size * output.size * this.#bytes));
      const indices = this.#allocate(4 * size);
      const counts = this.#allocate(4);
      await this.#reserve();
      for (const [address, values] of stepInputs) this.#host.writeNumbers(address, values);
      this.#host.writeIntegers(
        indices,
        Int32Array.from({ length: size }, (_, i) => i),
      );
      this.#point([...inputAt, ...outputAt]);
      const rows = Object.fromEntries(
        outputs.map((output) => [output.name, new Float64Array(inputs.rows * output.size)]),
      );
      for (let start = 0; start < inputs.rows; start += size) {
        if (options.signal?.aborted) throw new AbortedError("The computation was aborted.");
        const count = Math.min(size, inputs.rows - start);
        leaves.forEach((input, i) => {
          const block = data[i]!.subarray(start * input.size, (start + count) * input.size);
          this.#host.writeNumbers(inputAt[i]!, block);
        });
        this.#host.writeIntegers(counts, [count]);
        await this.#host.run({
          steps: 1,
          counts,
          indices,
          stepInputs: [],
          sums: [],
          applyUpdates: false,
          random: { ...random, firstRow: start },
        });
        const parts = await this.#host.read(
          outputs.map((output, i) => ({ address: outputAt[i]!, size: count * output.size })),
        );
        outputs.forEach((output, i) => {
          rows[output.name]!.set(parts[i]!, start * output.size);
        });
      }
      return { rows, sums: await this.#readByName(sums) };
    });
  }

  load(inputs: RunInputs): Promise<void> {
    return this.#inTurn(async () => {
      const { inputs: leaves } = this.#compiled;
      const data = leaves.map((leaf) => checkedInput(inputs, leaf));
      this.#loadedRows = 0;
      this.#top = this.#compiled.memoryBytes;
      const addresses = leaves.map((input) => this.#allocate(inputs.rows * input.size * this.#bytes));
      await this.#reserve();
      data.forEach((values, i) => {
        this.#host.writeNumbers(addresses[i]!, values);
      });
      this.#loadedAt = addresses;
      this.#loadedTop = this.#top;
      this.#loadedRows = inputs.rows;
    });
  }

  step(steps: Steps): Promise<Record<string, Float64Array>> {
    return this.#inTurn(async () => {
      if (this.#loadedRows === 0) throw new ShapeError("step: no rows were loaded.");
      this.#top = this.#loadedTop;
      const count = steps.counts.length;
      const counts = this.#allocate(4 * count);
      const indices = this.#allocate(4 * steps.indices.length);
      // A step may have outputs by row, which nobody reads; they still need room.
      const largest = steps.counts.reduce((most, rows) => Math.max(most, rows), 0);
      const outputAt = this.#compiled.rows.map((output) =>
        this.#allocate(largest * output.size * this.#bytes),
      );
      const stepInputs = Array.from(this.#compiled.stepInputs, ([name, { size, address }]) => {
        const from = this.#allocate(count * size * this.#bytes);
        return {
          values: stepInputOf(steps.stepInputs, { name, size }, count),
          from,
          to: address,
          bytes: size * this.#bytes,
        };
      });
      const sums = Array.from(this.#compiled.sums, ([name, region]) => {
        const to = this.#allocate(count * region.size * this.#bytes);
        return { name, size: region.size, from: region.address, to, bytes: region.size * this.#bytes };
      });
      await this.#reserve();
      for (const { values, from } of stepInputs) this.#host.writeNumbers(from, values);
      this.#host.writeIntegers(counts, steps.counts);
      this.#host.writeIntegers(indices, steps.indices);
      this.#point([...this.#loadedAt, ...outputAt]);
      const random = { ...this.#random(steps.key), firstStep: steps.firstStep ?? 0 };
      const job = {
        steps: count,
        counts,
        indices,
        stepInputs: stepInputs.map(({ from, to, bytes }) => ({ from, to, bytes })),
        sums,
        applyUpdates: true,
        random,
      };
      const done = steps.signal?.aborted ? 0 : await this.#host.run(job, steps.signal);
      const parts = await this.#host.read(sums.map(({ size, to }) => ({ address: to, size: done * size })));
      return Object.fromEntries(sums.map(({ name }, i) => [name, parts[i]!]));
    });
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    unreachable.unregister(this);
    this.#host.dispose();
  }

  /** What random draws start from. */
  #random(key: RandomKey | undefined): Job["random"] {
    if (!key && this.#compiled.hasRandoms)
      throw new UsageError("The program draws random numbers: give the key that they are drawn with.");
    return { k0: key?.k0 ?? 0, k1: key?.k1 ?? 0, firstStep: 0, firstRow: 0 };
  }

  /** Operations run one after another: they share the memory. */
  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const own = this.#queue.then(() => {
      if (this.#isDisposed)
        throw new UsageError("The executable was disposed of; compile the program again.");
      return operation();
    });
    this.#queue = own.catch(() => undefined);
    return own;
  }

  /** An address with so many bytes behind it, which are there after {@link #reserve}. */
  #allocate(bytes: number): number {
    const address = Math.ceil(this.#top / 64) * 64;
    this.#top = address + bytes + 64;
    return address;
  }

  async #reserve(): Promise<void> {
    if (!(await this.#host.reserve(this.#top)))
      throw new UsageError(
        `The rows need ${mebibytes(this.#top)} MiB of memory, more than the engine can have.`,
      );
  }

  async #readByName(regions: ReadonlyMap<string, Region>): Promise<Record<string, Float64Array>> {
    const parts = await this.#host.read([...regions.values()]);
    return Object.fromEntries([...regions.keys()].map((name, i) => [name, parts[i]!]));
  }

  /** Tells the tiles where the rows of inputs and outputs lie. */
  #point(addresses: readonly number[]): void {
    this.#host.writeIntegers(4 * control.pointers, addresses);
  }
}

function checkedInput(
  { rows, inputs }: RunInputs,
  { name, size }: { readonly name: string; readonly size: number },
): Float64Array {
  const data = inputs[name];
  if (data?.length !== rows * size)
    throw new ShapeError(`run: input "${name}" needs ${rows * size} numbers, got ${data?.length}.`);
  return data;
}
