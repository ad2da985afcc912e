/**
 * What continuous flows are trained by: the losses against formulas of their own, with the noise that they have drawn.
 */

import { describe, expect, it, test } from "vitest";
import type { Architecture } from "../../src/architectures/architecture.ts";
import { type ContinuousFlowOptions, continuousFlow } from "../../src/architectures/continuousFlow.ts";
import { coupledNoise } from "../../src/architectures/coupledNoise.ts";
import { type FlowMatchingOptions, flowMatching } from "../../src/architectures/flowMatching.ts";
import type { Continuous } from "../../src/bijections/continuous/continuous.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { type Bound, bindTree } from "../../src/graph/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { randomParameters, type Values } from "../laws/parameters.ts";

const features = 2;
const rows = 40;
const engine = wasmEngine({ precision: "float64", threads: 1 });
const data = Float64Array.from({ length: rows * features }, (_, i) => 1.5 * Math.sin(3 * i));

/** The loss of each row, and what else is built of the same row and parameters. */
async function evaluate(
  architecture: Architecture,
  values: Values,
  others: (y: Expr, bound: Bound) => Readonly<Record<string, Expr>>,
  inputs: Readonly<Values> = {},
): Promise<Readonly<Values>> {
  const y = g.input("data", [features]);
  const bound = bindTree(architecture.bijection.parameters);
  const loss = architecture.training!.loss(y, { base: {}, bijection: bound });
  const executable = await engine.compile({ rows: { loss, ...others(y, bound) } });
  await setKnownParameters(executable, values);
  const outputs = await executable.run({ rows, inputs: { data, ...inputs } }, { key: randomKey(7) });
  executable.dispose();
  return outputs.rows;
}

describe("maximum likelihood", () => {
  const solver = { kind: "fixed", order: "midpoint", steps: 3 } as const;
  const partsOf = ({ base, bijection }: Architecture, y: Expr, bound: Bound): Record<string, Expr> => {
    const solve = (divergence: "exact" | "normal") =>
      (bijection as Continuous).solve("inverse", y, bound, undefined, {
        solver,
        divergence,
        kinetic: true,
        jacobian: true,
      });
    const [exact, estimated] = [solve("exact"), solve("normal")];
    return {
      logBase: base.logProb(exact.value, {}),
      exact: exact.logAbsDet,
      estimated: estimated.logAbsDet,
      kinetic: exact.kinetic,
      jacobian: exact.jacobian,
    };
  };

  it.each<Partial<ContinuousFlowOptions>>([
    { kinetic: 0 },
    { kinetic: 0, divergence: "normal" },
    { kinetic: 0.3 },
    { kinetic: 0, jacobian: 0.7 },
    { kinetic: 0.3, jacobian: 0.7, divergence: "normal" },
  ])("minimizes minus the log-density of its steps, and weighs what is added: %j", async (options) => {
    const architecture = continuousFlow({
      features,
      hidden: [5, 4],
      trainingSolver: solver,
      jacobian: 0,
      ...options,
    });
    const values = randomParameters(architecture.bijection, 3, 0.6);
    const found = await evaluate(architecture, values, (y, bound) => partsOf(architecture, y, bound));
    const { kinetic = 0, jacobian = 0, divergence = "exact" } = options;
    for (let row = 0; row < rows; row++) {
      const at = (name: string): number => found[name]![row]!;
      const logAbsDet = at(divergence === "exact" ? "exact" : "estimated");
      const added = kinetic * at("kinetic") + jacobian * at("jacobian");
      expect(at("loss")).toBeCloseTo(added - at("logBase") - logAbsDet, 12);
      expect(at("kinetic")).toBeGreaterThan(1e-4);
      expect(at("jacobian")).toBeGreaterThan(1e-4);
      expect(Math.abs(at("estimated") - at("exact"))).toBeGreaterThan(1e-6);
    }
  });

  test("the tolerance is that of the fitted flow; epochs are compared with a looser one, by adaptive steps", async () => {
    const architecture = continuousFlow({ features, hidden: [5, 4], tolerance: 1e-8 });
    expect((architecture.bijection as Continuous).solver).toEqual({ kind: "adaptive", tolerance: 1e-8 });
    const { base, bijection, training } = architecture;
    const values = randomParameters(bijection, 3, 0.6);
    const found = await evaluate(architecture, values, (y, bound) => {
      const { value, logAbsDet } = bijection.inverse(y, bound);
      const rough = (bijection as Continuous).solve("inverse", y, bound, undefined, {
        solver: { kind: "adaptive", tolerance: 1e-3 },
      });
      return {
        exact: g.add(base.logProb(value, {}), logAbsDet),
        rough: g.add(base.logProb(rough.value, {}), rough.logAbsDet),
        loose: training!.logProb!(y, { base: {}, bijection: bound }),
      };
    });
    const apart = found.loose!.map((value, row) => value - found.exact![row]!);
    expect(Math.max(...apart.map(Math.abs))).toBeGreaterThan(1e-7);
    expect(found.loose).toEqual(found.rough);
    expect(Math.abs(apart.reduce((sum, value) => sum + value, 0) / rows)).toBeLessThan(50 * 1e-3);
  });
});

