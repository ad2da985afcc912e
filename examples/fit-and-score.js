/**
 * Fit a flow to a table, score rows that it has not seen, rank anomalies, draw samples, save and load.
 *
 * Run it after `npm run build`: `node examples/fit-and-score.js`.
 */
import { fileURLToPath } from "node:url";
import { crossFit, Flow, fit, load, readTable, splitTable } from "pushforward";

// Backbone dihedral angles of proteins, in degrees: two columns, phi and psi.
const path = fileURLToPath(new URL("../demo/ramachandran.csv.gz", import.meta.url));
const table = await readTable(path);
const { train, test } = splitTable(table, { test: 0.2, seed: 1 });

const { flow, report } = await fit(train, { seed: 1, epochs: 2 });
console.log(
  `${report.parameters} parameters, best after epoch ${report.history.at(-1).bestEpoch} of ${report.epochs}`,
);

// Nats a row, per square degree: the standardization inside the flow is already accounted for.
const ours = await flow.score(test);
const baseline = await fit(train, { flow: "gaussian", seed: 1 });
const gaussian = await baseline.flow.score(test);
console.log(
  `held-out log-likelihood: flow ${ours.mean.toFixed(2)} +- ${ours.standardError.toFixed(2)}, Gaussian ${gaussian.mean.toFixed(2)} nats per row`,
);

// The strangest rows, each scored by a fit that has not seen it: one that has may know it by heart.
const { logProb, fold } = await crossFit(table, { folds: 2, flow: "mixture", seed: 1 });
const strangest = [...logProb.keys()].sort((a, b) => logProb[a] - logProb[b]).slice(0, 3);
for (const row of strangest)
  console.log(`row ${row + 1}, scored by a fit without fold ${fold[row]}: ${logProb[row].toFixed(2)} nats`);

// A model is bytes (or a file: flow.save("model.safetensors"), load("model.safetensors")).
const copy = await load(flow.toBytes());
console.log(`loaded: ${copy instanceof Flow}, columns ${copy.columns.join(" and ")}`);

// Row i depends on the seed and i alone: more rows do not change the first ones.
const few = await copy.sample(2, { seed: 2 });
const many = await copy.sample(1000, { seed: 2 });
console.log(`the first of 1,000 samples is the first of 2: ${few.values[0] === many.values[0]}`);
