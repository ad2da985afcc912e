/**
 * Pair plots as files. The parts of `pushforward plot` that the demo uses, too.
 *
 * @module
 */

import { writeFileAtomically } from "../platform/files.ts";
import { rasterize } from "./rasterize.ts";

export { type PairPlotOptions, pairPlot } from "./pairPlot.ts";

/** The extensions of figures that are written. */
export const figureExtensions: readonly string[] = [".svg", ".png"];

/** Writes a figure as SVG, or as PNG where the name ends so. The file appears complete or not at all. */
export async function writeFigure(svg: string, path: string): Promise<void> {
  await writeFileAtomically(path, path.toLowerCase().endsWith(".png") ? await rasterize(svg) : svg);
}
