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
import type { Table } from "../../tables/table.ts";
import { fitDefaults } from "../defaults.ts";
import type { FinishedFit } from "../finishFit.ts";
import type { FitOptions } from "../fitOptions.ts";
import { type StatisticalModel, statisticalFit } from "../statisticalFit.ts";
import { chooseLayers } from "./gaussianizationChoice.ts";
import { type Layer, startLayers } from "./gaussianizationLayers.ts";
import type { RotationKind } from "./rotations.ts";

/** Directions of a layer of the sliced kind at most, as in Dai & Seljak's table 4. */
const mostDirections = 8;

/** What bounds the time of a fit. Of all kinds only sliced was seen to go on gaining beyond a hundred layers. */
function mostLayers(rotation: RotationKind, rows: number): number {
  return Math.min(rotation === "sliced" ? 300 : 100, Math.max(50, Math.round(1e7 / rows)));
}

/**
 * Fits a Gaussianization flow to a table: seconds for 100,000 rows of 10 columns. Time is linear in the rows, and in
 * columns times layers times the larger of columns and knots.
 *
 * Numbers are float64 unless `precision` says otherwise. The number of layers is that of the best held-out
 * log-likelihood; see docs/fitting.md for small tables, which are cross-validated.
 *
 * @throws DataError for data that cannot be used, AbortedError if the signal fires.
 */
export function fitGaussianization(table: Table, options: FitOptions): Promise<FinishedFit> {
  return fitLayers("gaussianization", table, options, options.rotation ?? fitDefaults.rotation);
}

/** The same along the directions of the sliced Wasserstein distance: the kind `sliced`. */
export function fitSliced(table: Table, options: FitOptions): Promise<FinishedFit> {
  return fitLayers("sliced", table, options, "sliced");
}

function fitLayers(
  kind: "gaussianization" | "sliced",
  table: Table,
  options: FitOptions,
  rotation: RotationKind,
): Promise<FinishedFit> {
  const { marginal = fitDefaults.marginal, knots = fitDefaults.knots, step, layers: most } = options;
  return statisticalFit(kind, table, options, async (data) => {
    const layers = most ?? mostLayers(rotation, data.train.rows);
    const directions = kind === "sliced" ? Math.min(data.features, mostDirections) : data.features;
    const { plan, found, history, share, heights } = await chooseLayers(
      data,
      { rotation, directions, marginal, knots, step, enoughHeld: 500 },
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
    Float64Array.from(layers.flatMap((layer) => layer.knots.flatMap((knot) => Array.from(knot[name]))));
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
