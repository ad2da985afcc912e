/** The models of the comparison: each has log-densities of the test rows, synthetic rows, or both. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fitMarginals, fitOurs, stopwatch } from "./ours.mjs";
import { cellsOfTable, writeCells } from "./task.mjs";

const peers = fileURLToPath(new URL("peers", import.meta.url));

/** Names of `--models` with a density. */
export const densities = ["ours", "marginals", "chain", "forest"];

/** Names of `--models` with synthetic rows; `rows` are the rows of training, `our-rows` those of the flow that `ours` fitted. */
export const synthesizers = ["rows", "our-rows", "copula", "tvae", "ctgan", "forest-flow"];

/** The last line that a peer prints is its answer. It gets one thread, so that seconds of all can be compared. */
function ask(python, script, ...parameters) {
  const { status, stdout, stderr, error } = spawnSync(python, [join(peers, script), ...parameters], {
    encoding: "utf8",
    maxBuffer: 1e8,
    env: {
      ...process.env,
      OMP_NUM_THREADS: "1",
      OPENBLAS_NUM_THREADS: "1",
      MKL_NUM_THREADS: "1",
      LOKY_MAX_CPU_COUNT: "1",
    },
  });
  if (error || status !== 0) {
    const why = (error?.message ?? stderr.trim().split("\n").slice(-3).join(" ")).slice(0, 500);
    return { failed: why };
  }
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

/** Log-densities that a model has written; none where they are no longer there. */
function readLogs(folder, name) {
  if (!existsSync(join(folder, `${name}.logs.bin`))) return undefined;
  const bytes = readFileSync(join(folder, `${name}.logs.bin`));
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function meanAndError(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(square / (values.length - 1) / values.length) };
}

/** Adds mean nats per row, their standard error, how many rows are impossible, and how much more ours has, row by row. */
export function compare(folder, models) {
  const logsOf = (name) => readLogs(folder, name.replaceAll(" ", "-"));
  const ours = models.ours && logsOf("ours");
  for (const [name, model] of Object.entries(models)) {
    const logs = model.failed ? undefined : logsOf(name);
    if (!logs) continue;
    const { mean, error } = meanAndError(logs.filter(Number.isFinite));
    const impossible = logs.filter((value) => value === -Infinity).length;
    Object.assign(model, { logProb: mean, standardError: error, impossible });
    if (!ours || name === "ours") continue;
    const more = meanAndError(ours.map((value, row) => value - logs[row]).filter(Number.isFinite));
    Object.assign(model, { oursMore: more.mean, oursMoreError: more.error });
  }
}

/** Log-densities of a model: results by the name of a row of the table. */
export async function runDensity(name, { task, seed, python }) {
  const { folder } = task;
  const logged = (logs) => writeCells(folder, `${name}.logs`, logs);
  if (name === "ours") {
    const { flow, logs, result } = await fitOurs(task, { seed });
    logged(logs);
    const clock = stopwatch();
    writeCells(folder, "our-rows", cellsOfTable(await flow.sample(task.train.rows, { seed }), task.columns));
    return { ours: { ...result, sampling: clock().processorSeconds } };
  }
  if (name === "marginals") {
    const { logs, result } = await fitMarginals(task, { seed });
    logged(logs);
    return { marginals: result };
  }
  const result = ask(python, `${name}.py`, folder);
  return name === "chain" && !result.failed ? { chain: result, "smoothed counts": {} } : { [name]: result };
}

/** Synthetic rows of a model, judged. */
export async function runSynthesizer(name, { task, python }, ours) {
  if (name === "rows") return ask(python, "judge.py", task.folder, "train");
  if (name === "our-rows") {
    if (!ours) throw new Error("our-rows are those of ours: --models ours,our-rows");
    const { seconds, processorSeconds, sampling } = ours;
    const verdict = ask(python, "judge.py", task.folder, name);
    return { seconds, processorSeconds: processorSeconds + sampling, ...verdict };
  }
  const made = ask(python, "synthesizers.py", task.folder, name);
  return made.failed ? made : { ...made, ...ask(python, "judge.py", task.folder, name, "--moved") };
}
