/**
 * The laws of bijections, for a bijection of your own: what `test/laws` holds the library's to, on fewer points and with a report.
 *
 * @module
 */

import { LuDecomposition, Matrix } from "ml-matrix";
import { aBijection, type Bijection } from "../../bijections/bijection.ts";
import { referenceEngine } from "../../engines/reference/engine.ts";
import { sizeOf } from "../../graph/expr.ts";
import { flattenTree } from "../../graph/parameters.ts";
import { engineOf } from "../../models/evaluation.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { checkArgument, checkedOptions, count, integer, type OptionTable, positive } from "../../options.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import { branchLaws } from "./branchLaws.ts";
import { gradientLaws } from "./gradientLaws.ts";
import { type LawResult, lengthOf, pointText, untried, Worst } from "./lawResult.ts";
import { type Direction, type LawRows, LawSubject } from "./lawSubject.ts";
import { pushedMass } from "./pushedMass.ts";

/** Options of {@link checkLaws}. */
export interface CheckLawsOptions {
  /** Points that each law is tried at (default 20). */
  readonly points?: number | undefined;
  /** Standard deviation of trained parameters, and of numbers given as context (default 0.5). */
  readonly scale?: number | undefined;
  /** Standard deviation of the points on the side of the base (default 1.5); a bounded domain is filled evenly. */
  readonly reach?: number | undefined;
  /** Error that counts as rounding, relative to the size and the condition of what is computed (default 1e-8). */
  readonly tolerance?: number | undefined;
  /** Same seed, same points and parameters (default 0). */
  readonly seed?: number | undefined;
}

const checkLawsOptionTable: OptionTable<CheckLawsOptions> = {
  points: count,
  scale: positive,
  reach: positive,
  tolerance: positive,
  seed: integer,
};

/** What {@link checkLaws} found. */
export interface LawReport {
  /** Whether every law that could be tried holds. */
  readonly holds: boolean;
  /** Law by law. */
  readonly laws: readonly LawResult[];
  /** The same as lines of text. */
  readonly text: string;
}

const directions: readonly Direction[] = ["forward", "inverse"];
const other = (direction: Direction): Direction => (direction === "forward" ? "inverse" : "forward");

/**
 * Checks that a bijection does what flows rely on, with random parameters at random points, in float64: there and back is the point,
 * logAbsDet is that of the dense Jacobian and of the opposite sign in the other direction, gradients along rows and along trained
 * parameters are those of differences, the reference and the WebAssembly engine agree, the density of a pushed normal integrates to 1
 * (up to two features), and its description is read back. Of a map with several branches each valid branch is a preimage, the point is
 * among them, and the gradients are those of the way forward and of the density. Takes some tenths of a second for a small map.
 *
 * @throws UsageError for an unknown option, or what is no bijection.
 * @example
 * const report = await checkLaws(shear({ features: 2 }));
 * console.log(report.text);
 */
export async function checkLaws(bijection: Bijection, options: CheckLawsOptions = {}): Promise<LawReport> {
  checkArgument("checkLaws", "bijection", bijection, aBijection);
  const checked = checkedOptions("checkLaws", options, checkLawsOptionTable);
  const { points = 20, scale = 0.5, reach = 1.5, tolerance = 1e-8, seed = 0 } = checked;
  const key = randomKey(seed);
  const values = drawnParameters(bijection, (name) => new RandomStream(split(key, name)), scale);
  const stream = new RandomStream(split(key, "points of the laws"));
  const n = bijection.features;
  const x = Float64Array.from({ length: points * n }, (_, i) => placed(bijection, i % n, stream, reach));
  const context = Float64Array.from(
    { length: points * bijection.context },
    () => 2 * scale * stream.normal(),
  );
  const subject = new LawSubject(bijection, referenceEngine);
  const fast = new LawSubject(bijection, engineOf({ precision: "float64", threads: 1 }));
  try {
    const start: LawRows = { x, context };
    const there = await subject.image("forward", values, start);
    const data: LawRows = { x: there.value!, context };
    const starts = { forward: start, inverse: data };
    const isFolded = bijection.branches !== undefined;
    const laws = [
      ...(isFolded ? await branchLaws(subject, values, start, data, tolerance) : []),
      ...(await valueLaws(subject, values, starts, isFolded ? ["forward"] : directions, tolerance)),
      ...(await gradientLaws(subject, values, isFolded ? { forward: start, density: data } : starts, stream)),
      await agreement(subject, fast, values, starts, tolerance),
      await normalization(fast, values, context.subarray(0, bijection.context)),
      await description(bijection),
    ];
    const holds = laws.every((each) => each.holds !== false);
    return { holds, laws, text: textOf(bijection, laws, points) };
  } finally {
    await subject.dispose();
    await fast.dispose();
  }
}

