/**
 * What samples say about a flow: the diagnostics, and what should be known before they are believed.
 *
 * @module
 */

import { NumericalError } from "../../../errors.ts";
import { type RandomKey, RandomStream, randomKey, split } from "../../../random/philox.ts";
import { type ApproximateOptions, diagnosticDraws } from "../approximateOptions.ts";
import { type Diagnostics, diagnosticsOf } from "../approximation.ts";
import type { StartingFlow } from "../startingFlow.ts";
import { leastEffectiveByOrder, type Trained } from "../training.ts";
import { type Evidence, evidenceOf, shareBeyond } from "./evidence.ts";
import type { ApproximationWarning, WarningCode } from "./warnings.ts";
import type { Weighed, Weighing, WeightedSamples } from "./weighing.ts";

/** What is known of a flow. */
export interface Judgement {
  readonly samples: WeightedSamples;
  readonly diagnostics: Diagnostics;
  readonly warnings: readonly ApproximationWarning[];
  readonly reliable: boolean;
  /** Whether more steps would not help: the weights are reliable, and no mass is missed. */
  readonly isGood: boolean;
}

/** Weights beyond this shape are not reliable; of few samples, beyond a smaller one (Vehtari et al. 2024, section 3.2.4). */
const largestShape = 0.7;
const mostShape = (samples: number): number => Math.min(largestShape, 1 - 1 / Math.log10(samples));
/** Samples of the wide base, by sample of the flow. */
const wideShare = 0.4;
/** Share of the mass outside of the flow from which the flow is said to miss it. */
const mostMissed = 0.005;

/** Draws samples of a flow, and of the wide one, and judges by them. */
export async function judge(
  start: StartingFlow,
  { model, tooFewEffective }: Trained,
  weighing: Weighing,
  options: ApproximateOptions,
): Promise<Judgement> {
  await weighing.setParameters(model.values);
  const count = options.diagnosticSamples ?? diagnosticDraws;
  const { signal } = options;
  // Not the rows that a user draws with the same seed.
  const key = split(randomKey(options.seed ?? 0), "diagnostics");
  const samples = await weighing.sample(count, { seed: key.k0, signal });
  const { base } = start;
  const wideStarts = base.wideSample(
    weighing.noise(Math.ceil(wideShare * count), base.wideNoise, key.k0, "wide"),
  );
  const wide = await weighing.at(wideStarts, { signal });
  const [ofFlow, ofWide] = [base.wideLogProb(samples.starts), base.wideLogProb(wideStarts)];
  const join = (a: Float64Array, b: Float64Array): Float64Array => {
    const both = new Float64Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  };
  // Over points of the base, where the map's determinant is part of the target.
  const targetOf = ({ logDensity, logAbsDet }: Weighed): Float64Array =>
    logDensity.map((logDensityOfRow, i) => logDensityOfRow + logAbsDet[i]!);
  const estimated = evidenceOf({
    target: join(targetOf(samples.raw), targetOf(wide)),
    flow: join(samples.raw.logBase, wide.logBase),
    wide: join(ofFlow, ofWide),
    ofFlow: count,
  });
  // What no number of the parameters' type reaches is not seen by any sample.
  const beyond = shareBeyond(
    join(samples.raw.unbounded, wide.unbounded),
    estimated.shares,
    start.space.reach,
  );
  const evidence = { ...estimated, error: Math.hypot(estimated.error, beyond) };
  const diagnostics = diagnosticsOf(samples, evidence);
  const severe: ApproximationWarning[] = [...start.warnings];
  const harmless: ApproximationWarning[] = [];
  const isWeightsGood = diagnostics.k <= mostShape(count);
  const warn = (code: WarningCode, message: string): void => void severe.push({ code, message });
  if (!isWeightsGood) warn("weights", weightsMessage(diagnostics, count));
  // A share that is not told from none by its own noise is no alarm.
  const isMissing = evidence.missed > Math.max(mostMissed, 3 * evidence.error);
  if (isMissing) warn("heavy-tails", missedMessage(evidence));
  await checkFlowRays(start, weighing, split(key, "rays"), diagnostics.logEvidence, warn);
  if (tooFewEffective !== undefined) harmless.push(reverseWarning(options, tooFewEffective));
  const { raw } = samples;
  const isNaNAt = raw.logDensity.findIndex(Number.isNaN);
  if (isNaNAt >= 0)
    warn(
      "not-a-number",
      `the log-density is not a number at ${raw.logDensity.filter(Number.isNaN).length} of ${count} samples of the flow, such as ${weighing.place(raw.values, isNaNAt)}; they count as without mass: give the parameters that end there their bounds, such as "positive"`,
    );
  const without = raw.logDensity.filter((value) => value === Number.NEGATIVE_INFINITY).length;
  if (without > 0)
    harmless.push({
      code: "no-mass",
      message: `${without} of ${count} samples of the flow lie where the log-density is minus infinity: give the parameters that end there their bounds, such as "positive"`,
    });
  if (start.modes) {
    const { modes } = start;
    const shares = modes.base.components.map(({ logWeight }) => Math.exp(logWeight).toPrecision(2));
    const found = `starts lead to ${shares.length} separate modes, with about ${shares.join(", ")} of the mass`;
    if (base.isStandard)
      warn(
        "modes-disagree",
        `${found}; the base of this flow is for one of them, so that the others are missed`,
      );
    else if (modes.isCut) warn("modes-disagree", `${found}; there are more, which are missed`);
    else
      harmless.push({
        code: "modes-disagree",
        message: `${found}; the flow has all of them, but there may be others that no start has found`,
      });
  }
  return {
    samples,
    diagnostics,
    warnings: [...severe, ...harmless],
    reliable: severe.length === 0,
    // Where the density is not a number, steps do not help.
    isGood: (isWeightsGood && !isMissing) || isNaNAt >= 0,
  };
}

