/**
 * Lower triangles of square matrices, stored line by line: where their elements are, and what is where.
 *
 * @module
 */

/** Place of row i and column j, at most i, in a triangle that has its diagonal. */
export const placeInTriangle = (i: number, j: number): number => (i * (i + 1)) / 2 + j;

/** Row and column of each element of a triangle of `size` rows. */
export function trianglePlaces(
  size: number,
  withDiagonal: boolean,
): readonly (readonly [row: number, column: number])[] {
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: withDiagonal ? i + 1 : i }, (_, j) => [i, j] as const),
  ).flat();
}

/** Of each element of a matrix of `size` rows, row by row: its place in the triangle where it is below the diagonal, else -1. */
export function placesBelow(size: number): Int32Array {
  return Int32Array.from({ length: size * size }, (_, e) => {
    const [i, j] = [Math.floor(e / size), e % size];
    return j < i ? placeInTriangle(i, j) : -1;
  });
}

/** Of each element of a matrix of `size` rows, row by row: its row where it is on the diagonal, else -1. */
export function placesOnDiagonal(size: number): Int32Array {
  return Int32Array.from({ length: size * size }, (_, e) => (e % (size + 1) === 0 ? e / (size + 1) : -1));
}
