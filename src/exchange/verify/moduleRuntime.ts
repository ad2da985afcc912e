/**
 * The functions of an exported module, called from JavaScript.
 *
 * @module
 */

import { AbortedError, UsageError } from "../../errors.ts";
import { nextTurn } from "../../platform/platform.ts";
import type { FunctionNote } from "../wasm/moduleNotes.ts";

/** What a module exports, beside its functions. */
interface ModuleExports {
  readonly memory: WebAssembly.Memory;
  readonly allocate: (bytes: number) => number;
  readonly release: (address: number) => void;
}

/** Rows of a call. */
const blockRows = 8192;

/**
 * The results of rows, and the seconds that they took.
 * @param rows - Row by row, as many numbers each as the function takes.
 */
export async function runModule(
  module: WebAssembly.Module,
  name: string,
  { width, results }: FunctionNote,
  rows: Float64Array,
  signal: AbortSignal | undefined,
): Promise<{ readonly values: Float64Array; readonly seconds: number }> {
  const { exports } = await WebAssembly.instantiate(module, {});
  const { memory, allocate, release } = exports as unknown as ModuleExports;
  const call = exports[name] as (rows: number, count: number, results: number) => void;
  const total = rows.length / width;
  const size = Math.min(blockRows, total);
  const [from, to] = [allocate(8 * width * size), allocate(8 * results * size)];
  if (from === 0 || to === 0)
    throw new UsageError({
      where: "verifyExport",
      problem: "there is no memory for the rows that the module is given",
      expected: `${8 * (width + results) * size} bytes`,
      received: "none",
    });
  const values = new Float64Array(results * total);
  let seconds = 0;
  for (let start = 0; start < total; start += size) {
    if (signal?.aborted) throw new AbortedError("the verification was stopped");
    const count = Math.min(size, total - start);
    const begin = performance.now();
    new Float64Array(memory.buffer, from, width * count).set(
      rows.subarray(width * start, width * (start + count)),
    );
    call(from, count, to);
    values.set(new Float64Array(memory.buffer, to, results * count), results * start);
    seconds += (performance.now() - begin) / 1000;
    await nextTurn();
  }
  release(from);
  release(to);
  return { values, seconds };
}
