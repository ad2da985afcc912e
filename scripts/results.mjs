/**
 * Writes docs/results: figures of the flows that are fitted without gradients, tables of all kinds on real tables, and
 * what variational and amortized inference find. Run by `npm run results`, which builds first. The same files on every
 * run, but for the seconds; `--figures`, `--table`, `--variational`, `--posterior`, `--autoencoder`, `--elementary`,
 * `--residual`, `--continuous` and `--gradient-flow` write a part.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { column, compare, fit, readTable, selectColumns, tableFromRows } from "../dist/index.js";
import { modelKinds } from "../dist/options.js";
import { RandomStream, randomKey, split } from "../dist/random.js";
import { writeAutoencoder } from "./autoencoderResults.mjs";
import { continuousFigure } from "./continuousResults.mjs";
import { elementaryResults } from "./elementaryResults.mjs";
import { gradientFlowFigure } from "./gradientFlowResults.mjs";
import { markdownTable, minus, writeBetween } from "./markdownPage.mjs";
import { writePosterior } from "./posteriorResults.mjs";
import { residualFigure } from "./residualResults.mjs";
import { resultFigure } from "./resultFigure.mjs";
import { smallPng } from "./smallPng.mjs";
import { energyResults, posteriorResults } from "./variationalResults.mjs";

const seed = 1;
const outFolder = "docs/results";
const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const pageFile = path(`${outFolder}/README.md`);
const only = process.argv[2];

/** Angles are drawn on a whole turn. */
const limits = [-180, 180];
const gridSide = 120;
const rowsDrawn = 1200;
const pictureZoom = 1.5;
/** Places along t that are scored. */
const scoredPlaces = 24;

const colors = { helix: "#1f6fb4", sheet: "#d9540f", left: "#2a9d6f" };
const legend = [
  ["helix: phi < 0, −120 < psi < 50", colors.helix],
  ["sheet: phi < 0, other psi", colors.sheet],
  ["phi > 0", colors.left],
];

/** Which region of the plot a row is in, as its color. */
const colorOf = ([phi, psi]) =>
  phi > 0 ? colors.left : psi > -120 && psi < 50 ? colors.helix : colors.sheet;

const rowsOf = ({ values, columns, rows }) =>
  Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * columns.length, (row + 1) * columns.length)),
  );

