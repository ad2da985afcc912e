/**
 * What a flow computes, whatever it is made of: `Flow` checks options and passes on to this.
 *
 * @module
 */

import type { Bijection } from "../../bijections/bijection.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import type { TableSchema } from "../../tables/schema/columnSchema.ts";
import type { Simplex } from "../../tables/simplex.ts";
import type { Table } from "../../tables/table.ts";
import type {
  DistributionOptions,
  Imputation,
  ImputeOptions,
  Marginal,
  MarginalOptions,
  Probabilities,
  Quantiles,
} from "../columns/questions/questionOptions.ts";
import type { GivenOptions, LogProbOptions, SampleOptions } from "../flowOptions.ts";
import type { FittedDescription, Model } from "../model.ts";
import type { RowsLike } from "../rows/splitRows.ts";
import type { Contributions } from "../scores/contributions.ts";
import type { ImpossibleRow } from "../scores/impossibleCells.ts";
import type { ColumnMeasure } from "../scores/measure.ts";

/** What `Flow.sampleWithLogProb` draws. */
export interface SampleWithLogProb {
  /** The rows, as `Flow.sample` gives them. */
  readonly table: Table;
  /** Log-density of each row, in nats and data units. */
  readonly logProb: Float64Array;
}

/** What `inspect` shows. */
export interface FlowDescription {
  /** Name of the architecture, as on the command line. */
  readonly kind: string;
  /** Columns that have a density, in order. */
  readonly columns: readonly string[];
  /** Columns that the density is conditioned on. */
  readonly given: readonly string[];
  /** Of a flow of mixed columns, or of angles, what they are: given columns first. */
  readonly schema?: TableSchema | undefined;
  /**
   * Of columns that sum to a total: the density is one with respect to all of {@link columns} but the last of these shares, as `words` say.
   */
  readonly simplex?:
    | (Simplex & {
        /** With respect to what the density is one, in a sentence. */
        readonly words: string;
      })
    | undefined;
  /** True where log-densities are lower bounds, by draws: all that is called a log-density of this flow is one (see `manyToOne`). */
  readonly bound?: true | undefined;
  /** With respect to what the log-density of each column is; that of a row is with respect to their product. */
  readonly measures: readonly ColumnMeasure[];
  /** Numbers that were fitted; see `Flow.parameterCount`. */
  readonly parameters: number;
  /** Numbers of the trained part. */
  readonly precision: "float32" | "float64";
  /** The base, as its `toJSON` gives it. */
  readonly base: unknown;
  /** The trained part, as its `toJSON` gives it. */
  readonly bijection: unknown;
  /** Standardization and what else the data alone determined, as its `toJSON` gives it. */
  readonly preparation: unknown;
  /** How it was fitted. */
  readonly fitted: FittedDescription;
}

/** Questions about any columns. Methods of the same name in `Flow` say what they answer. */
export interface Questions {
  marginal(rows: RowsLike, options: MarginalOptions): Promise<Marginal>;
  quantile(options: DistributionOptions<number>): Promise<Quantiles>;
  cdf(options: DistributionOptions<number | string>): Promise<Probabilities>;
  impute(rows: RowsLike, options: ImputeOptions): Promise<Imputation>;
}

/** The parts of a flow, and how it is evaluated. Methods of the same name in `Flow` say what they give. */
export interface FlowCore {
  readonly columns: readonly string[];
  readonly given: readonly string[];
  readonly fitted: FittedDescription;
  readonly base: Distribution;
  /** @throws UsageError where there is none. */
  readonly bijection: Bijection;
  /** @throws UsageError where there is none. */
  readonly model: Model;
  readonly parameterCount: number;
  readonly steps: number;
  readonly description: FlowDescription;
  /** What it is in words beyond what the description says, by name. */
  readonly facts?: Readonly<Record<string, string>> | undefined;
  at(t: number): FlowCore;
  logProb(where: string, rows: RowsLike, options: LogProbOptions): Promise<Float64Array>;
  contributions(rows: RowsLike, options: LogProbOptions): Promise<Contributions>;
  impossibleRows(rows: RowsLike, options: LogProbOptions): Promise<readonly ImpossibleRow[]>;
  toBase(rows: RowsLike, options: GivenOptions): Promise<Float64Array>;
  toData(points: Exclude<RowsLike, Table>, options: GivenOptions): Promise<Float64Array>;
  sample(n: number, options: SampleOptions): Promise<Table>;
  sampleWithLogProb(n: number, options: SampleOptions): Promise<SampleWithLogProb>;
  /** What answers questions about any columns. @throws UsageError where a flow has answers about all of its columns alone. */
  questions(where: string): Promise<Questions>;
  /** Digest of the rows of a table, as {@link FittedDescription.digest} is. */
  digestOf(table: Table): string;
  toBytes(): Uint8Array;
}
