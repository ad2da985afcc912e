/**
 * Means, standard deviations and covariances of the columns of a table of numbers.
 *
 * @module
 */

/** Mean and standard deviation of each column of row-major rows, with weights if given. */
export function moments(
  rows: Float64Array,
  width: number,
  weights?: Float64Array,
): { readonly mean: Float64Array; readonly scale: Float64Array } {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  const square = new Float64Array(width);
  let total = 0;
  for (let row = 0; row < count; row++) {
    const weight = weights?.[row] ?? 1;
    total += weight;
    if (total === 0) continue;
    for (let i = 0; i < width; i++) {
      // Welford's running moments, which keep the digits of a column far from zero.
      const gap = rows[row * width + i]! - mean[i]!;
      mean[i]! += (gap * weight) / total;
      square[i]! += weight * gap * (rows[row * width + i]! - mean[i]!);
    }
  }
  return { mean, scale: square.map((sum) => Math.sqrt(sum / total) || 1) };
}

/** Covariances of the columns of row-major rows around their means, `[width, width]`, with weights if given. O(rows width^2). */
export function covariances(
  rows: Float64Array,
  width: number,
  mean: Float64Array,
  weights?: Float64Array,
): Float64Array {
  const out = new Float64Array(width * width);
  let total = 0;
  for (let start = 0, row = 0; start < rows.length; start += width, row++) {
    const weight = weights?.[row] ?? 1;
    total += weight;
    for (let i = 0; i < width; i++) {
      const gap = weight * (rows[start + i]! - mean[i]!);
      for (let j = 0; j <= i; j++) out[i * width + j]! += gap * (rows[start + j]! - mean[j]!);
    }
  }
  return out.map((_, k) => {
    const [i, j] = [Math.floor(k / width), k % width];
    return out[Math.max(i, j) * width + Math.min(i, j)]! / total;
  });
}