/** A fifth of the rows, at random, and the rest. */
function holdOut(table) {
  const order = new RandomStream(split(randomKey(seed), "results")).permutation(table.rows);
  const rows = rowsOf(table);
  const picked = Array.from(order, (row) => rows[row]);
  const count = Math.round(table.rows / 5);
  return {
    test: tableFromRows(table.columns, picked.slice(0, count)),
    train: tableFromRows(table.columns, picked.slice(count)),
  };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whole numbers from 0 to the last, denser at the start, where most happens. */
function placesAlong(last) {
  const places = Array.from({ length: scoredPlaces + 1 }, (_, i) =>
    Math.round(last * (i / scoredPlaces) ** 2),
  );
  return [...new Set(places)];
}

const names = {
  "dual-ascent": "Dual ascent of the log-likelihood",
  gaussianization: "Iterative Gaussianization",
  sliced: "Gaussianizing iterative slicing",
};

/** The backbone angles, split, and a grid to see a density on. */
async function angles() {
  const table = selectColumns(await readTable(path("demo/ramachandran.csv.gz")), ["phi", "psi"]);
  const { train, test } = holdOut(table);
  const drawn = rowsOf(test).slice(0, rowsDrawn);
  const step = (limits[1] - limits[0]) / gridSide;
  // Contours are drawn between the middles of cells, of which the first row is the lowest.
  const grid = tableFromRows(
    ["phi", "psi"],
    Array.from({ length: gridSide * gridSide }, (_, i) => [
      limits[0] + ((i % gridSide) + 0.5) * step,
      limits[0] + (Math.floor(i / gridSide) + 0.5) * step,
    ]),
  );
  return { train, test, drawn, grid };
}

async function drawFigures() {
  const { train, test, drawn, grid } = await angles();
  for (const kind of Object.keys(names)) {
    const { flow } = await fit(train, { flow: kind, seed });
    const chosen = [0, Math.max(1, Math.round(flow.steps / 12)), flow.steps];
    const stages = [];
    for (const t of chosen) {
      const at = flow.at(t);
      const places = await at.toBase(tableFromRows(["phi", "psi"], drawn));
      stages.push({
        t,
        places: Array.from(drawn, (_, row) => [places[2 * row], places[2 * row + 1]]),
        density: (await at.logProb(grid)).map(Math.exp),
        size: gridSide,
      });
    }
    const along = [...new Set([...placesAlong(flow.steps), ...chosen])].sort((a, b) => a - b);
    const scores = [];
    for (const t of along) scores.push([t, mean(await flow.at(t).logProb(test))]);
    const figure = resultFigure({
      title: `${names[kind]}: protein backbone angles`,
      stages,
      colors: drawn.map(colorOf),
      legend: legend,
      data: drawn,
      limits,
      scores,
      chosen,
    });
    await writeFile(path(`${outFolder}/${kind}.png`), smallPng(figure, pictureZoom));
    console.log(
      `${outFolder}/${kind}.png  t = ${chosen.join(", ")}: ${chosen.map((t) => scores.find(([own]) => own === t)[1].toFixed(3)).join(", ")} nats`,
    );
  }
}

const tables = [
  {
    name: "ramachandran",
    title: "Protein backbone angles",
    file: "demo/ramachandran.csv.gz",
    columns: ["phi", "psi"],
    isRounded: false,
  },
  {
    name: "red_wine",
    title: "Red wine",
    file: "docs/results/red_wine.csv.gz",
    columns: undefined,
    isRounded: true,
  },
];

/** A table whose values are spread uniformly over the least gap of their column, so that they have a density. */
function spread(table) {
  const width = table.columns.length;
  const stream = new RandomStream(randomKey(seed));
  const values = table.values.slice();
  table.columns.forEach((name, place) => {
    const different = [...new Set(column(table, name))].sort((a, b) => a - b);
    const step = Math.min(
      ...different.slice(1).map((value, i) => Number((value - different[i]).toPrecision(6))),
    );
    for (let at = place; at < values.length; at += width) values[at] += (stream.uniform() - 0.5) * step;
  });
  return { ...table, values };
}

/** One table of the page, in Markdown. */
async function compareKinds({ title, file, columns, isRounded }) {
  const read = await readTable(path(file));
  const table = isRounded ? spread(read) : read;
  const found = await compare(columns ? selectColumns(table, columns) : table, {
    flows: modelKinds,
    seed,
    onProgress: ({ flow, fit }) => fit ?? console.error(`${title}: ${flow}`),
  });
  const lines = found.flows.map((entry, i) =>
    entry.error === undefined
      ? [
          `\`${entry.flow}\``,
          entry.parameters === 0 ? "–" : entry.parameters.toLocaleString("en-US"),
          `${minus(entry.logProb, 3)} ± ${entry.standardError.toFixed(3)}`,
          i === 0 ? "best" : `${minus(entry.difference, 3)} ± ${entry.differenceError.toFixed(3)}`,
          entry.seconds.toFixed(1),
        ]
      : [`\`${entry.flow}\``, "", entry.error, "", entry.seconds.toFixed(1)],
  );
  const command = `npx pushforward compare ${file} --flows ${modelKinds.join(",")} --seed ${seed}`;
  const how = isRounded
    ? ["Values are rounded: each was spread over the step of its column first, as `npm run results` does."]
    : ["```sh", command, "```"];
  return [
    `### ${title}: ${(found.rows - found.heldOut).toLocaleString("en-US")} rows fitted, ${found.heldOut.toLocaleString("en-US")} held out, ${found.columns.length} columns`,
    "",
    ...how,
    "",
    ...markdownTable(["kind", "parameters", "held-out log-likelihood", "less the best's", "seconds"], lines),
  ].join("\n");
}

async function writeTables() {
  const sections = [];
  for (const table of tables) sections.push(await compareKinds(table));
  await writeBetween(pageFile, "tables", sections.join("\n\n"));
}

async function writeVariational() {
  const energies = await energyResults();
  await writeFile(path(`${outFolder}/energies.png`), smallPng(energies.figure, pictureZoom));
  await writeBetween(pageFile, "energies", markdownTable(energies.head, energies.lines).join("\n"));
  const posteriors = await posteriorResults(new URL("../examples/posteriors/", import.meta.url));
  await writeBetween(pageFile, "posteriors", markdownTable(posteriors.head, posteriors.lines).join("\n"));
}

async function writeElementary() {
  const { train, test, grid } = await angles();
  const { figure, head, lines } = await elementaryResults({ train, test, grid, size: gridSide, limits });
  await writeFile(path(`${outFolder}/elementary.png`), smallPng(figure, pictureZoom));
  await writeBetween(pageFile, "elementary", markdownTable(head, lines).join("\n"));
}

async function writeResidual() {
  const { train, drawn, grid } = await angles();
  const figure = await residualFigure({ train, drawn, grid, size: gridSide, limits });
  await writeFile(path(`${outFolder}/residual.png`), smallPng(figure, pictureZoom));
  console.log(`${outFolder}/residual.png`);
}

async function writeGradientFlow() {
  const { train, test, drawn, grid } = await angles();
  const { figure, scores, form } = await gradientFlowFigure({
    train,
    test,
    drawn,
    grid,
    size: gridSide,
    limits,
    colors: drawn.map(colorOf),
    legend: legend,
    seed,
  });
  await writeFile(path(`${outFolder}/gradient-flow.png`), smallPng(figure, pictureZoom));
  console.log(
    `${outFolder}/gradient-flow.png  ${form}; ${scores.map(([t, own]) => `t = ${t}: ${own.toFixed(3)}`).join(", ")} nats`,
  );
}

async function writeContinuous() {
  const { train, test, grid } = await angles();
  const { figure, reports } = await continuousFigure({ train, test, grid, size: gridSide, limits });
  await writeFile(path(`${outFolder}/continuous.png`), smallPng(figure, pictureZoom));
  const lines = reports.map(({ kind, logProb, evaluations, mostEvaluations, roundTrip }) => [
    `\`${kind}\``,
    minus(logProb, 3),
    evaluations.toFixed(0),
    mostEvaluations.toFixed(0),
    roundTrip.toExponential(0).replace("-", "−"),
  ]);
  const head = ["kind", "held-out log-likelihood", "evaluations per row", "at most", "worst round trip"];
  await writeBetween(pageFile, "continuous", markdownTable(head, lines).join("\n"));
}

await mkdir(path(outFolder), { recursive: true });
if (only === undefined || only === "--figures") await drawFigures();
if (only === undefined || only === "--table") await writeTables();
if (only === undefined || only === "--variational") await writeVariational();
if (only === undefined || only === "--posterior") await writePosterior();
if (only === undefined || only === "--elementary") await writeElementary();
if (only === undefined || only === "--residual") await writeResidual();
if (only === undefined || only === "--gradient-flow") await writeGradientFlow();
if (only === undefined || only === "--continuous") await writeContinuous();
if (only === undefined || only === "--autoencoder") await writeAutoencoder();
process.exit(0);
