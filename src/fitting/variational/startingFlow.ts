/**
 * Where a variational fit starts: the nearest Gaussian, or several, on coordinates in which tails are light, with the unfitted
 * flow inside.
 *
 * @module
 */

import type { Architecture } from "../../architectures/architecture.ts";
import { kindOf } from "../../architectures/kindOf.ts";
import type { Bijection } from "../../bijections/bijection.ts";
import { chain } from "../../bijections/combinators/chain.ts";
import { heavyTails } from "../../bijections/domains/heavyTails.ts";
import { triangularAffine } from "../../bijections/linear/triangularAffine.ts";
import type { Engine } from "../../engines/engine.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Model, parameterTree } from "../../models/model.ts";
import { initialValues, type ParameterValues } from "../../models/parameters.ts";
import { type RandomKey, randomKey, split } from "../../random/philox.ts";
import { withPrefix } from "../finishFit.ts";
import { compileSlopes, type Gaussian, GaussianSearch } from "./gaussianApproximation.ts";
import type { Bounded } from "./judgement/boundDistances.ts";
import { findModes, type Modes } from "./judgement/modes.ts";
import { probeTails, type TailWeights } from "./judgement/tails.ts";
import type { ApproximationWarning } from "./judgement/warnings.ts";
import { LatentBase } from "./latentBase.ts";
import type { ParameterSpace } from "./parameterSpace.ts";

/** A flow before its training. */
export interface StartingFlow {
  /** The architecture that is trained, with its base. */
  readonly flow: Architecture;
  readonly base: LatentBase;
  readonly model: Model;
  /** The model's preparation without the bounds of the parameters. */
  readonly unbounded: Bijection;
  /** The log-density in the coordinates in which the Gaussian was found, tails made light, in nats. */
  readonly logDensity: (t: Expr) => Expr;
  readonly gaussian: Gaussian;
  readonly space: ParameterSpace;
  /** Components that the base could not have. */
  readonly modes: Modes | undefined;
  readonly warnings: readonly ApproximationWarning[];
}

