/**
 * The usual sets of points in the plane, each a law that one can draw from.
 *
 * @module
 */

import { normals, uniforms } from "./random.ts";

interface Draw {
  readonly uniform: () => number;
  readonly normal: () => number;
}

interface PointSet {
  readonly label: string;
  /** A point; `i` is its number. */
  readonly point: (draw: Draw, i: number) => readonly [number, number];
}

/** A point at a radius and an angle. */
const polar = (radius: number, angle: number): readonly [number, number] => [
  radius * Math.cos(angle),
  radius * Math.sin(angle),
];

/** The sets by name, as links hold it. */
export const pointSets = {
  moons: {
    label: "Two moons",
    point({ uniform, normal }, i) {
      const angle = Math.PI * uniform();
      const [x, y] = i % 2 ? polar(1, angle) : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
      return [2 * (x - 0.5) + 0.16 * normal(), 2 * (y - 0.25) + 0.16 * normal()];
    },
  },
  rings: {
    label: "Rings",
    point({ uniform, normal }, i) {
      return polar([0.7, 1.6, 2.5][i % 3]! + 0.08 * normal(), 2 * Math.PI * uniform());
    },
  },
  pinwheel: {
    label: "Pinwheel",
    point({ normal }, i) {
      const radius = 1.25 + 0.42 * normal();
      return polar(
        1.5 * radius,
        ((i % 5) * 2 * Math.PI) / 5 + 0.9 * radius + (0.12 * normal()) / Math.abs(radius),
      );
    },
  },
  checkerboard: {
    label: "Checkers",
    point({ uniform }, i) {
      const row = i % 4;
      const column = 2 * Math.floor(2 * uniform()) + (row % 2);
      return [1.3 * (column + uniform() - 2), 1.3 * (row + uniform() - 2)];
    },
  },
  spirals: {
    label: "Spirals",
    point({ uniform, normal }, i) {
      const turn = 0.6 + 1.25 * Math.sqrt(uniform());
      const [x, y] = polar(1.45 * turn, 2 * Math.PI * turn * 0.75 + (i % 2) * Math.PI);
      return [x + 0.07 * normal(), y + 0.07 * normal()];
    },
  },
  gaussians: {
    label: "Gaussians",
    point({ normal }, i) {
      const [x, y] = polar(2.2, ((i % 8) * Math.PI) / 4);
      return [x + 0.22 * normal(), y + 0.22 * normal()];
    },
  },
  banana: {
    label: "Banana",
    point({ normal }) {
      const x = 1.1 * normal();
      return [x, 0.7 * x * x - 0.9 + 0.3 * normal()];
    },
  },
} as const satisfies Record<string, PointSet>;

/** Name of a set. */
export type SetName = keyof typeof pointSets;

/** Points of a set, row-major: two numbers a point. */
export function drawSet(name: SetName, rows: number, seed: number): Float64Array {
  const uniform = uniforms(seed);
  const draw = { uniform, normal: normals(uniform) };
  const points = new Float64Array(2 * rows);
  const set: PointSet = pointSets[name];
  for (let i = 0; i < rows; i++) points.set(set.point(draw, i), 2 * i);
  return points;
}
