/**
 * Symmetric positive definite matrices with a band: A = L L', solved by forward and backward substitution. Only the
 * lower triangle is kept, row by row: `[i * (band + 1) + j - i + band]` is element (i, j), i - band <= j <= i.
 *
 * @module
 */

/** A banded symmetric matrix, and its factor after {@link factor}. */
export class BandedMatrix {
  readonly size: number;
  /** Number of diagonals below the main one. */
  readonly band: number;
  readonly values: Float64Array;

  constructor(size: number, band: number) {
    this.size = size;
    this.band = band;
    this.values = new Float64Array(size * (band + 1));
  }

  /** Adds to element (i, j) and so to (j, i); i and j at most `band` apart. */
  add(i: number, j: number, value: number): void {
    if (j > i) [i, j] = [j, i];
    this.values[i * (this.band + 1) + j - i + this.band]! += value;
  }

  /**
   * Replaces the matrix by its Cholesky factor. O(size band^2).
   * @returns Whether it is positive definite; if not, the values are spoilt.
   */
  factor(): boolean {
    const { size, band, values } = this;
    const width = band + 1;
    for (let i = 0; i < size; i++) {
      // Element (i, j) is at rowI + j, element (j, k) at rowJ + k.
      const rowI = i * width - i + band;
      const first = Math.max(0, i - band);
      for (let j = first; j <= i; j++) {
        const rowJ = j * width - j + band;
        let value = values[rowI + j]!;
        for (let k = Math.max(first, j - band); k < j; k++) value -= values[rowI + k]! * values[rowJ + k]!;
        if (j < i) values[rowI + j] = value / values[rowJ + j]!;
        else {
          if (!(value > 0)) return false;
          values[rowI + i] = Math.sqrt(value);
        }
      }
    }
    return true;
  }

  /** Solves for `right`, in place, after {@link factor}. O(size band). */
  solve(right: Float64Array): void {
    const { size, band, values } = this;
    const width = band + 1;
    for (let i = 0; i < size; i++) {
      const row = i * width - i + band;
      let value = right[i]!;
      for (let k = Math.max(0, i - band); k < i; k++) value -= values[row + k]! * right[k]!;
      right[i] = value / values[row + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      const row = i * width - i + band;
      const value = right[i]! / values[row + i]!;
      right[i] = value;
      for (let k = Math.max(0, i - band); k < i; k++) right[k]! -= values[row + k]! * value;
    }
  }
}
