/**
 * Parts of random programs: each makes a vector of those that there are, by one kind of operation.
 *
 * @module
 */

import { type Expr, type ScanExpr, sameShape } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/publicOps.ts";
import { substitute } from "../../src/graph/rebuild.ts";
import { positionParts, positionSteps } from "./positionParts.ts";
import { binary, type Making, type Part, small, unary } from "./programMaking.ts";

const elementwise: readonly Part[] = [
  (m) => m.choices.of(unary)(m.vector()),
  (m) => m.choices.of(binary)(m.vector(), m.vector()),
  (m) => g.mul(m.vector(), small(g.sum(m.vector()))),
  (m) => g.add(m.vector(), g.mul(0.2, g.stepInput("rate"))),
  (m) => g.add(m.vector(), m.draws()),
];

const moves: readonly Part[] = [
  (m) => g.gather(m.vector(), m.places(), [m.n]),
  (m) => g.scatter(m.vector(), m.places(), [m.n]),
  (m) => g.slice(g.concatenate([m.vector(), m.vector()]), 1, m.n + 1),
  (m) =>
    g.gather(g.concatenate([m.vector(), m.vector(), g.constant(m.choices.numbers(1))]), m.places(), [m.n]),
  (m) => {
    const [n, axis] = [m.n, m.choices.below(2)];
    return g.sum(g.mul(g.reshape(m.vector(), [n, 1]), g.reshape(small(m.vector()), [1, n])), axis);
  },
  (m) => g.sum(g.mul(g.transpose(m.matrix()), g.reshape(m.vector(), [1, m.n])), m.choices.below(2)),
  (m) => g.broadcastTo(g.logSumExp(m.vector()), [m.n]),
  (m) => g.sub(m.vector(), g.maximum(g.add(m.vector(), g.constant(m.choices.numbers(m.n))))),
];

const products: readonly Part[] = [
  (m) => g.linear(m.vector(), m.matrix(), undefined, { transposed: m.choices.isHeads }),
  (m) => g.linear(m.vector(), g.mul(m.matrix(), m.mask()), m.parameter([m.n])),
  // Two masks on the outer product of the same values.
  (m) => {
    const [value, matrix] = [m.vector(), m.matrix()];
    const masked = (weights: Expr): Expr => g.linear(value, g.mul(weights, m.mask()));
    return g.tanh(g.add(masked(matrix), masked(m.matrix())));
  },
  (m) => g.relu(g.linear(m.vector(), m.matrix(), m.parameter([m.n]))),
  (m) => g.linear(m.vector(), g.matrixProduct(m.matrices[0]!, m.matrices[1]!)),
  (m) => {
    // Layers of another width, a product of matrices that are not square.
    const width = 1 + m.choices.below(6);
    const [into, out] = [m.parameter([width, m.n]), m.parameter([m.n, width])];
    if (m.choices.isHeads) return g.linear(small(m.vector()), g.mul(0.4, g.matrixProduct(out, into)));
    return g.linear(g.tanh(g.linear(m.vector(), into, m.parameter([width]))), g.mul(0.5, out));
  },
  (m) => {
    const diagonal = m.matrixOf((i) => (i % (m.n + 1) ? 0 : 3));
    const options = { lower: m.choices.isHeads, transposed: m.choices.isHeads };
    return g.solveTriangular(g.add(m.matrix(), diagonal), m.vector(), options);
  },
];

