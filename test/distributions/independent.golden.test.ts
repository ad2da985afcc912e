/** Bases against mpmath (golden/heavy_bases.py and golden/bases.py). */

import { test } from "vitest";
import type { DistributionJson } from "../../src/distributions/distribution.ts";
import { distributionFromJson } from "../../src/distributions/distributionFromJson.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { expectClose, golden } from "../bijections/golden.ts";

interface Golden {
  readonly cases: readonly {
    readonly distribution: DistributionJson;
    readonly values: Readonly<Record<string, readonly number[]>>;
    /** What is given, the same for all. */
    readonly context?: readonly number[];
    readonly x: readonly number[];
    readonly logProb: readonly number[];
    readonly noise: readonly (readonly number[])[];
    readonly samples: readonly number[];
  }[];
}

// log Gamma by Stirling's series is good to 1e-12.
const tolerance = (expected: readonly number[]) => (i: number) => 4e-12 * (1 + Math.abs(expected[i]!));

test.each([...golden<Golden>("heavy_bases").cases, ...golden<Golden>("bases").cases])(
  "$distribution: log-densities and samples",
  async ({ distribution: json, values, context, x, logProb, noise, samples }) => {
    const distribution = distributionFromJson(json);
    const bound = bindTree(distribution.parameters);
    const run = async (name: string, size: number, rows: number, data: readonly number[]) => {
      const input = g.input(name, [size]);
      const of = name === "x" ? distribution.logProb : distribution.sample;
      const result = of(input, bound, context && g.constant(context));
      const executable = await referenceEngine.compile({ rows: { result } });
      await setKnownParameters(
        executable,
        Object.fromEntries(Object.entries(values).map(([leaf, own]) => [leaf, Float64Array.from(own)])),
      );
      return (await executable.run({ rows, inputs: { [name]: Float64Array.from(data) } })).rows.result!;
    };
    const { features } = distribution;
    expectClose(await run("x", features, x.length / features, x), logProb, tolerance(logProb));
    expectClose(
      await run("noise", distribution.noise, noise.length, noise.flat()),
      samples,
      tolerance(samples),
    );
  },
);
