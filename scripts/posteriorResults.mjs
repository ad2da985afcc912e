/**
 * The posterior of an epidemic, learned from simulations alone: how near it is to the exact one, and whether it is
 * calibrated. Writes docs/results/posterior.png and the table of docs/results/amortized.md.
 */

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as Plot from "@observablehq/plot";
import { calibrationRanks, rankBand } from "../dist/diagnostics.js";
import { column, fit } from "../dist/index.js";
import { RandomStream, randomKey, split } from "../dist/random.js";
import { logJoint, observations, parameters, simulations } from "../examples/epidemic/model.js";
import { contours, faint, figureOf, panel, text } from "./figureParts.mjs";
import { markdownTable, minus, writeBetween } from "./markdownPage.mjs";
import { smallPng } from "./smallPng.mjs";

const seed = 1;
const simulationCounts = [1_000, 5_000, 20_000];
const newSimulations = 1000;
/** New simulations whose exact posterior is computed, and draws of the flow for each. */
const comparedSimulations = 200;
const drawCount = 500;
/** Of the quadrature: points along each axis, how many standard deviations they reach, grids one after another. */
const quadrature = { side: 81, reach: 8, rounds: 3 };
const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const key = randomKey(seed);

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const standardError = (values) => {
  const center = mean(values);
  return Math.sqrt(
    values.reduce((sum, own) => sum + (own - center) ** 2, 0) / values.length / (values.length - 1),
  );
};

/** Simulations for a fit: the smaller sets are the first rows of the largest. */
const trainingRows = (rows) => simulations(rows, new RandomStream(split(key, "training")));

/** Draws of the flow for the first simulations of a table, in one call. */
async function posteriorDraws(flow, table) {
  const given = Object.fromEntries(
    observations.map((name) => {
      const values = column(table, name);
      return [
        name,
        Float64Array.from(
          { length: comparedSimulations * drawCount },
          (_, i) => values[Math.floor(i / drawCount)],
        ),
      ];
    }),
  );
  return flow.sampleWithLogProb(comparedSimulations * drawCount, { given, seed });
}

/**
 * Coordinates in which a posterior is not bent. Small epidemics tell the growth beta - gamma alone; of large ones log beta and
 * log gamma are nearly independent.
 */
function coordinatesFor(x) {
  if (Math.max(...x) ** 2 > 50) return { of: (theta) => theta, logDensity: (theta) => logJoint(theta, x) };
  return {
    of: ([logBeta, logGamma]) => [Math.exp(logBeta) - Math.exp(logGamma), logGamma],
    logDensity([growth, logGamma]) {
      const beta = growth + Math.exp(logGamma);
      return beta > 0 ? logJoint([Math.log(beta), logGamma], x) - Math.log(beta) : Number.NEGATIVE_INFINITY;
    },
  };
}

/** Center and axes of points with weights: where a grid must be. */
function axesOf(points, weights) {
  const total = weights.reduce((sum, own) => sum + own, 0);
  const center = [0, 1].map((j) => points.reduce((sum, own, i) => sum + weights[i] * own[j], 0) / total);
  const covariance = (a, b) =>
    points.reduce((sum, own, i) => sum + weights[i] * (own[a] - center[a]) * (own[b] - center[b]), 0) / total;
  const first = Math.sqrt(covariance(0, 0));
  const across = covariance(0, 1) / first;
  return { center, first, across, second: Math.sqrt(covariance(1, 1) - across ** 2) };
}

/** Logarithm of the integral of a function over the plane: on a grid along the axes, then on one along its own, and again. */
function logIntegral(logDensity, start) {
  const step = (2 * quadrature.reach) / (quadrature.side - 1);
  const places = Array.from({ length: quadrature.side }, (_, i) => i * step - quadrature.reach);
  let axes = start;
  let found = Number.NaN;
  for (let round = 0; round < quadrature.rounds; round++) {
    const { center, first, across, second } = axes;
    const points = places.flatMap((a) =>
      places.map((b) => [center[0] + a * first, center[1] + a * across + b * second]),
    );
    // Rates so high that days are too long a step for the equations are far outside of the prior.
    const values = points.map(logDensity).map((own) => (Number.isNaN(own) ? Number.NEGATIVE_INFINITY : own));
    const top = values.reduce((most, own) => Math.max(most, own), Number.NEGATIVE_INFINITY);
    const weights = values.map((own) => Math.exp(own - top));
    found = top + Math.log(weights.reduce((sum, own) => sum + own, 0) * step ** 2 * first * second);
    axes = axesOf(points, weights);
  }
  return found;
}

