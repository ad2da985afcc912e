/**
 * Variational inference, once the options are checked: from a density to a flow that is judged.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import type { VariationalKind } from "../../architectures/kinds.ts";
import { UsageError } from "../../errors.ts";
import { engineOf } from "../../models/evaluation.ts";
import { loadParts } from "../../models/files/modelFile.ts";
import { Flow } from "../../models/flow.ts";
import { randomKey, split } from "../../random/philox.ts";
import { approximateDefaults } from "../defaults.ts";
import { architectureOfOption } from "../flowOption.ts";
import type { EpochRecord } from "../gradient/minimize.ts";
import { type ApproximateOptions, checked } from "./approximateOptions.ts";
import { type Approximation, type ApproximationReport, summaryOf } from "./approximation.ts";
import { type Judgement, judge } from "./judgement/judgement.ts";
import { Weighing } from "./judgement/weighing.ts";
import { parameterSpace } from "./parameterSpace.ts";
import { startOf } from "./startingFlow.ts";
import { compileTraining, type Trained } from "./training.ts";
import { variationalArchitecture } from "./variationalArchitecture.ts";
import { densityOf, derivedOf } from "./writtenDensity.ts";

/** Where the weights are still unreliable after the default steps, training goes on until this multiple of them. */
const moreTimes = 3;

/** What `approximate` gives, for options that have been checked. */
export async function fitToDensity(options: ApproximateOptions): Promise<Approximation> {
  const precision = options.precision ?? "float64";
  const space = parameterSpace(options.parameters, { precision });
  const features = space.columns.length;
  const given = architectureFor(features, options);
  const { steps, draws } = checked(given, features, options);
  const key = split(randomKey(options.seed ?? 0), "variational");
  const double = engineOf({ ...options, precision: "float64" });
  const target = densityOf(options.logDensity, space);
  const start = await startOf(given, space, target, { ...options, precision, key, engine: double });
  const weighing = await Weighing.compile(
    start.base,
    start.model,
    start.unbounded,
    space,
    { target, derived: (at) => derivedOf(options.derived, space, at) },
    double,
  );
  const training = compileTraining(start, { ...options, precision, key, steps, draws });
  try {
    // The first training may stop early by chance, which other samples tell; the last, where no number of steps is given,
    // is for a flow that is on its way but not near enough.
    const ends = [1, 1, ...(options.steps === undefined ? [moreTimes] : [])];
    let trained: Trained = training.start;
    let judgement: Judgement | undefined;
    if (await training.isExactAtStart()) {
      judgement = await judge(start, trained, weighing, options);
      if (judgement.isGood) trained = { ...trained, isMet: true };
    }
    for (const times of judgement?.isGood ? [] : ends) {
      if (trained.epochs >= times * training.epochs) continue;
      trained = await training.train(trained, times);
      judgement = await judge(start, trained, weighing, options);
      if (judgement.isGood) break;
    }
    return await wrapped(trained, judgement!, weighing, options);
  } finally {
    training.dispose();
  }
}

/** The architecture that is asked for. */
function architectureFor(features: number, { flow, transforms, hidden }: ApproximateOptions): Architecture {
  const architecture = architectureOfOption("approximate", flow, { features, context: 0 });
  if (!architecture)
    return variationalArchitecture((flow ?? approximateDefaults.flow) as VariationalKind, {
      features,
      ...(transforms === undefined ? {} : { transforms }),
      ...(hidden === undefined ? {} : { hidden }),
    });
  const twice = transforms !== undefined ? "transforms" : hidden !== undefined ? "hidden" : undefined;
  if (twice !== undefined)
    throw new UsageError({
      where: "approximate",
      problem: `${twice} is for a flow that is named; an architecture has its own`,
      expected: `no ${twice} beside an architecture`,
      received: "both",
      remedy: `give ${twice} where it is made`,
    });
  return architecture;
}

/** What a user gets, and is warned of. */
async function wrapped(
  { model, history, steps, isMet }: Trained,
  { samples, diagnostics, warnings, reliable }: Judgement,
  weighing: Weighing,
  options: ApproximateOptions,
): Promise<Approximation> {
  // A flow is saved without waiting, and read back to see that it can be.
  await loadParts(model);
  const flow = new Flow({
    ...model,
    fitted: { ...model.fitted, trainLogProb: diagnostics.bound, validationLogProb: diagnostics.bound },
  });
  for (const { message } of warnings) options.onWarning?.(message);
  const report: ApproximationReport = {
    diagnostics,
    logEvidence: diagnostics.logEvidence,
    logEvidenceError: diagnostics.logEvidenceError,
    kHat: diagnostics.k,
    effectiveSampleSize: diagnostics.effectiveSamples,
    reliable,
    warnings,
    steps,
    isConverged: isMet,
    parameters: flow.parameterCount,
    summary: summaryOf(samples),
    history: history as readonly EpochRecord[],
  };
  return {
    flow,
    report,
    sample: async (n, sampleOptions = {}) => {
      const { table, logProb, logDensity, logWeights } = await weighing.sample(n, {
        seed: options.seed ?? 0,
        signal: options.signal,
        ...sampleOptions,
      });
      return { table, logProb, logDensity, logWeights };
    },
  };
}
