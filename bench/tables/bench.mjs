/**
 * `npm run bench:tables`: how well mixed tables are modeled, beside peers: exact log-densities of held-out rows under one schema, and the
 * quality of synthetic rows. See README.md.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fitMarginals, fitOurs } from "./ours.mjs";
import { cellsOfTable, makeTask, writeCells } from "./task.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const python = join(here, ".venv/bin/python");
const { values: options } = parseArgs({
  options: {
    data: { type: "string" },
    only: { type: "string" },
    peers: { type: "string" },
    rows: { type: "string", default: "10000" },
    seed: { type: "string", default: "0" },
    out: { type: "string", default: join(here, "results.json") },
    python: { type: "string", default: python },
    help: { type: "boolean", short: "h" },
  },
});

const usage = `npm run bench:tables -- --data FOLDER [options]

  --data FOLDER    with NAME.csv.gz for each name of tables.json
  --only a,b       these tables alone
  --peers a,b      these alone: ours, marginals, chain, forest; synthesizers: ${["copula", "tvae", "ctgan", "forest-flow"].join(", ")}
                   (default: ours, marginals, chain and forest)
  --rows N         rows of a table at most (default 10000)
  --seed N         of the split and of all models (default 0)
  --out FILE       results, JSON; those that are there already are kept and overwritten one by one
  --python FILE    the Python of the peers (default: what npm run bench:tables-peers sets up)`;

const synthesizers = { copula: "copula", tvae: "tvae", ctgan: "ctgan", "forest-flow": "forestFlow" };

/** The last line that a peer prints is its answer. */
function ask(script, ...parameters) {
  const { status, stdout, stderr, error } = spawnSync(
    "nice",
    [options.python, join(here, "peers", script), ...parameters],
    {
      encoding: "utf8",
      maxBuffer: 1e8,
    },
  );
  if (error || status !== 0) {
    const why = (error?.message ?? stderr.trim().split("\n").slice(-3).join(" ")).slice(0, 500);
    return { failed: why };
  }
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

async function runTable(table, file, results, save) {
  const seed = Number(options.seed);
  const folder = join(here, ".work", `${table.name}-${options.rows}-${seed}`);
  const task = await makeTask(table, { file, folder, rows: Number(options.rows), seed });
  const peers = options.peers?.split(",") ?? ["ours", "marginals", "chain", "forest"];
  const key = `${table.name} ${options.rows} ${seed}`;
  results[key] ??= { name: table.name, package: table.package, seed, models: {} };
  const own = results[key];
  own.rows = { train: task.train.rows, test: task.test.rows, leftOut: task.leftOut };
  own.columns = task.columns.map(({ name, kind, step, atoms, missing, levels }) => ({
    name,
    kind,
    step,
    atoms: atoms?.length,
    missing,
    levels: levels?.length,
  }));
  const record = (name, result) => {
    own.models[name] = { ...own.models[name], ...result };
    const { logProb, seconds, failed, ...rest } = own.models[name];
    const synthetic = rest.auc === undefined ? "" : ` auc ${rest.auc.toFixed(3)}`;
    console.log(
      `${table.name} ${name}: ${failed ?? `${logProb?.toFixed(3) ?? ""}${synthetic} in ${seconds?.toFixed(1)} s`}`,
    );
    save();
  };
  if (peers.includes("ours")) {
    const { flow, result } = await fitOurs(task, { seed });
    record("ours", result);
    const started = performance.now();
    writeCells(folder, "ours", cellsOfTable(await flow.sample(task.train.rows, { seed }), task.columns));
    record("ours", {
      ...(judged() ? ask("judge.py", folder, "ours") : {}),
      sampleSeconds: (performance.now() - started) / 1000,
    });
  }
  if (peers.includes("marginals")) record("marginals", await fitMarginals(task, { seed }));
  if (peers.includes("chain")) {
    const { chain, marginals, failed } = ask("chain.py", folder);
    record("chain", failed ? { failed } : chain);
    if (!failed) record("smoothed counts", marginals);
  }
  if (peers.includes("forest")) record("forest", ask("forest.py", folder));
  for (const name of peers.filter((peer) => peer in synthesizers)) {
    const made = ask("synthesizers.py", folder, name);
    record(name, made.failed ? made : { ...made, ...ask("judge.py", folder, name) });
  }
}

/** Whether synthetic rows are asked for. */
function judged() {
  return (options.peers ?? "").split(",").some((peer) => peer in synthesizers || peer === "judge");
}

async function main() {
  if (options.help || !options.data) {
    console.log(usage);
    process.exitCode = options.help ? 0 : 2;
    return;
  }
  const all = JSON.parse(readFileSync(join(here, "tables.json"), "utf8"));
  const names = options.only?.split(",") ?? all.map(({ name }) => name);
  const unknown = names.find((name) => !all.some((own) => own.name === name));
  if (unknown) throw new Error(`${unknown} is not in tables.json.`);
  mkdirSync(join(here, ".work"), { recursive: true });
  const results = existsSync(options.out) ? JSON.parse(readFileSync(options.out, "utf8")) : {};
  const save = () => writeFileSync(options.out, `${JSON.stringify(results, undefined, 1)}\n`);
  for (const name of names) {
    const table = all.find((own) => own.name === name);
    const file = join(options.data, `${name}.csv.gz`);
    if (!existsSync(file)) throw new Error(`${basename(file)} is not in ${options.data}; see README.md.`);
    await runTable(table, file, results, save);
  }
}

await main();