const maps: readonly Part[] = [
  (m) => {
    const [f, h] = [m.choices.of(unary), m.choices.of(binary)];
    return g.mapFeatures([m.vector(), m.vector()], ([a], [b]) => [[h(f(a!), b!)]])[0]!;
  },
  // Several numbers a feature, and several results, one of which may be read.
  (m) => {
    const [f, h] = [m.choices.of(unary), m.choices.of(binary)];
    const pairs = g.reshape(g.concatenate([m.vector(), m.vector()]), [m.n, 2]);
    const [first, second] = g.mapFeatures([pairs, m.vector()], ([a, b], [c]) => [
      [h(a!, c!)],
      [small(f(b!)), g.sin(c!)],
    ]) as [Expr, Expr];
    return m.choices.isHeads ? first : g.add(first, g.sum(second, 1));
  },
  // Vectors in the body.
  (m) => {
    const f = m.choices.of(unary);
    const body = m.choices.of<(a: Expr, b: Expr) => Expr>([
      (a, b) => g.logSumExp(g.concatenate([a, b, f(a)])),
      (a, b) => g.sum(g.mul(g.concatenate([a, b]), g.concatenate([f(b), 0.5]))),
      (a, b) => g.sum(g.gather(g.concatenate([f(a), b]), [-1, 1, 0], [3])),
      (a, b) => g.sum(g.linear(g.concatenate([a, b]), g.constant([0.3, -0.4, 0.7, 0.2, 0.1, -0.5], [3, 2]))),
      (a, b) => g.maximum(g.concatenate([f(a), g.add(b, 0.0317)])),
      (a, b) => g.sum(g.mapFeatures([g.concatenate([a, b])], ([c]) => [[f(c!)]])[0]!),
    ]);
    return g.mapFeatures([m.vector(), m.vector()], ([a], [b]) => [[small(body(a!, b!))]])[0]!;
  },
];

/** What a step of a scan does with its state, a slice `[n, n]` and a slice `[n]`. */
const steps: readonly ((m: Making) => (s: Expr, w: Expr, b: Expr) => Expr)[] = [
  () => (s, _, b) => g.add(small(s), b),
  () => (s, w, b) => g.tanh(g.linear(s, g.mul(0.4, w), b)),
  () => (s, w, b) => g.add(g.linear(small(s), w, b), g.sin(b)),
  (m) => (s, w, b) => g.add(small(s), g.linear(b, g.matrixProduct(w, m.matrices[0]!))),
  (m) => (s, w, b) => g.mul(g.sin(s), g.slice(g.concatenate([b, g.sum(w, 0)]), 1, m.n + 1)),
  (m) => {
    const [f, h] = [m.choices.of(unary), m.choices.of(binary)];
    return (s, _, b) => small(g.mapFeatures([s, b], ([a], [c]) => [[h(f(a!), c!)]])[0]!);
  },
  (m) => {
    const mask = m.mask();
    const other = m.vector();
    return (s, w, b) => g.tanh(g.add(g.linear(s, g.mul(w, mask)), g.mul(b, other)));
  },
  (m) => (s, w, b) => {
    const diagonal = m.matrixOf((i) => (i % (m.n + 1) ? 0 : 3));
    return g.solveTriangular(g.add(diagonal, w), g.add(s, b), { lower: true });
  },
  // The slice is what an inner scan goes through.
  (m) => {
    const h = m.choices.of(binary);
    const reversed = m.choices.isHeads;
    return (s, w, b) =>
      g.scan(g.add(small(s), b), m.n, [w], (t, [row]) => g.tanh(h(g.add(t, 0.1), row!)), { reversed });
  },
  (m) => {
    const inner = m.parameter([2, m.n]);
    return (s, _, b) => g.scan(small(s), 2, [inner], (t, [row]) => g.tanh(g.add(g.mul(t, row!), b)));
  },
  ...positionSteps,
];

function scanned(m: Making): Expr {
  const count = 1 + m.choices.below(6);
  const stacks = [m.parameter([count, m.n, m.n]), m.parameter([count, m.n])];
  const body = m.choices.of(steps)(m);
  const reversed = m.choices.isHeads;
  const keptEvery = m.choices.isHeads ? 1 + m.choices.below(3) : undefined;
  const start = m.choices.below(4) === 0 ? g.mul(0.5, m.vector()) : m.ofRows();
  return g.scan(start, count, stacks, (s, [w, b]) => body(s, w!, b!), { reversed, keptEvery });
}

