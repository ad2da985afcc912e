/**
 * The wasm engine: programs compiled to SIMD WebAssembly at run time, on threads that share one memory, or on one
 * worker where memory cannot be shared.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { type Program, preparation } from "../../graph/program.ts";
import { checkCount, checkedOptions, engineOptions, flag, type OptionTable, text } from "../../options.ts";
import { checkSignal, inPieces } from "../../platform/pieces.ts";
import { availableThreads, compileModule, nextTurn, warn } from "../../platform/platform.ts";
import type { Engine } from "../engine.ts";
import { type CompiledProgram, compiling, computes, planningFor } from "./compileProgram.ts";
import type { Precision, VectorOptions } from "./emit/vector.ts";
import { canShareMemory, hasRelaxedSimd, hasSimd, hasWebAssembly } from "./run/capabilities.ts";
import { WasmExecutable } from "./run/executable.ts";
import { type HostedProgram, memoryErrors, SharedHost } from "./run/host.ts";
import type { JobPlan } from "./run/job.ts";
import { mostPages } from "./run/memories.ts";
import { startThreads } from "./run/threads.ts";

/** Options of {@link wasmEngine}. */
export interface WasmEngineOptions {
  /** Type of all numbers inside (default `float32`). */
  readonly precision?: Precision | undefined;
  /** Threads (default: those of the machine, at most 8). Results do not depend on it. */
  readonly threads?: number | undefined;
  /**
   * Registers of twice the width (default false): V8's experimental re-vectorization, nearly twice as fast. It is turned on
   * for the whole process when a program is first compiled, tried, and left unused with a warning where it does not
   * work (Node 20, browsers). Results do not depend on it.
   */
  readonly wide?: boolean | undefined;
  /**
   * A folder for compiled programs, in Node: a later process compiles none that is there (default: that of the environment variable
   * `PUSHFORWARD_CACHE`, if any). It is made where it is not there, and has 256 MiB at most; what is in it may be removed at any time.
   * Choose one that only you can write to.
   */
  readonly cache?: string | undefined;
  /**
   * Whether every plan is checked before it is compiled (default false, or true where the environment variable
   * `PUSHFORWARD_CHECK_PLANS` is `1`): reads of what was not written, threads that need each other, and the like. A fault is one of this
   * library, and would give wrong numbers; `compile` then throws. It takes a tenth more time to compile.
   */
  readonly checkPlans?: boolean | undefined;
}

/** Rows of a tile, where there is room for so many: feature-major values of 64 rows stay in the first cache levels. */
const rowLength = 64;

/**
 * An engine that compiles programs to WebAssembly.
 * @throws UsageError if the runtime has no WebAssembly SIMD, or `threads` is not a positive integer; from
 *   `compile`, if it allows no workers.
 */
export function wasmEngine(options: WasmEngineOptions = {}): Engine {
  return wasmEngineWith(canShareMemory(), checkedOptions("wasmEngine", options, wasmOptionTable));
}

/** A compiled program, without memory of its own. */
interface Compilation {
  readonly compiled: Omit<CompiledProgram, "bytes">;
  readonly hosted: HostedProgram;
  /** Size of its code and constants. */
  readonly bytes: number;
}

/** Code and constants of programs that an engine keeps for those that ask again, in bytes: some twenty trainings. */
const mostKeptBytes = 2 ** 24;

const wasmOptionTable: OptionTable<WasmEngineOptions> = {
  precision: engineOptions.precision,
  threads: engineOptions.threads,
  wide: engineOptions.wide,
  cache: text,
  checkPlans: flag,
};

/** What memory is like; tests have less of it, or begin late in it. */
export interface MemoryLimits {
  /** Pages that a program's memory may grow to. */
  readonly pages?: number | undefined;
  /** Where a program begins. */
  readonly firstAddress?: number | undefined;
}

