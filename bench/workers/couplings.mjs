/** Sizes and starting values of a RealNVP, for libraries that have no flows of their own. */
import { normals } from "./normals.mjs";

/**
 * For each coupling the weights `[from, to]` and biases of its network; couplings 0, 2, ... move the second half of
 * the features, the others the first.
 */
export function couplings({ features, hidden, transforms }) {
  const half = features >> 1;
  return Array.from({ length: transforms }, (_, t) => {
    const [kept, moved] = t % 2 === 0 ? [half, features - half] : [features - half, half];
    const sizes = [kept, ...hidden, 2 * moved];
    return sizes.slice(1).flatMap((to, layer) => {
      const from = sizes[layer];
      const scale = layer + 2 === sizes.length ? 0.05 : 1 / Math.sqrt(3 * from);
      const tensor = (shape, count) => ({
        shape,
        values: normals(count, 100 * t + layer + count).map((x) => scale * x),
      });
      return [tensor([from, to], from * to), tensor([to], to)];
    });
  });
}

/** Number of all parameters. */
export function countOf(shapes) {
  return shapes.flat().reduce((sum, { values }) => sum + values.length, 0);
}
