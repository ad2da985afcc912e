/**
 * Figures as files.
 *
 * @module
 */

import { refuse } from "../options.ts";
import { writeFileAtomically } from "../platform/files.ts";
import { rasterize } from "./rasterize.ts";

/**
 * Writes a figure as SVG, or as PNG where the name ends so. The file appears complete or not at all. In Node.
 *
 * A PNG has twice the SVG's own size, with text in DejaVu Sans; it needs the optional package `@resvg/resvg-js`.
 *
 * @param svg - What `pairPlot` gives, or another SVG document.
 * @param path - Ends in .svg or .png.
 * @throws UsageError for what is not text or another ending, FormatError if the file cannot be written, the text is not SVG, or
 *   the rasterizer is not installed.
 */
export async function writeFigure(svg: string, path: string): Promise<void> {
  if (typeof svg !== "string") refuse("writeFigure", "svg", "the text of an SVG document", svg);
  if (typeof path !== "string" || !/\.(svg|png)$/i.test(path))
    refuse("writeFigure", "path", "the name of a file that ends in .svg or .png", path);
  await writeFileAtomically(path, path.toLowerCase().endsWith(".png") ? await rasterize(svg) : svg);
}
