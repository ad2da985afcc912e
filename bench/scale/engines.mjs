/**
 * A folder of Parquet files scored by the command line, ClickHouse (chdb), Spark and Ray Data on two cores.
 *
 *     npm run bench:engines -- --rows 100000000 [--folder FOLDER] [--engines cli,clickhouse,spark,ray] [--flow maf] [--sizes 2,32] [--fit]
 *
 * Prints seconds, processor seconds and the peak of resident memory, each of the process and all that it starts, and rows a second of both.
 * The folder is made where it is not there (80 bytes a row, see folder.mjs) and kept only if it is named.
 * `--sizes` gives the transforms of the flow and the units of its one hidden layer (default: those of the kind for ten columns).
 * ClickHouse needs the Python of test/exchange/.venv, Spark and Ray that of test/exchange/.venv-spark.
 */

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeFolder } from "./folder.mjs";

const { values: asked } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    folder: { type: "string" },
    engines: { type: "string", default: "cli,clickhouse,spark" },
    flow: { type: "string", default: "nsf-ar" },
    sizes: { type: "string" },
    fit: { type: "boolean", default: false },
  },
});
const rows = Number(asked.rows);
const root = join(import.meta.dirname, "../..");
const work = mkdtempSync(join(tmpdir(), "pushforward-"));
const folder = asked.folder ?? join(work, "rows");
const cli = [process.execPath, join(root, "dist/cli.js")];
const python = (venv) => join(root, "test/exchange", venv, "bin/python");

/** Processor seconds and resident bytes of a process and its descendants, by what /proc says. */
function treeOf(pid, seen) {
  const stats = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, ...fields] = readFileSync(`/proc/${name}/stat`, "utf8").split(/\) (?=.)/);
      const parts = fields.join(") ").split(" ");
      stats.set(Number(name), {
        parent: Number(parts[1]),
        ticks: Number(parts[11]) + Number(parts[12]),
        pages: Number(parts[21]),
      });
    } catch {
      // It has ended in between.
    }
  }
  let bytes = 0;
  for (const [id, { ticks, pages }] of stats) {
    let at = id;
    while (at !== pid && stats.has(at)) at = stats.get(at).parent;
    if (at !== pid) continue;
    seen.set(id, ticks / 100);
    bytes += 4096 * pages;
  }
  return bytes;
}

/** Runs a command, and prints what it took. */
async function measured(name, [command, ...args], env = {}) {
  const start = performance.now();
  const child = spawn(command, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  let errors = "";
  child.stderr.on("data", (text) => (errors = (errors + text).slice(-2000)));
  const seen = new Map();
  let peak = 0;
  const look = setInterval(() => (peak = Math.max(peak, treeOf(child.pid, seen))), 300);
  const code = await new Promise((resolve) => child.once("exit", resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${errors}`);
  const seconds = (performance.now() - start) / 1000;
  const processor = Array.from(seen.values()).reduce((sum, own) => sum + own, 0);
  const round = (value) => Number(value.toPrecision(4));
  console.log(
    JSON.stringify({
      name,
      rows,
      seconds: round(seconds),
      processorSeconds: round(processor),
      peakMegabytes: Math.round(peak / 1e6),
      rowsPerSecond: Math.round(rows / seconds),
      rowsPerProcessorSecond: Math.round(rows / processor),
    }),
  );
}

try {
  const { names } = await makeFolder(folder, rows);
  const model = join(work, "m.safetensors");
  const fit = [...cli, "fit", folder, "--out", model, "--seed", "1", "--flow", asked.flow];
  if (asked.sizes) {
    const [transforms, hidden] = asked.sizes.split(",");
    fit.push("--transforms", transforms, "--hidden", hidden);
  }
  if (asked.fit) await measured("fit", fit);
  else execFileSync(fit[0], [...fit.slice(1), "--rows", "20000", "--epochs", "3"], { stdio: "ignore" });
  const exported = (to, ...flags) =>
    execFileSync(cli[0], [cli[1], "export", model, "--to", to, "--out", join(work, `m.${to}`), ...flags], {
      encoding: "utf8",
    });
  const engines = asked.engines.split(",");
  if (engines.includes("cli"))
    await measured("pushforward logprob", [...cli, "logprob", model, folder, "--out", join(work, "scores/")]);
  if (engines.includes("clickhouse")) {
    const sql = JSON.parse(exported("wasm", "--precision", "float32", "--sql", "--json")).sql;
    writeFileSync(
      join(work, "c.xml"),
      readFileSync(join(import.meta.dirname, "../../test/exchange/clickHouse.xml"), "utf8").replace(
        "FOLDER",
        work,
      ),
    );
    const query = `SELECT m_logprob(${names.join(", ")}) FROM file('${folder}/*.parquet') INTO OUTFILE '${work}/c.parquet' FORMAT Parquet SETTINGS max_threads = 2, webassembly_udf_max_input_block_size = 65536, max_block_size = 65536`;
    const program = `import json, sys\nfrom chdb import session\nd = session.Session(f"${work}/db?config-file=${work}/c.xml")\nfor s in json.load(open("${work}/sql.json")): d.query(s)`;
    writeFileSync(join(work, "sql.json"), JSON.stringify([...sql, query]));
    await measured("ClickHouse", [python(".venv"), "-c", program]);
  }
  for (const [engine, name, ...flags] of [
    ["spark", "Spark", "--master", "local-cluster[2,1,1024]"],
    ["ray", "Ray Data", "--engine", "ray"],
  ]) {
    if (!engines.includes(engine)) continue;
    exported("onnx", "--precision", "float32");
    const program = join(root, "examples/spark/flow_rows.py");
    const args = ["score", join(work, "m.onnx"), folder, join(work, engine), ...flags];
    await measured(name, [python(".venv-spark"), program, ...args]);
  }
} finally {
  rmSync(work, { recursive: true });
}
