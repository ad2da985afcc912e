/**
 * How improbable rows are by a flow, in nats, in a measure that has no units.
 *
 * Of real numbers it is minus the log-density, whose units are the same for all rows. Of mixed columns a mass stands beside a density with
 * units, and a missing cell adds nothing: what a value contributes is held against what values of its column contribute on average,
 *
 *     rarity(x) = - sum_j  log P(outcome of cell j given the cells before) + log p(value of cell j given them) - m_j
 *
 * with m_j the mean of log p(value) over rows that the flow draws, and no second part where the cell is missing or an atom: it is then
 * as good as an average value. Other units of column j add the same number to log p and to m_j.
 *
 * @module
 */

import { hasMixedColumns } from "../../architectures/kinds.ts";
import type { Flow } from "../../models/flow.ts";
import type { ColumnContributions } from "../../models/scores/contributions.ts";
import { cellsOf } from "../../tables/schema/cells.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";
import type { Table } from "../../tables/table.ts";

/** Rows with their log-densities, and how improbable they are. */
export interface RareRows {
  /** As `Flow.logProb` gives it; not a number for a row without a score. */
  readonly logProb: Float64Array;
  /** Not a number for a row without a score; infinite for one that cannot be. */
  readonly rarity: Float64Array;
}

/** Measures rows by a flow. */
export class Rarity {
  readonly #flow: Flow;
  /** Of mixed columns. */
  readonly #schema: readonly ColumnSchema[] | undefined;
  readonly #signal: AbortSignal | undefined;
  /** Of each column, what its values contribute on average. */
  #meanContributions: readonly number[] = [];

  private constructor(flow: Flow, signal: AbortSignal | undefined) {
    this.#flow = flow;
    const { kind, schema } = flow.description;
    this.#schema = hasMixedColumns(kind) ? schema?.columns : undefined;
    this.#signal = signal;
  }

  /**
   * @param drawn - Rows that the flow has drawn.
   */
  static async of(flow: Flow, drawn: Table, signal: AbortSignal | undefined): Promise<Rarity> {
    const rarity = new Rarity(flow, signal);
    if (rarity.#schema === undefined) return rarity;
    const { columns } = await flow.contributions(drawn, { signal });
    rarity.#meanContributions = columns.map((column, j) => {
      const values = column.value.filter(rarity.#hasValue(column, drawn, j));
      return values.reduce((sum, value) => sum + value / values.length, 0);
    });
    return rarity;
  }

  /** Log-densities of rows, and how improbable they are. */
  async rows(table: Table): Promise<RareRows> {
    const scoreOptions = { missing: "empty", signal: this.#signal } as const;
    if (this.#schema === undefined) {
      const logProb = await this.#flow.logProb(table, scoreOptions);
      return { logProb, rarity: logProb.map((value) => -value) };
    }
    const { columns, logProb } = await this.#flow.contributions(table, scoreOptions);
    const rarity = logProb.map((value) => -value);
    columns.forEach((column, j) => {
      const hasValue = this.#hasValue(column, table, j);
      column.value.forEach((value, row) => {
        if (hasValue(value, row)) rarity[row]! += this.#meanContributions[j]!;
      });
    });
    return { logProb, rarity };
  }

  /** Whether a row has a value in a column, neither missing nor an atom. */
  #hasValue(
    { atoms = [] }: ColumnContributions,
    table: Table,
    j: number,
  ): (contribution: number, row: number) => boolean {
    const cells = cellsOf(table, [this.#schema![j]!]).cells[0]!;
    return (_, row) => !(Number.isNaN(cells[row]!) || atoms.includes(cells[row]!));
  }
}