/** What the start is told. */
export interface StartOptions {
  readonly engine: Engine;
  readonly key: RandomKey;
  readonly precision: "float32" | "float64";
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the start.
 * @param target - Log-density of the parameters in their own units.
 * @throws NumericalError if no start has a finite density, or the density has no integral.
 */
export async function startOf(
  architecture: Architecture,
  space: ParameterSpace,
  target: (at: Bounded) => Expr,
  { engine, key, precision, seed = 0, signal }: StartOptions,
): Promise<StartingFlow> {
  const features = space.columns.length;
  const plain = (u: Expr): Expr => {
    const at = space.at(u);
    return g.add(target(at), at.logAbsDet);
  };
  let logDensity = plain;
  let slopes = await compileSlopes(plain, features, { engine, signal });
  try {
    let search = new GaussianSearch(slopes.evaluate, features, key);
    let gaussian = await search.nearest();
    const { weights, warnings } = await probeTails(slopes.evaluate, gaussian, space, split(key, "tails"));
    let outer: Outer | undefined;
    if (weights) {
      outer = outerOf(weights, gaussian, precision);
      const { map, values, logAbsDet } = outer;
      const constants = Object.fromEntries(
        Object.entries(values).map(([name, numbers]) => [
          name,
          g.constant(numbers, numbers.length === 1 && weights.shared ? [] : [numbers.length]),
        ]),
      );
      const { mean, factor } = outer.gaussian;
      logDensity = (t) => {
        const { value, logAbsDet: ofTails } = map.forward(t, constants);
        return g.add(
          plain(g.linear(value, g.constant(factor, [features, features]), g.constant(mean))),
          g.add(ofTails, logAbsDet),
        );
      };
      slopes.dispose();
      slopes = await compileSlopes(logDensity, features, { engine, signal });
      search = new GaussianSearch(slopes.evaluate, features, key);
      gaussian = await search.nearest();
    }
    const modeSearch = await findModes(search, slopes.evaluate, gaussian, key);
    const isFree = architecture.base.type === "standardNormal";
    const modes = isFree ? modeSearch : undefined;
    const base = modes?.base ?? LatentBase.standard(features);
    const flow: Architecture = { ...architecture, base: isFree ? base.distribution : architecture.base };
    const middle = modes?.gaussian ?? gaussian;
    return {
      flow,
      base,
      ...modelOf(flow, base, space, middle, outer, { seed, precision }),
      logDensity,
      gaussian: middle,
      space,
      modes: modeSearch,
      warnings,
    };
  } finally {
    slopes.dispose();
  }
}

/** A map of tails, and the affine map behind it. */
interface Outer {
  readonly map: Bijection;
  readonly values: ParameterValues;
  readonly gaussian: Pick<Gaussian, "mean" | "factor">;
  /** Of the affine map. */
  readonly logAbsDet: number;
}

/** Tails of each coordinate leave the others alone; of an elliptical density they go with all of its covariance. */
function outerOf(weights: TailWeights, { mean, factor }: Gaussian, precision: "float32" | "float64"): Outer {
  const features = mean.length;
  const scales = Float64Array.from({ length: features }, (_, i) => {
    let square = 0;
    for (let j = 0; j <= i; j++) square += factor[i * features + j]! ** 2;
    return Math.sqrt(square);
  });
  const sharedWeights = weights.shared
    ? factor
    : factor.map((_, i) => (i % (features + 1) === 0 ? scales[i / (features + 1)]! : 0));
  let logAbsDet = 0;
  for (let i = 0; i < features; i++) logAbsDet += Math.log(sharedWeights[i * features + i]!);
  return {
    map: heavyTails({ features, shared: weights.shared, reach: precision === "float64" ? 600 : 60 }),
    values: weights.shared
      ? { weight: Float64Array.of(weights.weight) }
      : { below: weights.below, above: weights.above },
    gaussian: { mean, factor: sharedWeights },
    logAbsDet,
  };
}

/** Values of an affine map of the prepared coordinates. */
function affineValues({ mean, factor }: Pick<Gaussian, "mean" | "factor">): ParameterValues {
  const features = mean.length;
  return {
    shift: mean,
    lower: factor.map((value, i) => (i % features < Math.floor(i / features) ? value : 0)),
    logDiagonal: Float64Array.from({ length: features }, (_, i) => Math.log(factor[i * (features + 1)]!)),
  };
}

/** The Gaussian, or the mixture, with the unfitted flow inside. */
function modelOf(
  { base: distribution, bijection, features }: Architecture,
  base: LatentBase,
  space: ParameterSpace,
  gaussian: Gaussian,
  outer: Outer | undefined,
  options: { readonly seed: number; readonly precision: "float32" | "float64" },
): { readonly model: Model; readonly unbounded: Bijection } {
  const affine = triangularAffine({ features, fitted: true });
  const inner = outer ? [affine, outer.map, affine] : [affine];
  const parts = {
    base: distribution,
    bijection,
    preparation: chain([...inner, space.bijection]),
    contextPreparation: undefined,
  };
  const model: Model = {
    ...parts,
    kind: kindOf({ bijection }),
    columns: space.columns,
    given: [],
    precision: options.precision,
    values: {
      ...initialValues(parameterTree(parts), split(randomKey(options.seed), "initial")),
      ...withPrefix("base.", base.values),
      ...withPrefix("preparation.0.", affineValues(gaussian)),
      ...(outer
        ? {
            ...withPrefix("preparation.1.", outer.values),
            ...withPrefix("preparation.2.", affineValues(outer.gaussian)),
          }
        : {}),
    },
    fitted: {
      rows: 0,
      seed: options.seed,
      epochs: 0,
      trainLogProb: 0,
      validationLogProb: 0,
      dequantized: {},
    },
  };
  return { model, unbounded: chain(inner) };
}
