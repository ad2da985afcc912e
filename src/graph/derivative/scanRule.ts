/**
 * The rule of reverse mode for scans: states are kept every now and then on the way forward, and the steps between two of them are
 * computed once more on the way back (Griewank and Walther, "Evaluating Derivatives", 2008, chapter 12).
 *
 * Of K steps, where they are many, about sqrt(K) states are kept, and the values of as many steps at a time. The way back through some steps is written once,
 * on stand-ins, and put in place for each stretch of the scan.
 *
 * @module
 */

import { type Expr, type ScanExpr, type Shape, type SlotExpr, sizeOf } from "../expr.ts";
import { constant, slot, zeros } from "../ops/leaves.ts";
import { broadcastTo } from "../ops/movement.ts";
import { concatenate, reshape, slice } from "../ops/moves.ts";
import { ofEachRow } from "../ops/sums.ts";
import { scanOf, substitute } from "../rebuild.ts";
import { sliceAt } from "../stackedValues.ts";
import { type Condition, type Cotangent, joined, numberOf, type Reversal, settled } from "./cotangent.ts";

/**
 * With so many numbers of states or fewer, of one row, all of them are kept, and nothing is computed twice: with what belongs to them they
 * fit the second cache.
 */
const fewNumbers = 1024;

/** Some steps of a scan, one after another. */
interface Stretch {
  /** The state that they begin with. */
  readonly state: Expr;
  /** Places of their slices, in the order of the steps. */
  readonly places: readonly number[];
}

/** The way back through some steps, on stand-ins. */
interface WayBack {
  readonly state: SlotExpr;
  /** By step, then by stacked value. */
  readonly slices: readonly (readonly SlotExpr[])[];
  readonly outer: readonly SlotExpr[];
  readonly cotangent: SlotExpr;
  readonly condition: SlotExpr | undefined;
  /** Of the state, of the slices step by step, and of the outer values; undefined where no path leads. */
  readonly pulled: readonly (Cotangent | undefined)[];
}

/** Cotangents of the first state, of the stacked values and of the outer values. */
export function pullBackScan(
  node: ScanExpr,
  cotangent: Cotangent,
  { active, send, pulledBack }: Reversal,
): void {
  const outerAt = 1 + node.slices.length;
  const [stacked, outer] = [node.inputs.slice(1, outerAt), node.inputs.slice(outerAt)];
  const isStackActive = stacked.map((value) => active.has(value));
  const ways = new Map<string, WayBack>();
  const wayBack = (steps: number, conditionShape: Shape | undefined): WayBack => {
    const name = `${steps} ${conditionShape}`;
    let way = ways.get(name);
    if (!way) ways.set(name, (way = wayThrough(node, steps, conditionShape, pulledBack)));
    return way;
  };

  const stackCotangents = stacked.map((): (Cotangent | undefined)[] => []);
  const outerCotangents: (Cotangent | undefined)[] = outer.map(() => undefined);
  let passing: Cotangent | undefined = cotangent;
  for (const { state, places } of stretchesOf(node, stacked).reverse()) {
    if (!passing) break;
    const condition: Condition | undefined = passing.live();
    const way = wayBack(places.length, condition?.on.shape);
    const replacements = new Map<Expr, Expr>([
      [way.state, ofEachRow(state)],
      [way.cotangent, ofEachRow(settled(passing))],
      ...way.outer.map((standIn, i) => [standIn, outer[i]!] as const),
    ]);
    if (condition) replacements.set(way.condition!, ofEachRow(numberOf(condition)));
    way.slices.forEach((standIns, step) => {
      standIns.forEach((standIn, i) => replacements.set(standIn, sliceAt(stacked[i]!, places[step]!)));
    });
    const placed = inPlace(way.pulled, replacements);
    passing = placed[0];
    const count = stacked.length;
    places.forEach((place, step) => {
      isStackActive.forEach((isActive, i) => {
        if (isActive) stackCotangents[i]![place] = placed[1 + step * count + i];
      });
    });
    outer.forEach((_, i) => {
      const [sum, next] = [outerCotangents[i], placed[1 + places.length * count + i]];
      outerCotangents[i] = sum && next ? joined(sum, next) : (sum ?? next);
    });
  }

  if (passing && active.has(node.inputs[0]!)) send(node.inputs[0]!, passing);
  // What a shared value gets is a sum over rows by now.
  stacked.forEach((value, i) => {
    const cotangents = stackCotangents[i]!;
    if (cotangents.some((each) => each)) send(value, stackedCotangent(value, cotangents), true);
  });
  outer.forEach((value, i) => {
    const sum = outerCotangents[i];
    if (sum && active.has(value)) send(value, sum, true);
  });
}

