/**
 * Sums over lists of places by halving the list: the sums of every number of places are constants.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import type { PlaceSums, SumsByPlace } from "../columns/placeSums.ts";
import { OnnxFormulas } from "./onnxFormulas.ts";
import type { OnnxGraph } from "./onnxGraph.ts";

interface Search {
  readonly place: Expr;
  readonly places: readonly number[];
  readonly weights: readonly number[];
  /** Inputs that stand for the sums. */
  readonly sums: PlaceSums;
}

/** Searches that expressions ask for, and their results as inputs of those expressions. */
export class PlaceSearches {
  readonly #searches: Search[] = [];

  /** Asks for a search. */
  readonly sums: SumsByPlace = (place, places, weights) => {
    const result = (name: string): Expr => g.input(`${name} of search ${this.#searches.length}`, [1]);
    const sums = { below: result("below"), at: result("at"), above: result("above") };
    this.#searches.push({ place, places, weights, sums });
    return sums;
  };

  /**
   * The tensors `[rows, 1]` of the results, by the names of their inputs.
   * @param tensorOf - Writes a place; it is given what was found before.
   */
  write(
    graph: OnnxGraph,
    tensorOf: (place: Expr, found: Readonly<Record<string, string>>) => string,
  ): Record<string, string> {
    const found: Record<string, string> = {};
    for (const { place, places, weights, sums } of this.#searches) {
      const results = searched(graph, tensorOf(place, found), places, weights);
      for (const name of ["below", "at", "above"] as const) {
        const input = sums[name];
        if (input.op === "input") found[input.name] = results[name];
      }
    }
    return found;
  }
}

/** The sums of a place, a tensor `[rows, 1]` of float64. */
function searched(
  graph: OnnxGraph,
  place: string,
  places: readonly number[],
  weights: readonly number[],
): Readonly<Record<keyof PlaceSums, string>> {
  const formulas = new OnnxFormulas(graph, "double");
  // The list is filled up to a power of two by places that no value has.
  const length = 2 ** Math.ceil(Math.log2(places.length + 1));
  const list = graph.constant("double", [
    ...places,
    ...new Array<number>(length - places.length).fill(Number.POSITIVE_INFINITY),
  ]);
  const take = (values: string, index: string): string => graph.node("Gather", [values, index], { axis: 0 });
  const asCount = (condition: string): string =>
    graph.node("Cast", [condition], { to: { elements: "int64" } });
  // How many places lie below this one.
  let index = asCount(formulas.less(take(list, graph.constant("int64", [length - 1], [])), place));
  for (let half = length / 2; half >= 1; half /= 2) {
    const isBelow = asCount(
      formulas.less(take(list, graph.node("Add", [index, graph.integers(half - 1)])), place),
    );
    index = graph.node("Add", [index, graph.node("Mul", [isBelow, graph.integers(half)])]);
  }
  const occurs = graph.node("Equal", [take(list, index), place]);
  const through = graph.node("Add", [index, asCount(occurs)]);
  const filled = (values: readonly number[]): string =>
    graph.constant("double", [...values, ...new Array<number>(length + 1 - values.length).fill(0)]);
  const before = [0];
  for (const weight of weights) before.push(before[before.length - 1]! + weight);
  const after = [0];
  for (const weight of weights.toReversed()) after.push(after[after.length - 1]! + weight);
  after.reverse();
  return {
    below: take(filled(before), index),
    at: formulas.where(occurs, take(filled(weights), index), formulas.number(0)),
    above: take(filled(after), through),
  };
}
