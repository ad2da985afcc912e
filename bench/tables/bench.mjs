/**
 * `npm run bench:tables`: how well mixed tables are modeled, beside peers: exact log-densities of held-out rows under one schema, and the
 * quality of synthetic rows. See README.md.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compare, densities, runDensity, runSynthesizer, synthesizers } from "./models.mjs";
import { writePage } from "./page.mjs";
import { makeTask } from "./task.mjs";
import { versionsOf } from "./versions.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const { values: options } = parseArgs({
  options: {
    data: { type: "string" },
    only: { type: "string" },
    models: { type: "string" },
    rows: { type: "string", default: "2000" },
    seed: { type: "string", default: "0" },
    out: { type: "string", default: join(here, "results.json") },
    python: { type: "string", default: join(here, ".venv/bin/python") },
    page: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});

const usage = `npm run bench:tables -- --data FOLDER [options]

  --data FOLDER    with NAME.csv.gz for each name of tables.json
  --only a,b       these tables alone
  --models a,b     these alone: ${densities.join(", ")}; synthetic rows: ${synthesizers.join(", ")}
                   (default: all that have a density)
  --rows N         rows of a table at most (default 2000)
  --seed N         of the split and of all models (default 0)
  --out FILE       results, JSON; those that are there already are kept and overwritten one by one
  --page           writes docs/results/mixed-tables.md from the results and runs nothing
  --python FILE    the Python of the peers (default: what npm run bench:tables-peers sets up)`;

/** One table with one split: all models that are asked for, each saved as soon as it is there. */
async function runTable(table, file) {
  const seed = Number(options.seed);
  const folder = join(here, ".work", `${table.name}-${options.rows}-${seed}`);
  const task = await makeTask(table, { file, folder, rows: Number(options.rows), seed });
  const key = `${table.name} ${options.rows} ${seed}`;
  const about = {
    name: table.name,
    package: table.package,
    target: table.target,
    seed,
    rows: { train: task.train.rows, test: task.test.rows, leftOut: task.leftOut },
    kinds: task.kinds,
    schema: task.digest,
    versions: versionsOf(options.python),
  };
  const asked = options.models?.split(",") ?? densities;
  const setting = { task, seed, python: options.python };
  for (const name of asked.filter((model) => densities.includes(model))) {
    const results = await runDensity(name, setting);
    const { models } = save(key, about, { models: results });
    for (const model of Object.keys(results)) console.log(`${key} ${model}: ${line(models[model])}`);
  }
  for (const name of asked.filter((model) => synthesizers.includes(model))) {
    const result = await runSynthesizer(name, setting, saved()[key]?.models.ours);
    save(key, about, { synthetic: { [name]: result } });
    console.log(`${key} rows of ${name}: ${line(result)}`);
  }
}

const saved = () => (existsSync(options.out) ? JSON.parse(readFileSync(options.out, "utf8")) : {});

/** Numbers to six digits: the rest says nothing, and differs from machine to machine. */
const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);

/** Adds results to those of the file, which another run may have changed, and compares all densities of the table with ours. */
function save(key, about, { models, synthetic }) {
  const results = saved();
  const before = results[key] ?? {};
  const entry = {
    ...about,
    versions: { ...before.versions, ...about.versions },
    models: { ...before.models, ...models },
    synthetic: { ...before.synthetic, ...synthetic },
  };
  compare(join(here, ".work", key.replaceAll(" ", "-")), entry.models);
  results[key] = entry;
  writeFileSync(`${options.out}.new`, `${JSON.stringify(results, rounded, 1)}\n`);
  renameSync(`${options.out}.new`, options.out);
  return entry;
}

function line({ failed, ...result }) {
  if (failed) return failed;
  return ["logProb", "standardError", "oursMore", "auc", "useful", "forbidden", "processorSeconds"]
    .filter((name) => typeof result[name] === "number")
    .map((name) => `${name} ${result[name].toFixed(3)}`)
    .join(", ");
}

async function main() {
  if (options.help || !(options.data || options.page)) {
    console.log(usage);
    process.exitCode = options.help ? 0 : 2;
    return;
  }
  if (options.page) {
    writePage(saved());
    return;
  }
  const all = JSON.parse(readFileSync(join(here, "tables.json"), "utf8"));
  const known = [...densities, ...synthesizers];
  const strange = options.models?.split(",").find((name) => !known.includes(name));
  if (strange) throw new Error(`--models: ${strange} is none of ${known.join(", ")}.`);
  const names = options.only?.split(",") ?? all.map(({ name }) => name);
  const unknown = names.find((name) => !all.some((table) => table.name === name));
  if (unknown) throw new Error(`${unknown} is not in tables.json.`);
  mkdirSync(join(here, ".work"), { recursive: true });
  for (const name of names) {
    const table = all.find((one) => one.name === name);
    const file = join(options.data, `${name}.csv.gz`);
    if (!existsSync(file)) throw new Error(`${basename(file)} is not in ${options.data}; see README.md.`);
    await runTable(table, file);
  }
}

await main();
