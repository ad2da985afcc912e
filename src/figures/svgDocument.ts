/**
 * A whole SVG document.
 *
 * @module
 */

import { escapeText } from "./plotPanel.ts";

const fontFamily = `"DejaVu Sans", Verdana, "Segoe UI", sans-serif`;

/** A document of this size, in pixels, on white. */
export const svgDocument = (width: number, height: number, title: string, body: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
  `font-family='${fontFamily}' role="img"><title>${escapeText(title)}</title>` +
  `<rect width="${width}" height="${height}" fill="#ffffff"/>${body.join("")}</svg>\n`;
