/** Laws of networks: one row for each exported one, and for those inside of bijections. */

import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import * as g from "../../src/graph/ops.ts";
import { flattenTree } from "../../src/graph/parameters.ts";
import { circularConditioner } from "../../src/networks/circular/circularConditioner.ts";
import { autoregressiveMasks } from "../../src/networks/conditioner.ts";
import type { Conditioner } from "../../src/networks/conditionerContract.ts";
import { conditionerFromJson } from "../../src/networks/conditionerFromJson.ts";
import { convolutionConditioner } from "../../src/networks/convolution/convolutionConditioner.ts";
import { denseConditioner } from "../../src/networks/denseConditioner.ts";
import { layeredConditioner } from "../../src/networks/layeredConditioner.ts";
import { lipschitzNetwork } from "../../src/networks/lipschitzNetwork.ts";
import { network } from "../../src/networks/network.ts";
import { conditionerRegistry } from "../../src/networks/registry.ts";
import { velocity, velocityParameters } from "../../src/networks/velocityNetwork.ts";
import type { ConditionerName, NetworkName } from "./cases/exported.ts";
import { type FunctionCase, functionLaws } from "./functionLaws.ts";
import { Subject } from "./harness.ts";
import { randomParameters } from "./parameters.ts";

const lipschitz = lipschitzNetwork("laws", {
  features: 2,
  context: 0,
  hidden: [5],
  contextHidden: [],
  lipschitz: 0.8,
  activation: "lipswish",
  norm: "spectral",
});
const velocitySizes = {
  features: 2,
  context: 0,
  hidden: [5, 4],
  activation: "silu",
  waves: 2,
  frequencies: 1,
  start: "rest",
} as const;

/** What a coupling of four positions says of them: two of them condition, beside a context, two are transformed. */
const overLine = { shape: [4, 1], conditions: [0, 2], transformed: [1, 3] };

/** Conditioners, by the name of the exported function. */
const conditioners: Readonly<Record<ConditionerName, Conditioner>> = {
  circularConditioner: circularConditioner({ hidden: [5, 4], angles: [0, 2] }),
  convolutionConditioner: convolutionConditioner({ hidden: [3], size: 3 }),
  denseConditioner: denseConditioner({ hidden: [7, 6] }),
  layeredConditioner: layeredConditioner({
    layers: [
      { kind: "linear", outputs: 6 },
      { kind: "scale" },
      {
        kind: "residual",
        layers: [
          { kind: "activation", activation: "elu" },
          { kind: "linear", outputs: 6, bias: false },
          { kind: "activation", activation: "tanh" },
        ],
      },
      { kind: "linear" },
    ],
  }),
};

const smooth = network({ inputs: 3, hidden: [5, 4], outputs: 2, activation: "tanh" });
const rectified = network({ inputs: 3, hidden: [5], outputs: 2 });

const cases: Readonly<Record<NetworkName | "lipschitzNetwork" | "velocity", FunctionCase>> = {
  network: { ...smooth, run: smooth.run },
  lipschitzNetwork: {
    inputs: 2,
    parameters: lipschitz.parameters,
    run: (x, p) => lipschitz.bind(p, undefined)(x).value,
  },
  velocity: {
    inputs: 2,
    parameters: velocityParameters(velocitySizes),
    run: (x, p) => velocity(velocitySizes, p, g.constant(0.3), x, undefined).value,
  },
};

functionLaws({
  ...Object.fromEntries(Object.entries(cases).map(([name, row]) => [`${name}: plain`, row])),
  ...Object.fromEntries(
    Object.entries(conditioners).map(([name, made]) => [
      `${name}: plain`,
      { inputs: 3, ...made.network({ inputs: 3, outputs: 4, over: overLine }) },
    ]),
  ),
  "network: rectified": { inputs: 3, parameters: rectified.parameters, run: rectified.run },
});

describe.each(Object.entries(conditioners))("%s: as a conditioner", (_, own) => {
  test("is registered, and its description reads back", () => {
    expect(conditionerRegistry.types).toContain(own.type);
    expect(conditionerFromJson(JSON.parse(JSON.stringify(own))).toJSON()).toEqual(own.toJSON());
  });

  test("starts at zero, so that a transform starts as the identity", () => {
    const { parameters } = own.network({ inputs: 3, outputs: 4, over: overLine });
    const last = [...flattenTree(parameters).values()].slice(-2);
    for (const { initializer } of last) expect(initializer).toEqual({ kind: "constant", value: 0 });
  });

  test("is autoregressive where it is asked to be: outputs of a feature see the context and features before it", async () => {
    const [features, context, each] = [4, 2, 3];
    if (own.type === "convolution") {
      const sizes = { inputs: 6, outputs: 12, autoregressive: { features, context } };
      expect(() => own.network(sizes)).toThrow(UsageError);
      return;
    }
    const made = own.network({
      inputs: context + features,
      outputs: features * each,
      autoregressive: { features, context },
    });
    const n = features * each;
    // The Jacobian of a square map: outputs, by as many inputs, of which the first are the network's.
    const map = (x: g.Value, p: Parameters<typeof made.run>[1]) => ({
      value: made.run(g.slice(g.asExpr(x), 0, context + features), p),
      logAbsDet: g.constant(0),
    });
    const subject = new Subject({
      type: "function",
      features: n,
      context: 0,
      parameters: made.parameters,
      forward: map,
      inverse: map,
      toJSON: () => ({ type: "function" }),
    });
    const x = Float64Array.from({ length: n }, (_, i) => Math.sin(3 * i));
    let seen = 0;
    for (let seed = 0; seed < 4; seed++) {
      const values = randomParameters({ parameters: made.parameters }, seed, 1);
      const [jacobian] = await subject.jacobian("forward", values, { x });
      for (let output = 0; output < n; output++)
        for (let input = 0; input < context + features; input++) {
          const slope = jacobian![output * n + input]!;
          const isAllowed = input - context < Math.floor(output / each);
          if (!isAllowed) expect(Math.abs(slope), `output ${output}, input ${input}`).toBe(0);
          else if (slope !== 0) seen++;
        }
    }
    expect(seen).toBeGreaterThan(0);
  });

  test("makes the masks of transforms that are alike once", () => {
    const made = autoregressiveMasks(5, 1, [7, 6], 3);
    expect(autoregressiveMasks(5, 1, [7, 6], 3)).toBe(made);
    expect(autoregressiveMasks(5, 1, [7, 6], 2)[2]!.shape).toEqual([10, 6]);
  });
});
