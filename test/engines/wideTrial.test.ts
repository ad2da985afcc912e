/**
 * Wide SIMD is turned off again, for the whole process, where its trial finds fault with it. The kernels of the trial and the
 * flag are stand-ins here, so that the test does not depend on what this version of V8 can do.
 */

import { afterEach, beforeEach, expect, test, vi } from "vitest";

const fault = vi.hoisted(() => ({ kind: "" as "" | "wrong" | "failing" }));
const flags = vi.hoisted(() => [] as string[]);

vi.mock("../../src/platform/platform.ts", async (original) => ({
  ...(await original<object>()),
  setV8Flag: (flag: string) => flags.push(flag) > 0,
}));
vi.mock("../../src/engines/wasm/run/capabilities.ts", async (original) => ({
  ...(await original<object>()),
  hasRelaxedSimd: () => true,
}));
vi.mock("../../src/engines/wasm/emit/dense.ts", async (original) => {
  const { addProduct } = await original<typeof import("../../src/engines/wasm/emit/dense.ts")>();
  return {
    addProduct: ((module, name, shape, { wide }) => {
      if (wide && fault.kind === "failing") throw new RangeError("local count too large");
      // A kernel that leaves the last row out is wrong.
      const rows = wide && fault.kind === "wrong" ? shape.rows - 1 : shape.rows;
      return addProduct(module, name, { ...shape, rows }, plain);
    }) satisfies typeof addProduct,
  };
});
vi.mock("../../src/engines/wasm/emit/fusedKernel.ts", async (original) => {
  const actual = await original<typeof import("../../src/engines/wasm/emit/fusedKernel.ts")>();
  return {
    ...actual,
    addTileKernel: ((module, features, program, options, name) =>
      actual.addTileKernel(
        module,
        features,
        program,
        { ...options, vector: plain },
        name,
      )) satisfies typeof actual.addTileKernel,
  };
});

const plain = { precision: "float32", relaxed: false, wide: false } as const;
const on = "--experimental-wasm-revectorize";
const off = "--no-experimental-wasm-revectorize";

/** The trial as a new process makes it. */
async function tryOnce(): Promise<string | undefined> {
  vi.resetModules();
  const { enableWideSimd } = await import("../../src/engines/wasm/run/wide.ts");
  return await enableWideSimd();
}

beforeEach(() => {
  fault.kind = "";
  flags.length = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A clock by which every second kernel that is timed, the wide one, takes so many times as long as a plain one. */
function timeWideKernels(ratio: number): void {
  let calls = 0;
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    if (calls % 4 === 1) now += 1;
    if (calls % 4 === 3) now += ratio;
    calls++;
    return now;
  });
}

test("kernels that are right and faster keep the flag", async () => {
  timeWideKernels(0.5);
  expect(await tryOnce()).toBeUndefined();
  expect(flags).toEqual([on]);
});

test("wrong results turn it off", async () => {
  timeWideKernels(0.5);
  fault.kind = "wrong";
  expect(await tryOnce()).toBe("its results were wrong in a trial");
  expect(flags).toEqual([on, off]);
});

test("a trial that fails turns it off, and says why", async () => {
  fault.kind = "failing";
  expect(await tryOnce()).toBe("its trial failed (local count too large)");
  expect(flags).toEqual([on, off]);
});

test("no gain turns it off", async () => {
  timeWideKernels(1);
  expect(await tryOnce()).toBe("it made no kernel faster in a trial");
  expect(flags).toEqual([on, off]);
});