function weightsMessage({ k, samples }: Diagnostics, count: number): string {
  if (Number.isNaN(k)) return `the shape of the weights of ${count} samples cannot be told; take 25 or more`;
  return `the importance weights have a heavy tail (k-hat ${k.toFixed(2)}, above ${Number(mostShape(samples).toFixed(2))}): the flow misses part of the density, and means and deviations are not to be relied on; try more steps, a larger flow, or parameters that depend on each other less, and see that every parameter has a prior or data`;
}

/** That a divergence that was asked for had no part in the last steps. */
function reverseWarning({ alpha }: ApproximateOptions, effective: number): ApproximationWarning {
  const asked = alpha === undefined ? "the forward divergence" : `the divergence of order ${alpha}`;
  const shares = `${Number((100 * effective).toPrecision(2))} % of the samples were effective, and it takes ${100 * leastEffectiveByOrder} %`;
  return {
    code: "reverse",
    message: `${asked} was not minimized at the end: ${shares}, so that the last steps were those of the reverse divergence; try more steps, a larger flow, or parameters that depend on each other less`,
  };
}

function missedMessage({ missed }: Evidence): string {
  return `${(100 * missed).toPrecision(2)} % of the mass lies where the flow has hardly any: tails of the density are heavier than those of the flow, or it has places apart, and quantities that depend on them are not to be relied on; try more steps or a larger flow`;
}

/** Logarithms of radii of rays of the flow's base. */
const logRadii = [2, 3, 5, 8.5, 12, 17, 24];
const pointsAShell = 16;
/** Nats below the log evidence from which a shell does not matter. */
const negligible = 100;
/** Beyond it a map of heavy tails no longer is one. */
const farthest = 1e100;
/** Falls of the mass with the logarithm of the radius as in the probe of the tails. */
const noIntegral = 0.95;

/**
 * Along rays of the flow, which bends with the density: the mean of the log-density over a tube of fixed width is a lower bound of
 * the mass in it.
 * @throws NumericalError if that does not end.
 */
async function checkFlowRays(
  { base, space }: StartingFlow,
  weighing: Weighing,
  key: RandomKey,
  logEvidence: number,
  warn: (code: WarningCode, message: string) => void,
): Promise<void> {
  const n = base.features;
  const stream = new RandomStream(key);
  const directions: Float64Array[] = [];
  for (let i = 0; i < Math.min(n, 12); i++)
    for (const sign of [1, -1])
      directions.push(Float64Array.from({ length: n }, (_, j) => (i === j ? sign : 0)));
  for (let i = 0; n > 1 && i < 8; i++) {
    const direction = Float64Array.from({ length: n }, () => stream.normal());
    const length = Math.hypot(...direction);
    directions.push(direction.map((value) => value / length));
  }
  const perRay = logRadii.length * pointsAShell;
  const points = new Float64Array(directions.length * perRay * n);
  let row = 0;
  for (const direction of directions)
    for (const logRadius of logRadii)
      for (let point = 0; point < pointsAShell; point++, row++)
        for (let i = 0; i < n; i++)
          points[row * n + i] = Math.exp(logRadius) * direction[i]! + stream.normal();
  const { logDensity, logAbsDet, unbounded, values } = await weighing.at(points);
  directions.forEach((_, ray) => {
    const shells: { logRadius: number; logMass: number; row: number }[] = [];
    for (const [s, logRadius] of logRadii.entries()) {
      const first = ray * perRay + s * pointsAShell;
      let sum = 0;
      for (let row = first; row < first + pointsAShell; row++) {
        sum += (logDensity[row]! + logAbsDet[row]!) / pointsAShell;
        for (let i = 0; i < n; i++)
          if (Math.abs(unbounded[row * n + i]!) > Math.min(farthest, space.reach[i]!)) sum = Number.NaN;
      }
      if (!Number.isFinite(sum)) break;
      shells.push({ logRadius, logMass: sum + logRadius, row: first });
    }
    const last = shells.at(-1);
    if (!last || shells.length < 4) return;
    const from = shells.findLast(({ logRadius }) => logRadius <= 0.6 * last.logRadius)!;
    const order = (from.logMass - last.logMass) / Math.log(last.logRadius / from.logRadius);
    // Far below the mass of the samples nothing is told, even where it rises again.
    if (order >= 2 * noIntegral || last.logMass < logEvidence - negligible) return;
    const where = `along a ray of the flow, through ${weighing.place(values, last.row)},`;
    if (order < noIntegral)
      throw new NumericalError({
        problem: `The density has no integral: ${where} it falls off too slowly, or not at all`,
        expected: "a density with an integral",
        received: "one without",
        remedy: "does a parameter lack a prior, or do the data tell a combination of parameters only?",
      });
    warn(
      "improper",
      `the density may have no integral: ${where} it falls off so slowly that a probe cannot tell; give what is there a prior`,
    );
  });
}
