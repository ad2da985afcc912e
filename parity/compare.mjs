/**
 * Imports the models of a folder that `make.py` has written, and compares what they compute with what the library computed:
 *
 *     node parity/compare.mjs FOLDER
 *
 * Fails where a log-density in float64 is off by 1e-9 relative to max(1, |log p|), or one in float32 by 1e-4 a feature; those of a
 * continuous flow by 1e-5 and 1e-3.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { importModel } from "../dist/exchange.js";

/** Largest difference relative to max(1, |expected|); infinite where one is not a number. */
function worst(values, expected) {
  let most = 0;
  expected.flat().forEach((value, i) => {
    const difference = Math.abs(values[i] - value) / Math.max(1, Math.abs(value));
    most = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
  });
  return most;
}

export async function differences(bytes, { config, exported, rows, given, points, logProb, toBase, toData }) {
  const result = {};
  const flow = await importModel(bytes, config);
  const single = await importModel(bytes, config, { precision: "float32" });
  const features = flow.columns.length;
  const how = given
    ? { given: Object.fromEntries(flow.given.map((name, i) => [name, given.map((row) => row[i])])) }
    : {};
  result.logProb = worst(await flow.logProb(rows, how), logProb);
  // The call that the exporter has read off the live model.
  if (exported)
    result.exported = worst(await (await importModel(bytes, exported)).logProb(rows, how), logProb);
  result.float32 = worst(await single.logProb(rows, how), logProb) / features;
  if (toBase) result.toBase = worst(await flow.toBase(rows, how), toBase);
  if (toData) result.toData = worst(await flow.toData(points, how), toData);
  return result;
}

async function main([folder]) {
  const table = new Map();
  let failures = 0;
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()) {
    const name = file.replace(/\.json$/, "");
    const kind = name.replace(/-\d+$/, "");
    const example = JSON.parse(readFileSync(join(folder, file), "utf8"));
    let found;
    try {
      found = await differences(readFileSync(join(folder, `${name}.safetensors`)), example);
    } catch (error) {
      console.log(`${name}: ${error.message}\n  ${JSON.stringify(example.config)}`);
      failures++;
      continue;
    }
    const row = table.get(kind) ?? { models: 0 };
    row.models++;
    for (const [key, value] of Object.entries(found)) row[key] = Math.max(row[key] ?? 0, value);
    table.set(kind, row);
    // A continuous flow to what its solver was asked for.
    const [limit, single] = /-CNF-/.test(name) ? [1e-5, 1e-3] : [1e-9, 1e-4];
    if (
      !(
        found.logProb < limit &&
        found.float32 < single &&
        !(found.exported > limit) &&
        !(found.toBase > Math.max(limit, 1e-7)) &&
        !(found.toData > 1e-5)
      )
    ) {
      console.log(`${name}: ${JSON.stringify(found)}\n  ${JSON.stringify(example.config)}`);
      failures++;
    }
  }
  for (const [kind, { models, ...values }] of table)
    console.log(
      `${kind}: ${models} models; worst difference ${Object.entries(values)
        .map(([key, value]) => `${key} ${value.toExponential(1)}`)
        .join(", ")}`,
    );
  if (failures > 0) {
    console.log(`${failures} of the models differ`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) {
  await main(process.argv.slice(2));
  process.exit();
}
