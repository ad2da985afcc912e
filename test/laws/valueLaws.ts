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
/**
 * Rounding errors that one evaluation may add up to, in units of epsilon times the condition: the bound that the
 * design states for a round trip.
 */
const roundings = 64;
const directions: readonly Direction[] = ["forward", "inverse"];

/** Coordinates that random draws miss. */
const oddCoordinates = [0, -0, 1, -1, 20, -20, 1e6, -1e6, 5e-324, -1e-310, 1e-12];

/** One point with parameters for it; what fast-check shrinks when a law fails. */
interface Draw {
  readonly seed: number;
  readonly scale: number;
  readonly point: number[];
  readonly context: number[];
}

/** Draws for a row of the table: normal-sized, up to 20 and 1e6, on its edges. */
function drawsFor({ bijection, edges = [] }: BijectionCase): fc.Arbitrary<Draw> {
  const coordinate = fc.oneof(
    { weight: 4, arbitrary: fc.double({ min: -4, max: 4, noNaN: true }) },
    { weight: 2, arbitrary: fc.double({ min: -20, max: 20, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(...oddCoordinates) },
    { weight: edges.length > 0 ? 2 : 0, arbitrary: fc.constantFrom(0, ...edges) },
  );
  const several = (n: number): fc.Arbitrary<number[]> => fc.array(coordinate, { minLength: n, maxLength: n });
  return fc.record({
    seed: fc.nat(9999),
    scale: fc.constantFrom(0.3, 1, 3),
    point: several(bijection.features),
    context: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
      minLength: bijection.context,
      maxLength: bijection.context,
    }),
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
  const { bijection, startsAsIdentity, hides, draws = 60, within = (_, drawn) => drawn } = row;
  const n = bijection.features;

  /** Checks a law on draws that are the same every time. */
  const check = (
    law: (draw: Draw, subject: Subject, parameters: Values) => Promise<void>,
    runs = 60,
  ): Promise<void> =>
    fc.assert(
      fc.asyncProperty(drawsFor(row), (draw) =>
        law(draw, subject, randomParameters(bijection, draw.seed, draw.scale)),
      ),
      { seed: 20, numRuns: Math.min(runs, draws), includeErrorInReport: true, ...patience },
    );

  describe.runIf(!bijection.branches)("round trips", () => {
    test.each(directions)(
      "%s and back gives the point, within the condition of the Jacobian",
      async (direction) => {
        await check(async ({ point: drawn, context }, subject, parameters) => {
          const point = within(direction, drawn);
          const { value } = await subject.image(direction, parameters, { x: point, context });
          const back = await subject.image(other(direction), parameters, { x: value, context });
          const [jacobian] = await subject.jacobian(direction, parameters, { x: point, context });
          const [inverse] = await subject.jacobian(other(direction), parameters, { x: value, context });
          // The image is off by |J| |x| + |y| roundings, which the way back multiplies by |J^-1|.
          const atImage = norm(jacobian!) * (1 + norm(point)) + 1 + norm(value);
          const tolerance = roundings * epsilon * (norm(inverse!) * atImage + 1 + norm(point));
          expectAtMost(distance(back.value, point), tolerance, "round trip");
        });
      },
    );
  });

  test.runIf(bijection.branches)(
    "every branch leads back to the point, and the point is on one",
    async () => {
      await check(async ({ point, context }, subject, parameters) => {
        const { value: image } = await subject.image("forward", parameters, { x: point, context });
        const [branches] = await subject.branchImages(parameters, { x: image, context });
        expect(branches!.length).toBeGreaterThan(0);
        const size = 1 + norm(image) + norm(parameters["2.shift"] ?? []);
        for (const branch of branches!)
          expectAtMost(distance(branch.image, image), 16 * roundings * epsilon * size, "branch");
        const [jacobian] = await subject.jacobian("inverse", parameters, { x: image, context });
        const tolerance = roundings * epsilon * ((1 + norm(jacobian!)) * size + norm(point) + 1);
        expectAtMost(
          Math.min(...branches!.map(({ value }) => distance(value, point))),
          tolerance,
          "own branch",
        );
      });
    },
  );

  test.each(directions)(
    "%s: logAbsDet is the logarithm of the determinant of the dense Jacobian",
    async (direction) => {
      await check(async ({ point: drawn, context }, subject, parameters) => {
        const point = within(direction, drawn);
        // At a fold the Jacobian is that of neither side.
        const at: At = {
          x: bijection.branches ? point.map((x) => (Math.abs(x) < 1e-9 ? 0.5 : x)) : point,
          context,
        };
        const { value, logAbsDet } = await subject.image(direction, parameters, at);
        const [jacobian] = await subject.jacobian(direction, parameters, at);
        const [inverse] = await subject.jacobian(other(direction), parameters, { x: value, context });
        const dense = new Matrix(Array.from({ length: n }, (_, i) => Array.from(rowOf(jacobian!, i, n))));
        const determinant = new LuDecomposition(dense).determinant;
        const moved =
          norm(await subject.logAbsDetSlope(direction, parameters, at)) * (1 + norm(at.x)) +
          norm(await subject.logAbsDetSlope(other(direction), parameters, { x: value, context })) *
            (1 + norm(value));
        const condition = norm(jacobian!) * norm(inverse!);
        const tolerance = roundings * epsilon * (n + condition + Math.abs(logAbsDet[0]!) + moved);
        expectAtMost(Math.abs(logAbsDet[0]! - Math.log(Math.abs(determinant))), tolerance, "logAbsDet");
      });
    },
  );

  test.runIf(!bijection.branches)("the logAbsDets of the two directions are opposite", async () => {
    await check(async ({ point, context }, subject, parameters) => {
      const at: At = { x: within("forward", point), context };
      const there = await subject.image("forward", parameters, at);
      const image: At = { x: there.value, context };
      const back = await subject.image("inverse", parameters, image);
      const [jacobian] = await subject.jacobian("forward", parameters, at);
      const [inverse] = await subject.jacobian("inverse", parameters, image);
      const moved =
        norm(await subject.logAbsDetSlope("forward", parameters, at)) * (1 + norm(point)) +
        norm(await subject.logAbsDetSlope("inverse", parameters, image)) *
          (norm(jacobian!) * (1 + norm(point)) + 1 + norm(there.value));
      const condition = norm(jacobian!) * norm(inverse!);
      const tolerance = roundings * epsilon * (1 + Math.abs(there.logAbsDet[0]!) + moved + condition);
      expectAtMost(Math.abs(there.logAbsDet[0]! + back.logAbsDet[0]!), tolerance, "sum of logAbsDets");
    });
  });

  test.each(directions)("%s: gradients agree with differences on both sides", async (direction) => {
    await check(async ({ seed, point: drawn, context }, subject, parameters) => {
      const point = within(direction, drawn);
      const x = bijection.branches ? point.map((v) => (Math.abs(v) < 1e-3 ? 0.5 : v)) : point;
      const gradient = await subject.gradient(direction, parameters, { x, context });
      const loss = (moved: Values): Promise<number> =>
        subject.loss(
          direction,
          { ...parameters, ...moved },
          {
            x: moved.x ?? x,
            context: moved.context ?? context,
          },
        );
      const centre = await loss({});
      const leaves: Values = {
        ...parameters,
        x: Float64Array.from(x),
        context: Float64Array.from(context),
      };
      // How much one rounding of every number that went in moves the loss.
      let sensitivity = 0;
      for (const [leaf, data] of Object.entries(leaves))
        data.forEach((value, i) => (sensitivity += Math.abs(value * gradient[leaf]![i]!)));
      const source = stream(seed, "which elements");
      for (const [leaf, data] of Object.entries(leaves)) {
        // A few elements of each leaf; the seeds reach the others.
        const count = Math.min(data.length, leaf === "x" ? n : 4);
        for (let k = 0; k < count; k++) {
          const i = count === data.length ? k : Math.floor(source.uniform() * data.length);
          const at = (by: number): Promise<number> => {
            const moved = data.slice();
            moved[i] = data[i]! + by;
            return loss({ [leaf]: moved });
          };
          const own = gradient[leaf]![i]!;
          let found = "";
          for (const step of [2 ** -18, 2 ** -24, 2 ** -30, 2 ** -36]) {
            const h = step * Math.max(1, Math.abs(data[i]!));
            const [above, below] = [await at(h), await at(-h)];
            const [right, left] = [(above - centre) / h, (centre - below) / h];
            // At a kink (a rectifier's zero, a knot) the derivative is that of one side; where the function is
            // smooth it is off by less than the two differences differ.
            const error = Math.min(Math.abs(own - right), Math.abs(own - left));
            const rounding = (roundings * epsilon * (1 + Math.abs(centre) + sensitivity)) / h;
            const tolerance = 1e-7 * Math.abs(right) + Math.abs(right - left) + rounding;
            found = error <= tolerance ? "" : `${own}, differences ${left} and ${right}, step ${h}`;
            // A smaller step may only be asked for where this one was too large for the curvature.
            if (!found || !(Math.abs(right - left) > 1e-5 * Math.abs(right) + rounding)) break;
          }
          if (found) throw new Error(`d loss / d ${leaf}[${i}] is ${found}`);
        }
      }
    }, 20);
  });

  test("every trained parameter gets a gradient, unless a mask hides it", async () => {
    const reached = new Map(subject.trained.map((leaf) => [leaf, new Set<number>()]));
    const sizes = randomParameters(bijection, 0, 1);
    // Where a mask hides some, all seeds see that these get none.
    const isReached = (): boolean =>
      !hides && Array.from(reached).every(([leaf, found]) => found.size === sizes[leaf]!.length);
    for (const direction of directions)
      for (let seed = 0; seed < 12 && !isReached(); seed++) {
        const source = stream(seed, "rows");
        const draw = (count: number): number[] => Array.from({ length: count }, () => 3 * source.normal());
        const parameters = randomParameters(bijection, seed, 1);
        const at: At = { x: draw(64 * n), context: draw(64 * bijection.context) };
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
    await check(async ({ point, context }, subject, parameters) => {
      for (const direction of directions)
        expect(await copy.image(direction, parameters, { x: point, context })).toEqual(
          await subject.image(direction, parameters, { x: point, context }),
        );
    }, 5);
  });

  test.runIf(startsAsIdentity !== false)(
    "is the identity at the start, whatever the draw of its hidden layers",
    async () => {
      const reach = startsAsIdentity === true ? Number.POSITIVE_INFINITY : Number(startsAsIdentity);
      await check(async ({ seed, point: drawn, context }, subject) => {
        const start = initialValues(bijection.parameters, randomKey(seed));
        const point = drawn.map((x) => Math.max(-reach, Math.min(reach, x)));
        for (const direction of directions) {
          const { value, logAbsDet } = await subject.image(direction, start, { x: point, context });
          // A spline computes with extents in units of a bin: a box of +-5 of 16 bins, both ways.
          expectAtMost(distance(value, point), 16 * epsilon * (5 + norm(point)), "identity");
          expectAtMost(Math.abs(logAbsDet[0]!), 64 * epsilon, "logAbsDet of the identity");
        }
      });
    },
  );
}
