/** Flows of values that were found elsewhere, and the values of flows. */

import { describe, expect, test } from "vitest";
import { realNVP } from "../../src/architectures/architecture.ts";
import { pushforwardLogProb } from "../../src/distributions/density.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";
import { flowOf, parametersOf } from "../../src/fitting/flowOf.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { type Flow, load } from "../../src/models/flow.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const architecture = realNVP({ features: 2, transforms: 2, hidden: [8] });
const { base, bijection } = architecture;
const stream = new RandomStream(randomKey(1));
const values = Object.fromEntries(
  Object.entries(initialValues({ base: base.parameters, bijection: bijection.parameters }, randomKey(2))).map(
    ([name, data]) => [name, data.map((value) => value + 0.3 * stream.normal())],
  ),
);
const rows = Float64Array.from({ length: 20 }, () => 3 * stream.normal());
const mean = [1, -2];
const scale = [2, 0.5];

/** Log-densities by a program of one's own, of parts and values. */
async function logProbOf(
  parts: Pick<Flow, "base" | "bijection">,
  parameters: Readonly<Record<string, Float64Array>>,
  data: Float64Array,
): Promise<Float64Array> {
  const bound = {
    base: bindTree(parts.base.parameters, "base."),
    bijection: bindTree(parts.bijection.parameters, "bijection."),
  };
  const logProb = pushforwardLogProb(parts.base, parts.bijection, g.input("data", [2]), bound);
  const executable = await referenceEngine.compile({ rows: { logProb } });
  await executable.setParameters(parameters);
  return (await executable.run({ rows: data.length / 2, inputs: { data } })).rows.logProb!;
}

describe("flowOf", () => {
  test("gives the flow of an architecture and values, in the units of the data", async () => {
    const flow = await flowOf(architecture, values, {
      columns: ["a", "b"],
      mean,
      scale,
      precision: "float64",
      fitted: { rows: 10, seed: 3, epochs: 4, trainLogProb: -1, validationLogProb: -2 },
    });
    const standardized = rows.map((value, i) => (value - mean[i % 2]!) / scale[i % 2]!);
    const expected = (await logProbOf(architecture, values, standardized)).map(
      (value) => value - Math.log(scale[0]! * scale[1]!),
    );
    const logProb = await flow.logProb(rows);
    logProb.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-12 * Math.max(1, Math.abs(value)));
    });
    expect(flow.description).toMatchObject({ kind: "realnvp", columns: ["a", "b"], given: [] });
    expect(flow.description.fitted).toMatchObject({ rows: 10, seed: 3, epochs: 4, validationLogProb: -2 });
    const copy = await load(flow.toBytes());
    expect(await copy.logProb(rows)).toEqual(logProb);
    // What evaluates the parts of a flow is given its parameters.
    const byParts = await logProbOf(copy, parametersOf(copy), rows);
    byParts.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-12 * Math.max(1, Math.abs(value)));
    });
  });

  test("copies the values, and gives copies of them", async () => {
    const given = structuredClone(values);
    const flow = await flowOf(architecture, given, { columns: ["a", "b"] });
    const before = await flow.logProb(rows);
    for (const list of [...Object.values(given), ...Object.values(parametersOf(flow))]) list.fill(9);
    expect(await (await load(flow.toBytes())).logProb(rows)).toEqual(before);
  });

  test("refuses what does not fit", async () => {
    const columns = ["a", "b"];
    const [first] = Object.keys(values);
    await expect(flowOf(architecture, values, { columns: ["a"] })).rejects.toThrow(ShapeError);
    await expect(flowOf(architecture, {}, { columns })).rejects.toThrow(first!);
    await expect(
      flowOf(architecture, { ...values, [first!]: new Float64Array(1) }, { columns }),
    ).rejects.toThrow(ShapeError);
    await expect(flowOf(architecture, values, { columns, scale: [1, 0] })).rejects.toThrow("scale[1]");
    await expect(flowOf(architecture, values, { columns, mean: [1] })).rejects.toThrow("mean");
    await expect(
      flowOf(realNVP({ features: 2, context: 1, transforms: 2, hidden: [8] }), values, { columns }),
    ).rejects.toThrow(UsageError);
    expect(() => parametersOf({} as Flow)).toThrow("a flow as fit or load gives it");
  });
});