/** Parameters as laws draw them: trained ones normal, the others as they start. */
function drawnParameters(
  { parameters }: Bijection,
  streamOf: (name: string) => RandomStream,
  scale: number,
): ParameterValues {
  return Object.fromEntries(
    Array.from(flattenTree(parameters), ([name, { shape, kind, initializer }]) => {
      const stream = streamOf(name);
      const isTrained = kind === "trained";
      const value = initializer.kind === "constant" ? initializer.value : 0;
      return [
        name,
        Float64Array.from({ length: sizeOf(shape) }, () => (isTrained ? scale * stream.normal() : value)),
      ];
    }),
  );
}

/** A number that the bijection takes. */
function placed({ domain }: Bijection, feature: number, stream: RandomStream, reach: number): number {
  const [low, high] = domain?.[feature] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (Number.isFinite(high)) return low + (high - low) * stream.uniform();
  const drawn = reach * stream.normal();
  return Number.isFinite(low) ? low + Math.abs(drawn) : drawn;
}

/** What each direction is tried at. */
type Starts = Readonly<Record<Direction, LawRows>>;

/** Jacobians, and of maps that are one to one round trips and the signs of logAbsDets. */
async function valueLaws(
  subject: LawSubject,
  values: ParameterValues,
  starts: Starts,
  tried: readonly Direction[],
  tolerance: number,
): Promise<LawResult[]> {
  const n = subject.bijection.features;
  const isOneToOne = tried.length > 1;
  const [trips, determinants, opposite] = [new Worst(), new Worst(), new Worst()];
  for (const direction of tried) {
    const rows = starts[direction];
    const image = await subject.image(direction, values, rows);
    const back = { x: image.value!, context: rows.context };
    const returned = await subject.image(other(direction), values, back);
    const jacobians = await subject.jacobians(direction, values, rows);
    const inverses = await subject.jacobians(other(direction), values, back);
    for (let row = 0; row * n < rows.x.length; row++) {
      const of = (all: Float64Array, size = n): Float64Array => all.subarray(row * size, (row + 1) * size);
      const [from, to] = [of(rows.x), of(image.value!)];
      const where = `${direction} of ${pointText(from)}`;
      const [jacobian, inverse] = [of(jacobians, n * n), of(inverses, n * n)];
      const condition = lengthOf(jacobian) * lengthOf(inverse);
      const size = 1 + lengthOf(from);
      const gap = lengthOf(of(returned.value!).map((value, i) => value - from[i]!));
      trips.take(
        gap,
        tolerance * (condition * size + lengthOf(inverse) * (1 + lengthOf(to)) + size),
        () => `${where} is ${pointText(to)}, and back ${pointText(of(returned.value!))}`,
      );
      const dense = new Matrix(
        Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, k) => jacobian[k * n + i]!)),
      );
      const determinant = Math.log(Math.abs(new LuDecomposition(dense).determinant));
      const logAbsDet = image.logAbsDet![row]!;
      determinants.take(
        Math.abs(logAbsDet - determinant),
        tolerance * (n + condition + Math.abs(determinant)),
        () => `${where} has the logAbsDet ${logAbsDet}, the Jacobian says ${determinant}`,
      );
      const reverse = returned.logAbsDet![row]!;
      opposite.take(
        Math.abs(logAbsDet + reverse),
        100 * tolerance * (n + condition + Math.abs(logAbsDet)),
        () => `${where} has the logAbsDet ${logAbsDet}, the way back ${reverse}`,
      );
    }
  }
  return [
    ...(isOneToOne ? [trips.result("there and back is the point")] : []),
    determinants.result("logAbsDet is that of the dense Jacobian"),
    ...(isOneToOne ? [opposite.result("the logAbsDets of the two directions are opposite")] : []),
  ];
}

