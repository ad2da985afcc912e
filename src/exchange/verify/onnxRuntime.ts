/**
 * The ONNX runtime that exports are checked with.
 *
 * @module
 */

import { AbortedError, UsageError } from "../../errors.ts";

/** What is needed of `onnxruntime-node` or `onnxruntime-web`. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: object): Promise<OnnxSession>;
  };
  readonly Tensor: new (
    type: "float32" | "float64",
    data: Float32Array | Float64Array,
    shape: readonly number[],
  ) => object;
}

interface OnnxSession {
  run(
    inputs: Readonly<Record<string, object>>,
  ): Promise<Readonly<Record<string, { readonly data: ArrayLike<number> }>>>;
  release?(): Promise<void>;
}

/** Rows of one call, by input. */
type Block = Readonly<Record<string, { readonly data: Float64Array; readonly shape: readonly number[] }>>;

/** By a name that bundlers do not read: few have it installed, and no page needs the one for Node. */
const runtimeName = "onnxruntime-node";

/**
 * The runtime that a caller gives, or the one that is installed.
 * @throws UsageError where there is none.
 */
export async function onnxRuntime(given: OnnxRuntime | undefined): Promise<OnnxRuntime> {
  let module: unknown = given;
  let reason = "none";
  try {
    module ??= await import(/* @vite-ignore */ runtimeName);
  } catch (error) {
    reason = String((error as Error | undefined)?.message ?? error);
  }
  const { default: inner, ...names } = (module ?? {}) as { default?: OnnxRuntime } & Partial<OnnxRuntime>;
  const runtime = names.InferenceSession ? names : inner;
  if (runtime?.InferenceSession && runtime.Tensor) return runtime as OnnxRuntime;
  throw new UsageError({
    where: "verifyExport",
    problem:
      "an ONNX file is checked with the optional package onnxruntime-node, which is not installed or does not run here",
    expected: "onnxruntime-node",
    received: reason.split("\n")[0]!,
    remedy: "npm install onnxruntime-node gets it",
  });
}

/** The first output of each block, and the seconds that they took together. */
export async function runOnnx(
  { InferenceSession, Tensor }: OnnxRuntime,
  bytes: Uint8Array,
  blocks: readonly Block[],
  precision: "float32" | "float64",
  signal: AbortSignal | undefined,
): Promise<{ readonly parts: readonly ArrayLike<number>[]; readonly seconds: number }> {
  // What goes wrong is thrown; of a damaged graph its own lines would stand beside ours.
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 });
  const parts: ArrayLike<number>[] = [];
  let seconds = 0;
  try {
    for (const block of blocks) {
      if (signal?.aborted) throw new AbortedError("the verification was stopped");
      const inputs = Object.fromEntries(
        Object.entries(block).map(([name, { data, shape }]) => {
          const numbers = precision === "float32" ? Float32Array.from(data) : Float64Array.from(data);
          return [name, new Tensor(precision, numbers, shape)];
        }),
      );
      const start = performance.now();
      const [output] = Object.values(await session.run(inputs));
      seconds += (performance.now() - start) / 1000;
      parts.push(output?.data ?? []);
    }
  } finally {
    await session.release?.();
  }
  return { parts, seconds };
}
