/**
 * The four energies of Rezende and Mohamed (2015, table 1), with a wall that makes all of them normalizable, and planar flows
 * fitted to them: the paper's figure 3.
 */

import { planarFlow } from "../dist/architectures.js";
import { approximate } from "../dist/index.js";

/** Half the width of the window: three of the energies are flat along z1 without it. */
export const window = 4;
/** The wall's energy grows by 1/2 at this distance beyond the window. */
const wall = 0.1;

/** Energies of z1 and z2 with the operations of a program, or of plain numbers. */
const energiesWith = ({ add, sub, mul, div, square, sqrt, sin, exp, sigmoid, logAddExp, neg }) => {
  const bump = (distance, width) => mul(-0.5, square(div(distance, width)));
  const w1 = (z1) => sin(mul(Math.PI / 2, z1));
  const w2 = (z1) => mul(3, exp(bump(sub(z1, 1), 0.6)));
  const w3 = (z1) => mul(3, sigmoid(div(sub(z1, 1), 0.3)));
  return [
    (z1, z2) =>
      sub(
        mul(0.5, square(div(sub(sqrt(add(square(z1), add(square(z2), 1e-12))), 2), 0.4))),
        logAddExp(bump(sub(z1, 2), 0.6), bump(add(z1, 2), 0.6)),
      ),
    (z1, z2) => neg(bump(sub(z2, w1(z1)), 0.4)),
    (z1, z2) => {
      const gap = sub(z2, w1(z1));
      return neg(logAddExp(bump(gap, 0.35), bump(add(gap, w2(z1)), 0.35)));
    },
    (z1, z2) => {
      const gap = sub(z2, w1(z1));
      return neg(logAddExp(bump(gap, 0.4), bump(add(gap, w3(z1)), 0.35)));
    },
  ];
};

const numbers = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  square: (a) => a * a,
  sqrt: Math.sqrt,
  sin: Math.sin,
  exp: Math.exp,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  neg: (a) => -a,
  logAddExp: (a, b) => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))),
};

/** Energy number `index` with its wall, of two numbers. */
export function energyAt(index, z1, z2) {
  const beyond = Math.max(0, Math.abs(z1) - window) / wall;
  return energiesWith(numbers)[index](z1, z2) + 0.5 * beyond ** 2;
}

/** log of the integral of e^-U, by the trapezoidal rule, which is exact to rounding for such smooth densities. */
export function logNormalizer(index) {
  const [reach, step] = [9, 0.01];
  let sum = 0;
  for (let z1 = -window - 1.5; z1 <= window + 1.5; z1 += step)
    for (let z2 = -reach; z2 <= reach; z2 += step) sum += Math.exp(-energyAt(index, z1, z2));
  return Math.log(sum * step * step);
}

/** A planar flow of some length fitted to an energy, with the divergence from it, in nats. */
export async function fitEnergy(index, length, { seed = 1, steps = 6000 } = {}) {
  const logDensity = ({ z1, z2 }, ops) => {
    const beyond = ops.div(ops.max(0, ops.sub(ops.abs(z1), window)), wall);
    return ops.neg(ops.add(energiesWith(ops)[index](z1, z2), ops.mul(0.5, ops.square(beyond))));
  };
  const {
    flow,
    report: { diagnostics },
  } = await approximate({
    parameters: { z1: "real", z2: "real" },
    logDensity,
    flow: planarFlow({ features: 2, transforms: length, direction: "forward" }),
    seed,
    steps,
    draws: 256,
    learningRate: 0.01,
    annealing: steps / 2,
    diagnosticSamples: 40_000,
  });
  return {
    flow,
    divergence: logNormalizer(index) - diagnostics.bound,
    error: diagnostics.boundError,
  };
}
