/** Compiled programs in a folder: what one engine compiles another one of the same options finds there. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { type WasmEngineOptions, wasmEngine } from "../../../src/engines/wasm/engine.ts";
import * as g from "../../../src/graph/ops.ts";
import type { Program } from "../../../src/graph/program.ts";
import { checkPlan } from "../../../src/plan/check/checkPlan.ts";
import { observePlans } from "../../../src/plan/plans.ts";

let plans = 0;
let cache = "";

beforeEach(() => {
  plans = 0;
  cache = mkdtempSync(join(tmpdir(), "pushforward-cache-"));
  observePlans((plan) => {
    plans++;
    checkPlan(plan);
  });
});
afterEach(() => {
  observePlans(checkPlan);
  rmSync(cache, { recursive: true, force: true });
});

const x = g.input("x", [3]);
const w = g.parameter("w", [3]);
const mask = g.constant(Float64Array.of(1, 0, 2));
const write = (): Partial<Program> => ({
  rows: { y: g.sin(g.mul(g.mul(x, w), mask)) },
  sums: { total: g.sumRows(g.sum(g.gather(x, [2, 0], [2]))) },
});
const data = { rows: 2, inputs: { x: Float64Array.of(1, 2, 3, 4, 5, 6) } };

/** What an engine of its own computes. */
async function run(options: WasmEngineOptions = {}, structure?: string, program = write) {
  const engine = wasmEngine({ threads: 1, cache, ...options });
  const executable = await engine.compile(program, { structure });
  onTestFinished(() => executable.dispose());
  await executable.setParameters({ w: Float64Array.of(0.5, 1, 1.5) });
  return await executable.run(data);
}

test("a program is planned once for all engines of the same options, and computes the same", async () => {
  const alone = await run({ cache: "" });
  expect(plans).toBe(1);
  const first = await run();
  expect(plans).toBe(2);
  expect([await run(), await run()]).toEqual([first, first]);
  expect(first).toEqual(alone);
  expect(plans).toBe(2);
  // Others have files of their own.
  await run({ precision: "float64" });
  await run({}, undefined, () => ({ ...write(), sums: { other: write().sums!.total! } }));
  expect(plans).toBe(4);
  expect(readdirSync(cache)).toHaveLength(3);
});

test("a program with a name is not even written again", async () => {
  const written = vi.fn(write);
  const first = await run({}, "sines", written);
  expect(await run({}, "sines", written)).toEqual(first);
  expect([plans, written.mock.calls.length]).toEqual([1, 1]);
});

test("a file that is not whole is compiled anew, and is whole then", async () => {
  const first = await run();
  const file = join(cache, readdirSync(cache)[0]!);
  const whole = readFileSync(file);
  const flipped = Uint8Array.from(whole, (byte, i) => (i === whole.length - 40 ? byte ^ 1 : byte));
  let expected = 1;
  for (const damage of [
    () => truncateSync(file, whole.length - 1),
    () => truncateSync(file, 0),
    () => writeFileSync(file, flipped),
    () => writeFileSync(file, "x".repeat(1000)),
  ]) {
    damage();
    expect(await run()).toEqual(first);
    expect(plans).toBe(++expected);
    expect(readFileSync(file).equals(whole)).toBe(true);
  }
  expect(readdirSync(cache)).toHaveLength(1);
});

test("a folder that cannot be written is said once, and harms nothing", async () => {
  const warned = vi.spyOn(globalThis.process, "emitWarning").mockImplementation(() => undefined);
  onTestFinished(() => warned.mockRestore());
  const file = join(cache, "file");
  writeFileSync(file, "");
  const first = await run({ cache: join(file, "folder") });
  expect(await run({ cache: join(file, "folder") })).toEqual(first);
  expect(warned.mock.calls.map(([text]) => String(text))).toEqual([
    expect.stringMatching(/^Compiled programs cannot be kept in ".*folder": .*\.$/),
  ]);
});
