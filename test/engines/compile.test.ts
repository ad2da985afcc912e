/** A compilation lets the event loop have its turn, ends at an abort, and leaves nothing behind that harms others. */

import { expect, test } from "vitest";
import { neuralSplineFlow } from "../../src/architectures/architecture.ts";
import { pushforwardSample } from "../../src/distributions/density.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import { fitData, fitDataInPieces } from "../../src/fitting/fitData.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import type { Program } from "../../src/graph/program.ts";
import { inOnePiece, inPieces, type Pieces } from "../../src/platform/pieces.ts";
import { randomKey } from "../../src/random/philox.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { root, run } from "../docs/project.ts";

/** A program that draws rows of a spline flow. */
function samplerOf(transforms: number): Partial<Program> {
  const flow = neuralSplineFlow({ features: 16, transforms, hidden: [32], autoregressive: true });
  const bound = bindTree({ base: flow.base.parameters, bijection: flow.bijection.parameters });
  const value = pushforwardSample(flow.base, flow.bijection, g.input("noise", [16]), bound as never);
  return { rows: { value } };
}

test.each([referenceEngine, wasmEngine({ threads: 1 })])(
  "the $name engine is aborted while it compiles",
  async (engine) => {
    // Large, so that it is not compiled before the signal fires.
    const large = samplerOf(64);
    await expect(engine.compile(large, { signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const abort = new AbortController();
    const compiling = engine.compile(large, { signal: abort.signal }).finally(() => {
      isOver = true;
    });
    setImmediate(() => abort.abort());
    await expect(compiling).rejects.toThrow(AbortedError);
    expect(turns).toBeLessThan(5);
  },
);

test("timers fire while a program is compiled, and it is the same program", async () => {
  const engine = wasmEngine({ precision: "float64", threads: 1 });
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  // Large: a small one is compiled between two turns.
  const large = samplerOf(40);
  const executables = await Promise.all([engine.compile(large), engine.compile(large)]);
  isOver = true;
  expect(turns).toBeGreaterThan(5);
  const noise = Float64Array.from({ length: 32 }, (_, i) => Math.sin(i));
  const [a, b] = await Promise.all(executables.map((own) => own.run({ rows: 2, inputs: { noise } })));
  expect(a).toEqual(b);
  for (const own of executables) own.dispose();
});

test("work in pieces gives what it gives in one, and fails as it does", async () => {
  function* sum(fails: boolean): Pieces<number> {
    let total = 0;
    for (let i = 0; i < 100; i++) {
      yield;
      total += i;
      if (fails && i === 50) throw new UsageError("no");
    }
    return total;
  }
  expect(await inPieces(sum(false), undefined)).toBe(inOnePiece(sum(false)));
  await expect(inPieces(sum(true), undefined)).rejects.toThrow(UsageError);
});

test("a fit lets timers fire while it checks a table, and takes the same rows as at once", async () => {
  const [rows, width] = [2000, 24];
  const names = Array.from({ length: width }, (_, i) => `x${i}`);
  const values = Float64Array.from({ length: rows * width }, (_, i) => Math.sin(i * i) + (i % width));
  const table = tableFromRows(names, values);
  const key = randomKey(1);
  const pieces = fitDataInPieces(table, {}, key);
  let pauses = 0;
  while (!pieces.next().done) pauses++;
  // One for each column of two checks, and more.
  expect(pauses).toBeGreaterThan(2 * width);
  expect(await inPieces(fitDataInPieces(table, {}, key), undefined)).toEqual(fitData(table, {}, key));
  const abort = new AbortController();
  const fitting = fit(table, { flow: "gaussian", signal: abort.signal });
  setImmediate(() => abort.abort());
  await expect(fitting).rejects.toThrow(AbortedError);
});

test("one caller's abort leaves the others who ask a flow for the same program theirs", async () => {
  const rows = Float64Array.from({ length: 400 }, (_, i) => Math.sin(i * i));
  const { flow: fitted } = await fit(tableFromRows(["a", "b"], rows), { epochs: 1, threads: 1 });
  const abort = new AbortController();
  const [first, second] = [
    fitted.sample(5, { seed: 1, threads: 1, signal: abort.signal }),
    fitted.sample(5, { seed: 1, threads: 1 }),
  ];
  abort.abort();
  await expect(first).rejects.toThrow(AbortedError);
  expect((await second).values).toEqual((await fitted.sample(5, { seed: 1, threads: 1 })).values);
});

test.runIf(process.platform === "linux")(
  "limits on addresses and a runtime without WebAssembly are told in one line",
  async () => {
    const script = `
      import { wasmEngine } from "./dist/engines.js";
      import { ops as g } from "./dist/graph.js";
      try {
        const executable = await wasmEngine({ threads: 1 }).compile({ rows: { y: g.mul(g.input("x", []), 2) } });
        console.log((await executable.run({ rows: 1, inputs: { x: Float64Array.of(3) } })).rows.y[0]);
      } catch (error) {
        console.log(error.name, error.message);
      }`;
    const node = `${JSON.stringify(process.execPath)}`;
    const say = (flags: string, limit = ""): Promise<string> =>
      run("sh", ["-c", `${limit} exec ${node} ${flags} --input-type=module --eval '${script}'`], root);
    const limit = "ulimit -v 6000000;";
    expect(await say("--jitless")).toMatch(/^UsageError .*no WebAssembly; start node without --jitless.*\n$/);
    expect(await say("", limit)).toMatch(
      /^UsageError .*ulimit -v unlimited.*--disable-wasm-trap-handler.*\n$/,
    );
    expect(await say("--disable-wasm-trap-handler", limit)).toBe("6\n");
    // V8 ends the process where it finds no addresses for a thread.
    for (const small of [1_000_000, 1_500_000])
      expect(await say("", `ulimit -v ${small};`)).toMatch(
        /^UsageError The engine could not start a worker \(the limit on addresses, \d+ MiB, .*ulimit -v unlimited.*\n$/,
      );
    // There a first memory would leave none for the thread that is about to start.
    expect(await say("", "ulimit -v 12000000;")).toMatch(/^UsageError .*takes 10 GiB: raise the limit.*\n$/);
    // V8 ends a process that has too few for a heap that grows.
    const line = await run(
      "sh",
      ["-c", `ulimit -v 1000000; ${node} dist/cli.js describe - 2>&1 || true`],
      root,
    );
    expect(line).toBe(
      "the limit on addresses, 976 MiB, is less than Node needs to work; raise the limit (ulimit -v unlimited).\n",
    );
  },
);

test.runIf(process.platform === "linux")(
  "a fit keeps the event loop waiting for less than 50 ms of processor time",
  { timeout: 120_000 },
  async () => {
    // Of the thread itself, as Linux counts it: what other processes do on the machine does not matter.
    const script = `
      import { openSync, readSync } from "node:fs";
      import { fit, tableFromRows } from "./dist/index.js";
      const file = openSync("/proc/self/task/" + process.pid + "/schedstat", "r");
      const text = Buffer.alloc(64);
      const now = () => parseInt(text.toString("latin1", 0, readSync(file, text, 0, 64, 0))) / 1e6;
      const rows = Array.from({ length: 600 }, (_, i) => [Math.sin(i * 1.3), Math.cos(i * 2.1) + 0.1 * Math.sin(i * i), i % 7]);
      const table = tableFromRows(["a", "b", "c"], rows);
      let [longest, last, isOver] = [0, now(), false];
      const turn = () => {
        longest = Math.max(longest, now() - last);
        last = now();
        if (!isOver) setImmediate(turn);
      };
      setImmediate(turn);
      await fit(table, { flow: process.argv[1], epochs: 1 });
      isOver = true;
      console.log(longest);`;
    for (const flow of ["nsf-ar", "columns"]) {
      const longest: number[] = [];
      // A collection of garbage may fall into a piece: what is too long always is too long each time.
      do
        longest.push(
          Number(await run(process.execPath, ["--input-type=module", "--eval", script, "--", flow], root)),
        );
      while (Math.min(...longest) >= 50 && longest.length < 3);
      expect(Math.min(...longest), `${flow}: ${longest}`).toBeLessThan(50);
    }
  },
);
