/**
 * `npm run bench`: this library beside others, on the same data in the same minutes. README.md says what is measured
 * and how.
 */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { bundleSize } from "./bundle.mjs";
import { Data } from "./data.mjs";
import { defaultNode, implementations, isSetUp, runnersOf } from "./implementations.mjs";
import { measure, median } from "./measure.mjs";
import { tableOf } from "./table.mjs";
import { everyBatch, everyFeatures, flows, tasksOf, usualFlows, workloads } from "./workloads.mjs";

const oneOf = (known) => (text) => {
  const names = text.split(",");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of ${known.join(", ")}.`);
  return known.filter((name) => names.includes(name));
};

const counts = (text) => {
  const list = text.split(",").map(Number);
  if (!list.every((count) => Number.isSafeInteger(count) && count > 0))
    throw new InvalidArgumentError("It must be positive integers, with commas between them.");
  return list;
};

const count = (text) => counts(text)[0];
const names = implementations.map(({ name }) => name);

const program = new Command("npm run bench --")
  .description("Times training steps, densities, samples and fits, of this library and of its peers.")
  .option("--json", "print an array of results instead of a table")
  .option("--only <flows>", `of ${Object.keys(flows).join(", ")}`, oneOf(Object.keys(flows)), usualFlows)
  .option("--workload <list>", `of ${workloads.join(", ")}`, oneOf(workloads), workloads)
  .option("--features <list>", "sizes of a sample", counts, [16])
  .option("--batch <list>", "rows of a training step", counts, [512])
  .option("--all", `features ${everyFeatures.join(", ")} and batches ${everyBatch.join(", ")}`)
  .option(
    "--implementations <list>",
    `of ${names.join(", ")}; the first is always there`,
    oneOf(names),
    names,
  )
  .option("--threads <list>", "numbers of threads", counts, [1, 2])
  .option("--node <path>", "the Node that runs the workers", defaultNode)
  .option("--rounds <n>", "rounds of each workload", count, 7)
  .option("--cap <seconds>", "longest that one call may take", count, 120)
  .option("--quick", "hardly any repeats, and fewer rows: to try things out, not to compare");

program.parse();
const options = program.opts();
if (options.all) Object.assign(options, { features: everyFeatures, batch: everyBatch });

const note = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
};
const line = (text) => {
  note("");
  console.error(text);
};

const compared = implementations.filter(
  (each) => isSetUp(each) && (each.name === names[0] || options.implementations.includes(each.name)),
);
const missing = implementations.filter((each) => !isSetUp(each)).map(({ name }) => name);
if (missing.length > 0) line(`not set up: ${missing.join(", ")}; npm run bench:peers does that`);
const runners = compared.flatMap((each) => runnersOf(each, options));
const data = new Data();

/** @type {{ task: any, results: import("./measure.mjs").Result[] }[]} */
const measured = [];
let isOver = false;

/** Ends all workers and prints what has been measured. */
async function finish() {
  if (isOver) return;
  isOver = true;
  note("");
  for (const { child } of runners) child.close();
  data.remove();
  if (options.json) {
    console.log(JSON.stringify(measured.flatMap(rowsOf), null, 2));
    return;
  }
  const node = execFileSync(options.node, ["--version"], { encoding: "utf8" }).trim();
  const now = new Date().toISOString().slice(0, 16).replace("T", " ");
  console.log(`${now} UTC, ${cpus().length} x ${cpus()[0]?.model}, Node ${node}`);
  console.log(tableOf(measured, options.workload.includes("startup") ? await bundleSize() : undefined));
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
])
  process.on(signal, () => finish().finally(() => process.exit(code)));

try {
  const tasks = await tasksOf({ ...options, workloads: options.workload }, data);
  for (const [i, task] of tasks.entries()) {
    const { workload, flow, features, batch, target } = task;
    const what = target === undefined ? `${batch} rows` : `to ${target}`;
    const title = `${i + 1} of ${tasks.length}: ${workload} ${flow}, ${features} features, ${what}`;
    const from = performance.now();
    const isLong = workload === "fit" || workload === "startup";
    const results = await measure(task, runners, {
      ...options,
      rounds: isLong ? Math.min(3, options.rounds) : options.rounds,
      onProgress: (text) => note(`${title}: ${text}`),
      // Such a task takes minutes: whoever ends it has what there is.
      onReading: ({ name, threads, wide }, milliseconds) =>
        line(
          `${title}: ${name}, ${threads} threads${wide ? ", wide" : ""}: ${(milliseconds / 1000).toPrecision(3)} s`,
        ),
    });
    if (isOver) break;
    measured.push({ task, results });
    line(`${title}: ${((performance.now() - from) / 1000).toFixed(0)} s`);
    for (const { runner, failure } of results)
      if (failure) line(`  ${runner.name}, ${runner.threads} threads: ${failure}`);
  }
} finally {
  await finish();
}

/** The results of one task as they are printed in JSON; what failed, or is no workload of a flow, is left out. */
function rowsOf({ task, results }) {
  if (task.workload === "startup") return [];
  return results
    .filter(({ readings }) => readings.length > 0)
    .map(({ runner, about, parameters, readings }) => ({
      workload: task.workload,
      flow: task.flow,
      features: task.features,
      batch: task.batch,
      target: task.target,
      implementation: runner.name,
      version: about.version,
      node: about.node,
      threads: runner.threads,
      wide: about.wide,
      parameters,
      medianMs: rounded(median(readings)),
      minMs: rounded(Math.min(...readings)),
      maxMs: rounded(Math.max(...readings)),
      rounds: readings.length,
    }));
}

function rounded(ms) {
  return Number(ms.toPrecision(5));
}
