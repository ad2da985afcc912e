/**
 * Variational inference: a flow fitted to a density that is known up to a constant.
 *
 * @module
 */

import { checkedOptions } from "../../options.ts";
import { checkFormerCall } from "../flowOption.ts";
import type { ApproximateOptions } from "./approximateOptions.ts";
import { approximateOptionTable } from "./approximateOptionTable.ts";
import type { Approximation } from "./approximation.ts";

/**
 * Fits a flow to a density by the reverse Kullback-Leibler divergence (Rezende & Mohamed 2015,
 * https://arxiv.org/abs/1505.05770, equation 15), from where half of the samples are effective on by the mean of it and the
 * forward one, or by the importance-weighted bound; see `divergence`.
 *
 * It stops where weighted samples are about as good as exact ones, if those of the diagnostics agree; else it goes on to
 * the last step.
 *
 * First the nearest Gaussian is found, on parameters without bounds, by Newton's method; the flow bends it. Tails are probed far
 * out: a density without an integral is refused, heavy ones get a map to light ones; and several starts look for separate modes,
 * which become components of the base. The result is in the parameters' own units. It is computed in float64 unless asked
 * otherwise.
 *
 * @throws {@link UsageError} for options that do not fit, ShapeError if the log-density is not a scalar, NumericalError if it is
 *   not finite where the fit starts or stays so, or has no integral, AbortedError if the signal fires.
 * @example
 * const { flow, report } = await approximate({
 *   parameters: { mu: "real", tau: "positive" },
 *   logDensity: ({ mu, tau }, ops) => ops.neg(ops.add(ops.square(ops.div(mu, tau)), tau)),
 * });
 */
export async function approximate(wanted: ApproximateOptions): Promise<Approximation> {
  checkFormerCall(
    "approximate",
    wanted,
    undefined,
    "approximate({ parameters, logDensity, flow: architecture, ... })",
  );
  const options = checkedOptions("approximate", wanted, approximateOptionTable);
  // Who fits tables does without the rest.
  const { fitToDensity } = await import("./fitToDensity.ts");
  return await fitToDensity(options);
}
