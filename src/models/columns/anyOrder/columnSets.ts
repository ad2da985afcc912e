/**
 * Sets of columns in rows that a model of any order scores or fills in: what is known, what is asked for, and what is hidden.
 *
 * A known cell is seen by later columns where it always was, and by earlier ones through its second copy, which is left out where no
 * earlier column is asked for: what stands before all that is asked is known in the order of the model.
 *
 * @module
 */

import type { ColumnLayout, ColumnsDensity } from "../columnsDensity.ts";
import type { ColumnsEngineOptions, ColumnsEvaluation } from "../columnsModel.ts";
import type { ContributionsOptions } from "../contributions.ts";
import { encodeCell } from "../encodeRows.ts";
import { Sweep } from "../questions/sweep.ts";

/** What a cell is: neither asked for nor known, asked for, or known. */
export const role = { hidden: 0, asked: 1, known: 2 } as const;

/** Roles of cells, `rows` times the number of columns, in the order of the model. */
export type Roles = Uint8Array;

/** Place of the mark behind a column's features, from the first of them: 1 where it is hidden; in the second copy, where it is seen. */
const markOf = ({ outcomes, head }: ColumnLayout): number => outcomes - 1 + head.features;

/** Calls back for each known cell of a row that a column before it is asked about. */
function forEachAhead(
  { columns }: ColumnsDensity,
  roles: Roles,
  row: number,
  visit: (layout: ColumnLayout) => void,
): void {
  const start = row * columns.length;
  const first = roles.subarray(start, start + columns.length).indexOf(role.asked);
  if (first < 0) return;
  for (let j = first + 1; j < columns.length; j++) if (roles[start + j] === role.known) visit(columns[j]!);
}

/** Makes encoded rows those of some sets: only what is asked for contributes. A known cell that cannot be makes its row impossible. */
export function withRoles(
  density: ColumnsDensity,
  roles: Roles,
): NonNullable<ContributionsOptions["prepare"]> {
  const { columns, width } = density;
  return ({ encoded, offsets, unknown, unseen }, rows) => {
    rows.forEach((row, i) => {
      const base = i * width;
      columns.forEach((layout, j) => {
        const kind = roles[row * columns.length + j];
        if (kind === role.asked) return;
        const at = i * columns.length + j;
        unknown[at] = 1;
        unseen[at] = 0;
        if (kind === role.known && offsets[at] === Number.NEGATIVE_INFINITY) return;
        offsets[at] = 0;
        if (kind === role.known) return;
        const { features, targets, outcomes, head } = layout;
        encoded.fill(0, base + features, base + features + markOf(layout));
        encoded[base + features + markOf(layout)] = 1;
        encoded.fill(0, base + targets, base + targets + outcomes + head.targets);
        head.encodeNothing(encoded, base + targets + outcomes);
      });
      forEachAhead(density, roles, row, (layout) => {
        const mark = base + layout.features + markOf(layout);
        encoded.copyWithin(base + layout.earlyFeatures!, base + layout.features, mark);
        encoded[base + layout.earlyFeatures! + markOf(layout)] = 1 - encoded[mark]!;
      });
    });
  };
}

/** Rows that are filled in column by column, where some columns are known ahead and others are hidden. */
export class SetSweep extends Sweep {
  readonly #density: ColumnsDensity;
  readonly #cells: readonly Float64Array[];
  readonly #roles: Roles;

  /** @param cells - An array for each column, the given ones first; what is asked for is read when it is written. */
  constructor(
    evaluation: ColumnsEvaluation,
    cells: readonly Float64Array[],
    roles: Roles,
    options: ColumnsEngineOptions,
  ) {
    const { density } = evaluation.model;
    super(
      evaluation,
      cells,
      Array.from({ length: roles.length / density.columns.length }, (_, row) => row),
      options,
    );
    this.#density = density;
    this.#cells = cells;
    this.#roles = roles;
    for (let row = 0; row * density.columns.length < roles.length; row++)
      forEachAhead(density, roles, row, (layout) => {
        const second: ColumnLayout = { ...layout, features: layout.earlyFeatures!, targets: -1 };
        const offset = this.#encode(second, row);
        this.encoded[row * density.width + layout.earlyFeatures! + markOf(layout)] = Number(
          !Number.isNaN(offset),
        );
      });
  }

  override write(j: number): void {
    const { columns, width } = this.#density;
    const layout = columns[j]!;
    for (let row = 0; row * columns.length < this.#roles.length; row++) {
      if (this.#roles[row * columns.length + j] !== role.hidden) this.#encode(layout, row);
      else this.encoded[row * width + layout.features + markOf(layout)] = 1;
    }
  }

  #encode(layout: ColumnLayout, row: number): number {
    return encodeCell(layout, this.#cells[layout.cell]![row]!, this.encoded, row * this.#density.width);
  }
}
