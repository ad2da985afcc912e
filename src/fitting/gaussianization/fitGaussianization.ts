/**
 * Gaussianization: rotate, make each column normal, and again, until held-out rows say stop. No gradients of the
 * likelihood, no step sizes to tune, and every layer has an exact inverse.
 *
 *     x_0 = standardized row,    x_(l+1) = x_l + A_l (Psi_l(A_l^T x_l) - A_l^T x_l),    x_L ~ b
 *     log p(x_0) = log b(x_L) + sum over layers and directions of log Psi_lk'
 *
 * The base b is N(0, I) with a small share of wide components, for rows unlike those that were fitted: `tailedNormal`.
 *
 * Each layer lowers the negentropy of the rows by that of their marginal distributions along A_l, so that what is left
 * tends to a normal distribution (Chen & Gopinath 2000; Laparra et al. 2011). With directions chosen by the sliced
 * Wasserstein distance it is Gaussianizing iterative slicing (Dai & Seljak 2021).
 *
 * S. Chen, R. Gopinath, "Gaussianization", NIPS 2000
 * V. Laparra, G. Camps-Valls, J. Malo, "Iterative Gaussianization: from ICA to random rotations", IEEE Transactions on
 *   Neural Networks 22 (2011), https://doi.org/10.1109/TNN.2011.2106511
 * B. Dai, U. Seljak, "Sliced Iterative Normalizing Flows", ICML 2021, https://arxiv.org/abs/2007.00674
 *
 * @module
 */

import { marginalSpline } from "../../bijections/autoregressive/marginalSpline.ts";
import { slicedSpline } from "../../bijections/autoregressive/slicedSpline.ts";
import type { Bijection } from "../../bijections/bijection.ts";
import { chain } from "../../bijections/combinators/chain.ts";
import { repeated } from "../../bijections/combinators/repeated.ts";
import { rotation } from "../../bijections/linear/rotation.ts";
import { tailedNormal } from "../../distributions/tailedNormal.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { numberOf, type OptionTable, oneOf, wholeNumber } from "../../options.ts";
import type { Table } from "../../tables/table.ts";
import type { FitResult } from "../fitOptions.ts";
import { checkedFitOptions } from "../fitOptions.ts";
import {
  type StatisticalFitOptions,
  type StatisticalModel,
  statisticalFit,
  statisticalOptionTable,
} from "../statisticalFit.ts";
import { chooseLayers } from "./gaussianizationChoice.ts";
import { type Layer, startLayers } from "./gaussianizationLayers.ts";
import { type MarginalKind, marginalKinds } from "./marginalMap.ts";
import { type RotationKind, rotationKinds } from "./rotations.ts";

/** Options of {@link fitGaussianization}. */
export interface GaussianizationOptions extends StatisticalFitOptions {
  /**
   * Directions of a layer: principal axes, independent components (FastICA), random, or those that differ most from
   * normal, at most 8 a layer, of the sliced Wasserstein distance (default `ica`).
   */
  readonly rotation?: RotationKind | undefined;
  /** How marginal distributions are estimated (default `kernel`). */
  readonly marginal?: MarginalKind | undefined;
  /**
   * Layers at most, of which as many are made as held-out rows say: by default 100, for `sliced` 300, but 10,000,000
   * over the rows where that is less, and no fewer than 50.
   */
  readonly layers?: number | undefined;
  /** Knots of each spline, from 8 to 256 (default 24). */
  readonly knots?: number | undefined;
  /** Share of the way to normal that a layer goes, above 0 and at most 0.95 (default 0.5; below 500 rows 0.25 or 0.5 by
   * trial). */
  readonly step?: number | undefined;
}

const gaussianizationOptionTable: OptionTable<GaussianizationOptions> = {
  ...statisticalOptionTable,
  rotation: oneOf(rotationKinds),
  marginal: oneOf(marginalKinds),
  layers: wholeNumber("an integer from 1 to 1000", 1, 1000),
  knots: wholeNumber("an integer from 8 to 256", 8, 256),
  step: numberOf("above 0 and at most 0.95", (value) => value > 0 && value <= 0.95),
};

/** Directions of a layer of the sliced kind at most, as in Dai & Seljak's table 4. */
const mostDirections = 8;

