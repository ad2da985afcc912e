/**
 * Values on a grid as their head reads them: the cell of a place in z, of the marginal map blended with the shares of the values that
 * occurred. Those are found by halving the list of them, and the rest are expressions.
 *
 * @module
 */

import * as g from "../../../graph/ops.ts";
import type { ColumnLayout } from "../../../models/columns/columnsDensity.ts";
import type { GridShares } from "../../../models/columns/heads/marginalMap.ts";
import { type CellsHeadOptions, gridOf } from "../../../models/columns/heads/mixtureHead.ts";
import { blendOf, calendar, cellOfPlace, placeOnGrid, somePlace } from "../../columns/valueExpressions.ts";
import { OnnxFormulas } from "../onnxFormulas.ts";
import type { OnnxGraph } from "../onnxGraph.ts";
import { writeProgram } from "../rowPrograms.ts";
import { type EncodedValue, oneHot } from "./encodedValue.ts";

/** See the head of this file. */
export function encodeGrid(
  graph: OnnxGraph,
  { column, head }: ColumnLayout,
  options: CellsHeadOptions,
  cell: string,
): EncodedValue {
  const { map, knots = 0, shares, frequent, seen = [], calendar: parts = [] } = options;
  const formulas = new OnnxFormulas(graph, "double");
  const how = { graph, type: "double", parameters: {} } as const;
  const { from, step, first, last } = gridOf(column);
  const x = g.input("x", [1]);
  const onGrid = placeOnGrid(x, from, step);
  const isInside = g.mul(g.lessEqual(first, onGrid.place), g.lessEqual(onGrid.place, last));
  const written = writeProgram(
    { place: onGrid.place, isPossible: g.mul(onGrid.isOn, isInside) },
    { x: cell },
    how,
  );
  const isPossible = formulas.asCondition(written.isPossible);
  const place = formulas.where(isPossible, written.place, formulas.number(somePlace(options, first, last)));
  const { low, high, width, logShrinkage, positions } = writeProgram(
    cellOfPlace(map, { from, step, first, last }, knots, Math.log(blendOf(shares)), g.input("place", [1]), {
      before: g.input("before", [1]),
      share: g.input("share", [1]),
      after: g.input("after", [1]),
      through: g.input("through", [1]),
      beyond: g.input("beyond", [1]),
    }),
    { place, ...sharesAt(graph, place, shares) },
    how,
  );
  const hasMass = frequent.length > 0;
  const marks = hasMass ? oneHot(graph, place, graph.constant("double", frequent, [1, frequent.length])) : "";
  const isFrequent = hasMass
    ? formulas.less(
        formulas.number(0.5),
        graph.node("ReduceSum", [marks, graph.integers(1)], { keepdims: 1 }),
      )
    : undefined;
  const unused = head.targets - 3 - frequent.length;
  const padding =
    unused > 0
      ? [graph.node("Pad", [formulas.mul(place, formulas.number(0)), graph.integers(0, 0, 0, unused - 1)])]
      : [];
  return {
    isPossible,
    offset: isFrequent ? formulas.where(isFrequent, formulas.number(0), logShrinkage) : logShrinkage,
    features: [
      positions,
      ...(hasMass ? [marks] : []),
      ...(parts.length > 0 ? [writeProgram({ turns: calendar(parts, x) }, { x: cell }, how).turns] : []),
      ...(seen.length > 0 ? [oneHot(graph, place, graph.constant("double", seen, [1, seen.length]))] : []),
    ],
    targets: [low, high, width, ...(hasMass ? [marks] : []), ...padding],
  };
}

/** Logarithms of the shares before, on and after a place, as they enter a blend; minus infinity for none. */
function sharesAt(
  graph: OnnxGraph,
  place: string,
  shares: GridShares | undefined,
): Readonly<Record<"before" | "share" | "after" | "through" | "beyond", string>> {
  const formulas = new OnnxFormulas(graph, "double");
  const { places = [], counts = [] } = shares ?? {};
  const total = counts.reduce((sum, count) => sum + count, 0);
  const logRest = Math.log1p(-blendOf(shares));
  const logOf = (share: number): number => logRest + Math.log(share);
  const before = [0];
  counts.forEach((count, i) => before.push(before[i]! + count / total));
  const after = [0];
  for (const count of counts.toReversed()) after.unshift(after[0]! + count / total);
  // The list is filled up to a power of two by places that no value has.
  const length = 2 ** Math.ceil(Math.log2(places.length + 1));
  const padded = [...places, ...new Array<number>(length - places.length).fill(Number.POSITIVE_INFINITY)];
  const flat = graph.shaped(graph.node("Reshape", [place, graph.integers(-1)]), "double", ["rows"]);
  const list = graph.constant("double", padded);
  const at = (values: string, index: string): string => graph.node("Gather", [values, index], { axis: 0 });
  const asCount = (condition: string): string =>
    graph.node("Cast", [condition], { to: { elements: "int64" } });
  // How many places lie below this one.
  let index = asCount(formulas.less(at(list, graph.constant("int64", [length - 1], [])), flat));
  for (let half = length / 2; half >= 1; half /= 2) {
    const middle = graph.node("Add", [index, graph.integers(half - 1)]);
    const isBelow = asCount(formulas.less(at(list, middle), flat));
    index = graph.node("Add", [index, graph.node("Mul", [isBelow, graph.integers(half)])]);
  }
  const occurs = graph.node("Equal", [at(list, index), flat]);
  const next = graph.node("Add", [index, asCount(occurs)]);
  const column = (value: string): string =>
    graph.shaped(graph.node("Reshape", [value, graph.integers(-1, 1)]), "double", ["rows", 1]);
  const fill = (values: readonly number[]): string =>
    graph.constant("double", [
      ...values,
      ...new Array<number>(length + 1 - values.length).fill(Number.NEGATIVE_INFINITY),
    ]);
  const ownShares = fill(counts.map((count) => logOf(count / total)));
  const [logBefore, logAfter] = [fill(before.map(logOf)), fill(after.map(logOf))];
  const none = graph.constant("double", [Number.NEGATIVE_INFINITY]);
  return {
    before: column(at(logBefore, index)),
    after: column(at(logAfter, index)),
    through: column(at(logBefore, next)),
    beyond: column(at(logAfter, next)),
    share: column(formulas.where(occurs, at(ownShares, index), none)),
  };
}
