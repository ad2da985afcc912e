/**
 * A folder of Parquet files of any size: a real table (red wine, ten of its columns), repeated with noise.
 *
 *     node bench/scale/folder.mjs FOLDER --gigabytes 20     or --rows 100000000
 *
 * A row is 80 bytes: ten float64. Each number gets normal noise of a tenth of its column's standard deviation, so that no two rows are the
 * same, and nothing is on a grid. Parts that are there are not made again.
 */

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readTable, tableFromRows } from "../../dist/index.js";
import { RandomStream, randomKey, split } from "../../dist/random.js";
import { batchesOf, writeBatches } from "../../dist/tables.js";

const columns = 10;
/** Rows of a part. */
const partRows = 2 ** 20;

/** Makes the folder, and says how many rows it has. */
export async function makeFolder(folder, rows) {
  const table = await readTable(join(import.meta.dirname, "../../docs/results/red_wine.csv.gz"));
  const names = table.columns.slice(0, columns);
  const width = table.columns.length;
  const deviations = names.map((_, j) => {
    const values = Float64Array.from({ length: table.rows }, (_, i) => table.values[i * width + j]);
    const mean = values.reduce((sum, value) => sum + value, 0) / table.rows;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / table.rows);
  });
  mkdirSync(folder, { recursive: true });
  const key = split(randomKey(0), "folder");
  for (let part = 0; part * partRows < rows; part++) {
    const path = join(folder, `part-${String(part).padStart(5, "0")}.parquet`);
    if (existsSync(path)) continue;
    const count = Math.min(partRows, rows - part * partRows);
    const stream = new RandomStream(split(key, part));
    const values = new Float64Array(count * columns);
    for (let row = 0, at = 0; row < count; row++) {
      const from = stream.integerBelow(table.rows) * width;
      for (let j = 0; j < columns; j++)
        values[at++] = table.values[from + j] + 0.1 * deviations[j] * stream.normal();
    }
    await writeBatches(batchesOf(tableFromRows(names, values)), path);
  }
  return { names, rows };
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { gigabytes: { type: "string" }, rows: { type: "string" } },
  });
  const rows = Number(values.rows ?? Math.round((Number(values.gigabytes ?? 1) * 1e9) / (8 * columns)));
  await makeFolder(positionals[0], rows);
  console.log(`${rows.toLocaleString("en")} rows in ${positionals[0]}`);
}
