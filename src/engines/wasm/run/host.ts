/**
 * Where a compiled program lives: its memory, and who runs it. {@link SharedHost} has memory that threads share and
 * that this thread reads and writes itself. `PrivateHost` is for pages that are not cross-origin isolated, which
 * have no such memory: one worker owns it, and everything goes there as messages. Both run the same code, so that
 * results are the same to the bit. This thread computes only what takes less time than waking another: see
 * {@link CallingThread}.
 *
 * @module
 */

import { control, type Region } from "../control.ts";
import type { Precision } from "../emit/vector.ts";
import { CallingThread } from "./callingThread.ts";
import type { Job, JobPlan } from "./job.ts";
import { giveMemory, growTo, type OwnedMemory, pageBytes, takeIdle, takeMemory } from "./memories.ts";
import { retireThreads, startThreads, type Thread } from "./threads.ts";

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
  /** Runs a job and resolves to the steps done: fewer than all if a signal fires. */
  run(job: Job, following: Following): Promise<number>;
  /** Gives memory back; no job may be running. */
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

/** How {@link Host.run} may be followed and ended. */
export interface Following {
  /** The first of them that fires stops the job. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /** Told now and then how many tiles of the step at hand are done. */
  readonly onTiles?: ((tiles: number) => void) | undefined;
}

/** The errors of programs and rows that have no memory, loaded when there is one. */
export const memoryErrors = (): Promise<typeof import("./outOfMemory.ts")> => import("./outOfMemory.ts");

let programs = 0;

/** A number for a program. */
export function nextProgram(): number {
  return programs++;
}

/** The type of arrays of a precision's numbers. */
export const arrayOf: {
  readonly float32: typeof Float32Array;
  readonly float64: typeof Float64Array;
} = { float32: Float32Array, float64: Float64Array };
/** Milliseconds between two reports of progress. */
const reportEvery = 100;

/** What the threads keep of programs that are gone: how many, and bytes of memory that nobody uses again. */
const remains = { programs: 0, bytes: 0 };
const remainsLimit = { programs: 64, bytes: 2 ** 26 };

/** Threads that wait do not collect what they were told to forget: now and then they end, and new ones begin. */
function forgotten(bytes: number): void {
  remains.programs++;
  remains.bytes += bytes;
  if (remains.programs < remainsLimit.programs && remains.bytes < remainsLimit.bytes) return;
  remains.programs = 0;
  remains.bytes = 0;
  retireThreads();
}

/** Calls `stop` when one of the signals fires; returns what ends that. */
export function listenTo(signals: readonly (AbortSignal | undefined)[], stop: () => void): () => void {
  for (const signal of signals) signal?.addEventListener("abort", stop);
  return () => {
    for (const signal of signals) signal?.removeEventListener("abort", stop);
  };
}

/** A program in memory that threads share. */
export class SharedHost implements Host {
  readonly #id = nextProgram();
  readonly #program: HostedProgram;
  readonly #threads: number;
  readonly #informedThreads = new Set<Thread>();
  readonly #callingThread: CallingThread;
  #ownedMemory: OwnedMemory | undefined;
  #failure: Error | undefined;
  #isDisposed = false;

  constructor(program: HostedProgram, threads: number) {
    this.#program = program;
    this.#threads = threads;
    this.#callingThread = new CallingThread(program);
    // They start while the program's memory is filled.
    startThreads(threads);
  }

