/**
 * Laws that every bijection obeys: far from the identity, on knots and edges, at sizes that data should not have. Golden
 * values see what laws cannot: a wrong formula that is still invertible.
 *
 * @module
 */

import fc from "fast-check";
import { LuDecomposition, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { bijectionFromJson } from "../../src/bijections/bijectionFromJson.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { randomKey } from "../../src/random/philox.ts";
import type { BijectionCase } from "./cases/bijectionCase.ts";
import { type At, type Direction, norm, rowOf, Subject } from "./harness.ts";
import { randomParameters, stream, type Values } from "./parameters.ts";

/** Difference between 1 and the next number of the reference engine. */
const epsilon = 2 ** -52;
const directions: readonly Direction[] = ["forward", "inverse"];
/**
 * Rounding errors that one evaluation may add up to, in units of epsilon times the condition: the bound that the
 * design states for a round trip.
 */
const roundings = 64;

/** How far the numbers are moved of whose loss differences are taken: less far where the loss bends. */
const steps = [2 ** -18, 2 ** -24, 2 ** -30, 2 ** -36];

/** Coordinates that random draws miss. */
const oddCoordinates = [0, -0, 1, -1, 20, -20, 1e6, -1e6, 5e-324, -1e-310, 1e-12];

/** Parameters, and points to evaluate with them at once; what fast-check shrinks when a law fails. */
interface Draw {
  readonly seed: number;
  readonly scale: number;
  readonly points: number[][];
  readonly contexts: number[][];
}

/** Draws of so many points for a row of the table: normal-sized, up to 20 and 1e6, on its edges. */
function drawsFor({ bijection, edges = [] }: BijectionCase, points: number): fc.Arbitrary<Draw> {
  const coordinate = fc.oneof(
    { weight: 4, arbitrary: fc.double({ min: -4, max: 4, noNaN: true }) },
    { weight: 2, arbitrary: fc.double({ min: -20, max: 20, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(...oddCoordinates) },
    { weight: edges.length > 0 ? 2 : 0, arbitrary: fc.constantFrom(0, ...edges) },
  );
  const several = <T>(one: fc.Arbitrary<T>, n: number): fc.Arbitrary<T[]> =>
    fc.array(one, { minLength: n, maxLength: n });
  const ofContext = fc.double({ min: -3, max: 3, noNaN: true });
  return fc.record({
    seed: fc.nat(9999),
    scale: fc.constantFrom(0.3, 1, 3),
    points: several(several(coordinate, bijection.features), points),
    contexts: several(several(ofContext, bijection.context), points),
  });
}

/** Looking for a smaller counterexample ends after this time, so that a broken map does not stop the suite. */
const patience = { interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true } as const;

/** The largest difference of two arrays; NaN if either holds one. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const gap = Object.is(a[i], b[i]) ? 0 : Math.abs(a[i]! - b[i]!);
    if (!(gap <= largest)) largest = gap;
  }
  return largest;
}

/** Fails if `error` is not at most `tolerance`, and shows both. */
function expectAtMost(error: number, tolerance: number, what: string): void {
  if (!(error <= tolerance)) throw new Error(`${what}: an error of ${error}, tolerance ${tolerance}`);
}

const other = (direction: Direction): Direction => (direction === "forward" ? "inverse" : "forward");

/** Declares these laws of a case, whose subject is on the reference engine. */
export function valueLaws(row: BijectionCase, subject: Subject): void {
  const {
    bijection,
    startsAsIdentity,
    hides,
    draws = 60,
    // Most of the time of one point is that of the parameters and of each operation.
    together = Math.ceil(draws / 20),
    within = (_, drawn) => drawn,
  } = row;
  const n = bijection.features;

  /** Checks a law on draws that are the same every time. */
  const check = (
    law: (draw: Draw, parameters: Values) => Promise<void>,
    runs = Number.POSITIVE_INFINITY,
  ): Promise<void> =>
    fc.assert(
      fc.asyncProperty(drawsFor(row, together), (draw) =>
        law(draw, randomParameters(bijection, draw.seed, draw.scale)),
      ),
      {
        seed: 20,
        numRuns: Math.min(runs, Math.ceil(draws / together)),
        includeErrorInReport: true,
        ...patience,
      },
    );

  /** The points of a draw where a direction is defined, and moved further by `move`. */
  const placed = (
    direction: Direction,
    { points, contexts }: Draw,
    move = (x: number): number => x,
  ): { readonly x: Float64Array; readonly context: Float64Array } => ({
    x: Float64Array.from(points.flatMap((point) => within(direction, point).map(move))),
    context: Float64Array.from(contexts.flat()),
  });

  describe.runIf(!bijection.branches)("round trips", () => {
    test.each(directions)(
      "%s and back gives the point, within the condition of the Jacobian",
      async (direction) => {
        await check(async (draw, parameters) => {
          const at = placed(direction, draw);
          const { value } = await subject.image(direction, parameters, at);
          const image = { ...at, x: value };
          const back = await subject.image(other(direction), parameters, image);
          const jacobians = await subject.jacobian(direction, parameters, at);
          const inverses = await subject.jacobian(other(direction), parameters, image);
          jacobians.forEach((jacobian, row) => {
            const point = rowOf(at.x, row, n);
            // The image is off by |J| |x| + |y| roundings, which the way back multiplies by |J^-1|.
            const atImage = norm(jacobian) * (1 + norm(point)) + 1 + norm(rowOf(value, row, n));
            const tolerance = roundings * epsilon * (norm(inverses[row]!) * atImage + 1 + norm(point));
            expectAtMost(distance(rowOf(back.value, row, n), point), tolerance, `round trip of [${point}]`);
          });
        });
      },
    );
  });

  test.runIf(bijection.branches)(
    "every branch leads back to the point, and the point is on one",
    async () => {
      await check(async ({ points, contexts }, parameters) => {
        const context = contexts.flat();
        const { value } = await subject.image("forward", parameters, { x: points.flat(), context });
        const branches = await subject.branchImages(parameters, { x: value, context });
        const jacobians = await subject.jacobian("inverse", parameters, { x: value, context });
        points.forEach((point, row) => {
          const image = rowOf(value, row, n);
          expect(branches[row]!.length).toBeGreaterThan(0);
          const size = 1 + norm(image) + norm(parameters["2.shift"] ?? []);
          for (const branch of branches[row]!)
            expectAtMost(distance(branch.image, image), 16 * roundings * epsilon * size, "branch");
          const tolerance = roundings * epsilon * ((1 + norm(jacobians[row]!)) * size + norm(point) + 1);
          expectAtMost(
            Math.min(...branches[row]!.map((branch) => distance(branch.value, point))),
            tolerance,
            `own branch of [${point}]`,
          );
        });
      });
    },
  );

  test.each(directions)(
    "%s: logAbsDet is the logarithm of the determinant of the dense Jacobian",
    async (direction) => {
      await check(async (draw, parameters) => {
        // At a fold the Jacobian is that of neither side.
        const at = placed(direction, draw, (x) => (bijection.branches && Math.abs(x) < 1e-9 ? 0.5 : x));
        const { value, logAbsDet } = await subject.image(direction, parameters, at);
        const image = { ...at, x: value };
        const jacobians = await subject.jacobian(direction, parameters, at);
        const inverses = await subject.jacobian(other(direction), parameters, image);
        const slopes = await subject.logAbsDetSlope(direction, parameters, at);
        const slopesBack = await subject.logAbsDetSlope(other(direction), parameters, image);
        jacobians.forEach((jacobian, row) => {
          const own = logAbsDet[row]!;
          const point = rowOf(at.x, row, n);
          const dense = new Matrix(Array.from({ length: n }, (_, i) => Array.from(rowOf(jacobian, i, n))));
          const { determinant } = new LuDecomposition(dense);
          const moved =
            norm(rowOf(slopes, row, n)) * (1 + norm(point)) +
            norm(rowOf(slopesBack, row, n)) * (1 + norm(rowOf(value, row, n)));
          const condition = norm(jacobian) * norm(inverses[row]!);
          const tolerance = roundings * epsilon * (n + condition + Math.abs(own) + moved);
          expectAtMost(Math.abs(own - Math.log(Math.abs(determinant))), tolerance, `logAbsDet at [${point}]`);
        });
      });
    },
  );

  test.runIf(!bijection.branches)("the logAbsDets of the two directions are opposite", async () => {
    await check(async (draw, parameters) => {
      const at = placed("forward", draw);
      const there = await subject.image("forward", parameters, at);
      const image = { ...at, x: there.value };
      const back = await subject.image("inverse", parameters, image);
      const jacobians = await subject.jacobian("forward", parameters, at);
      const inverses = await subject.jacobian("inverse", parameters, image);
      const slopes = await subject.logAbsDetSlope("forward", parameters, at);
      const slopesBack = await subject.logAbsDetSlope("inverse", parameters, image);
      jacobians.forEach((jacobian, row) => {
        const own = there.logAbsDet[row]!;
        const point = rowOf(at.x, row, n);
        const moved =
          norm(rowOf(slopes, row, n)) * (1 + norm(point)) +
          norm(rowOf(slopesBack, row, n)) *
            (norm(jacobian) * (1 + norm(point)) + 1 + norm(rowOf(there.value, row, n)));
        const condition = norm(jacobian) * norm(inverses[row]!);
        const tolerance = roundings * epsilon * (1 + Math.abs(own) + moved + condition);
        expectAtMost(Math.abs(own + back.logAbsDet[row]!), tolerance, `sum of logAbsDets at [${point}]`);
      });
    });
  });

  test.each(directions)("%s: gradients agree with differences on both sides", async (direction) => {
    await check(async ({ seed, points, contexts }, parameters) => {
      // One point of each draw: what a parameter moves is a sum over rows, whose kinks would be those of any row.
      const draw = { seed, scale: 1, points: points.slice(0, 1), contexts: contexts.slice(0, 1) };
      const at = placed(direction, draw, (x) => (bijection.branches && Math.abs(x) < 1e-3 ? 0.5 : x));
      const gradient = await subject.gradient(direction, parameters, at);
      const centre = (await subject.losses(direction, parameters, at))[0]!;
      const leaves: Values = { ...parameters, ...at };
      // How much one rounding of every number that went in moves the loss.
      let sensitivity = 0;
      for (const [leaf, data] of Object.entries(leaves))
        data.forEach((value, i) => (sensitivity += Math.abs(value * gradient[leaf]![i]!)));

      /** Losses where a leaf is moved along a direction, for each of these moves; those of rows at once. */
      const lossesOf = async (leaf: string, moves: readonly (readonly [Float64Array, number])[]) => {
        const moved = moves.map(([along, by]) => leaves[leaf]!.map((value, i) => value + by * along[i]!));
        const repeated = (data: Float64Array): Float64Array =>
          Float64Array.from(moved.flatMap(() => Array.from(data)));
        const joined = Float64Array.from(moved.flatMap((data) => Array.from(data)));
        if (leaf === "x")
          return subject.losses(direction, parameters, { x: joined, context: repeated(at.context) });
        if (leaf === "context")
          return subject.losses(direction, parameters, { x: repeated(at.x), context: joined });
        const losses: number[] = [];
        for (const data of moved)
          losses.push((await subject.losses(direction, { ...parameters, [leaf]: data }, at))[0]!);
        return losses;
      };

      const source = stream(seed, "which way");
      for (const [leaf, data] of Object.entries(leaves)) {
        const { length } = data;
        const scales = data.map((value) => Math.max(1, Math.abs(value)));
        // What a row holds is moved number by number, of parameters all at once: one way up or down for each, together as far as one.
        let open =
          leaf === "x" || leaf === "context"
            ? Array.from(scales, (scale, i) => new Float64Array(length).fill(scale, i, i + 1))
            : length > 0
              ? [scales.map((scale) => (source.uniform() < 0.5 ? -scale : scale) / Math.sqrt(length))]
              : [];
        for (const step of steps) {
          if (open.length === 0) break;
          const losses = await lossesOf(
            leaf,
            open.flatMap((along) => [[along, step] as const, [along, -step] as const]),
          );
          open = open.filter((along, k) => {
            const own = along.reduce((sum, by, i) => sum + by * gradient[leaf]![i]!, 0);
            const [right, left] = [(losses[2 * k]! - centre) / step, (centre - losses[2 * k + 1]!) / step];
            // At a kink (a rectifier's zero, a knot) the derivative is that of one side; where the function is
            // smooth it is off by less than the two differences differ.
            const error = Math.min(Math.abs(own - right), Math.abs(own - left));
            const rounding = (roundings * epsilon * (1 + Math.abs(centre) + sensitivity)) / step;
            const tolerance = 1e-7 * Math.abs(right) + Math.abs(right - left) + rounding;
            if (error <= tolerance) return false;
            // A smaller step may only be asked for where this one was too large for the curvature.
            if (step > steps.at(-1)! && Math.abs(right - left) > 1e-5 * Math.abs(right) + rounding)
              return true;
            throw new Error(
              `d loss / d ${leaf} along [${along}] is ${own}, differences ${left} and ${right}, step ${step}`,
            );
          });
        }
      }
    });
  });

  test("every trained parameter gets a gradient, unless a mask hides it", async () => {
    const reached = new Map(subject.trained.map((leaf) => [leaf, new Set<number>()]));
    const sizes = randomParameters(bijection, 0, 1);
    const isReached = (): boolean =>
      Array.from(reached).every(([leaf, found]) => {
        for (let i = 0; i < sizes[leaf]!.length; i++) if (!found.has(i) && !hides?.(leaf, i)) return false;
        return true;
      });
    // Where a mask hides some, three seeds see that these get none.
    for (const direction of directions)
      for (let seed = 0; seed < 12 && ((hides && seed < 3) || !isReached()); seed++) {
        const source = stream(seed, "rows");
        const draw = (count: number): number[] => Array.from({ length: count }, () => 3 * source.normal());
        const parameters = randomParameters(bijection, seed, 1);
        const at: At = { x: draw(32 * n), context: draw(32 * bijection.context) };
        const gradient = await subject.gradient(direction, parameters, at);
        for (const [leaf, found] of reached)
          gradient[leaf]!.forEach((value, i) => {
            if (value !== 0) found.add(i);
          });
      }
    for (const [leaf, found] of reached) {
      const { length } = sizes[leaf]!;
      const expected = Array.from({ length }, (_, i) => i).filter((i) => !hides?.(leaf, i));
      expect([leaf, [...found].sort((a, b) => a - b)]).toEqual([leaf, expected]);
    }
  });

  test("its description, as JSON text and back, gives the same description, parameters and values", async () => {
    const read = bijectionFromJson(JSON.parse(JSON.stringify(bijection)));
    expect(read.toJSON()).toEqual(bijection.toJSON());
    expect(read.parameters).toEqual(bijection.parameters);
    expect([read.type, read.features, read.context]).toEqual([bijection.type, n, bijection.context]);
    const copy = new Subject(read);
    await check(async ({ points, contexts }, parameters) => {
      const at = { x: points.flat(), context: contexts.flat() };
      for (const direction of directions)
        expect(await copy.image(direction, parameters, at)).toEqual(
          await subject.image(direction, parameters, at),
        );
    }, 3);
  });

  test.runIf(startsAsIdentity !== false)(
    "is the identity at the start, whatever the draw of its hidden layers",
    async () => {
      const reach = startsAsIdentity === true ? Number.POSITIVE_INFINITY : Number(startsAsIdentity);
      await check(async ({ seed, points, contexts }) => {
        const start = initialValues(bijection.parameters, randomKey(seed));
        const x = Float64Array.from(points.flat(), (drawn) => Math.max(-reach, Math.min(reach, drawn)));
        for (const direction of directions) {
          const { value, logAbsDet } = await subject.image(direction, start, { x, context: contexts.flat() });
          points.forEach((_, row) => {
            const point = rowOf(x, row, n);
            // A spline computes with extents in units of a bin: a box of +-5 of 16 bins, both ways.
            const tolerance = 16 * epsilon * (5 + norm(point));
            expectAtMost(distance(rowOf(value, row, n), point), tolerance, `identity at [${point}]`);
            expectAtMost(Math.abs(logAbsDet[row]!), 64 * epsilon, "logAbsDet of the identity");
          });
        }
      });
    },
  );
}
