/** Model files of every kind that earlier versions wrote: they load, score as they did, and are saved to the same bytes. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { load } from "../../src/models/flow.ts";

const folder = fileURLToPath(new URL("../files/models/", import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith(".safetensors"));

/** Log-densities of the points, by float64 on the reference engine of the version that wrote the files (0.1.0). */
const { points, scores } = JSON.parse(readFileSync(join(folder, "scores.json"), "utf8")) as {
  readonly points: readonly (readonly number[])[];
  readonly scores: Readonly<Record<string, readonly number[]>>;
};

test("there is a file of each kind of that version", () => {
  const names = files.map((file) => file.replace(".safetensors", ""));
  expect(names.sort()).toEqual(Object.keys(scores).sort());
});

describe.each(files)("%s", (file) => {
  const bytes = readFileSync(join(folder, file));

  test("scores as it did", async () => {
    const flow = await load(bytes);
    const found = await flow.logProb(Float64Array.from(points.flat()), { engine: "reference" });
    // Exponentials and logarithms of another Node may differ in the last digit.
    scores[file.replace(".safetensors", "")]!.forEach((expected, i) => {
      expect(Math.abs(found[i]! - expected)).toBeLessThan(1e-11 * (1 + Math.abs(expected)));
    });
  });

  test("is saved to the same bytes", async () => {
    expect(Buffer.from((await load(bytes)).toBytes()).equals(bytes)).toBe(true);
  });
});
