/**
 * Rows a second of one exported model: by the engine, by its module in Node, in wasmtime, and as a function of ClickHouse.
 *
 *     npm run bench:scale [-- --columns 10 --rows 65536 --turns 15]
 *
 * The Python of test/exchange/.venv (or the system's) needs wasmtime, NumPy and chdb. Every rate is of processor time, the best of some
 * runs. Those of wasmtime and ClickHouse take turns, and the share of the one in the other is the median of the turns, so that what else the
 * machine does enters both alike.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clickHouseStatements, exportModel } from "../../dist/exchange.js";
import { fit, tableFromRows } from "../../dist/index.js";

const { values } = parseArgs({
  options: {
    columns: { type: "string", default: "10" },
    rows: { type: "string", default: "65536" },
    turns: { type: "string", default: "15" },
  },
});
const [columns, rows, turns] = [values.columns, values.rows, values.turns].map(Number);
const own = join(import.meta.dirname, "../../test/exchange/.venv/bin/python");
const python = existsSync(own) ? own : "python3";
const folder = mkdtempSync(join(tmpdir(), "pushforward-"));
const numbers = Float64Array.from({ length: rows * columns }, (_, i) => 1.3 * Math.sin(1.7 * i));
const names = Array.from({ length: columns }, (_, i) => `x${i + 1}`);
const training = Array.from({ length: 2000 }, (_, i) =>
  Array.from({ length: columns }, (_, j) => Math.sin(0.7 * i * (j + 1)) + 0.3 * Math.cos(0.1 * i + j)),
);

/** Rows a second of processor time, the best of some runs. */
async function rate(run) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const start = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e6);
  }
  return Math.round(rows / best);
}

try {
  const { flow } = await fit(tableFromRows(names, training), { flow: "nsf-ar", epochs: 1, seed: 1 });
  for (const precision of ["float32", "float64"]) {
    const bytes = await exportModel(flow, { to: "wasm", precision });
    const engine = await rate(() => flow.logProb(numbers, { precision, threads: 1 }));
    const { instance } = await WebAssembly.instantiate(bytes, {});
    const { memory, allocate, logprob } = instance.exports;
    const [at, out] = [allocate(numbers.byteLength), allocate(8 * rows)];
    new Float64Array(memory.buffer, at, numbers.length).set(numbers);
    const inNode = await rate(() => logprob(at, rows, out));
    const path = join(folder, `${precision}.json`);
    writeFileSync(join(folder, `${precision}.wasm`), bytes);
    writeFileSync(
      path,
      JSON.stringify({ columns, rows, turns, statements: await clickHouseStatements(bytes, precision) }),
    );
    const peers = execFileSync(python, [join(import.meta.dirname, "module.py"), folder, precision], {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    const { wasmtime, clickHouse, whole, share } = JSON.parse(peers.trim().split("\n").at(-1));
    console.log(
      JSON.stringify({
        precision,
        bytes: bytes.length,
        engine,
        inNode,
        wasmtime,
        clickHouse,
        ofWasmtime: Number(share.toFixed(2)),
        ofWasmtimeAtBest: Number((clickHouse / wasmtime).toFixed(2)),
        ofEngine: Number((clickHouse / engine).toFixed(2)),
        clickHouseByItsOwnBlocks: whole,
      }),
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
