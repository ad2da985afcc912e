/**
 * The densities that the usual sets of points are drawn from: what no flow can do better than, but for luck.
 *
 * @module
 */

import type { SetName } from "./sets.ts";

type LogDensity = (x: number, y: number) => number;

const logNormal = (value: number, mean: number, deviation: number): number =>
  -(((value - mean) / deviation) ** 2) / 2 - Math.log(deviation * Math.sqrt(2 * Math.PI));

/** log of a sum of exponentials. */
function logSum(terms: readonly number[]): number {
  const top = Math.max(...terms);
  return top === -Infinity ? top : top + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - top), 0));
}

/** Places of weights that add up to 1, with round bell curves of one width on them: a line of close places is a law along it. */
function blurred(
  deviation: number,
  places: readonly (readonly [weight: number, x: number, y: number])[],
): LogDensity {
  const constant = -Math.log(2 * Math.PI * deviation ** 2);
  const precision = 1 / (2 * deviation ** 2);
  const logWeights = places.map(([weight]) => Math.log(weight));
  const terms = new Float64Array(places.length);
  return (x, y) => {
    let top = -Infinity;
    places.forEach(([, atX, atY], i) => {
      terms[i] = logWeights[i]! - precision * ((x - atX) ** 2 + (y - atY) ** 2);
      top = Math.max(top, terms[i]!);
    });
    let sum = 0;
    for (const term of terms) if (term > top - 40) sum += Math.exp(term - top);
    return constant + top + Math.log(sum);
  };
}

/** The middles of so many equal parts of [0, 1]. */
const middles = (count: number): number[] => Array.from({ length: count }, (_, i) => (i + 0.5) / count);

function moons(): LogDensity {
  const nodes = middles(200);
  return blurred(
    0.16,
    nodes.flatMap((share) => {
      const [c, s] = [Math.cos(Math.PI * share), Math.sin(Math.PI * share)];
      const weight = 0.5 / nodes.length;
      return [
        [weight, 2 * (c - 0.5), 2 * (s - 0.25)],
        [weight, 2 * (0.5 - c), 2 * (0.25 - s)],
      ] as const;
    }),
  );
}

function spirals(): LogDensity {
  const nodes = middles(600);
  return blurred(
    0.07,
    nodes.flatMap((root) => {
      const turn = 0.6 + 1.25 * root;
      const angle = 1.5 * Math.PI * turn;
      const [x, y] = [1.45 * turn * Math.cos(angle), 1.45 * turn * Math.sin(angle)];
      // The root of a uniform number has the density 2r.
      const weight = root / nodes.length;
      return [
        [weight, x, y],
        [weight, -x, -y],
      ] as const;
    }),
  );
}

function gaussians(): LogDensity {
  return blurred(
    0.22,
    Array.from({ length: 8 }, (_, i) => {
      const angle = (i * Math.PI) / 4;
      return [1 / 8, 2.2 * Math.cos(angle), 2.2 * Math.sin(angle)] as const;
    }),
  );
}

const rings = (): LogDensity => (x, y) => {
  const radius = Math.hypot(x, y);
  const terms = [0.7, 1.6, 2.5].flatMap((of) => [logNormal(radius, of, 0.08), logNormal(-radius, of, 0.08)]);
  return logSum(terms) - Math.log(3 * 2 * Math.PI * radius);
};

/** A normal angle, which comes round. */
function logWrapped(angle: number, mean: number, deviation: number): number {
  const turn = 2 * Math.PI;
  // So wide, it is the same everywhere, to all digits that count.
  if (deviation > 6) return -Math.log(turn);
  const away = angle - mean - turn * Math.round((angle - mean) / turn);
  const most = Math.ceil(deviation) + 1;
  return logSum(
    Array.from({ length: 2 * most + 1 }, (_, i) => logNormal(away + turn * (i - most), 0, deviation)),
  );
}

const pinwheel = (): LogDensity => (x, y) => {
  const distance = Math.hypot(x, y) / 1.5;
  // A radius below 0 lies on the other side.
  const terms = [1, -1].flatMap((side) => {
    const radius = side * distance;
    const angle = Math.atan2(side * y, side * x) - 0.9 * radius;
    return Array.from(
      { length: 5 },
      (_, arm) => logNormal(radius, 1.25, 0.42) + logWrapped(angle, (arm * 2 * Math.PI) / 5, 0.12 / distance),
    );
  });
  return logSum(terms) - Math.log(5 * 1.5 ** 2 * distance);
};

const checkerboard = (): LogDensity => (x, y) => {
  const [column, row] = [Math.floor(x / 1.3 + 2), Math.floor(y / 1.3 + 2)];
  const isOn = Math.min(column, row) >= 0 && Math.max(column, row) < 4 && (column + row) % 2 === 0;
  return isOn ? -Math.log(8 * 1.3 ** 2) : -Infinity;
};

const banana = (): LogDensity => (x, y) => logNormal(x, 0, 1.1) + logNormal(y, 0.7 * x * x - 0.9, 0.3);

const makers: Readonly<Record<SetName, () => LogDensity>> = {
  moons,
  rings,
  pinwheel,
  checkerboard,
  spirals,
  gaussians,
  banana,
};

/** The log-density of a set, in nats. */
export const logDensityOf = (name: SetName): LogDensity => makers[name]();