/** The stretches of a scan, with the states that they begin with. */
function stretchesOf(node: ScanExpr, stacked: readonly Expr[]): Stretch[] {
  const { steps, reversed } = node;
  const isShort = steps * sizeOf(node.shape) <= fewNumbers;
  const length = node.keptEvery ?? (isShort ? steps : Math.ceil(Math.sqrt(steps)));
  const stretches: Stretch[] = [];
  let state = node.inputs[0]!;
  for (let first = 0; first < steps; first += length) {
    const count = Math.min(length, steps - first);
    const placeOf = (step: number): number => (reversed ? steps - 1 - step : step);
    stretches.push({ state, places: Array.from({ length: count }, (_, k) => placeOf(first + k)) });
    const from = reversed ? steps - first - count : first;
    if (first + count < steps)
      state = scanOf(state, {
        ...node,
        steps: count,
        stacked: stacked.map((value) => slice(value, from, from + count)),
      });
  }
  return stretches;
}

/** Slots stand for all that comes from outside: nothing merges them with what they are, and one node in two roles is two. */
function wayThrough(
  node: ScanExpr,
  steps: number,
  conditionShape: Shape | undefined,
  pulledBack: Reversal["pulledBack"],
): WayBack {
  const outerValues = node.inputs.slice(1 + node.slices.length);
  const state = slot(node.shape, "row");
  const cotangent = slot(node.shape, "row");
  const condition = conditionShape && slot(conditionShape, "row");
  const outer = outerValues.map(({ shape, space }) => slot(shape, space));
  const slices = Array.from({ length: steps }, () => node.slices.map(({ shape }) => slot(shape, "shared")));
  const fixed = outerValues.map((value, i) => [value, outer[i]!] as const);
  let last: Expr = state;
  for (const standIns of slices) {
    const replacements: ReadonlyMap<Expr, Expr> = new Map<Expr, Expr>([
      ...fixed,
      [node.slot, last],
      ...node.slices.map((own, i) => [own, standIns[i]!] as const),
    ]);
    last = substitute([node.result], replacements)[0]!;
  }
  const live = (): Condition | undefined => condition && { on: condition, when: true };
  const pulled = pulledBack([last], [{ value: cotangent, live }], [state, ...slices.flat(), ...outer]);
  return { state, slices, outer, cotangent, condition, pulled };
}

/** Cotangents with what stand-ins stand for. */
function inPlace(
  pulled: readonly (Cotangent | undefined)[],
  replacements: ReadonlyMap<Expr, Expr>,
): (Cotangent | undefined)[] {
  // Together, so that what they have in common stays one.
  const values = substitute(
    pulled.map((cotangent) => (cotangent ? settled(cotangent) : constant(0))),
    replacements,
  );
  return pulled.map((cotangent, i) => {
    if (!cotangent) return undefined;
    const live = (): Condition | undefined => {
      const condition = cotangent.live();
      return condition && { on: substitute([condition.on], replacements)[0]!, when: condition.when };
    };
    return { value: values[i]!, live };
  });
}

/** The cotangent of a stacked value, of those of its slices. */
function stackedCotangent(value: Expr, cotangents: readonly (Cotangent | undefined)[]): Cotangent {
  const [steps, ...shape] = value.shape as readonly [number, ...number[]];
  const joinedSteps = (of: (cotangent: Cotangent | undefined) => Expr): Expr =>
    concatenate(
      Array.from({ length: steps }, (_, step) =>
        reshape(broadcastTo(of(cotangents[step]), shape), [1, ...shape]),
      ),
    );
  return {
    value: joinedSteps((cotangent) => (cotangent ? settled(cotangent) : zeros(shape))),
    live: () => {
      const conditions = cotangents.map((cotangent) => cotangent?.live());
      // Where one counts everywhere, nothing is said of the others: as of a sum of cotangents.
      if (cotangents.some((cotangent, step) => cotangent && !conditions[step])) return undefined;
      const on = joinedSteps((cotangent) => {
        const condition = cotangent?.live();
        return condition ? numberOf(condition) : constant(0);
      });
      return { on, when: true };
    },
  };
}
