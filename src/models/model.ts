/**
 * What a fitted flow consists of: its parts as descriptions, its parameter values, and the columns it stands for.
 *
 * @module
 */

import type { FittedKind } from "../architectures/kinds.ts";
import type { Bijection } from "../bijections/bijection.ts";
import { chain } from "../bijections/combinators/chain.ts";
import type { Distribution } from "../distributions/distribution.ts";
import type { Expr } from "../graph/expr.ts";
import * as g from "../graph/ops.ts";
import { type Bound, type ParameterTree, subtreeOf } from "../graph/parameters.ts";
import type { ColumnGrid } from "../tables/recording/grid.ts";
import type { TableSchema } from "../tables/schema/columnSchema.ts";
import type { Simplex } from "../tables/simplex.ts";
import type { ParameterValues } from "./parameters.ts";

/** How a model was fitted, for people who inspect it. No clock, duration, thread count or path is among it. */
export interface FittedDescription {
  /** Rows used, training and validation together. */
  readonly rows: number;
  /** Seed of every random choice. */
  readonly seed: number;
  /** Epochs run. */
  readonly epochs: number;
  /** Mean log-density of the training rows and of the held-out rows, in nats and data units; absent of an imported model. */
  readonly trainLogProb?: number | undefined;
  /** The same of the held-out rows; of the training rows where none were held out. */
  readonly validationLogProb?: number | undefined;
  /**
   * The library and the class that an imported model comes from: `zuko 1.6, NSF`. Such a model has 0 rows and epochs unless it was
   * trained on.
   */
  readonly imported?: string | undefined;
  /** Trainings before this one, oldest first, where it started at a model: their rows, epochs and digests of the table. */
  readonly earlier?:
    | readonly {
        /** Rows of its table. */
        readonly rows: number;
        /** Epochs that it had. */
        readonly epochs: number;
        /** Digest of those rows. */
        readonly digest?: string | undefined;
      }[]
    | undefined;
  /** Columns to which a fit before 0.2 added uniform noise of one recorded resolution; of later ones empty. */
  readonly dequantized: Readonly<Record<string, number>>;
  /** The values that each of these columns can have had as recorded, to which samples return; absent in files before 0.2. */
  readonly grids?: readonly ColumnGrid[] | undefined;
  /** Columns of the table that have no density, but are carried along to what has one row for each of its rows; see `keptColumns`. */
  readonly keep?: readonly string[] | undefined;
  /** Rows of the table that it was fitted to, where not all of them were used; absent where all were. */
  readonly tableRows?: number | undefined;
  /** Digest of the rows of that table, held-out ones included; absent in files before 0.2. */
  readonly digest?: string | undefined;
}

/** A fitted flow as plain data. */
export interface Model {
  readonly kind: FittedKind;
  readonly base: Distribution;
  /** The trained part, between the base and the prepared data. */
  readonly bijection: Bijection;
  /** Standardization and what else statistics of the data alone determine; evaluated in float64. */
  readonly preparation: Bijection;
  /** Its inverse prepares the context, see {@link preparedContext}; absent without one. */
  readonly contextPreparation: Bijection | undefined;
  readonly columns: readonly string[];
  readonly given: readonly string[];
  /**
   * Of shares that sum to a total: they, and all columns in order, the last share among them, which is none of {@link columns}.
   */
  readonly simplex?: (Simplex & { readonly columns: readonly string[] }) | undefined;
  /** Where some columns are angles, what all are, the given ones first: see `circularCore.ts`. */
  readonly schema?: TableSchema | undefined;
  readonly precision: "float32" | "float64";
  readonly fitted: FittedDescription;
  readonly values: ParameterValues;
  /** A name that says all of a program of a model's parts, if whoever has made them knows one: see `structure` of a compilation. */
  nameOf?(model: Model, program: string): string | undefined;
}

/** Whether the trained part of a model, and not only its preparation, reads what is given. */
export function usesContext({ base, bijection }: Pick<Model, "base" | "bijection">): boolean {
  return bijection.context > 0 || (base.context ?? 0) > 0;
}

/** The parameters of a model's parts, as one tree. */
export function parameterTree(
  model: Pick<Model, "base" | "bijection" | "preparation" | "contextPreparation">,
): ParameterTree {
  return {
    base: model.base.parameters,
    bijection: model.bijection.parameters,
    preparation: model.preparation.parameters,
    context: model.contextPreparation?.parameters ?? {},
  };
}

/** Deviations of the rows of a fit beyond which a given value counts as one at this distance: no network has a say out there. */
const farthestContext = 1000;

/**
 * A context as the trained part of a model sees it. Whatever number is given, it is finite, and in float32, too. An imported model
 * knows no deviations, and sees what is given.
 * @param given - Values in data units.
 * @param bound - Parameters of the whole model.
 */
export function preparedContext(
  { contextPreparation, fitted }: Pick<Model, "contextPreparation" | "fitted">,
  given: Expr,
  bound: Bound,
): Expr {
  const { value } = contextPreparation!.inverse(given, subtreeOf(bound, "context"));
  return fitted.imported === undefined ? g.clamp(value, -farthestContext, farthestContext) : value;
}

/** The whole map from base to data: trained part, then preparation. */
export function wholeBijection(model: Pick<Model, "bijection" | "preparation">): Bijection {
  return chain([model.bijection, model.preparation]);
}
