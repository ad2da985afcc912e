/**
 * Registers of twice the width: V8's experimental re-vectorization joins two adjacent 128-bit vectors to one of 256
 * bits. It is a flag of the whole process, set at run time, and only where the user has asked for it.
 *
 * Kernels that it is meant for are tried first: it must give the very numbers that plain kernels give, and be
 * faster, or it is not used. Lanes do the same operations in the same order either way, so that results do not
 * depend on it.
 *
 * @module
 */

import { ScalarWriter } from "../../../plan/scalarCode.ts";
import { setV8Flag } from "../../../platform/platform.ts";
import { reasonOf } from "../../../platform/systemErrors.ts";
import { ModuleBuilder } from "../emit/assembler.ts";
import { addProduct } from "../emit/dense.ts";
import { addTileKernel } from "../emit/fusedKernel.ts";
import type { VectorOptions } from "../emit/vector.ts";
import { hasRelaxedSimd } from "./capabilities.ts";

let probed: Promise<string | undefined> | undefined;
let isTrusted = false;

/**
 * Turns re-vectorization on and tries it, once per process; off again where the trial finds fault with it.
 * @returns Undefined if wide kernels may be used, else why not, as the end of a sentence.
 */
export function enableWideSimd(): Promise<string | undefined> {
  probed ??= (async () => {
    if (!hasRelaxedSimd()) return "this runtime has no relaxed SIMD; use Node 22 or newer";
    if (isTrusted && setV8Flag(flag)) return undefined;
    const failed = (error: unknown): string => `its trial failed (${reasonOf(error)})`;
    const trial = await startTrial().catch(failed);
    if (typeof trial === "string") return trial;
    if (!setV8Flag(flag)) return "only Node can turn it on";
    const obstacle = await tryKernels(trial).catch(failed);
    // Plain kernels too would be compiled by an optimizer that has just been found wrong, or useless.
    if (obstacle !== undefined) setV8Flag(noFlag);
    return obstacle;
  })();
  return probed;
}

/**
 * Spares {@link enableWideSimd} its trial, for who has made one in another process of this Node on this processor, where a fault could
 * do no harm. The flag still waits for the first program: what Node compiles under it, it cannot take from its caches.
 */
export function trustWideSimd(): void {
  isTrusted = true;
}

const flag = "--experimental-wasm-revectorize";
const noFlag = "--no-experimental-wasm-revectorize";

/** Edge of the matrices of the trial, and rows of its tiles. */
const size = 64;
/** Calls in a row that are timed. */
const calls = 20;
/** Rounds until optimized code must be there; it comes after some hundred calls, compiled in the background. */
const maximumRounds = 60;
/** By how much faster the product must be. Where the flag does nothing, the wide kernel is slower by half. */
const minimumGain = 1.2;

type Kernels = Readonly<Record<"product" | "chain", (...args: number[]) => void>>;

/** Where the operands and the results of a trial are in its memory. */
const [a, b, plainResult, wideResult] = [0, 1, 2, 3].map((i) => 4 * size * size * i) as [
  number,
  number,
  number,
  number,
];

/** Plain kernels, and the bits of their results as long as re-vectorization is off. */
interface Trial {
  readonly memory: WebAssembly.Memory;
  readonly plain: Kernels;
  readonly product: string;
  readonly chain: string;
}

const bitsAt = ({ buffer }: WebAssembly.Memory, address: number): string =>
  new Uint32Array(buffer, address, size * size).join();

async function startTrial(): Promise<Trial> {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4 });
  const plain = await trialKernels(false, memory);
  const numbers = new Float32Array(memory.buffer);
  for (let i = 0; i < 2 * size * size; i++) numbers[i] = Math.sin(i) * 3;
  plain.product(a, b, plainResult, 0, size);
  const product = bitsAt(memory, plainResult);
  plain.chain(a, plainResult);
  return { memory, plain, product, chain: bitsAt(memory, plainResult) };
}

async function tryKernels({ memory, plain, product, chain }: Trial): Promise<string | undefined> {
  const wide = await trialKernels(true, memory);
  const areBoth = (expected: string): boolean =>
    [plainResult, wideResult].every((address) => bitsAt(memory, address) === expected);
  const timeOf = (kernels: Kernels, to: number): number => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) kernels.product(a, b, to, 0, size);
    return performance.now() - start;
  };
  let gain = 0;
  for (let round = 0; round < maximumRounds && gain < minimumGain; round++) {
    const [slow, fast] = [timeOf(plain, plainResult), timeOf(wide, wideResult)];
    // The first rounds run unoptimized code.
    if (round >= 5) gain = slow / fast;
    if (!areBoth(product)) return "its results were wrong in a trial";
    for (let i = 0; i < calls; i++) {
      plain.chain(a, plainResult);
      wide.chain(a, wideResult);
    }
    if (!areBoth(chain)) return "its results were wrong in a trial";
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return gain < minimumGain ? "it made no kernel faster in a trial" : undefined;
}

/** A product of matrices, and a chain with exponentials, logarithms, comparisons and bits. */
async function trialKernels(wide: boolean, memory: WebAssembly.Memory): Promise<Kernels> {
  const vector: VectorOptions = { precision: "float32", relaxed: true, wide };
  const module = new ModuleBuilder({ sharedMemory: false, maximumPages: 4 });
  const shape = {
    rows: size,
    columns: size,
    aRowStride: size,
    aColumnStride: 1,
    bRowStride: size,
    cRowStride: size,
    start: "zero" as const,
  };
  addProduct(module, "product", shape, vector);
  const writer = new ScalarWriter();
  const x = writer.load(writer.source("rows", 1), 0);
  const exponential = writer.operation("exp", [writer.operation("tanh", [x])], 1);
  const comparison = writer.operation("less", [x, exponential]);
  const logarithm = writer.operation("log", [exponential]);
  writer.result([writer.operation("select", [comparison, logarithm, x])], false);
  addTileKernel(
    module,
    size,
    writer.finish(() => 0),
    { rowLength: size, vector },
    "chain",
  );
  const { instance } = await WebAssembly.instantiate(module.finish(), { env: { memory } });
  return instance.exports as unknown as Kernels;
}