/** For each of the first simulations: draws of the flow with their importance weights, and how efficient they are. */
async function weighedDraws(flow, table) {
  const { table: drawn, logProb } = await posteriorDraws(flow, table);
  const thetas = parameters.map((name) => column(drawn, name));
  const seen = observations.map((name) => column(table, name));
  return Array.from({ length: comparedSimulations }, (_, row) => {
    const x = seen.map((values) => values[row]);
    const draws = Array.from({ length: drawCount }, (_, d) => thetas.map((own) => own[row * drawCount + d]));
    const ratios = draws.map((theta, d) => logJoint(theta, x) - logProb[row * drawCount + d]);
    const top = Math.max(...ratios);
    const weights = ratios.map((own) => Math.exp(own - top));
    const sum = weights.reduce((total, own) => total + own, 0);
    return {
      x,
      draws,
      weights,
      efficiency: sum ** 2 / weights.reduce((total, own) => total + own ** 2, 0) / drawCount,
    };
  });
}

/** The exact posteriors of the first simulations, on grids where a flow's weighed draws are. */
function exactPosteriors(weighed, table) {
  const truths = parameters.map((name) => column(table, name));
  return weighed.map(({ x, draws, weights }, row) => {
    const truth = truths.map((own) => own[row]);
    const { of, logDensity } = coordinatesFor(x);
    const logEvidence = logIntegral(logDensity, axesOf(draws.map(of), weights));
    return { truth, logEvidence, logPosterior: logJoint(truth, x) - logEvidence };
  });
}

async function fitted(rows) {
  const start = performance.now();
  const { flow } = await fit(trainingRows(rows), {
    columns: parameters,
    given: observations,
    seed,
  });
  return { rows, flow, seconds: (performance.now() - start) / 1000 };
}

const titles = { log_beta: "log beta", log_gamma: "log gamma", density: "density (both jointly)" };
const panelSide = 210;
const panelGap = 44;
const leftMargin = 62;

/** A posterior: exact contours, draws of the flow, the truth. */
function posteriorPanel(left, top, { x, draws, truth, logEvidence }) {
  const size = 90;
  const ranges = [0, 1].map((j) => {
    const sorted = draws.map((own) => own[j]).sort((a, b) => a - b);
    const [low, high] = [sorted[2], sorted.at(-3)];
    return [low - 0.15 * (high - low), high + 0.15 * (high - low)];
  });
  const cell = ranges.map(([low, high]) => (high - low) / size);
  const density = Float64Array.from({ length: size * size }, (_, i) =>
    Math.exp(
      logJoint(
        [ranges[0][0] + ((i % size) + 0.5) * cell[0], ranges[1][0] + (Math.floor(i / size) + 0.5) * cell[1]],
        x,
      ) - logEvidence,
    ),
  );
  const inside = draws
    .slice(0, 300)
    .filter((own) => own.every((value, j) => value > ranges[j][0] && value < ranges[j][1]));
  const axis = (j) => ({ domain: ranges[j], ticks: 4 });
  return panel(left, top, panelSide, panelSide, {
    x: axis(0),
    y: axis(1),
    marks: [
      ...contours(density, size, ranges[0], ranges[1]),
      Plot.dot(inside, { r: 1.1, fill: "#d9540f", fillOpacity: 0.8 }),
      Plot.dot([truth], { symbol: "times", r: 6, stroke: "#111", strokeWidth: 2 }),
    ],
  });
}

/** The rank histograms of a fit, and below each its distribution function less the diagonal. */
function rankPanels(top, { rows, calibration }, band) {
  const parts = [];
  calibration.quantities.forEach(({ name, ranks, chiSquare }, i) => {
    const left = leftMargin + i * (panelSide + panelGap);
    const { counts, expected } = chiSquare;
    const width = (calibration.draws + 1) / counts.length;
    const spread = 1.96 * Math.sqrt(expected[0] * (1 - 1 / counts.length));
    const most = Math.max(...counts, expected[0] + spread) * 1.08;
    parts.push(
      text(left + panelSide / 2, top - 8, `${titles[name]}, ${rows.toLocaleString("en-US")} simulations`, {
        size: 11.5,
        anchor: "middle",
      }),
      panel(left, top, panelSide, 110, {
        x: { domain: [0, calibration.draws + 1], ticks: [0, 50, 100, 150, 200] },
        y: { domain: [0, most], ticks: 4 },
        marks: [
          Plot.rectY(counts, {
            x1: (_, b) => b * width,
            x2: (_, b) => (b + 1) * width,
            y: (own) => own,
            fill: "#76abd3",
            inset: 0.4,
          }),
          Plot.ruleY([expected[0] - spread, expected[0], expected[0] + spread], {
            stroke: "#5b6270",
            strokeWidth: 0.9,
            strokeDasharray: "4,3",
          }),
        ],
      }),
    );
    const sorted = Array.from(ranks).sort((a, b) => a - b);
    const differences = band.points.map((point) => {
      const end = Math.round(point * (calibration.draws + 1));
      const below = sorted.findIndex((own) => own >= end);
      return [point, (below < 0 ? sorted.length : below) / sorted.length - point];
    });
    const edges = band.points.map((point, j) => ({
      point,
      low: band.lower[j] - point,
      high: band.upper[j] - point,
    }));
    const reach = Math.max(0.06, ...differences.map(([, own]) => Math.abs(own) * 1.1));
    parts.push(
      panel(left, top + 148, panelSide, 90, {
        x: { domain: [0, 1], ticks: [0, 0.5, 1] },
        y: { domain: [-reach, reach], ticks: 4 },
        marks: [
          Plot.areaY(edges, { x: "point", y1: "low", y2: "high", fill: "#dbe8f4" }),
          Plot.ruleY([0], { stroke: "#9aa2ae" }),
          Plot.line(differences, { stroke: "#1f6fb4", strokeWidth: 1.5 }),
        ],
      }),
    );
  });
  return parts;
}

