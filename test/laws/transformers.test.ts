import { describe, expect, test } from "vitest";
import { bijectionLaws } from "./bijectionLaws.ts";
import { flatCases } from "./cases/bijectionCase.ts";
import { asBijection, transformerCases } from "./cases/transformers.ts";
import { Subject } from "./harness.ts";
import { randomParameters, stream } from "./parameters.ts";

const rows = flatCases(transformerCases);
const cases = Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, asBijection(row)]));

bijectionLaws(cases);

describe.each(Object.entries(rows).filter(([, { transformer }]) => transformer.parameterCount > 1))(
  "%s",
  (name, { transformer: { parameterCount }, startsAlike = false }) => {
    test("parameters that are zero are not trained alike: two of equal gradients would stay one", async () => {
      const { bijection, within } = cases[name]!;
      const subject = new Subject(bijection);
      const source = stream(1, "rows");
      const zero = Object.fromEntries(
        Object.entries(randomParameters(bijection, 0, 1)).map(([leaf, { length }]) => [
          leaf,
          new Float64Array(length),
        ]),
      );
      const points = Array.from({ length: 150 }, () => {
        const point = Array.from({ length: bijection.features }, () => 2.5 * source.normal());
        return within?.("inverse", point) ?? point;
      });
      const { values } = await subject.gradient("inverse", zero, { x: points.flat() });
      const all = Array.from(values!.subarray(0, parameterCount));
      const rounding = 1e-9 * Math.max(...all.map(Math.abs));
      const own = all.filter((value) => Math.abs(value) > rounding);
      const equal = own.filter((value, i) =>
        own.slice(0, i).some((other) => Math.abs(value - other) < rounding),
      );
      if (startsAlike) expect(equal.length).toBeGreaterThan(0);
      else expect(equal).toEqual([]);
    });
  },
);
