/**
 * Figures as files.
 *
 * @module
 */

import { refuse } from "../options.ts";
import { writeFileAtomically } from "../platform/files.ts";
import { rasterize } from "./rasterize.ts";

/**
 * Writes a figure as SVG, or as PNG or a page of HTML where the name ends so. The file appears complete or not at all. In Node.
 *
 * A PNG has twice the SVG's own size, with text in DejaVu Sans; it needs the optional package `@resvg/resvg-js`.
 *
 * @param svg - What `pairPlot` gives, or another SVG document.
 * @param path - Ends in .svg, .png or .html.
 * @throws UsageError for what is not text or another ending, FormatError if the file cannot be written, the text is not SVG, or
 *   the rasterizer is not installed.
 */
export async function writeFigure(svg: string, path: string): Promise<void> {
  if (typeof svg !== "string") refuse("writeFigure", "svg", "the text of an SVG document", svg);
  if (typeof path !== "string" || !/\.(svg|png|html)$/i.test(path))
    refuse("writeFigure", "path", "the name of a file that ends in .svg, .png or .html", path);
  const ending = path.toLowerCase().slice(path.lastIndexOf("."));
  if (ending === ".png") return await writeFileAtomically(path, await rasterize(svg));
  await writeFileAtomically(path, ending === ".html" ? pageOf(svg) : svg);
}

/** A page that shows the figure as wide as the window allows, but no wider than it is. */
function pageOf(svg: string): string {
  const [, title = "Figure"] = /<title>([^<]*)<\/title>/.exec(svg) ?? [];
  const style = "body { margin: 0 } svg { display: block; margin: 0 auto; max-width: 100%; height: auto }";
  return `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>${title}</title><style>${style}</style>\n${svg}</html>\n`;
}
