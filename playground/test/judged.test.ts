/** What a score is held against: the densities that the sets are drawn from, a fitted Gaussian, another flow; and what the page says of it. */

import { formulaFunctions as all } from "pushforward/graph";
import { describe, expect, test } from "vitest";
import { logDensityOf } from "../src/data/densities.ts";
import { formulaFunctions } from "../src/data/energies.ts";
import { drawSet, pointSets, type SetName } from "../src/data/sets.ts";
import { referenceOf, split } from "../src/flow/heldOut.ts";
import { differenceOfMeans, pairedDifference } from "../src/ui/comparison.ts";
import { whereOf } from "../src/ui/where.ts";

describe("the density of a set", () => {
  test.each(Object.keys(pointSets) as SetName[])("%s integrates to 1, and is that of its points", (name) => {
    const logDensity = logDensityOf(name);
    // Waves of a few lengths: what they are on average says what the density is.
    const waves = [0, 1, 2, 3, 4, 5, 6].map(
      (k) =>
        (x: number, y: number): number =>
          k === 0 ? 1 : Math.cos((0.4 + k / 2) * (Math.cos(k) * x + Math.sin(k) * y) + k),
    );
    // The edges of the checkers are edges of cells.
    const [half, side] = [6.5, 130];
    const cell = (2 * half) / side;
    const integrals = waves.map(() => 0);
    for (let i = 0; i < side * side; i++) {
      const x = -half + ((i % side) + 0.5) * cell;
      const y = -half + (Math.floor(i / side) + 0.5) * cell;
      const density = Math.exp(logDensity(x, y)) * cell * cell;
      waves.forEach((wave, k) => {
        integrals[k]! += density * wave(x, y);
      });
    }
    expect(Math.abs(integrals[0]! - 1)).toBeLessThan(0.01);
    const points = drawSet(name, 8000, 5);
    waves.forEach((wave, k) => {
      let [sum, squares] = [0, 0];
      for (let i = 0; i < points.length; i += 2) {
        const value = wave(points[i]!, points[i + 1]!);
        sum += value;
        squares += value ** 2;
      }
      const count = points.length / 2;
      const error = Math.sqrt(squares / count - (sum / count) ** 2) / Math.sqrt(count);
      expect(Math.abs(sum / count - integrals[k]!)).toBeLessThan(4 * error + 0.01);
    });
  });
});

test("points score by their own density what its entropy says, and by a Gaussian less", async () => {
  const { train, heldOut } = split(drawSet("gaussians", 20_000, 2), 3);
  expect([train.length, heldOut.length]).toEqual([36_000, 4000]);
  const { law, gaussian } = await referenceOf(train, heldOut, "gaussians");
  // Eight normals that hardly overlap.
  const entropy = Math.log(8) + Math.log(2 * Math.PI * Math.E * 0.22 ** 2);
  expect(Math.abs(law! + entropy)).toBeLessThan(0.08);
  // Its covariance is 2.2² / 2 + 0.22² along each axis.
  expect(Math.abs(gaussian! + Math.log(2 * Math.PI * Math.E * (2.2 ** 2 / 2 + 0.22 ** 2)))).toBeLessThan(
    0.03,
  );
  const line = Float64Array.of(0, 0, 1, 1, 2, 2);
  expect(await referenceOf(line, line, undefined)).toEqual({ gaussian: undefined, law: undefined });
});

test("two flows are compared point by point", () => {
  const hard = Array.from({ length: 50 }, (_, i) => 10 * Math.sin(i));
  const easy = hard.map((value, i) => value - 0.1 - 0.05 * (-1) ** i);
  const { ahead, standardError, isShown } = pairedDifference(hard, easy)!;
  expect(ahead).toBeCloseTo(0.1, 12);
  expect(standardError).toBeCloseTo(0.05 / 7, 12);
  expect(isShown).toBe(true);
  expect(pairedDifference(hard, hard)).toEqual({ ahead: 0, standardError: 0, isShown: false });
  // Nobody is ahead by 0.000.
  const hardly = hard.map((value) => value - 0.0004);
  expect(pairedDifference(hard, hardly)!.isShown).toBe(false);
  expect(pairedDifference(hard, easy.slice(1))).toBeUndefined();
  // Of samples that have nothing to do with each other, errors add up.
  const apart = differenceOfMeans({ mean: 1, standardError: 0.3 }, { mean: 0, standardError: 0.4 });
  expect(apart).toEqual({ ahead: 1, standardError: 0.5, isShown: false });
});

test("a place of the slider is called after what is done there, and after what is not", () => {
  const stops = ["base", "map 1", "map 2", "units of the data"];
  expect([0, 0.9, 1, 1 + 1e-9, 1.1, 2.5, 3].map((place) => whereOf(place, stops))).toEqual([
    "base",
    "in map 1",
    "after map 1",
    "after map 1",
    "in map 2",
    "into the units of the data",
    "data",
  ]);
});

test("the page lists all functions of formulas, but for those of vectors", () => {
  const ofVectors = ["sum", "maximum", "logSumExp", "dot"];
  expect(formulaFunctions.toSorted()).toEqual(all.filter((name) => !ofVectors.includes(name)).toSorted());
});
