import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { writeFigure } from "../../src/figures/figure.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

vi.mock("@resvg/resvg-js", () => {
  throw new Error("Cannot find package '@resvg/resvg-js'");
});

test("without the optional rasterizer an SVG is written, and a PNG says how to get it", async () => {
  const folder = temporaryFolder();
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>';
  await writeFigure(svg, join(folder, "a.svg"));
  expect(readFileSync(join(folder, "a.svg"), "utf8")).toBe(svg);
  await expect(writeFigure(svg, join(folder, "a.png"))).rejects.toThrow(/npm install @resvg\/resvg-js/);
});