function figure(few, many, exact) {
  const band = rankBand(newSimulations, many.calibration.draws);
  const width = leftMargin + 3 * panelSide + 2 * panelGap + 26;
  const first = 84;
  const second = first + panelSide + 96;
  const third = second + 148 + 90 + 84;
  const parts = [
    text(leftMargin, 26, "The posterior of an epidemic, learned from simulations", { size: 15 }),
    text(
      leftMargin,
      46,
      "blue: exact posterior (quadrature)   orange: draws of the flow   cross: true parameters",
      { size: 11, color: faint },
    ),
  ];
  // An epidemic that hardly began, one under way, and one that is over.
  const byPeak = many.weighed
    .map((own, row) => ({ ...own, ...exact[row], peak: Math.max(...own.x) }))
    .sort((a, b) => a.peak - b.peak);
  const chosen = [0.08, 0.4, 0.85].map((share) => byPeak[Math.floor(share * byPeak.length)]);
  chosen.forEach((own, i) => {
    const left = leftMargin + i * (panelSide + panelGap);
    parts.push(
      text(left + panelSide / 2, first - 8, `at most ${Math.round(own.peak ** 2)} of 1,000 infected`, {
        size: 11,
        anchor: "middle",
      }),
      posteriorPanel(left, first, own),
      text(left + panelSide / 2, first + panelSide + 34, "log beta", { size: 11.5, anchor: "middle" }),
    );
  });
  parts.push(text(20, first + panelSide / 2, "log gamma", { size: 11.5, anchor: "middle", rotate: -90 }));
  for (const [top, own] of [
    [second, many],
    [third, few],
  ])
    parts.push(...rankPanels(top, own, band));
  parts.push(
    text(
      leftMargin,
      second - 34,
      `ranks of ${newSimulations.toLocaleString("en-US")} true values among ${many.calibration.draws} draws each, and their distribution function less the diagonal`,
      { size: 12 },
    ),
  );
  return figureOf(width, third + 148 + 90 + 40, parts);
}

/** Fits, judges, writes the figure and the table. */
export async function writePosterior() {
  const test = simulations(newSimulations, new RandomStream(split(key, "new")));
  const fits = [];
  for (const rows of simulationCounts) {
    const own = await fitted(rows);
    const weighed = await weighedDraws(own.flow, test);
    fits.push({ ...own, weighed, calibration: await calibrationRanks(own.flow, test, { seed }) });
  }
  const exact = exactPosteriors(fits.at(-1).weighed, test);
  for (const own of fits) {
    const logProb = await own.flow.logProb(test);
    own.gaps = exact.map(({ logPosterior }, row) => logPosterior - logProb[row]);
    console.log(
      `posterior from ${own.rows} simulations: ${own.seconds.toFixed(1)} s, KL ${mean(own.gaps).toFixed(3)} ± ${standardError(own.gaps).toFixed(3)} nats`,
    );
  }
  const [few, , many] = fits;
  await writeFile(path("docs/results/posterior.png"), smallPng(figure(few, many, exact), 1.5));
  console.log("docs/results/posterior.png");
  const pValue = (value) => (value < 0.001 ? "< 0.001" : value.toFixed(3));
  const lines = fits.flatMap(({ rows, seconds, weighed, gaps, calibration }) =>
    calibration.quantities.map(({ name, chiSquare, bandPValue, coverage }, i) => [
      i === 0 ? rows.toLocaleString("en-US") : "",
      i === 0 ? `${minus(mean(gaps), 3)} ± ${standardError(gaps).toFixed(3)}` : "",
      i === 0 ? `${(100 * mean(weighed.map((own) => own.efficiency))).toFixed(0)} %` : "",
      titles[name],
      pValue(chiSquare.pValue),
      pValue(bandPValue),
      ...[0.5, 0.95].map((level) => {
        const { share, standardError: error } = coverage.find((own) => own.level === level);
        return `${(100 * share).toFixed(1)} ± ${(100 * error).toFixed(1)}`;
      }),
      i === 0 ? seconds.toFixed(1) : "",
    ]),
  );
  const head = [
    "simulations",
    "KL, nats",
    "efficiency",
    "ranks of",
    "chi-square p",
    "band p",
    "50 % holds",
    "95 % holds",
    "seconds",
  ];
  await writeBetween(path("docs/results/amortized.md"), "posterior", markdownTable(head, lines).join("\n"));
}
