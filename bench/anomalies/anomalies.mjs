/**
 * How well rows are ranked by how strange they are, beside other detectors: `npm run bench:anomalies -- FOLDER`.
 *
 * The folder holds tables, .csv or .csv.gz, whose last column is 1 for an anomaly; a header is not needed. Two settings:
 * without labels (each row of the table is scored, anomalies among the others), and trained on half of the ordinary rows (the
 * other half and all anomalies are scored). `--rows N` takes N rows of larger tables,
 * `--flow KIND` another kind than the default, `--only unlabeled` one setting. Prints a Markdown table.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { anomalies } from "../../dist/diagnostics.js";
import { fit, readTable, tableFromRows, writeTable } from "../../dist/index.js";
import { RandomStream, randomKey } from "../../dist/random.js";
import { areaUnderCurve, averagePrecision } from "./measures.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: "string", default: "4000" },
    flow: { type: "string" },
    only: { type: "string" },
    work: { type: "string", default: join(here, ".work") },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error("name the folder of tables: npm run bench:anomalies -- FOLDER");
  process.exit(2);
}
const python = join(here, ".venv/bin/python");
if (!existsSync(python)) {
  console.error("the detectors to compare with are not there: npm run bench:anomalies-peers sets them up");
  process.exit(1);
}

const detectors = ["pushforward", "IForest", "kNN", "LOF", "MCD", "ECOD"];
const settings = ["unlabeled", "ordinary"].filter((name) => flags.only === undefined || name === flags.only);
const tables = readdirSync(folder)
  .filter((file) => /\.csv(?:\.gz)?$/.test(file))
  .sort();

/** Rows of a table as arrays, the label last; at most so many, drawn. */
async function rowsOf(file) {
  const path = join(folder, file);
  // Some of these tables have no names.
  const { values, rows, columns } = await readTable(path).catch(() => readTable(path, { header: false }));
  const width = columns.length;
  const order = new RandomStream(randomKey(0)).permutation(rows).subarray(0, Number(flags.rows));
  return Array.from(order, (row) => [...values.subarray(row * width, (row + 1) * width)]);
}

for (const file of tables) {
  const rows = await rowsOf(file);
  const width = rows[0].length - 1;
  const columns = Array.from({ length: width }, (_, j) => `c${j + 1}`);
  const ordinary = rows.filter((row) => row[width] === 0);
  const half = Math.floor(ordinary.length / 2);
  const splits = {
    unlabeled: { train: rows, test: rows },
    ordinary: {
      train: ordinary.slice(0, half),
      test: [...ordinary.slice(half), ...rows.filter((row) => row[width] !== 0)],
    },
  };
  for (const setting of settings) {
    const place = join(
      flags.work,
      `${file.replace(/\.csv.*/, "")}-${setting === "unlabeled" ? "same" : "new"}`,
    );
    mkdirSync(place, { recursive: true });
    const { train, test } = splits[setting];
    const tableOf = (list) =>
      tableFromRows(
        columns,
        list.map((row) => row.slice(0, width)),
      );
    const [training, tested] = [tableOf(train), tableOf(test)];
    await writeTable(training, join(place, "train.csv"));
    await writeTable(tested, join(place, "test.csv"));
    writeFileSync(join(place, "labels.txt"), test.map((row) => row[width]).join("\n"));
    if (existsSync(join(place, "pushforward.txt"))) continue;
    const start = performance.now();
    try {
      const found =
        setting === "unlabeled"
          ? await anomalies(tested, { logProb: false }) // They change no rank.
          : await anomalies((await fit(training, { flow: flags.flow, seed: 0 })).flow, tested);
      writeFileSync(join(place, "pushforward.txt"), found.rows.map(({ score }) => score).join("\n"));
      console.error(`${file} ${setting} pushforward ${((performance.now() - start) / 1000).toFixed(1)} s`);
    } catch (error) {
      console.error(`${file} ${setting} pushforward failed: ${error.message}`);
    }
  }
}
execFileSync(python, [join(here, "peers.py"), flags.work], { stdio: ["ignore", "ignore", "inherit"] });

const read = (path) => readFileSync(path, "utf8").trim().split("\n").map(Number);
const percent = (value) => (value === undefined ? "-" : (100 * value).toFixed(1));
for (const setting of settings) {
  console.log(`\n| ${["table", "rows", "columns", "anomalies", ...detectors].join(" | ")} |`);
  console.log(`| ${["---", ...new Array(detectors.length + 3).fill("---:")].join(" | ")} |`);
  const sums = detectors.map(() => ({ area: 0, precision: 0, count: 0 }));
  for (const file of tables) {
    const name = file.replace(/\.csv.*/, "");
    const place = join(flags.work, `${name}-${setting === "unlabeled" ? "same" : "new"}`);
    const labels = read(join(place, "labels.txt"));
    const width = readFileSync(join(place, "test.csv"), "utf8").split("\n", 1)[0].split(",").length;
    const cells = detectors.map((detector, i) => {
      const path = join(place, `${detector}.txt`);
      if (!existsSync(path)) return "-";
      const scores = read(path);
      const [area, precision] = [areaUnderCurve(labels, scores), averagePrecision(labels, scores)];
      sums[i].area += area;
      sums[i].precision += precision;
      sums[i].count++;
      return `${percent(area)} / ${percent(precision)}`;
    });
    const share = labels.reduce((sum, label) => sum + label / labels.length, 0);
    console.log(`| ${[name, labels.length, width, `${percent(share)} %`, ...cells].join(" | ")} |`);
  }
  const means = sums.map(({ area, precision, count }) =>
    count === tables.length
      ? `${percent(area / count)} / ${percent(precision / count)}`
      : `${percent(area / count)} / ${percent(precision / count)} (${count})`,
  );
  console.log(`| ${["mean", "", "", "", ...means].join(" | ")} |`);
}
