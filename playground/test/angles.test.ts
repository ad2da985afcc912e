/** Which columns look like angles, and which values are beyond a turn. */

import { expect, test } from "vitest";
import { angleOf, beyondOneTurn } from "../src/table/angles.ts";

test.each([
  [-3.1, 3.14, "angle:6.283185307179586"],
  [0.1, 6.283, "angle:6.283185307179586"],
  [0, 23.5, "angle:24"],
  [0, 359, "angle:360"],
  [-180, 179, "angle:360"],
  // Small numbers, counts, and what goes beyond a turn.
  [0, 3, undefined],
  [-0.6, 11.3, undefined],
  [18, 90, undefined],
  [0, 720, undefined],
  [-180, 359, undefined],
  [7, 7, undefined],
])("a column from %d to %d is taken for %s", (low, high, kind) => {
  expect(angleOf({ low, high })).toBe(kind);
});

test("values beyond a turn are said with their range, those within it are not", () => {
  expect(beyondOneTurn({ low: -10, high: 597 }, "angle:360")).toMatch(
    /from −10 to 597, more than one turn of 360:/,
  );
  expect(beyondOneTurn({ low: -180, high: 180 }, "angle:360")).toBe("");
  expect(beyondOneTurn({ low: 0, high: 9 }, "left out")).toBe("");
});