/** Two scans, in the bodies of which is one and the same scan, with other stacks. */
function scansThatShare(m: Making): Expr {
  const [count, inner] = [2 + m.choices.below(2), 1 + m.choices.below(3)];
  const stacks = [0, 1].map(() => m.parameter([count, inner, m.n]));
  const h = m.choices.of(binary);
  const start = m.ofRows();
  const first = g.scan(start, count, [stacks[0]!], (s, [rows]) =>
    g.scan(s, inner, [rows!], (t, [row]) => g.tanh(h(t, row!))),
  );
  if (first.op !== "scan") throw new Error("not a scan");
  const { result, slot, slices }: ScanExpr = first;
  // A body that has no use for the state goes through no slices of its own.
  if (slices.length !== 1 || !sameShape(slices[0]!.shape, [inner, m.n])) return first;
  const second = g.scan(small(start), count, [stacks[1]!], (s, [rows]) => {
    const replacements = new Map<Expr, Expr>([
      [slot, s],
      [slices[0]!, rows!],
    ]);
    return substitute([result], replacements)[0]!;
  });
  return g.sub(first, second);
}

const loops: readonly Part[] = [
  scanned,
  scanned,
  scansThatShare,
  // What the solution of a triangular iteration costs is found by readiness, of another by rounds.
  (m) => {
    const before = m.vector();
    const strict = m.matrixOf((i) => (i % m.n < Math.floor(i / m.n) ? 1 : 0));
    const weights = g.mul(m.matrix(), strict);
    const f = m.choices.of([g.tanh, g.sin, g.relu]);
    return g.fixedPoint(g.mul(0, m.ofRows()), m.n, (s) =>
      g.add(before, f(g.linear(s, weights, before.space === "row" ? undefined : before))),
    );
  },
  (m) => {
    const before = m.vector();
    return g.fixedPoint(g.mul(0.1, m.ofRows()), 60, (s) => g.add(before, g.mul(0.2, g.sin(s))));
  },
  (m) => {
    const before = m.vector();
    return g.fixedPoint(g.mul(0.1, m.ofRows()), 60, (s) => g.add(before, g.mul(0.2, g.sin(s))), {
      tolerance: 1e-14,
    });
  },
  // A row ends when its sum is small: its derivative is stopped.
  (m) => {
    const factor = g.add(0.3, small(m.vector()));
    const state = g.iterate(m.ofRows(), 9, (s) => {
      const next = g.mul(s, factor);
      return { state: next, done: g.less(g.sum(g.abs(next)), 0.317) };
    });
    return g.stopGradient(state);
  },
  // The same equation by rounds, with the derivative of what it solves.
  (m) => {
    const [a, b] = [m.ofRows(), small(m.vector())];
    const state = g.iterate(g.mul(0, a), 60, (y) => {
      const next = g.sub(a, g.mul(b, g.sin(y)));
      return { state: next, done: g.less(g.sum(g.abs(g.sub(next, y))), 1e-13) };
    });
    return g.implicit(state, (y) => g.sub(g.add(y, g.mul(b, g.sin(y))), a), "diagonal");
  },
  (m) => {
    const [a, b] = [m.ofRows(), small(m.vector())];
    const ends = g.broadcastTo(g.constant(50), [m.n]);
    const found = g.root(g.neg(ends), ends, (y) =>
      g.sub(g.add(y, g.mul(g.add(0.5, b), g.tanh(y))), g.tanh(a)),
    );
    return g.mul(0.1, found);
  },
  (m) => {
    const [weights, order] = [m.matrix(), m.choices.of(["midpoint", "rk4"] as const)];
    const options = {
      from: 0,
      to: 0.7,
      method: { kind: "fixed", order, steps: 1 + m.choices.below(4) },
    } as const;
    return g.solveOde(m.ofRows(), (t, z) => g.tanh(g.add(g.linear(z, weights), t)), options).state;
  },
];

/** All parts, by kind. */
export const parts: readonly (readonly Part[])[] = [elementwise, moves, products, maps, loops, positionParts];