/** The engine on threads that share memory, or on one worker that has its own. */
export function wasmEngineWith(
  sharedMemory: boolean,
  {
    precision = "float32",
    threads: threadsOption,
    wide: wantsWide = false,
    cache = globalThis.process?.env?.PUSHFORWARD_CACHE,
    checkPlans = globalThis.process?.env?.PUSHFORWARD_CHECK_PLANS === "1",
  }: WasmEngineOptions = {},
  { pages: maximumPages = mostPages, firstAddress }: MemoryLimits = {},
): Engine {
  if (threadsOption !== undefined) checkCount("wasmEngine", "threads", threadsOption);
  if (!hasWebAssembly())
    throw new UsageError({
      where: "wasmEngine",
      problem: "this runtime has no WebAssembly",
      expected: "WebAssembly",
      received: "none",
      remedy: "start node without --jitless, or use the reference engine",
    });
  if (!hasSimd())
    throw new UsageError({
      where: "wasmEngine",
      problem: "this runtime has no WebAssembly SIMD",
      expected: "WebAssembly SIMD",
      received: "none",
      remedy: "use the reference engine",
    });
  const threads = sharedMemory ? Math.min(threadsOption ?? Math.min(8, availableThreads()), 64) : 1;
  const compileWith = async (
    vector: VectorOptions,
    program: Partial<Program>,
    signal: AbortSignal | undefined,
  ): Promise<CompiledProgram> => {
    const prepared = await inPieces(preparation(program), signal);
    const addRandomRows =
      prepared.randoms.length > 0 ? (await import("./emit/randomKernel.ts")).addRandomRows : undefined;
    const { overRows } = prepared.isOverRows ? await import("../../plan/lowering/overRows.ts") : {};
    const machine = {
      vector,
      threads,
      sharedMemory,
      maximumPages,
      firstAddress,
      rowLength,
      addRandomRows,
      overRows,
    };
    const programPlan = await inPieces(planningFor(prepared, machine), signal);
    if (checkPlans) (await import("../../plan/check/checkPlan.ts")).checkPlan(programPlan);
    const functions = {
      ...(computes(programPlan, "sin", "cos") && (await import("./emit/trigonometric.ts"))),
      ...(computes(programPlan, "erf", "normalQuantile") && (await import("./emit/normal.ts"))),
      ...(computes(programPlan, "normalExcess") && (await import("./emit/normalTail.ts"))),
    };
    const { addConnected } = programPlan.kernels.some(
      ({ kind }) => kind === "connected" || kind === "sumConnected",
    )
      ? await import("./connectedKernel.ts")
      : {};
    return await inPieces(
      compiling(programPlan, { ...machine, addConnected, vector: { ...vector, functions } }),
      signal,
    );
  };
  const make = async (
    write: () => Promise<Partial<Program>>,
    structure: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Compilation> => {
    const wide = wantsWide && (await isWideUsable());
    const vector = { precision, relaxed: hasRelaxedSimd(), wide };
    // One is there for every program: it starts while this one is planned.
    if (sharedMemory) startThreads(1);
    const compile = (program: Partial<Program>): Promise<CompiledProgram> =>
      compileWith(vector, program, signal);
    const machine = [vector, threads, sharedMemory, maximumPages, firstAddress];
    const { bytes, ...compiled } = cache
      ? await (await import("./run/programFolder.ts")).programFrom(cache, {
          structure,
          machine,
          write,
          compile,
          signal,
        })
      : await compile(await write());
    const plan: JobPlan = {
      rowLength: compiled.rowLength,
      shards: compiled.shards.address,
      shardBytes: compiled.shardBytes,
      mostShards: compiled.shards.size,
      arenas: compiled.arenas,
      arenaBytes: compiled.arenaBytes,
      hasSums: compiled.sums.size > 0 || compiled.levels.updates > 0,
      levels: compiled.levels,
    };
    const module = await compileModule(bytes);
    const size = compiled.constants.reduce((sum, { data }) => sum + data.byteLength, bytes.length);
    return { compiled, hosted: { module, plan, precision, maximumPages }, bytes: size };
  };
  /** What was compiled under a name, the last used at the end. */
  const kept = new Map<string, Compilation>();
  return {
    name: "wasm",
    compile: async (program, { signal, structure } = {}) => {
      const known = structure === undefined ? undefined : kept.get(structure);
      const write = async (): Promise<Partial<Program>> =>
        typeof program === "function" ? await program() : program;
      const made = known ?? (await make(write, structure, signal));
      if (structure !== undefined) {
        kept.delete(structure);
        kept.set(structure, made);
        let size = 0;
        for (const [name, { bytes }] of [...kept].reverse())
          if ((size += bytes) > mostKeptBytes) kept.delete(name);
      }
      checkSignal(signal);
      const { compiled, hosted } = made;
      const host = sharedMemory
        ? new SharedHost(hosted, compiled.threads)
        : new (await import("./run/privateHost.ts")).PrivateHost(hosted);
      try {
        if (!(await host.reserve(compiled.memoryBytes)))
          throw (await memoryErrors()).programOutOfMemory(compiled, maximumPages);
        // Threads have been started, and masks of wide layers are long; behind a compilation that is a long task.
        if (!known) await nextTurn();
        for (const { address, data } of compiled.constants) host.writeNumbers(address, data);
        for (const { address, data } of compiled.tables) host.writeIntegers(address, data);
      } catch (error) {
        host.dispose();
        throw error;
      }
      return new WasmExecutable(compiled, host);
    },
  };
}

let warned = false;

/** Whether wide kernels work here; says so once where they do not. */
async function isWideUsable(): Promise<boolean> {
  // Most programs do without, and a page need not load it.
  const obstacle = await (await import("./run/wide.ts")).enableWideSimd();
  if (obstacle === undefined || warned) return obstacle === undefined;
  warned = true;
  warn(`Wide SIMD was asked for, and is not used: ${obstacle}.`);
  return false;
}
