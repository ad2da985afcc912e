/**
 * Density estimation by dual ascent of the log-likelihood: the map to normality as a long composition of elementary
 * maps, each near the identity and each found by ascent of
 *
 *     L[phi_t] = mean_j log rho_t(x_j),   rho_t(x) = mu(phi_t(x)) |det J_phi_t(x)|,   mu = N(0, I)
 *
 * phi_0 makes the covariance the identity, so rho_0 is the Gaussian of the rows. Each step adds a radial map around a
 * center and one-dimensional maps along orthogonal directions, both followed by what brings mean and scale back
 * (preconditioning). As t grows phi_t(x) tends to normal; dually the flow from mu back, which samples, tends to the
 * data. L of the rows that are fitted never falls; when to stop is decided by rows held out.
 *
 * E. Tabak, E. Vanden-Eijnden, "Density estimation by dual ascent of the log-likelihood", Communications in
 * Mathematical Sciences 8 (2010), https://doi.org/10.4310/CMS.2010.v8.n1.a11; E. Tabak, C. Turner, "A family of
 * nonparametric density estimation algorithms", Communications on Pure and Applied Mathematics 66 (2013),
 * https://doi.org/10.1002/cpa.21423
 *
 * @module
 */

import type { Bijection } from "../../bijections/bijection.ts";
import { chain } from "../../bijections/combinators/chain.ts";
import { repeated } from "../../bijections/combinators/repeated.ts";
import { directionalMap } from "../../bijections/residual/directionalMap.ts";
import { radialMap } from "../../bijections/residual/radialMap.ts";
import type { RadialProfile } from "../../bijections/residual/radialProfiles.ts";
import { split } from "../../random/philox.ts";
import type { Table } from "../../tables/table.ts";
import { ascentPatience, fitDefaults } from "../defaults.ts";
import type { FinishedFit } from "../finishFit.ts";
import type { FitOptions, FitProgress } from "../fitOptions.ts";
import { fitWhitening, type Preparation } from "../preparation/preparation.ts";
import { firstRows } from "../rowFolds.ts";
import { type StandardizedData, type StatisticalModel, statisticalFit } from "../statisticalFit.ts";
import { type Ascent, AscentRun, type AscentStep, climb } from "./dualAscent.ts";
import { chooseAscent, pointsOf } from "./dualAscentChoice.ts";

/** Fewer points than this say nothing. */
const fewestInBall = 3;
/** Part of Newton's step that is taken. Many small steps generalize better than few large ones. */
const rate = 0.3;
/** Rows that gradients are estimated from. */
const sample = 2000;
/** Choosing among more than the rows can tell apart is overfitting. */
const rowsACandidate = 200;
const mostCandidates = 8;
/** Rows that are fitted, at most, and that are held out: more of them would only leave time for fewer steps. */
const mostRows = { train: 20_000, heldOut: 5000 } as const;
/** What bounds the time of a fit: operations on the rows that are fitted, and on all that are scored at the end. */
const mostWork = { ascent: 5e9, scoring: 16e9 } as const;
/** Steps between two entries of the history. */
const stepsARecord = 10;

/**
 * Fits a table by dual ascent of the log-likelihood; see the file's head. The model's kind is `dual-ascent`, its
 * bijection one `repeated` layer (and, with two or more columns, a triangular map before it on the side of the data), so
 * that `flow.at(t)` gives the flow stopped after t steps. Cost O(steps * rows * columns^2); memory a few times that of
 * the table. Of more than 20,000 training rows the ascent sees 20,000, drawn by the seed, of which L never falls;
 * all enter the whitening and the scores. Below about 1,000 rows the choice is cross-validated, see docs/fitting.md.
 * @throws DataError for data that cannot be used, AbortedError if the signal fires.
 */
export function fitDualAscent(table: Table, options: FitOptions): Promise<FinishedFit> {
  return statisticalFit("dual-ascent", table, options, (data) => ascend(data, options));
}

