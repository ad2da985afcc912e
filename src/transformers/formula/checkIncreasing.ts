/**
 * Whether a formula increases: it is computed at many numbers, with parameters at their starts and far from them.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { type ConstantExpr, type Expr, topologicalOrder } from "../../graph/expr.ts";
import { elementwise } from "../../graph/ops/elementwise.ts";
import type { ScalarBody } from "../../graph/ops/maps.ts";
import { RandomStream, randomKey } from "../../random/philox.ts";

/** What is tried. */
interface Tried {
  /** The formula as it was written. */
  readonly written: string;
  /** Its parameters. */
  readonly names: readonly string[];
  /** Of the slots x and raw parameters: the value, its slope, and the parameters as the formula has them. */
  readonly body: ScalarBody;
  /** The numbers between which it is to increase. */
  readonly between: readonly [number, number];
}

/** Numbers on either side of 0, or from an end to the other; raw parameters that stand for far ones, and sets of drawn ones. */
const sides = 128;
const farRaw: readonly number[] = [-1000, -3, -1, 1, 3, 1000];
const draws = 12;
/** A slope below minus this share of the largest is one of a fall; less is rounding. */
const rounding = 1e-9;

/**
 * Refuses a formula that falls, or is not a number, at one of the numbers.
 * @throws UsageError that says where, and with which parameters.
 */
export function checkIncreasing(where: string, { written, names, body, between }: Tried): void {
  const evaluate = evaluatorOf(body);
  const points = pointsBetween(between);
  const shown = JSON.stringify(written.length <= 80 ? written : `${written.slice(0, 77)}...`);
  for (const raw of rawParameters(names.length)) {
    const found = points.map((x) => evaluate([x, ...raw]));
    const largest = Math.max(...found.map(([, slope]) => Math.abs(slope!)).filter(Number.isFinite));
    const fault = found.findIndex(
      ([value, slope]) =>
        !Number.isFinite(value) || Number.isNaN(slope) || slope! < -rounding * Math.max(largest, 1e-300),
    );
    const isFlat = fault < 0 && largest === 0;
    if (fault < 0 && !isFlat) continue;
    const at = isFlat ? 0 : fault;
    const [value, slope, ...values] = found[at]!;
    const set = names.map((name, i) => `${name} = ${short(values[i]!)}`).join(", ");
    const place = `at x = ${short(points[at]!)}${set === "" ? "" : `, with ${set}`}`;
    const isNumber = Number.isFinite(value) && !Number.isNaN(slope);
    throw new UsageError({
      where,
      problem: isFlat
        ? `${shown} does not change with x${set === "" ? "" : `, with ${set}`}`
        : isNumber
          ? `${shown} decreases ${place}: its slope there is ${short(slope!)}`
          : `${shown} is ${Number.isNaN(value) || Number.isNaN(slope) ? "not a number" : "infinite"} ${place}`,
      expected: "a formula that increases with x, for all that its parameters may be",
      received: shown,
      remedy: isNumber
        ? "bound its parameters, as in parameters: { a: { above: 0, below: 1 } }, or say the domain"
        : "write it so that nothing overflows, bound its parameters, or say the domain or a smaller reach",
    });
  }
}

/** Four digits. */
const short = (x: number): string => String(Number(x.toPrecision(4)));

/** Numbers between two ends, denser near the middle and near the ends. */
function pointsBetween([low, high]: readonly [number, number]): number[] {
  const middle = low < 0 && high > 0 ? 0 : (low + high) / 2;
  const side = (end: number): number[] =>
    Array.from({ length: sides }, (_, i) => {
      const t = (i + 1) / sides;
      const steep = Math.sinh(8 * t) / Math.sinh(8);
      // In turn: even, within a thousandth of the middle, and of the end.
      return i % 3 === 0 ? end + (middle - end) * steep : middle + (end - middle) * (i % 3 === 1 ? t : steep);
    });
  return [middle, low, high, ...side(low), ...side(high)].map((x) => Math.min(high, Math.max(low, x)));
}

/** Sets of raw parameters: the start, each far from it by itself, and some drawn together. */
function rawParameters(count: number): readonly (readonly number[])[] {
  const start = new Array<number>(count).fill(0);
  if (count === 0) return [start];
  const stream = new RandomStream(randomKey(0));
  return [
    start,
    ...start.flatMap((_, i) => farRaw.map((far) => start.map((own, j) => (i === j ? far : own)))),
    ...Array.from({ length: draws }, () =>
      start.map(() => farRaw[Math.floor(farRaw.length * stream.uniform())]! * stream.uniform()),
    ),
  ];
}

/** The results of a body of element-wise operations, in float64, one list of them all. */
function evaluatorOf({ slots, results }: ScalarBody): (inputs: readonly number[]) => number[] {
  const outputs = results.flat();
  const order = topologicalOrder(outputs);
  const places = new Map<Expr, number>(order.map((node, i) => [node, i]));
  const inputs = new Map<Expr, number>(slots.flat().map((slot, i) => [slot, i]));
  const steps = order.map((node) => {
    const own = node.inputs.map((input) => places.get(input)!);
    if (node.op === "elementwise") return { apply: elementwise[node.name].value, own };
    return { input: inputs.get(node), value: (node as ConstantExpr).data?.[0] ?? 0 };
  });
  const values = new Float64Array(order.length);
  return (at) => {
    steps.forEach((step, i) => {
      if (step.apply) {
        const [a, b, c] = step.own;
        values[i] = step.apply(values[a!]!, values[b!]!, values[c!]!);
      } else values[i] = step.input === undefined ? step.value : at[step.input]!;
    });
    return outputs.map((output) => values[places.get(output)!]!);
  };
}