/** Both engines give the same. */
async function agreement(
  subject: LawSubject,
  fast: LawSubject,
  values: ParameterValues,
  starts: Starts,
  tolerance: number,
): Promise<LawResult> {
  const worst = new Worst();
  for (const direction of directions) {
    const [ours, others] = [
      await subject.image(direction, values, starts[direction]),
      await fast.image(direction, values, starts[direction]),
    ];
    for (const name of ["value", "logAbsDet"])
      ours[name]!.forEach((value, i) => {
        const found = others[name]![i]!;
        worst.take(
          Math.abs(value - found),
          100 * tolerance * (1 + Math.abs(value)),
          () => `${name} ${i} of ${direction} is ${value} by the reference engine, ${found} by the other`,
        );
      });
  }
  return worst.result("the engines agree");
}

/** The mass of the standard normal that is pushed through is 1. */
async function normalization(
  subject: LawSubject,
  values: ParameterValues,
  context: Float64Array,
): Promise<LawResult> {
  const law = "the density of a pushed normal integrates to 1";
  const { features, domain, branches } = subject.bijection;
  if (features > 2) return untried(law, "not tried with more than two features");
  if (domain) return untried(law, "not tried, as it does not take any number");
  const worst = new Worst();
  const mass = await pushedMass(subject, values, context);
  // The nodes of a map with branches do not follow its images: at an edge of its range a row of cells is off.
  worst.take(Math.abs(mass - 1), branches && features > 1 ? 2e-2 : 2e-3, () => `it is ${mass}`);
  return worst.result(law);
}

/** What a model file would hold gives the same map. */
async function description(bijection: Bijection): Promise<LawResult> {
  const law = "its description is read back";
  const { bijectionFromJson } = await import("../../bijections/bijectionFromJson.ts");
  const json = JSON.stringify(bijection.toJSON());
  try {
    const again = JSON.stringify(bijectionFromJson(JSON.parse(json)).toJSON());
    const holds = again === json;
    return {
      law,
      holds,
      worst: holds ? 0 : Number.POSITIVE_INFINITY,
      detail: holds ? "" : `${json} comes back as ${again}`,
    };
  } catch (error) {
    return { law, holds: false, worst: Number.POSITIVE_INFINITY, detail: (error as Error).message };
  }
}

function textOf({ type, features }: Bijection, laws: readonly LawResult[], points: number): string {
  const count = (verdict: boolean | undefined): number =>
    laws.filter(({ holds }) => holds === verdict).length;
  const [held, failed, left] = [count(true), count(false), count(undefined)];
  const lines = laws.map(({ law, holds, worst, detail }) => {
    const verdict = holds === undefined ? "-    " : holds ? "holds" : "FAILS";
    const share =
      holds === false && Number.isFinite(worst) ? ` (${worst.toPrecision(2)} times what is allowed)` : "";
    return `${verdict}  ${law}${share}${detail === "" ? "" : `: ${detail}`}`;
  });
  const summary = `${held} of ${held + failed} laws hold${left > 0 ? `, ${left} not tried` : ""}`;
  return [
    `${type}, ${features} ${features === 1 ? "feature" : "features"}, ${points} points: ${summary}`,
    ...lines,
  ].join("\n");
}
