/**
 * Quadrature by the nodes of Gauss and Legendre.
 *
 * @module
 */

/** Nodes, in increasing order, and weights of Gauss-Legendre quadrature on [0, 1]. */
export function gaussLegendre(count: number): { readonly nodes: number[]; readonly weights: number[] } {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    // Newton's method on the Legendre polynomial, from Chebyshev's estimate of its root.
    let x = -Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round++) {
      let [before, value] = [1, x];
      for (let k = 2; k <= count; k++)
        [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (count * (x * value - before)) / (x * x - 1);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-16) break;
    }
    nodes.push((1 + x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}
