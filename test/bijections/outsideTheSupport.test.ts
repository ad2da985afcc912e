import { describe, expect, test } from "vitest";
import { absoluteValue } from "../../src/bijections/piecewise/absoluteValue.ts";
import { engines } from "../engines.ts";
import { Subject } from "../laws/harness.ts";

describe("outside the support", () => {
  test.each(engines)(
    "$name: the log-density is minus infinity, not NaN",
    async ({ engine: own, epsilon }) => {
      const subject = new Subject(absoluteValue({ features: 2 }), own);
      const logDensity = await subject.logDensity({}, { x: [-1, 2, 1, 1, 0.5, -0.1, -0, 3, 0, 0] });
      await subject.dispose();
      const standard = (x: number, y: number): number => -0.5 * (x * x + y * y) - Math.log(2 * Math.PI);
      expect(logDensity[0]).toBe(Number.NEGATIVE_INFINITY);
      expect(logDensity[2]).toBe(Number.NEGATIVE_INFINITY);
      // Inside, the four preimages add up.
      expect(Math.abs(logDensity[1]! - standard(1, 1) - Math.log(4))).toBeLessThan(16 * epsilon);
      expect(Math.abs(logDensity[3]! - standard(0, 3) - Math.log(4))).toBeLessThan(64 * epsilon);
      expect(Math.abs(logDensity[4]! - standard(0, 0) - Math.log(4))).toBeLessThan(16 * epsilon);
    },
  );
});
