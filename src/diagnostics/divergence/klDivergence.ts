/**
 * The Kullback-Leibler divergence between two flows: how many nats per row are lost when rows of p are taken for rows of q.
 *
 *     KL(p || q) = E_p[log p(x) - log q(x)]
 *
 * The mean over samples of p; its standard error is the deviation of the terms over the root of their number. The estimate has no bias,
 * so that of flows that hardly differ it may come out below 0 by its standard error. With `given` it is the mean over the values given.
 *
 * S. Kullback, R. A. Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22 (1951),
 * https://doi.org/10.1214/aoms/1177729694
 *
 * @module
 */

import { NumericalError } from "../../errors.ts";
import type { Flow } from "../../models/flow.ts";
import type { EvaluationOptions, SampleOptions } from "../../models/flowOptions.ts";
import { meanAndError } from "../../numerics/meanAndError.ts";
import { checkedOptions } from "../../options.ts";
import { klDivergenceDefaults } from "../defaults.ts";
import { countOfRows, densityRatio } from "./densityRatio.ts";
import { klDivergenceOptionTable } from "./divergenceOptions.ts";
import { checkSameMeasure } from "./sameMeasure.ts";

/** Options of {@link klDivergence}. */
export interface KlDivergenceOptions extends EvaluationOptions {
  /** Samples of p (default 10,000); the standard error falls with their root. */
  readonly draws?: number | undefined;
  /** Same seed, same samples (default 0). */
  readonly seed?: number | undefined;
  /** Values of the columns that both flows are given: of each a value for all samples, or as many values as samples. */
  readonly given?: SampleOptions["given"];
  /** Called with one line where samples of p are impossible under q. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/** What {@link klDivergence} gives, in nats per row. */
export interface KlDivergence {
  /** The divergence: infinity where there are {@link impossible} samples. */
  readonly mean: number;
  /** Standard error of {@link mean}; infinite where that is. */
  readonly standardError: number;
  /** Samples of p. */
  readonly draws: number;
  /** Samples among them that are impossible under q, their density being 0. */
  readonly impossible: number;
  /**
   * Set where p or q knows a lower bound of its log-densities alone: then it is the mean difference of what they know, and may be above or below the
   * divergence.
   */
  readonly bound?: true | undefined;
  /** Mean and standard error over the other samples: those above where all are possible. NaN where none is. */
  readonly possible: {
    /** Mean of log p - log q. */
    readonly mean: number;
    /** Standard error of it. */
    readonly standardError: number;
  };
}

/**
 * Estimates KL(p || q). Cost: the samples, and a pass of each flow over them.
 *
 * @param p - A flow of any kind, that samples are drawn of.
 * @param q - A flow of the same columns with the same reference measures: see `Flow.description.measures`.
 * @throws UsageError if the flows are of different columns or measures; as `Flow.sample` and `Flow.logProb`.
 * @throws NumericalError if the density of a sample of p is too small for a number under p itself.
 * @example const { mean, standardError } = await klDivergence(p, q, { draws: 20_000 }); // 0.50 +- 0.01 nats per row
 */
export async function klDivergence(
  p: Flow,
  q: Flow,
  options: KlDivergenceOptions = {},
): Promise<KlDivergence> {
  const {
    draws = klDivergenceDefaults.draws,
    onWarning,
    seed,
    given,
    ...how
  } = checkedOptions("klDivergence", options, klDivergenceOptionTable);
  checkSameMeasure("klDivergence", p, q);
  // Columns that an earlier fit spread over their recorded step are left as the density has them.
  const table = await p.sample(draws, { ...how, seed, given, continuous: true });
  const { logRatio, impossible } = await densityRatio(p, q, table, how);
  const lost = impossible.p + impossible.both;
  if (lost > 0)
    throw new NumericalError({
      where: "klDivergence",
      problem: `${countOfRows(lost, draws, "samples of p")} impossible under p itself once rounded`,
      expected: "samples that p can have",
      received: `${lost} of ${draws} that it cannot`,
      remedy: "mend p, or draw with another seed",
    });
  const possible = logRatio.filter((value) => value !== Number.POSITIVE_INFINITY);
  const ofPossible =
    possible.length > 0 ? meanAndError(possible) : { mean: Number.NaN, standardError: Number.NaN };
  const bound = p.description.bound || q.description.bound ? { bound: true as const } : {};
  if (impossible.q === 0) return { ...ofPossible, draws, impossible: 0, ...bound, possible: ofPossible };
  if (onWarning) {
    const [first] = await q.impossibleRows(table, how);
    const example = first ? `, such as row ${first.row}: ${first.reason}` : "";
    onWarning(
      `${countOfRows(impossible.q, draws, "samples of p")} impossible under q${example}; the divergence is infinite, and over the other samples ${ofPossible.mean.toPrecision(3)} nats.`,
    );
  }
  return {
    mean: Number.POSITIVE_INFINITY,
    standardError: Number.POSITIVE_INFINITY,
    draws,
    impossible: impossible.q,
    ...bound,
    possible: ofPossible,
  };
}
