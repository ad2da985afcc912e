/**
 * What the runtime can do: probed by validation, never assumed.
 *
 * @module
 */

import { ModuleBuilder } from "../emit/assembler.ts";

let relaxed: boolean | undefined;

/** Whether relaxed SIMD (fused multiply-add) compiles here; Node 20 has none. */
export function hasRelaxedSimd(): boolean {
  relaxed ??= validates((f) => {
    const local = f.local("v128");
    f.get(local).get(local).get(local).op("f32x4.relaxed_madd").set(local);
  });
  return relaxed;
}

/** Whether there is WebAssembly at all: not under --jitless, nor where a browser's policy has turned it off. */
export function hasWebAssembly(): boolean {
  return typeof WebAssembly === "object";
}

/** Whether SIMD compiles here; without it there is no wasm engine. */
export function hasSimd(): boolean {
  return validates((f) => {
    const local = f.local("v128");
    f.get(local).get(local).op("f32x4.add").set(local);
  });
}

/** Whether memory can be shared with workers: always in Node, in browsers on cross-origin isolated pages. */
export function canShareMemory(): boolean {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  return typeof SharedArrayBuffer === "function" && isolated !== false;
}

function validates(emit: Parameters<ModuleBuilder["addFunction"]>[3]): boolean {
  const module = new ModuleBuilder({ sharedMemory: false, maximumPages: 1 });
  module.addFunction(null, [], [], emit);
  return WebAssembly.validate(module.finish());
}