async function ascend(data: StandardizedData, options: FitOptions): Promise<StatisticalModel> {
  const { features: n } = data;
  const train = firstRows(data.train, n, mostRows.train);
  const validation = data.validation && firstRows(data.validation, n, mostRows.heldOut);
  const {
    maps = fitDefaults.maps,
    profile = fitDefaults.profile,
    patience = ascentPatience,
    pointsInBall,
    signal,
  } = options;
  const white = n > 1 ? fitWhitening(data.train.data, n, data.train.weights) : undefined;
  const candidates = Math.max(1, Math.min(mostCandidates, Math.floor(train.rows / rowsACandidate)));
  const perStep = train.rows * n * (2 * n + 20) + candidates * Math.min(train.rows, sample) * n * 20;
  const scored = (data.train.rows + (data.validation?.rows ?? 0)) * n * (2 * n + 40);
  const most =
    options.steps ??
    Math.max(
      20,
      Math.floor(Math.min(fitDefaults.steps, mostWork.ascent / perStep, mostWork.scoring / scored)),
    );
  const settings = { maps, profile, rate, candidates, sample };
  const key = split(data.key, "steps");
  const choice = await chooseAscent(train, validation, {
    features: n,
    white,
    key,
    signal,
    settings,
    share: pointsInBall === undefined ? undefined : Math.min(1, pointsInBall / train.rows),
    leastShare: Math.min(1, fewestInBall / train.rows),
    most,
    patience,
    isCounted: options.steps !== undefined && !validation,
  });
  const steps = choice.steps ?? most;
  const history: FitProgress[] = [];
  const run = new AscentRun(
    pointsOf(train, n, white),
    validation && pointsOf(validation, n, white),
    { ...settings, share: choice.share },
    key,
  );
  const climbed = await climb(
    [run],
    { steps, patience: choice.steps === undefined ? patience : undefined },
    {
      signal,
      onStep({ step, train: own, heldOut, best }) {
        if (step % stepsARecord !== 0 && step !== steps) return;
        const record: FitProgress = {
          epoch: step,
          epochs: steps,
          step,
          steps,
          trainLogProb: own + data.logAbsDet,
          validationLogProb: heldOut + data.logAbsDet,
          bestEpoch: best,
        };
        history.push(record);
        options.onProgress?.(record);
      },
    },
  );
  return {
    ...modelOf(climbed, n, profile, white),
    history,
    heights: { values: climbed.heights, rows: train.rows },
  };
}

/** The steps as one repeated layer: the first found is next to the data, so it is the last slice. */
function modelOf(
  { steps }: Ascent,
  n: number,
  profile: RadialProfile,
  white: Preparation | undefined,
): StatisticalModel {
  if (steps.length === 0) {
    // Not one step helped the held-out rows: the Gaussian stays.
    const still = white ?? fitWhitening(Float64Array.of(-1, 1), 1);
    return { bijection: still.bijection, values: still.values, steps: 0 };
  }
  const slices = steps.slice().reverse();
  const values: Record<string, Float64Array> = {};
  const parts: Bijection[] = [];
  const both = Object.keys(slices[0]!).length > 1;
  const add = (name: keyof AscentStep, bijection: Bijection): void => {
    if (!slices[0]![name]) return;
    const prefix = `${white ? "0." : ""}${both ? `${parts.length}.` : ""}`;
    parts.push(bijection);
    for (const parameter of Object.keys(bijection.parameters)) {
      const lists = slices.map((step) => (step[name] as unknown as Record<string, Float64Array>)[parameter]!);
      const stacked = new Float64Array(lists.length * lists[0]!.length);
      lists.forEach((list, i) => stacked.set(list, i * list.length));
      values[prefix + parameter] = stacked;
    }
  };
  add("directional", directionalMap({ features: n }));
  add("radial", radialMap({ features: n, profile }));
  const layers = repeated({ layer: both ? chain(parts) : parts[0]!, count: slices.length });
  if (!white) return { bijection: layers, values, steps: steps.length };
  for (const [name, list] of Object.entries(white.values)) values[`1.${name}`] = list;
  return { bijection: chain([layers, white.bijection]), values, steps: steps.length };
}
