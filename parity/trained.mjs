/**
 * Imports the flows that `trained.py` has trained, and compares held-out log-likelihoods with those of the library, which computes in float32:
 *
 *     node parity/trained.mjs FOLDER
 *
 * Fails where the means differ by more than 1e-5 nats.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { importModel } from "../dist/exchange.js";

const [folder] = process.argv.slice(2);
const json = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

for (const file of readdirSync(folder)
  .filter((name) => name.endsWith(".safetensors"))
  .sort()) {
  const name = file.replace(/\.safetensors$/, "");
  const { rows, logProb } = json(`${name}-rows.json`);
  const flow = await importModel(readFileSync(join(folder, file)), json(`${name}.json`));
  const own = await flow.logProb(rows);
  const [here, there] = [mean(own), mean(logProb)];
  const largest = own.reduce((most, value, i) => Math.max(most, Math.abs(value - logProb[i])), 0);
  console.log(
    `${name}: ${here.toFixed(6)} nats a held-out row, there ${there.toFixed(6)}; of one row ${largest.toExponential(1)} apart at most`,
  );
  if (!(Math.abs(here - there) < 1e-5)) process.exitCode = 1;
}
process.exit();
