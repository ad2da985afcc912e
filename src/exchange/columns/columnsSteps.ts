/**
 * The log-density of a flow of mixed columns, from raw cells on, in three steps: cells are encoded in float64, the network and the heads
 * compute in the precision that is asked for, and the contributions of the columns are added up in float64.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { bindTree, flattenTree } from "../../graph/parameters.ts";
import {
  type ColumnLayout,
  type ColumnsDensity,
  type ColumnsDensityOptions,
  columnsDensity,
} from "../../models/columns/columnsDensity.ts";
import { openContainer, valuesOf } from "../../models/files/modelContainer.ts";
import type { Flow } from "../../models/flow.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import type { RowSteps } from "../rowSteps.ts";
import { type CellWriting, componentsOf, type EncodedCell, encodeCell } from "./cellExpressions.ts";
import type { SumsByPlace } from "./placeSums.ts";

/**
 * The steps, and the values of their parameters.
 * @param sums - How the target sums over places.
 * @param isAlike - Whether maps of columns are to have equally many components, so that they have one code; further ones weigh nothing.
 */
export function columnsSteps(
  flow: Flow,
  sums: SumsByPlace,
  isAlike: boolean = false,
): { readonly steps: RowSteps; readonly parameters: ParameterValues } {
  const container = openContainer(flow.toBytes(), "the model");
  const { density: options, precision } = container.json as {
    readonly density: ColumnsDensityOptions;
    readonly precision: "float32" | "float64";
  };
  const density = columnsDensity(options);
  const layouts = [...density.given, ...density.columns];
  const components = isAlike ? Math.max(0, ...layouts.map(componentsOf)) : 0;
  return {
    steps: stepsOf(density, flow.given.length + flow.columns.length, { sums, components }),
    parameters: valuesOf(flattenTree(density.parameters), container, precision, "the model"),
  };
}

const anyOf = (conditions: readonly Expr[]): Expr =>
  conditions.length === 0 ? g.constant([0]) : g.reshape(g.sum(g.concatenate(conditions)), [1]);

function stepsOf(density: ColumnsDensity, width: number, writing: CellWriting): RowSteps {
  return {
    width,
    prepare: (rows) => {
      const encode = (layout: ColumnLayout): EncodedCell =>
        encodeCell(layout, g.slice(rows, layout.cell, layout.cell + 1), writing);
      const given = density.given.map(encode);
      const cells = density.columns.map(encode);
      return {
        encoded: encodedRow(density, given, cells),
        offsets: g.concatenate(cells.map(({ offset }) => offset)),
        isUnknown: g.concatenate(cells.map(({ isUnknown }) => isUnknown)),
        // A cell that never was missing in the fit leaves its row without a score, and so does what it cannot be given.
        isWithout: anyOf([
          ...cells.filter((_, j) => !density.columns[j]!.column.masked).map(({ isUnknown }) => isUnknown),
          ...given.flatMap(({ isUnknown, isImpossible }) => [isUnknown, isImpossible]),
        ]),
      };
    },
    compute: ({ encoded }) => ({ ...density.contributions(encoded!, bindTree(density.parameters)) }),
    finish: ({ outcomes, values, offsets, isUnknown, isWithout }) => {
      const known = g.add(g.select(isUnknown!, 0, g.add(outcomes!, values!)), offsets!);
      const total = g.reshape(g.sum(known), [1]);
      return { result: g.select(isWithout!, Number.NaN, total) };
    },
  };
}

/** Cells side by side: given ones, what is known ahead in a model of any order (nothing), features, targets. */
function encodedRow(
  density: ColumnsDensity,
  given: readonly EncodedCell[],
  cells: readonly EncodedCell[],
): Expr {
  const first = density.columns[0]!;
  const early = first.earlyFeatures === undefined ? 0 : first.features - first.earlyFeatures;
  return g.concatenate([
    ...given.map(({ features }) => features),
    ...(early > 0 ? [g.constant(new Float64Array(early))] : []),
    ...cells.map(({ features }) => features),
    ...cells.map(({ targets }) => targets!),
  ]);
}
