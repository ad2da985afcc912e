/**
 * Rows of bijections/domains.
 *
 * @module
 */

import { additiveLogistic } from "../../../src/bijections/domains/additiveLogistic.ts";
import { bounded } from "../../../src/bijections/domains/bounded.ts";
import { correlationFactor, covarianceFactor } from "../../../src/bijections/domains/choleskyFactors.ts";
import { heavyTails } from "../../../src/bijections/domains/heavyTails.ts";
import { ordered } from "../../../src/bijections/domains/ordered.ts";
import { type BijectionCases, clamped } from "./bijectionCase.ts";

/** Rows by type. */
export const domainCases: Readonly<
  Record<keyof typeof import("../../../src/bijections/domains/makers.ts"), BijectionCases>
> = {
  additiveLogistic: {
    "two shares beside a number": {
      bijection: additiveLogistic({ features: 3, shares: [0, 2], total: 100 }),
      startsAsIdentity: false,
      within: (direction, [a, b, c]) =>
        direction === "forward"
          ? [clamped(a!, 5), b!, clamped(c!, 5)]
          : [30 + 20 * Math.sin(a!), b!, 25 + 20 * Math.sin(c!)],
    },
    "one feature": {
      bijection: additiveLogistic({ features: 1 }),
      startsAsIdentity: false,
      within: (direction, [x]) => [direction === "forward" ? clamped(x!, 5) : 0.5 + 0.45 * Math.sin(x!)],
    },
  },
  bounded: {
    "three features": {
      bijection: bounded({ features: 3, lower: [null, -1, null], upper: [null, null, 2] }),
      startsAsIdentity: false,
      within: (direction, [a, b, c]) =>
        direction === "forward"
          ? [a!, clamped(b!, 15), clamped(c!, 15)]
          : [a!, -1 + Math.max(1e-3, Math.abs(b!)), 2 - Math.max(1e-3, Math.abs(c!))],
    },
    "one feature": {
      bijection: bounded({ features: 1, lower: [0], upper: [null] }),
      startsAsIdentity: false,
      edges: [-30, 30],
      within: (direction, [x]) => [direction === "forward" ? x! : Math.max(1e-12, Math.abs(x!))],
    },
    "both sides": {
      bijection: bounded({ features: 1, lower: [-2], upper: [3] }),
      startsAsIdentity: false,
      within: (direction, [x]) => [direction === "forward" ? clamped(x!, 15) : 0.5 + 2.4 * Math.sin(x!)],
    },
    far: {
      bijection: bounded({ features: 1, lower: [0], upper: [null], reach: 60 }),
      startsAsIdentity: false,
      edges: [-60, 60],
      within: (direction, [x]) => [
        direction === "forward" ? clamped(x!, 60) : Math.exp(clamped(Math.abs(x!), 30)),
      ],
    },
    "farther than float32": {
      bijection: bounded({ features: 1, lower: [0], upper: [null], reach: 300 }),
      startsAsIdentity: false,
      needsFloat64: true,
      edges: [-300, 300],
      within: (direction, [x]) => [
        direction === "forward" ? clamped(x!, 300) : Math.exp(clamped(Math.abs(x!), 30)),
      ],
    },
  },
  correlationFactor: {
    "three rows": {
      bijection: correlationFactor({ size: 3 }),
      startsAsIdentity: false,
      within: (direction, point) =>
        point.map((x) => (direction === "forward" ? clamped(x, 4) : 0.69 * Math.sin(x))),
    },
    "two rows beside a number": {
      bijection: correlationFactor({ size: 2, features: 2 }),
      startsAsIdentity: false,
      edges: [0],
      within: (direction, [x, y]) => [direction === "forward" ? clamped(x!, 4) : 0.99 * Math.sin(x!), y!],
    },
  },
  covarianceFactor: {
    "two rows": {
      bijection: covarianceFactor({ size: 2 }),
      startsAsIdentity: false,
      within: (direction, [a, b, c]) =>
        direction === "forward"
          ? [a!, b!, c!]
          : [Math.max(1e-12, Math.abs(a!)), b!, Math.max(1e-12, Math.abs(c!))],
    },
    "one row": {
      bijection: covarianceFactor({ size: 1 }),
      startsAsIdentity: false,
      edges: [-30, 30],
      within: (direction, [x]) => [direction === "forward" ? x! : Math.max(1e-12, Math.abs(x!))],
    },
  },
  heavyTails: {
    "two features": {
      bijection: heavyTails({ features: 2 }),
      startsAsIdentity: true,
      within: (direction, point) => (direction === "forward" ? point.map((x) => clamped(x, 12)) : point),
    },
    shared: {
      bijection: heavyTails({ features: 3, shared: true }),
      startsAsIdentity: true,
      within: (direction, point) => (direction === "forward" ? point.map((x) => clamped(x, 4)) : point),
    },
    "farther than float32": {
      bijection: heavyTails({ features: 2, reach: 600 }),
      startsAsIdentity: true,
      needsFloat64: true,
      within: (direction, point) => (direction === "forward" ? point.map((x) => clamped(x, 12)) : point),
    },
  },
  ordered: {
    "two features": {
      bijection: ordered({ features: 2 }),
      startsAsIdentity: false,
      within: (direction, [a, b]) =>
        direction === "forward"
          ? [clamped(a!, 10), clamped(b!, 6)]
          : [clamped(a!, 10), clamped(a!, 10) + Math.abs(clamped(b!, 10)) + 0.01],
    },
    "four features": {
      bijection: ordered({ features: 4 }),
      startsAsIdentity: false,
      within: (direction, point) =>
        direction === "forward"
          ? point.map((x) => clamped(x, 5))
          : point
              .map((x) => clamped(x, 20))
              .sort((a, b) => a - b)
              .map((x, i) => x + i),
    },
    "one feature": { bijection: ordered({ features: 1 }), startsAsIdentity: true },
  },
};
