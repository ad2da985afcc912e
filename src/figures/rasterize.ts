/**
 * SVG to PNG, with a font that the package carries, so that a figure looks the same on every machine.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import { FormatError } from "../errors.ts";

/** Where the font is: beside the built module, or, run from the sources, in node_modules. */
const FONT_PLACES: readonly string[] = [
  "../cli/DejaVuSans.ttf",
  "../../node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
  "../node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
];

function fontFile(): string {
  const found = FONT_PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (!found) throw new FormatError("the font DejaVuSans.ttf is missing from the package; install it again");
  return found;
}

/** Pixels of the PNG for one of the SVG's: sharp on dense screens and in print. */
const ZOOM = 2;

/** The picture as a PNG, at twice the SVG's own size. Text is set in DejaVu Sans. */
export function rasterize(svg: string): Uint8Array {
  const picture = new Resvg(svg, {
    fitTo: { mode: "zoom", value: ZOOM },
    font: { fontFiles: [fontFile()], loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" },
  });
  return picture.render().asPng();
}
