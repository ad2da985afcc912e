/**
 * The main job on a real table: fit a neural spline flow, compare its held-out log-likelihood with a Gaussian's
 * and a Gaussian mixture's, save the model, draw samples, plot. Run by `npm run demo`, which builds first.
 */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import cliProgress from "cli-progress";
import Table from "cli-table3";
import { pairPlot, writeFigure } from "../dist/figures.js";
import { chooseGaussianMixture, fitGaussianMixture } from "../dist/fitting.js";
import { fit, readTable, selectColumns, tableFromRows, writeTable } from "../dist/index.js";

const started = performance.now();
const seed = 1;
const outFolder = "demo/out";
const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** A fifth of the rows, chosen at random (seeded), and the rest. */
function holdOut(table) {
  // A linear congruential generator (Numerical Recipes) is random enough to deal rows into five heaps.
  let state = seed;
  const next = () => (state = (Math.imul(1664525, state) + 1013904223) >>> 0) / 2 ** 32;
  const order = Array.from({ length: table.rows }, (_, row) => row);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const width = table.columns.length;
  const part = (rows) =>
    tableFromRows(
      table.columns,
      rows.map((row) => table.values.slice(row * width, (row + 1) * width)),
    );
  const count = Math.round(table.rows / 5);
  return { test: part(order.slice(0, count)), train: part(order.slice(count)) };
}

/** The mean and its standard error. */
function meanOf(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

const thousands = (value) => value.toLocaleString("en-US");
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const terminal = process.stderr.isTTY;

/** A live bar on a terminal, a line at each tenth elsewhere. */
function progress(title, values) {
  const bar = new cliProgress.SingleBar(
    { format: `${title.padEnd(19)}{bar} {value}/{total} ${values}`, hideCursor: true, barsize: 16 },
    cliProgress.Presets.shades_classic,
  );
  let tenth = 0;
  let running = false;
  return {
    show(value, total, shown) {
      if (terminal) {
        if (running) bar.update(value, shown);
        else bar.start(total, value, shown);
        running = true;
      } else if (Math.floor((10 * value) / total) > tenth) {
        tenth = Math.floor((10 * value) / total);
        const line = values.replaceAll(/\{(\w+)\}/g, (_, name) => shown[name]);
        console.error(`${title}: ${value}/${total} ${line}`);
      }
    },
    stop() {
      if (running) bar.stop();
    },
  };
}

const table = selectColumns(await readTable(path("demo/ramachandran.csv.gz")), ["phi", "psi"]);
const { train, test } = holdOut(table);
console.log("Backbone dihedral angles of proteins (Top8000, Richardson lab, CC BY 4.0; see demo/README.md)");
console.log(
  `${thousands(train.rows)} rows to fit, ${thousands(test.rows)} held out, columns phi and psi in degrees\n`,
);

const flowStarted = performance.now();
const flowBar = progress("neural spline flow", "epochs, validation {validation} nats");
const { flow } = await fit(train, {
  flow: "nsf-ar",
  seed,
  onProgress: ({ epoch, epochs, validationLogProb }) =>
    flowBar.show(epoch, epochs, { validation: validationLogProb.toFixed(3) }),
});
flowBar.stop();
const flowTime = seconds(flowStarted);

const gaussianStarted = performance.now();
const gaussian = await fitGaussianMixture(train, 1);
const gaussianTime = seconds(gaussianStarted);

const mixtureStarted = performance.now();
const mixtureBar = progress("Gaussian mixture", "components, BIC {bic}");
const mixture = await chooseGaussianMixture(train, {
  seed,
  onProgress: ({ components, bic }) => mixtureBar.show(components, 24, { bic: thousands(Math.round(bic)) }),
});
mixtureBar.stop();
const mixtureTime = seconds(mixtureStarted);

const results = new Table({
  head: ["density", "parameters", "held-out log-likelihood, nats per row", "time"],
  colAligns: ["left", "right", "right", "right"],
  style: { head: [], border: [] },
});
const flowLogProb = await flow.logProb(test);
const mixtureLogProb = mixture.logProb(test);
const flowName =
  flow.description.kind === "nsf-ar" ? "autoregressive neural spline flow" : "neural spline flow";
for (const [name, parameters, logProb, time] of [
  [flowName, flow.parameterCount, flowLogProb, flowTime],
  [
    `Gaussian mixture, ${mixture.components} components`,
    mixture.parameterCount,
    mixture.logProb(test),
    mixtureTime,
  ],
  ["Gaussian, full covariance", gaussian.parameterCount, gaussian.logProb(test), gaussianTime],
]) {
  const { mean, error } = meanOf(logProb);
  results.push([name, thousands(parameters), `${mean.toFixed(3)} ± ${error.toFixed(3)}`, time]);
}
console.log(`\n${results.toString()}`);
console.log("± is the standard error; the mixture's number of components is that of the smallest BIC.");
// Both score the same rows, so their difference is known more exactly than either.
const gain = meanOf(flowLogProb.map((value, row) => value - mixtureLogProb[row]));
console.log(`flow less mixture, row by row: ${gain.mean.toFixed(3)} ± ${gain.error.toFixed(3)} nats\n`);

await mkdir(path(outFolder), { recursive: true });
await flow.save(path(`${outFolder}/model.safetensors`));
await writeTable(await flow.sample(1000, { seed }), path(`${outFolder}/samples.csv`));
const figure = pairPlot({
  data: test,
  samples: await flow.sample(test.rows, { seed: seed + 1 }),
  title: "Backbone dihedral angles of proteins, in degrees: held-out data and samples of the flow",
});
await writeFigure(figure, path(`${outFolder}/figure.svg`));
await writeFigure(figure, path(`${outFolder}/figure.png`));

console.log(
  `wrote ${outFolder}/model.safetensors  the fitted flow; try: npx pushforward inspect ${outFolder}/model.safetensors`,
);
console.log(`      ${outFolder}/samples.csv        1,000 samples`);
console.log(`      ${outFolder}/figure.png         data against samples; also figure.svg`);
console.log(`done in ${seconds(started)}`);
process.exit(0);
