/**
 * Values at the nodes of a regular grid of one or two features, between the nodes: cubic convolution (Catmull-Rom), which has a
 * continuous derivative and is exact for parabolas, and its inverse.
 *
 * R. Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions on Acoustics, Speech, and
 * Signal Processing 29 (1981), https://doi.org/10.1109/TASSP.1981.1163711
 *
 * @module
 */

/** A regular grid. As many values belong to a node as it has features. */
export class GridInterpolation {
  readonly #features: number;
  readonly #counts: readonly number[];
  readonly #low: readonly number[];
  readonly #spacing: readonly number[];
  readonly #nodes: Float64Array;

  /** @param nodes - Row-major, the last feature runs fastest. */
  constructor(
    counts: readonly number[],
    low: readonly number[],
    spacing: readonly number[],
    nodes: Float64Array,
  ) {
    this.#features = counts.length;
    this.#counts = counts;
    this.#low = low;
    this.#spacing = spacing;
    this.#nodes = nodes;
  }

  /** Values at nodes with a layer around them, so that third differences across the boundary are zero. */
  pad(values: Float64Array): Float64Array {
    const d = this.#features;
    const [rows, columns] =
      this.#counts.length === 1 ? [1, this.#counts[0]!] : (this.#counts as [number, number]);
    const wide = columns + 2;
    const tall = rows === 1 ? 1 : rows + 2;
    const top = rows === 1 ? 0 : 1;
    const out = new Float64Array(tall * wide * d);
    const fill = (start: number, count: number, stride: number): void => {
      const at = (k: number): number => out[start + k * stride]!;
      out[start] = 3 * at(1) - 3 * at(2) + at(3);
      out[start + (count - 1) * stride] = 3 * at(count - 2) - 3 * at(count - 3) + at(count - 4);
    };
    for (let i = 0; i < rows; i++) {
      out.set(values.subarray(i * columns * d, (i + 1) * columns * d), ((i + top) * wide + 1) * d);
      for (let c = 0; c < d; c++) fill((i + top) * wide * d + c, wide, d);
    }
    if (rows > 1) for (let at = 0; at < wide * d; at++) fill(at, tall, wide * d);
    return out;
  }

  /** Value at x, `features` numbers, and its derivative, row-major, of nodal values. */
  interpolate(padded: Float64Array, x: Float64Array, value: Float64Array, derivative: Float64Array): void {
    const d = this.#features;
    const weights: number[][] = [];
    const slopes: number[][] = [];
    const cells: number[] = [];
    for (let axis = 0; axis < d; axis++) {
      const place = (x[axis]! - this.#low[axis]!) / this.#spacing[axis]!;
      const cell = Math.max(0, Math.min(this.#counts[axis]! - 2, Math.floor(place)));
      const s = place - cell;
      cells.push(cell);
      weights.push([
        (s * (s * (2 - s) - 1)) / 2,
        (s * s * (3 * s - 5) + 2) / 2,
        (s * (s * (4 - 3 * s) + 1)) / 2,
        (s * s * (s - 1)) / 2,
      ]);
      slopes.push(
        [
          (s * (4 - 3 * s) - 1) / 2,
          (s * (9 * s - 10)) / 2,
          (s * (8 - 9 * s) + 1) / 2,
          (s * (3 * s - 2)) / 2,
        ].map((slope) => slope / this.#spacing[axis]!),
      );
    }
    value.fill(0);
    derivative.fill(0);
    if (d === 1) {
      for (let k = 0; k < 4; k++) {
        const nodeValue = padded[cells[0]! + k]!;
        value[0]! += weights[0]![k]! * nodeValue;
        derivative[0]! += slopes[0]![k]! * nodeValue;
      }
      return;
    }
    const wide = this.#counts[1]! + 2;
    for (let k = 0; k < 4; k++)
      for (let l = 0; l < 4; l++) {
        const at = 2 * ((cells[0]! + k) * wide + cells[1]! + l);
        for (let c = 0; c < 2; c++) {
          const nodeValue = padded[at + c]!;
          value[c]! += weights[0]![k]! * weights[1]![l]! * nodeValue;
          derivative[2 * c]! += slopes[0]![k]! * weights[1]![l]! * nodeValue;
          derivative[2 * c + 1]! += weights[0]![k]! * slopes[1]![l]! * nodeValue;
        }
      }
  }

  /**
   * Finds the x whose value is y, by Newton steps from the nearest node; writes x and the derivative there. O(nodes).
   * @param values - At the nodes; `padded` is {@link pad} of them.
   * @returns Whether there is one.
   */
  solveFor(
    values: Float64Array,
    padded: Float64Array,
    y: Float64Array,
    x: Float64Array,
    jacobian: Float64Array,
  ): boolean {
    const d = this.#features;
    let nearest = 0;
    let smallest = Number.POSITIVE_INFINITY;
    for (let node = 0; node * d < values.length; node++) {
      let squares = 0;
      for (let c = 0; c < d; c++) squares += (values[node * d + c]! - y[c]!) ** 2;
      if (squares < smallest) {
        smallest = squares;
        nearest = node;
      }
    }
    x.set(this.#nodes.subarray(nearest * d, (nearest + 1) * d));
    const value = new Float64Array(d);
    const trial = new Float64Array(d);
    const distance = (at: Float64Array): number => {
      this.interpolate(padded, at, value, jacobian);
      return Math.hypot(...value.map((component, c) => component - y[c]!));
    };
    let error = distance(x);
    const scale = Math.max(1, Math.hypot(...y));
    for (let iteration = 0; iteration < 100; iteration++) {
      if (error <= 1e-13 * scale) return true;
      const inverseJacobian = inverse(jacobian, d);
      const step = Array.from(
        { length: d },
        (_, i) =>
          inverseJacobian[i * d]! * (y[0]! - value[0]!) +
          (d === 2 ? inverseJacobian[i * d + 1]! * (y[1]! - value[1]!) : 0),
      );
      let share = 1;
      let trialError = Number.POSITIVE_INFINITY;
      for (; share > 1e-6; share /= 2) {
        for (let c = 0; c < d; c++) {
          const high = this.#low[c]! + this.#spacing[c]! * (this.#counts[c]! - 1);
          trial[c] = Math.max(this.#low[c]!, Math.min(high, x[c]! + share * step[c]!));
        }
        trialError = distance(trial);
        if (trialError < error && determinant(jacobian, d) > 0) break;
      }
      if (!(trialError < error)) {
        // Rounding is all that is left, or a wall.
        error = distance(x);
        return error <= 1e-9 * scale;
      }
      x.set(trial);
      error = trialError;
    }
    return error <= 1e-9 * scale;
  }
}

/** Of a matrix of one or two columns, row-major. */
export function determinant(matrix: Float64Array, d: number): number {
  return d === 1 ? matrix[0]! : matrix[0]! * matrix[3]! - matrix[1]! * matrix[2]!;
}

/** Of a matrix of one or two columns, row-major. */
export function inverse(matrix: Float64Array, d: number): Float64Array {
  const det = determinant(matrix, d);
  if (d === 1) return Float64Array.of(1 / det);
  return Float64Array.of(matrix[3]! / det, -matrix[1]! / det, -matrix[2]! / det, matrix[0]! / det);
}