  async reserve(bytes: number): Promise<boolean> {
    const { maximumPages } = this.#program;
    if (bytes > maximumPages * pageBytes) return false;
    if (!this.#ownedMemory) {
      this.#ownedMemory = takeMemory(bytes, maximumPages);
      if (!this.#ownedMemory) return false;
      // No kernel reads what was not written: what an earlier program has left is of no account but here.
      this.writeIntegers(0, new Int32Array(control.pointers));
    } else if (bytes > this.#buffer.byteLength) {
      const present = this.#buffer.byteLength;
      const nextMemory =
        takeIdle(bytes, maximumPages, present) ??
        (growTo(this.#ownedMemory.memory, bytes) ? undefined : takeMemory(bytes, maximumPages));
      if (nextMemory) this.#moveTo(nextMemory);
      else if (bytes > this.#buffer.byteLength) return false;
    }
    return true;
  }

  writeNumbers(address: number, data: Float64Array): void {
    this.#numbers(address, data.length).set(data);
  }

  writeIntegers(address: number, data: ArrayLike<number>): void {
    // Between arrays of one type the bytes are copied, which is many times faster.
    const Integers = data instanceof Uint32Array ? Uint32Array : Int32Array;
    new Integers(this.#buffer as ArrayBuffer, address, data.length).set(data);
  }

  async read(regions: readonly Region[]): Promise<Float64Array[]> {
    return regions.map(({ address, size }) => new Float64Array(this.#numbers(address, size)));
  }

  async run(job: Job, { signals, onTiles }: Following): Promise<number> {
    if (this.#failure) throw this.#failure;
    const { memory } = this.#ownedMemory!;
    const words = new Int32Array(memory.buffer);
    const rows = job.steps === 1 ? words[job.counts / 4]! : Number.POSITIVE_INFINITY;
    if (this.#callingThread.isAffordable(rows)) return this.#runHere(memory, job, rows);
    const threads = this.#start();
    const start = performance.now();
    const deaf = listenTo(signals, () => Atomics.store(words, control.stop, 1));
    const report = onTiles && setInterval(() => onTiles(Atomics.load(words, control.tiles)), reportEvery);
    try {
      const shares = threads.map((thread, i) =>
        thread
          .ask({
            kind: "run",
            program: this.#id,
            memory,
            job,
            share: { thread: i, threads: threads.length },
            number: 0,
          })
          .catch((error: Error) => {
            // The others wait for this one: they are told that it will not come. The threads themselves go on, with other programs.
            this.#failure ??= error;
            Atomics.store(words, control.failed, 1);
            Atomics.add(words, control.generation, 1);
            Atomics.notify(words, control.generation);
            return 0;
          }),
      );
      const [done] = await Promise.all(shares);
      if (this.#failure) throw this.#failure;
      this.#callingThread.learn(rows, performance.now() - start);
      return done!;
    } finally {
      clearInterval(report);
      deaf();
      Atomics.store(words, control.stop, 0);
    }
  }

  #runHere(memory: WebAssembly.Memory, job: Job, rows: number): number {
    try {
      return this.#callingThread.run(memory, job, rows);
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const thread of this.#informedThreads) thread.tell({ kind: "forget", program: this.#id });
    this.#informedThreads.clear();
    this.#callingThread.forget();
    // A thread that died may not have left its memory yet: no other program gets that.
    const forgottenBytes = this.#failure && this.#ownedMemory ? this.#buffer.byteLength : this.#give();
    this.#ownedMemory = undefined;
    forgotten(forgottenBytes);
  }

  get #buffer(): ArrayBufferLike {
    return this.#ownedMemory!.memory.buffer;
  }

  #numbers(address: number, length: number): Float32Array | Float64Array {
    const Numbers = arrayOf[this.#program.precision];
    return new Numbers(this.#buffer as ArrayBuffer, address, length);
  }

  /** Gives the memory back; the bytes of those that are dropped for it. */
  #give(): number {
    return this.#ownedMemory ? giveMemory(this.#ownedMemory) : 0;
  }

  /** Goes on in another memory. */
  #moveTo(nextMemory: OwnedMemory): void {
    new Uint8Array(nextMemory.memory.buffer).set(new Uint8Array(this.#buffer));
    remains.bytes += this.#give();
    this.#ownedMemory = nextMemory;
    this.#informedThreads.clear();
  }

  /** The threads, each of which knows the program. */
  #start(): Thread[] {
    const threads = startThreads(this.#threads);
    for (const thread of threads) {
      if (this.#informedThreads.has(thread)) continue;
      const { module, plan } = this.#program;
      const { memory } = this.#ownedMemory!;
      thread.tell({ kind: "compile", program: this.#id, module, plan, memory });
      this.#informedThreads.add(thread);
    }
    return threads;
  }
}
