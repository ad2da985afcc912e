/**
 * What to say where there is no memory; loaded when there is none.
 *
 * @module
 */

import { UsageError } from "../../../errors.ts";
import type { CompiledProgram } from "../compileProgram.ts";
import { mostPages, pageBytes } from "./memories.ts";

/**
 * What to say where there is no memory.
 *
 * @param parts - What takes the bytes; those of half a mebibyte or more are named.
 * @param smaller - What makes the program, or its rows, need less.
 * @param pages - That a memory may have.
 */
export function outOfMemory(
  bytes: number,
  what: "program" | "rows",
  parts: Readonly<Record<string, number>>,
  smaller: string,
  pages: number = mostPages,
): UsageError {
  const mebibytes = Math.ceil(bytes / 2 ** 20);
  const most = (pages * pageBytes) / 2 ** 20;
  const list = Object.entries(parts)
    .map(([name, size]) => [name, Math.round(size / 2 ** 20)] as const)
    .flatMap(([name, size]) => (size > 0 ? [`${size} ${name}`] : []));
  const need = `the ${what === "rows" ? "rows need" : "program needs"} ${mebibytes} MiB of memory`;
  return new UsageError({
    where: "wasmEngine",
    problem: list.length > 0 ? `${need} (${list.join(", ")})` : need,
    expected: mebibytes > most ? `at most ${most} MiB` : "a free range of addresses",
    received: `${mebibytes} MiB`,
    remedy:
      mebibytes > most
        ? `the engine can have at most ${most} MiB: ${smaller}`
        : "the system has no address range for it, which for WebAssembly takes 10 GiB: raise the limit (ulimit -v unlimited), start node with --disable-wasm-trap-handler, or dispose of programs that are no longer used",
  });
}

/** What to say where a program has no memory. */
export function programOutOfMemory(compiled: Omit<CompiledProgram, "bytes">, pages: number): UsageError {
  const { memoryBytes, constants, shards, shardBytes, threads, arenaBytes } = compiled;
  const isDouble = compiled.precision === "float64";
  const bytesOf = (sizes: readonly number[]): number =>
    (isDouble ? 8 : 4) * sizes.reduce((sum, size) => sum + size, 0);
  const parts = {
    "of parameters and what an optimizer keeps of them": bytesOf(
      Array.from(compiled.parameters.values(), ({ size }) => size),
    ),
    "of constants": bytesOf(constants.map(({ data }) => data.length)),
    [`of sums over rows, of ${shards.size} shards`]: shards.size * shardBytes,
    [`of rows at work, of ${threads} threads`]: threads * arenaBytes,
  };
  const known = Object.values(parts).reduce((sum, size) => sum + size, 0);
  const smaller = `make the flow smaller${isDouble ? ", or compute in float32" : ""}`;
  return outOfMemory(
    memoryBytes,
    "program",
    { ...parts, "of values made of these": memoryBytes - known },
    smaller,
    pages,
  );
}