describe("flow matching", () => {
  /** x_t of the documentation. */
  const pathOf = (
    { interpolant = "linear", sigma = 0, wander = 0 }: Partial<FlowMatchingOptions>,
    t: number,
    [noise, y, extra]: readonly [number, number, number],
  ): number => {
    const angle = (Math.PI / 2) * t;
    const plain =
      interpolant === "linear"
        ? (1 - (1 - sigma) * t) * noise + t * y
        : Math.cos(angle) * noise + Math.sin(angle) * y;
    return plain + wander * Math.sin(Math.PI * t) ** 2 * extra;
  };

  it.each<Partial<FlowMatchingOptions>>([
    {},
    { sigma: 0.2 },
    { interpolant: "trigonometric" },
    { wander: 0.5 },
    { interpolant: "trigonometric", wander: 0.5 },
    { coupling: "optimal-transport" },
  ])("its loss is the squared distance to the slope of a path: %j", async (options) => {
    const architecture = flowMatching({ features, hidden: [3], ...options });
    const isCoupled = options.coupling === "optimal-transport";
    // Untrained, f is (2t - 1) / (t^2 + (1 - t)^2) z.
    const values = randomParameters(architecture.bijection, 3, 0.6);
    for (const name of ["out", "outBias"]) values[name]!.fill(0);
    const given = Float64Array.from({ length: rows * features }, (_, i) => Math.cos(5 * i));
    const found = await evaluate(
      architecture,
      values,
      () => ({
        time: g.randomUniform([], "time"),
        ...(isCoupled ? {} : { noise: g.randomNormal([features], "noise") }),
        wander: g.randomNormal([features], "wander"),
      }),
      isCoupled ? { noise: given } : {},
    );
    const { noise = given } = found;
    for (let row = 0; row < rows; row++) {
      // Uniform numbers become times nearer to the data.
      const t = 1 - found.time![row]! ** 2;
      const rate = (2 * t - 1) / (t * t + (1 - t) ** 2);
      let wanted = 0;
      for (let i = row * features; i < (row + 1) * features; i++) {
        const at = (time: number): number => pathOf(options, time, [noise[i]!, data[i]!, found.wander![i]!]);
        const step = 1e-5;
        wanted += (rate * at(t) - (at(t + step) - at(t - step)) / (2 * step)) ** 2;
      }
      expect(Math.abs(found.loss![row]! - wanted)).toBeLessThan(1e-7 * (1 + wanted));
    }
  });

  test("noise is dealt within the groups that are asked for, in several sets, the same for the same seed", () => {
    const { training } = flowMatching({ features, coupling: "optimal-transport", group: 8 });
    const deal = (seed: number): Float64Array =>
      training!.companions!({ data, features, isWeighted: false }, new RandomStream(randomKey(seed))).noise!;
    const of = (group: number): Float64Array =>
      coupledNoise(data, features, group, new RandomStream(randomKey(4)));
    expect(deal(4)).toEqual(of(8));
    expect(deal(4)).not.toEqual(of(4));
    expect(deal(5)).not.toEqual(deal(4));
    expect(training!.companionSets).toBeGreaterThan(1);
    expect(flowMatching({ features }).training!.companions).toBeUndefined();
  });
});
