/** What variational inference finds: the four energies as a figure and a table, real posteriors beside their references. */
import { readFile } from "node:fs/promises";
import { approximate, tableFromRows } from "../dist/index.js";
import { energyAt, fitEnergy, logNormalizer } from "./energies.mjs";
import { minus } from "./markdownPage.mjs";
import { densityGrid } from "./resultFigure.mjs";

const posteriorSeed = 1;
const limits = [-4.4, 4.4];
const gridSide = 140;
const lengths = [2, 8, 32];
/** Short flows end in one of several local optima; the bound tells the best without knowing the target. */
const starts = [1, 2, 3, 4];

/** Middles of the cells of a square grid, the lowest row first. */
const grid = Array.from({ length: gridSide * gridSide }, (_, i) => {
  const step = (limits[1] - limits[0]) / gridSide;
  return [limits[0] + ((i % gridSide) + 0.5) * step, limits[0] + (Math.floor(i / gridSide) + 0.5) * step];
});

/** The figure as SVG, and the table's rows. */
export async function energyResults() {
  const points = tableFromRows(["z1", "z2"], grid);
  const rows = [{ label: "target", densities: [] }];
  const lines = [];
  for (let index = 0; index < 4; index++) {
    const logZ = logNormalizer(index);
    rows[0].densities.push(Float64Array.from(grid, ([z1, z2]) => Math.exp(-energyAt(index, z1, z2) - logZ)));
    const line = [`U${index + 1}`, minus(logZ, 4)];
    for (const [i, length] of lengths.entries()) {
      let best;
      for (const seed of starts) {
        const found = await fitEnergy(index, length, { seed });
        if (!best || found.divergence < best.divergence) best = found;
      }
      const { flow, divergence, error } = best;
      rows[i + 1] ??= { label: `K = ${length}`, densities: [] };
      rows[i + 1].densities.push((await flow.logProb(points)).map(Math.exp));
      line.push(`${minus(divergence, 3)} ± ${error.toFixed(3)}`);
      console.error(`energy U${index + 1}, ${length} planar maps: ${divergence.toFixed(4)} nats`);
    }
    lines.push(line);
  }
  const figure = densityGrid({
    title: "Four energies and planar flows of K maps",
    columns: ["U1", "U2", "U3", "U4"],
    rows,
    side: gridSide,
    limits,
  });
  return {
    figure,
    head: ["energy", "log Z", ...lengths.map((length) => `KL, K = ${length}`)],
    lines,
  };
}

const posteriors = ["eight_schools", "kidiq", "earnings", "ark", "sblrc"];

/** One line a posterior: how far its moments are from the reference, and how reliable the approximation says it is. */
export async function posteriorResults(folder) {
  const lines = [];
  for (const name of posteriors) {
    const { parameters, logDensity } = await import(new URL(`${name}.mjs`, folder));
    const { reference } = JSON.parse(await readFile(new URL(`${name}.json`, folder), "utf8"));
    const started = performance.now();
    const {
      report: { diagnostics, summary },
    } = await approximate({ parameters, logDensity, seed: posteriorSeed });
    const seconds = (performance.now() - started) / 1000;
    let [gap, inErrors, ratio] = [0, 0, 1];
    reference.parameters.forEach((parameter, i) => {
      const own = summary.find((entry) => entry.name === parameter);
      const error = Math.hypot(own.meanError, reference.meanError[i]);
      const distance = Math.abs(own.mean - reference.mean[i]);
      gap = Math.max(gap, distance / reference.sd[i]);
      inErrors = Math.max(inErrors, distance / error);
      const scale = own.sd / reference.sd[i];
      if (Math.abs(Math.log(scale)) > Math.abs(Math.log(ratio))) ratio = scale;
    });
    lines.push([
      `\`${name}\``,
      String(summary.length),
      gap.toFixed(3),
      inErrors.toFixed(1),
      ratio.toFixed(3),
      diagnostics.k.toFixed(2),
      `${Math.round((100 * diagnostics.effectiveSamples) / diagnostics.samples)} %`,
      `${minus(diagnostics.bound, 3)} ± ${diagnostics.boundError.toFixed(3)}`,
      seconds.toFixed(1),
    ]);
    console.error(`posterior ${name}: k-hat ${diagnostics.k.toFixed(2)}`);
  }
  return {
    head: [
      "posterior",
      "parameters",
      "worst mean, in sd",
      "in errors",
      "worst sd, ratio",
      "k-hat",
      "effective",
      "bound",
      "seconds",
    ],
    lines,
  };
}
