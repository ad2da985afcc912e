/**
 * Residual flows (Behrmann et al. 2019, Chen et al. 2019): residual maps of contractions, affine maps between them.
 *
 * @module
 */

import { elementwise } from "../bijections/autoregressive/elementwise.ts";
import type { Bijection } from "../bijections/bijection.ts";
import { chain } from "../bijections/combinators/chain.ts";
import { invert } from "../bijections/combinators/invert.ts";
import { luAffine } from "../bijections/linear/luAffine.ts";
import { type Residual, type ResidualOptions, residual } from "../bijections/residual/residual.ts";
import { defaultRoulette, drawTerms, type Roulette } from "../bijections/residual/residualLogDet.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { UsageError } from "../errors.ts";
import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { subtreeOf } from "../graph/parameters.ts";
import { anObject, anyNumber, anything, type OptionTable, refuse } from "../options.ts";
import { affineTransformer } from "../transformers/affineTransformer.ts";
import {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  architectureOptionTable,
  sized,
  type Unsized,
} from "./architecture.ts";
import { baseOf, checkArchitecture } from "./checkedParts.ts";
import { madeAs } from "./kindOf.ts";
import type { Training } from "./training.ts";

/** Options of {@link residualFlow}. */
export interface ResidualFlowOptions
  extends ArchitectureOptions,
    Pick<ResidualOptions, "lipschitz" | "activation" | "norm" | "logDet" | "tolerance" | "iterations"> {
  /**
   * The log-determinants that training follows: `exact`, or an unbiased `estimate` of random depth (default: exact up to
   * 8 features). Scores are by `logDet` either way.
   */
  readonly training?: "exact" | "estimate" | undefined;
  /** The law of the number of terms of an estimate (default: Chen's, 2 and a geometric number of mean 2). */
  readonly roulette?: Roulette | undefined;
}

/** Up to so many features an exact log-determinant costs little more than an estimate, and its gradient has no noise. */
const maximumExactFeatures = 8;

const residualFlowOptionTable: OptionTable<ResidualFlowOptions> = {
  ...architectureOptionTable,
  lipschitz: anyNumber,
  activation: anything,
  norm: anything,
  logDet: anObject,
  tolerance: anyNumber,
  iterations: anyNumber,
  training: anything,
  roulette: anObject,
};

/**
 * A residual flow; default 8 transforms, of one hidden layer of 64. Each is an affine map and a `residual` one. Rows are
 * scored by the explicit direction; samples are fixed points, some tens of passes per transform.
 * @throws UsageError if a size is not a positive integer, or another option is out of range.
 */
export function residualFlow(options: ResidualFlowOptions): Architecture;
export function residualFlow(options?: Unsized<ResidualFlowOptions>): ArchitectureMaker;
export function residualFlow(
  options?: ResidualFlowOptions | Unsized<ResidualFlowOptions>,
): Architecture | ArchitectureMaker {
  return sized("residualFlow", options, residualFlowOptionTable, build);
}

function build(options: ResidualFlowOptions): Architecture {
  const { features, context = 0, transforms = 8, hidden = [64], roulette = defaultRoulette } = options;
  checkArchitecture("residual", { features, context, transforms, hidden });
  const { training: how = features <= maximumExactFeatures ? "exact" : "estimate" } = options;
  if (how !== "exact" && how !== "estimate") refuse("residual", "training", '"exact" or "estimate"', how);
  const { exactTerms, stop } = roulette;
  if (!(Number.isSafeInteger(exactTerms) && exactTerms >= 0 && stop > 0 && stop < 1))
    throw new UsageError({
      where: "residualFlow",
      subject: "roulette",
      expected: "a whole number of exact terms and a stop above 0 and below 1",
      received: `${exactTerms} and ${stop}`,
    });
  const { lipschitz, activation, norm, logDet, tolerance, iterations } = options;
  const chosen = Object.fromEntries(
    Object.entries({ lipschitz, activation, norm, logDet, tolerance, iterations }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const block = residual({ features, context, hidden, contextHidden: hidden, ...chosen });
  // Towards the base both maps are products.
  const affine = invert(luAffine({ features }));
  const parts: Bijection[] = Array.from({ length: transforms }, () => [affine, block]).flat();
  if (context > 0)
    parts.unshift(elementwise({ features, context, transformer: affineTransformer(), hidden }));
  const base = baseOf("residual", options);
  return madeAs({
    kind: "residual",
    features,
    context,
    transforms,
    hidden,
    base,
    bijection: chain(parts),
    ...(how === "estimate" ? { training: estimatedTraining(base, parts, roulette) } : {}),
  });
}

/** Maximum likelihood by estimated log-determinants, each transform with noise and a depth of its own. */
function estimatedTraining(base: Distribution, parts: readonly Bijection[], roulette: Roulette): Training {
  const depth = (part: number): string => `terms ${part}`;
  const isResidual = (part: Bijection): part is Residual => part.type === "residual";
  return {
    isLogProb: true,
    settings: { roulette },
    // Scores are exact, and dear where features are many.
    ...(base.features > 16 ? { validations: 20 } : {}),
    draws: Object.fromEntries(
      parts.flatMap((part, i) =>
        isResidual(part) ? [[depth(i), (stream) => drawTerms(roulette, stream)] as const] : [],
      ),
    ),
    loss(y, parameters, context) {
      let value = y;
      let logAbsDet: Expr = g.constant(0);
      for (let i = parts.length - 1; i >= 0; i--) {
        const part = parts[i]!;
        const partParameters = subtreeOf(parameters.bijection, String(i));
        const mapped = isResidual(part)
          ? part.estimate(value, partParameters, context, {
              probe: g.randomNormal([part.features], `probe ${i}`),
              terms: g.stepInput(depth(i)),
              roulette,
            })
          : part.inverse(value, partParameters, context);
        value = mapped.value;
        logAbsDet = g.add(logAbsDet, mapped.logAbsDet);
      }
      return g.neg(g.add(base.logProb(value, parameters.base, context), logAbsDet));
    },
  };
}
