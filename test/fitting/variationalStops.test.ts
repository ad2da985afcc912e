/** When a variational fit stops, goes on, and gets more steps. */

import { expect, test } from "vitest";
import { approximate } from "../../src/fitting/variational/approximate.ts";

import { variationalArchitecture } from "../../src/fitting/variational/variationalArchitecture.ts";
import type { LogDensity } from "../../src/fitting/variational/writtenDensity.ts";

/** A twentieth of it is six times as wide as the rest: few affine maps have no such tails. */
const contaminated: LogDensity = ({ x, y }, o) =>
  o.sub(
    o.logAddExp(o.mul(-0.5, o.square(x!)), o.sub(o.mul(-0.5, o.square(o.div(x!, 6))), Math.log(114))),
    o.square(y!),
  );

test("an early stop that the diagnostics do not confirm goes on to the last step", async () => {
  const density: LogDensity = ({ x, y }, o) =>
    o.sub(o.mul(-0.5, o.add(o.square(x!), o.square(y!))), o.mul(0.05, o.square(o.square(x!))));
  const flow = variationalArchitecture("nsf", { features: 2, transforms: 2, hidden: [16] });
  const options = { flow, parameters: { x: "real", y: "real" }, steps: 200, seed: 1, threads: 1 } as const;
  const early = await approximate({ logDensity: density, ...options });
  expect(early.report.history.at(-1)!.epoch).toBeLessThan(8);
  // Of 20 samples the shape of a tail cannot be told.
  const steps: number[] = [];
  const whole = await approximate({
    logDensity: density,
    ...options,
    diagnosticSamples: 20,
    onProgress: ({ step }) => steps.push(step),
  });
  const epochs = whole.report.history.map(({ epoch }) => epoch);
  expect(epochs).toEqual(Array.from({ length: 8 }, (_, i) => i + 1));
  expect(whole.report.history.every(({ epoch, bestEpoch }) => bestEpoch <= epoch)).toBe(true);
  expect(steps).toEqual(epochs.map((epoch) => 25 * epoch));
});

/** A fit of a flow that cannot follow these tails. */
function unreliable(more: { steps?: number; annealing?: number }) {
  const architecture = variationalArchitecture("realnvp", { features: 2, transforms: 2, hidden: [4] });
  const options = { parameters: { x: "real", y: "real" }, draws: 8, seed: 1, threads: 1, ...more } as const;
  return approximate({ flow: architecture, logDensity: contaminated, ...options });
}

let found: ReturnType<typeof unreliable> | undefined;
/** The same in three times the steps that a fit usually has, annealed in nearly all of the usual ones. */
const annealed = (): ReturnType<typeof unreliable> => (found ??= unreliable({ annealing: 1400 }));

test("weights that cannot be relied on get more steps, unless their number is given", async () => {
  for (const [fit, lastEpoch] of [
    [unreliable({ steps: 1500 }), 60],
    [annealed(), 180],
  ] as const) {
    const {
      report: { diagnostics, history },
    } = await fit;
    expect(diagnostics.k).toBeGreaterThan(0.7);
    expect(history.at(-1)!.epoch).toBe(lastEpoch);
  }
});

test("a forward divergence for which too few samples are effective is said to have stayed the reverse one", async () => {
  // Ridges that bend one after the other, which few affine maps do not follow.
  const names = ["a", "b", "c"];
  const bent: LogDensity = (p, o) =>
    names
      .slice(1)
      .reduce(
        (sum, name, i) => o.sub(sum, o.mul(2000, o.square(o.sub(p[name]!, o.square(p[names[i]!]!))))),
        o.mul(-0.5, o.square(p.a!)),
      );
  const parameters = Object.fromEntries(names.map((name) => [name, "real"] as const));
  const options = { parameters, steps: 25, draws: 16, diagnosticSamples: 200, seed: 1, threads: 1 } as const;
  const flow = variationalArchitecture("realnvp", { features: 3, transforms: 2, hidden: [4] });
  const heard: string[] = [];
  const bentReport = (
    await approximate({
      ...options,
      flow,
      logDensity: bent,
      divergence: "forward",
      onWarning: (line) => heard.push(line),
    })
  ).report;
  const message = expect.stringMatching(
    /^the forward divergence was not minimized at the end: [\d.]+ % of the samples were effective, and it takes 5 %/,
  );
  expect(bentReport.warnings).toContainEqual({ code: "reverse", message });
  expect(heard).toContainEqual(message);
  // Where the flow is near, the weights are there from the first step.
  const round: LogDensity = (p, o) =>
    names.reduce((sum, name) => o.sub(sum, o.add(o.square(p[name]!), o.abs(p[name]!))), o.mul(0, p.a!));
  const near = await approximate({ ...options, flow, logDensity: round, alpha: 0.5 });
  expect(near.report.warnings.map(({ code }) => code)).not.toContain("reverse");
});

test("annealing does not begin again with the steps that are added", async () => {
  const {
    report: { history },
  } = await annealed();
  expect(history.at(-1)!.epoch).toBe(180);
  const [before, after] = [
    history.filter(({ epoch }) => epoch <= 60),
    history.filter(({ epoch }) => epoch > 60),
  ];
  const reached = before.at(-1)!.validationLoss;
  for (const { epoch, validationLoss } of after)
    expect([epoch, validationLoss < reached + 0.1]).toEqual([epoch, true]);
});
