/**
 * How well the normalizer of a resampled base is known: from other draws than those that its density has.
 *
 * @module
 */

import { isResampled } from "../distributions/joint/resampled.ts";
import { setKnownParameters } from "../engines/setKnownParameters.ts";
import { UsageError } from "../errors.ts";
import * as g from "../graph/ops.ts";
import { bindTree } from "../graph/parameters.ts";
import { engineOf } from "../models/evaluation.ts";
import { Flow } from "../models/flow.ts";
import { withoutPrefix } from "../models/parameters.ts";
import { checkArgument, checkedOptions, integer, type OptionTable, wholeNumber } from "../options.ts";
import { RandomStream, randomKey, split } from "../random/philox.ts";

/** Options of {@link acceptedShare}. */
export interface AcceptedShareOptions {
  /** Normal draws, from 100 to 10 million (default 100,000). */
  readonly draws?: number | undefined;
  /** Same seed, same draws (default 0). */
  readonly seed?: number | undefined;
}

/** What is known of the normalizer of a resampled base. */
export interface AcceptedShare {
  /** Z as the density has it. */
  readonly normalizer: number;
  /** Whether that is an estimate itself; up to three features it is a quadrature. */
  readonly isEstimate: boolean;
  /** Z as the draws have it, which the density has not seen. */
  readonly estimate: number;
  /** Standard error of `estimate`. */
  readonly standardError: number;
  /** By how much a log-density may be wrong, in nats: the largest difference at a draw, for any Z within two standard errors of the estimate. */
  readonly logProbError: number;
}

const optionTable: OptionTable<AcceptedShareOptions> = {
  draws: wholeNumber("an integer from 100 to 10,000,000", 100, 1e7),
  seed: integer,
};

const isFlow = {
  expected: "a flow with the base `resampled`",
  accepts: (value: unknown) => value instanceof Flow,
};

/**
 * The share of points that a resampled base takes, which normalizes its density, and how far off log-densities may be for not knowing it. O(draws).
 * @throws UsageError for a flow of another base.
 */
export async function acceptedShare(flow: Flow, options: AcceptedShareOptions = {}): Promise<AcceptedShare> {
  checkArgument("acceptedShare", "flow", flow, isFlow);
  const { draws = 100_000, seed = 0 } = checkedOptions("acceptedShare", options, optionTable);
  const { base, values } = flow.model;
  if (!isResampled(base))
    throw new UsageError({
      where: "acceptedShare",
      subject: "the base of the flow",
      expected: "resampled",
      received: base.type,
    });
  const { features } = base;
  const bound = bindTree(base.parameters);
  const engine = engineOf({ precision: "float64" });
  const shares = await engine.compile({
    rows: { accepted: base.acceptance(g.input("z", [features]), bound), normalizer: base.normalizer(bound) },
  });
  const factors = await engine.compile({
    rows: { factor: base.logFactor(g.input("logAccepted", []), g.input("total", [])) },
  });
  try {
    await setKnownParameters(shares, withoutPrefix(values, "base."));
    const stream = new RandomStream(split(randomKey(seed), "acceptedShare"));
    const z = Float64Array.from({ length: draws * features }, () => stream.normal());
    const { rows } = await shares.run({ rows: draws, inputs: { z } });
    const accepted = rows.accepted!;
    const normalizer = rows.normalizer![0]!;
    const estimate = accepted.reduce((sum, share) => sum + share, 0) / draws;
    const variance = accepted.reduce((sum, share) => sum + (share - estimate) ** 2, 0) / (draws - 1);
    const standardError = Math.sqrt(variance / draws);
    const logAccepted = accepted.map(Math.log);
    const logFactors = async (total: number): Promise<Float64Array> => {
      const inputs = { logAccepted, total: new Float64Array(draws).fill(total) };
      return (await factors.run({ rows: draws, inputs })).rows.factor!;
    };
    const own = await logFactors(normalizer);
    let logProbError = 0;
    for (const side of [-2, 0, 2]) {
      const others = await logFactors(estimate + side * standardError);
      for (let i = 0; i < draws; i++) logProbError = Math.max(logProbError, Math.abs(own[i]! - others[i]!));
    }
    return { normalizer, isEstimate: base.isEstimate, estimate, standardError, logProbError };
  } finally {
    shares.dispose();
    factors.dispose();
  }
}
