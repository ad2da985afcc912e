/**
 * The cells of a grid of nodes in one or two dimensions, and the terms of L that their corners give; see `gridFlow.ts`.
 *
 * @module
 */

/** Cells between nodes; the last feature runs fastest. */
export class GridCells {
  /** Rows and columns of nodes; one row in one dimension. */
  readonly rows: number;
  readonly columns: number;

  /** @param counts - Nodes along each feature, one or two of them. */
  constructor(counts: readonly number[]) {
    const [first, second] = counts;
    [this.rows, this.columns] = second === undefined ? [1, first!] : [first!, second];
  }

  /** Number of cells. */
  get count(): number {
    return Math.max(1, this.rows - 1) * (this.columns - 1);
  }

  /** Calls `visit` for each cell, with the nodes at its corners. */
  eachCell(visit: (cell: number, nodes: readonly number[]) => void): void {
    const { rows, columns } = this;
    if (rows === 1) for (let i = 0; i < columns - 1; i++) visit(i, [i, i + 1]);
    else
      for (let i = 0, cell = 0; i < rows - 1; i++)
        for (let j = 0; j < columns - 1; j++, cell++) {
          const at = i * columns + j;
          visit(cell, [at, at + 1, at + columns, at + columns + 1]);
        }
  }

  /**
   * Calls `visit` for each term M log D of L, with the gradient of log D and the numbers of z that it is of.
   * @param z - Where the nodes are, row-major.
   * @param cellMass - The mass of each cell.
   * @returns Whether all determinants are positive; if not, the terms that come after are left out.
   */
  eachTerm(
    z: Float64Array,
    cellMass: Float64Array,
    visit: (node: number, mass: number, det: number, at: readonly number[], slope: readonly number[]) => void,
  ): boolean {
    const { rows, columns } = this;
    if (rows === 1) {
      for (let i = 0; i < columns - 1; i++) {
        const width = z[i + 1]! - z[i]!;
        if (!(width > 0)) return false;
        const half = cellMass[i]! / 2;
        const slope = [-1 / width, 1 / width];
        visit(i, half, width, [i, i + 1], slope);
        visit(i + 1, half, width, [i, i + 1], slope);
      }
      return true;
    }
    for (let i = 0, cell = 0; i < rows - 1; i++)
      for (let j = 0; j < columns - 1; j++, cell++) {
        const quarter = cellMass[cell]! / 4;
        for (let corner = 0; corner < 4; corner++) {
          const up = corner >> 1;
          const right = corner & 1;
          const node = (i + up) * columns + j + right;
          // The neighbors along the first and the second axis; edges a and b point along the axes.
          const across = (i + 1 - up) * columns + j + right;
          const along = (i + up) * columns + j + 1 - right;
          const signA = up === 0 ? 1 : -1;
          const signB = right === 0 ? 1 : -1;
          const a0 = signA * (z[2 * across]! - z[2 * node]!);
          const a1 = signA * (z[2 * across + 1]! - z[2 * node + 1]!);
          const b0 = signB * (z[2 * along]! - z[2 * node]!);
          const b1 = signB * (z[2 * along + 1]! - z[2 * node + 1]!);
          const det = a0 * b1 - a1 * b0;
          if (!(det > 0)) return false;
          const forA = [(signA * b1) / det, (-signA * b0) / det] as const;
          const forB = [(-signB * a1) / det, (signB * a0) / det] as const;
          visit(
            node,
            quarter,
            det,
            [2 * node, 2 * node + 1, 2 * across, 2 * across + 1, 2 * along, 2 * along + 1],
            [-forA[0] - forB[0], -forA[1] - forB[1], ...forA, ...forB],
          );
        }
      }
    return true;
  }
}
