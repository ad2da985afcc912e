/**
 * Few rows make a flow too sure: what it has learnt by heart of single rows is nearer to them than other rows are, so that
 * held-out rows lie too far out in the base. One scale between the base and the flow takes back as much as they ask for:
 *
 *     x = f(s z),     s >= 1 maximizes  sum_ij log(p(u_ij / s) / s) - (log s)^2 / (2 * 0.2^2)
 *
 * over the held-out rows u = f^-1(x). p is a normal density with the tails of `tailedNormal`, which keep a row unlike the
 * others from widening them all; the last term keeps a handful of rows from deciding. Intervals of samples then cover more
 * nearly what they say, and held-out rows score better.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import { chain } from "../../bijections/combinators/chain.ts";
import { affine } from "../../bijections/linear/affine.ts";
import { tailExcesses, tailGain } from "../../distributions/tailedNormal.ts";
import { loadParts } from "../../models/files/modelFile.ts";
import { Flow } from "../../models/flow.ts";
import type { Model } from "../../models/model.ts";
import { named } from "../../models/namedModel.ts";
import { withPrefix } from "../finishFit.ts";
import { type FitData, joinedRows } from "../fitData.ts";
import type { FitOptions } from "../fitOptions.ts";

/** Rows of a table from which on a fit is left as it is. */
export const widenedBelow = 2000;

/** Share of the wide components in the density that held-out values are expected to have. */
const strayShare = 0.01;

/** Standard deviation of log s that is expected before any row was seen. */
const usualLogScale = 0.2;

/** Step of log s: half of it costs less than anybody can measure. */
const logScaleStep = 0.01;

/** Log s at most: twice as wide. */
const largestLogScale = Math.LN2;

/**
 * The logarithm of the scale s that base values of held-out rows ask for, from 0 up to the first maximum. O(n d) for
 * each hundredth of it.
 * @param values - Base values, row-major, n rows of d features.
 * @param weights - Weights of the rows, of mean about 1.
 */
export function widening(values: Float64Array, features: number, weights?: Float64Array | undefined): number {
  const gain = tailGain(strayShare);
  const score = (logScale: number): number => {
    const squares = values.map((value) => value * value * Math.exp(-2 * logScale));
    const excesses = tailExcesses(squares, 1);
    return squares.reduce(
      (sum, square, i) =>
        sum + (weights?.[Math.floor(i / features)] ?? 1) * (gain(excesses[i]!) - 0.5 * square - logScale),
      -0.5 * (logScale / usualLogScale) ** 2,
    );
  };
  let steps = 0;
  let highest = score(0);
  for (;;) {
    const next = score((steps + 1) * logScaleStep);
    if (!(next > highest) || (steps + 1) * logScaleStep > largestLogScale) return steps * logScaleStep;
    highest = next;
    steps++;
  }
}

/**
 * The model with as wide a base as the held-out rows of a small table ask for; else the model as it is, and so for an
 * architecture of the caller's own.
 */
export async function widened(
  model: Model,
  architecture: Architecture,
  data: FitData,
  options: FitOptions,
): Promise<Model> {
  const { validation } = data;
  const { features, base, training } = architecture;
  if (!validation || data.rows >= widenedBelow || training || base.type !== "standardNormal") return model;
  if (architecture.bijection.branches || (options.flow !== undefined && typeof options.flow !== "string"))
    return model;
  await loadParts(model);
  const values = await new Flow(model).toBase(joinedRows(validation, data), {
    engine: options.engine,
    threads: options.threads,
    wide: options.wide,
    signal: options.signal,
  });
  if (!values.every(Number.isFinite)) return model;
  const logScale = widening(values, features, validation.weights);
  if (logScale === 0) return model;
  const flow = Object.entries(model.values).map(([name, values]): [string, Float64Array] => [
    name.replace(/^bijection\./, "bijection.1."),
    values,
  ]);
  const name = model.nameOf?.(model, "widened");
  const wide: Model = {
    ...model,
    bijection: chain([affine({ features, kind: "scalar" }), model.bijection]),
    values: {
      ...Object.fromEntries(flow),
      ...withPrefix("bijection.0.", {
        shift: Float64Array.of(0),
        logScale: Float64Array.of(Math.fround(logScale)),
      }),
    },
  };
  return name === undefined ? wide : named(wide, name);
}
