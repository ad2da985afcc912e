/** Laws that every distribution obeys. */

import { describe, expect, test } from "vitest";
import { readers as composed } from "../../src/distributions/composed/readers.ts";
import type { Distribution } from "../../src/distributions/distribution.ts";
import { distributionFromJson } from "../../src/distributions/distributionFromJson.ts";
import { readers as independent } from "../../src/distributions/independent/readers.ts";
import { readers as joint } from "../../src/distributions/joint/readers.ts";
import { readers } from "../../src/distributions/readers.ts";
import { readers as uniform } from "../../src/distributions/uniform/readers.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { realLine } from "../../src/transformers/interval.ts";
import { flatCases } from "./cases/bijectionCase.ts";
import { distributionCases, reaches } from "./cases/distributions.ts";
import { functionLaws } from "./functionLaws.ts";
import { randomParameters, stream, type Values } from "./parameters.ts";

const cases = flatCases(distributionCases);

test("the table of distributions has a row for every type that a model file may hold, and for no other", () => {
  // That of a surface has its laws in bijections/sphere.test.ts, what has a bound alone in distributions/manyToOne.test.ts.
  expect([...Object.keys(distributionCases), "manyToOne", "uniformSphere"].sort()).toEqual(
    Object.keys({ ...readers, ...uniform, ...independent, ...joint, ...composed }).sort(),
  );
});

/** From -reach to reach, or to where the distribution ends. */
const within = ({ support: [low, high] = realLine }: Distribution, reach: number): [number, number] => [
  Math.max(low, -reach),
  Math.min(high, reach),
];

functionLaws(
  Object.fromEntries(
    Object.entries(cases).flatMap(([name, make]) => {
      const own = make(2);
      const { parameters } = own;
      return [
        [
          `${name}: log-density`,
          { inputs: 2, parameters, run: (x, p) => own.logProb(x, p), domain: within(own, 2) },
        ],
        // Samples of a mixture jump where the choice of the component does: no derivative by that number is asked for.
        [
          `${name}: sample`,
          {
            inputs: own.noise,
            parameters,
            run: (x, p) => own.sample(x, p),
            isDifferentiable: own.noise === 2,
          },
        ],
      ] satisfies [string, Parameters<typeof functionLaws>[0][string]][];
    }),
  ),
);

const engine = wasmEngine({ precision: "float64", threads: 1 });
const rows = 40_000;

async function evaluated(
  own: Distribution,
  values: Values,
  kind: "logProb" | "sample",
  x: Float64Array,
): Promise<Float64Array> {
  const bound = bindTree(own.parameters);
  const width = kind === "logProb" ? own.features : own.noise;
  const result = own[kind](g.input("x", [width]), bound);
  const executable = await engine.compile({ rows: { result } });
  await setKnownParameters(executable, values);
  const out = (await executable.run({ rows: x.length / width, inputs: { x } })).rows.result!;
  executable.dispose();
  return out;
}

describe.each(Object.entries(cases))("%s", (name, make) => {
  const own = make(1);
  const values = randomParameters(own, 3, 0.5);

  test("its density integrates to one, and its samples have that law", async () => {
    const [from, to] = within(own, reaches[name] ?? 400);
    const cell = (to - from) / rows;
    const nodes = Float64Array.from({ length: rows }, (_, i) => from + (i + 0.5) * cell);
    const density = (await evaluated(own, values, "logProb", nodes)).map(Math.exp);
    let mass = 0;
    const below = density.map((value) => (mass += value * cell));
    expect(Math.abs(mass - 1)).toBeLessThan(1e-6);
    const source = stream(5, name);
    const noise = Float64Array.from({ length: rows * own.noise }, () => source.normal());
    const samples = (await evaluated(own, values, "sample", noise)).sort();
    // Kolmogorov's distance: beyond 2.2 / sqrt(n) by chance once in 8,000.
    let distance = 0;
    samples.forEach((value, i) => {
      const place = Math.max(0, Math.min(rows - 1, Math.floor((value - from) / cell)));
      // Within the cell the density is as good as constant.
      const reached = below[place]! - density[place]! * (from + (place + 1) * cell - value);
      distance = Math.max(distance, Math.abs(reached - (i + 0.5) / rows));
    });
    expect(distance).toBeLessThan(2.2 / Math.sqrt(rows));
  });

  test("its description, as JSON text and back, gives the same description and parameters", () => {
    const back = distributionFromJson(JSON.parse(JSON.stringify(own)));
    expect(back.toJSON()).toEqual(own.toJSON());
    expect(back.parameters).toEqual(own.parameters);
    expect([back.type, back.features, back.noise]).toEqual([own.type, 1, own.noise]);
  });

  test("a row as far away as can be has a log-density, and no NaN", async () => {
    const found = await evaluated(own, values, "logProb", Float64Array.of(0, 1e6, -1e30, 1e100));
    expect(found.every((value) => !Number.isNaN(value) && value < 10)).toBe(true);
  });
});
