/** What flows of elementary maps make of the backbone angles as they grow: densities, and scores of held-out rows. */
import { fit } from "../dist/index.js";
import { minus } from "./markdownPage.mjs";
import { densityGrid } from "./resultFigure.mjs";

const seed = 1;
const lengths = [2, 8, 32];
const kinds = ["planar", "radial", "sylvester"];

/**
 * The figure as SVG, and the table's rows.
 *
 * `train` is fitted; `test` are rows that are scored; `grid` is a table of the middles of cells of a square, `size` a side.
 */
export async function elementaryResults({ train, test, grid, size, limits }) {
  const rows = [];
  const lines = [];
  for (const kind of kinds) {
    const densities = [];
    const line = [`\`${kind}\``];
    for (const transforms of lengths) {
      const { flow } = await fit(train, { flow: kind, transforms, seed });
      densities.push((await flow.logProb(grid)).map(Math.exp));
      const scores = await flow.logProb(test);
      line.push(minus(scores.reduce((sum, value) => sum + value, 0) / scores.length, 3));
      console.error(`${kind}, ${transforms} maps: ${line.at(-1)} nats`);
    }
    rows.push({ label: kind, densities });
    lines.push(line);
  }
  const figure = densityGrid({
    title: "Protein backbone angles by elementary flows of K maps",
    columns: lengths.map((length) => `K = ${length}`),
    rows,
    side: size,
    limits,
  });
  return { figure, head: ["held-out log-likelihood", ...lengths.map((length) => `K = ${length}`)], lines };
}