/** What bounds the time of a fit. Of all kinds only sliced was seen to go on gaining beyond a hundred layers. */
function mostLayers(kind: RotationKind, rows: number): number {
  return Math.min(kind === "sliced" ? 300 : 100, Math.max(50, Math.round(1e7 / rows)));
}

/**
 * Fits a Gaussianization flow to a table: seconds for 100,000 rows of 10 columns. Time is linear in the rows, and in
 * columns times layers times the larger of columns and knots.
 *
 * The model's kind is `sliced` where `rotation` is, else `gaussianization`; its numbers are float64 unless `precision`
 * says otherwise. The number of layers is that of the best held-out log-likelihood; see docs/fitting.md for small
 * tables, which are cross-validated.
 *
 * @throws {@link UsageError} for options outside their domain, DataError for data that cannot be used, AbortedError if
 *   the signal fires.
 * @example const { flow } = await fitGaussianization(table, { rotation: "sliced", seed: 1 });
 */
export async function fitGaussianization(
  table: Table,
  options: GaussianizationOptions = {},
): Promise<FitResult> {
  const {
    rotation,
    marginal = "kernel",
    knots = 24,
    step,
    layers: most,
    ...common
  } = checkedFitOptions("fitGaussianization", table, options, gaussianizationOptionTable);
  const kind = rotation ?? "ica";
  return statisticalFit(kind === "sliced" ? "sliced" : "gaussianization", table, common, async (data) => {
    const layers = most ?? mostLayers(kind, data.train.rows);
    const directions = kind === "sliced" ? Math.min(data.features, mostDirections) : data.features;
    const { plan, found, history, share, heights } = await chooseLayers(
      data,
      { rotation: kind, directions, marginal, knots, step, enoughHeld: 500 },
      layers,
      options,
    );
    return {
      ...modelOf(found, startLayers(plan), data.features, knots),
      base: { distribution: tailedNormal({ features: data.features, share }), values: {} },
      steps: found.length,
      history,
      heights: { values: heights, rows: data.train.rows },
    };
  });
}

/** The bijection of layers in the order in which they were found; that found last is next to the base. */
function modelOf(
  found: readonly Layer[],
  starts: number,
  features: number,
  knots: number,
): Pick<StatisticalModel, "bijection" | "values"> {
  // Layers along fewer directions than features cannot share their code with the first ones, which have all.
  const cut = found.some(({ axes }) => axes.columns < features) ? Math.min(starts, found.length) : 0;
  const parts = [found.slice(cut), found.slice(0, cut)].filter((part) => part.length > 0);
  const stacks = parts.map((part) => stackOf(part.toReversed(), features, knots));
  if (stacks.length === 1) return stacks[0]!;
  const values: ParameterValues = {};
  stacks.forEach((stack, i) => {
    for (const [name, data] of Object.entries(stack.values)) values[`${i}.${name}`] = data;
  });
  return { bijection: chain(stacks.map(({ bijection }) => bijection)), values };
}

/** Layers of one shape, base first. */
function stackOf(
  layers: readonly Layer[],
  features: number,
  knots: number,
): { readonly bijection: Bijection; readonly values: ParameterValues } {
  const directions = layers[0]!.axes.columns;
  const joined = (name: "data" | "base" | "logSlope"): Float64Array =>
    Float64Array.from(layers.flatMap((layer) => layer.knots.flatMap((own) => Array.from(own[name]))));
  const axes = Float64Array.from(layers.flatMap((layer) => layer.axes.to1DArray()));
  const spline = { data: joined("data"), base: joined("base"), logSlope: joined("logSlope") };
  const count = layers.length;
  if (directions < features)
    return {
      bijection: repeated({ layer: slicedSpline({ features, directions, knots }), count }),
      values: {
        directions: axes,
        ...Object.fromEntries(Object.entries(spline).map(([name, data]) => [`spline.${name}`, data])),
      },
    };
  return {
    bijection: repeated({
      layer: chain([marginalSpline({ features, knots }), rotation({ features })]),
      count,
    }),
    values: {
      ...Object.fromEntries(Object.entries(spline).map(([name, data]) => [`0.${name}`, data])),
      "1.rotation": axes,
    },
  };
}
