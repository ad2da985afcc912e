/**
 * Log-densities of the rows of a table by fits that have not seen them: of each fold by one of mixed columns to the others. The strangest
 * of these count little, so that what is strange does not count as ordinary where there is a share of it: a trimmed likelihood, but for
 * the weight that is left. It keeps the tails: without any, ordinary rows far out had log-densities lower by tens of nats.
 *
 * A. S. Hadi, A. Luceño, "Maximum trimmed likelihood estimators: a unified approach, examples, and algorithms", Computational Statistics
 * & Data Analysis 25 (1997), https://doi.org/10.1016/S0167-9473(97)00011-X. There the fit itself chooses the rows; here the distance does,
 * once, as a flow can make any few rows probable.
 *
 * @module
 */

import { columnsRecipe } from "../../fitting/columns/columnsRecipe.ts";
import { fit } from "../../fitting/fit.ts";
import { usualValidation } from "../../fitting/fitData.ts";
import { stepsAnEpoch } from "../../fitting/gradient/minimize.ts";
import type { ColumnMeasure } from "../../models/scores/measure.ts";
import { pickRows } from "../../tables/picks.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import { replaceColumns } from "../../tables/schema/joinTables.ts";
import { allColumns, type Table, tableFromColumns } from "../../tables/table.ts";
import type { AnomaliesOptions } from "./anomalies.ts";

/** What a strange row counts in a fit, beside 1 of an ordinary one. */
const strangeWeight = 0.1;

/** Rows of a table. */
export interface PartedRows {
  readonly ordinary: Uint32Array;
  readonly strange: Uint32Array;
}

/** Scores the rows of a table fold by fold. */
export class FoldDensity {
  /** Of each row, once its fold has been scored. */
  readonly logProb: Float64Array;
  readonly #table: Table;
  readonly #schema: readonly ColumnSchema[];
  readonly #options: AnomaliesOptions;
  readonly #saidWarnings = new Set<string>();
  #measures: readonly ColumnMeasure[] = [];

  constructor(table: Table, schema: readonly ColumnSchema[], options: AnomaliesOptions) {
    this.logProb = new Float64Array(table.rows);
    this.#table = table;
    this.#schema = schema;
    this.#options = options;
  }

  /** With respect to what the log-densities are. */
  get measures(): readonly ColumnMeasure[] {
    return this.#measures;
  }

  /** Scores the rows of a fold by a fit to rows of others. */
  async score(fold: Uint32Array, { ordinary, strange }: PartedRows): Promise<void> {
    const { seed = 0, signal, onWarning } = this.#options;
    const rows = pickRows(this.#table, Uint32Array.from([...ordinary, ...strange]));
    const weights = new Float64Array(rows.rows).fill(1).fill(strangeWeight, ordinary.length);
    const trainingRows = Math.max(1, rows.rows - Math.round(usualValidation * rows.rows));
    const recipe = columnsRecipe(trainingRows);
    let name = "weight of the row";
    while (allColumns(this.#table).includes(name)) name += "_";
    const { flow } = await fit(replaceColumns(rows, tableFromColumns([[name, weights]])), {
      flow: "columns",
      weights: name,
      // One network, with the steps of the recipe and no more: there is a fit for each fold.
      members: 1,
      epochs: Math.max(1, Math.round(recipe.steps / stepsAnEpoch(trainingRows, recipe.batch))),
      // That of the more cautious of two networks: a strange row must not be learnt by heart.
      weightDecay: Math.max(...recipe.weightDecay),
      columns: this.#schema.map(({ name }) => name),
      // What a column is, and its levels, is decided by the whole table: it says nothing of how often they come.
      schema: { columns: this.#schema },
      seed,
      signal,
      onWarning: (line) => {
        if (!this.#saidWarnings.has(line)) onWarning?.(line);
        this.#saidWarnings.add(line);
      },
    });
    const scores = await flow.logProb(pickRows(this.#table, fold), { signal });
    fold.forEach((row, i) => {
      this.logProb[row] = scores[i]!;
    });
    this.#measures = flow.description.measures ?? [];
  }
}
