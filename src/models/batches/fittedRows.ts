/**
 * Whether the rows of batches are those that a flow was fitted to.
 *
 * @module
 */

import { hasMixedColumns } from "../../architectures/kinds.ts";
import { inPieces } from "../../platform/pieces.ts";
import { cellsOf } from "../../tables/schema/cells.ts";
import type { Table } from "../../tables/table.ts";
import { RowsDigest } from "../../tables/tableDigest.ts";
import type { Flow } from "../flow.ts";

/** Whether rows are those that a flow was fitted to. */
export class FittedRows {
  readonly #expected: string | undefined;
  readonly #expectedRows: number;
  readonly #digest: RowsDigest;
  readonly #toNumbers: (table: Table) => Promise<Table>;

  constructor(flow: Flow) {
    const { kind, fitted, schema, given, columns } = flow.description;
    this.#expected = fitted.digest;
    this.#expectedRows = fitted.tableRows ?? fitted.rows;
    this.#digest = new RowsDigest([...given, ...columns]);
    this.#toNumbers = async (table) => {
      if (!schema || !hasMixedColumns(kind)) return table;
      const { filledTable } = await import("../cores/columnsCore.ts");
      return filledTable(schema.columns, cellsOf(table, schema.columns).cells);
    };
  }

  async add(table: Table, signal: AbortSignal | undefined): Promise<void> {
    // More rows than the fit had are others: the digest of them all would take as long as their scores.
    if (this.#expected === undefined || this.#digest.rows > this.#expectedRows) return;
    await inPieces(this.#digest.adding(await this.#toNumbers(table)), signal, "Scoring");
  }

  get areThose(): boolean {
    return this.#expected !== undefined && this.#expected === this.#digest.text;
  }
}
