/**
 * SVG to PNG, with a font that the package carries, so that a figure looks the same on every machine.
 *
 * @module
 */

import { unreadable } from "../errors.ts";
import { nodeModule } from "../platform/platform.ts";

/** Where the font is: beside the built module, or, run from the sources, in node_modules. */
const fontPlaces: readonly string[] = [
  "./DejaVuSans.ttf",
  "../../node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
  "../node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
];

function fontFile(): string {
  const remedy = "a PNG is made in Node; a browser draws the SVG itself";
  const { existsSync } = nodeModule("node:fs", remedy);
  const { fileURLToPath } = nodeModule("node:url", remedy);
  const fontFile = fontPlaces.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (!fontFile)
    throw unreadable("the font DejaVuSans.ttf", "is missing from the package", {
      expected: "the fonts beside the library",
      received: "none",
      remedy: "install it again",
    });
  return fontFile;
}

/** Pixels of the PNG for one of the SVG's: sharp on dense screens and in print. */
const zoomFactor = 2;

/** By a name that bundlers do not read: a page draws SVG, and needs no native module. */
const rasterizerName = "@resvg/resvg-js";

/** The native rasterizer, which a machine may lack: npm installs it where it can. */
async function rasterizer(): Promise<typeof import("@resvg/resvg-js")> {
  try {
    return (await import(/* @vite-ignore */ rasterizerName)) as typeof import("@resvg/resvg-js");
  } catch {
    throw unreadable(
      "a PNG",
      "needs the optional package @resvg/resvg-js, which is not installed or does not run here",
      {
        expected: "@resvg/resvg-js",
        received: "no such package",
        remedy: "npm install @resvg/resvg-js gets it; SVG needs nothing",
      },
    );
  }
}

/**
 * The picture as a PNG, at twice the SVG's own size. Text is set in DejaVu Sans.
 * @throws FormatError where the rasterizer is not installed, or the text is not SVG.
 */
export async function rasterize(svg: string): Promise<Uint8Array> {
  const fontFiles = [fontFile()];
  const { Resvg } = await rasterizer();
  try {
    const picture = new Resvg(svg, {
      fitTo: { mode: "zoom", value: zoomFactor },
      font: { fontFiles, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" },
    });
    return picture.render().asPng();
  } catch (error) {
    const reason = (error as Error).message;
    throw unreadable("the figure", `cannot be drawn as PNG: ${reason}`, {
      expected: "a picture that the rasterizer draws",
      received: reason,
      remedy: "write it as SVG",
    });
  }
}
