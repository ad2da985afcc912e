/**
 * A flow of mixed columns as an ONNX graph, from raw cells to the log-density: cells are encoded in float64, as `encodeRows.ts` does it of
 * numbers, and the network and the heads compute in the precision that is asked for.
 *
 * @module
 */

import * as g from "../../../graph/ops.ts";
import { bindTree, flattenTree } from "../../../graph/parameters.ts";
import { atomsOf } from "../../../models/columns/column.ts";
import {
  type ColumnLayout,
  type ColumnsDensity,
  type ColumnsDensityOptions,
  columnsDensity,
} from "../../../models/columns/columnsDensity.ts";
import { openContainer, valuesOf } from "../../../models/files/modelContainer.ts";
import type { Flow } from "../../../models/flow.ts";
import { OnnxFormulas, type Precision } from "../onnxFormulas.ts";
import type { OnnxGraph } from "../onnxGraph.ts";
import { anyOfRow, asPrecision, writeProgram } from "../rowPrograms.ts";
import { encodeValue, nothingOf } from "./headEncodings.ts";

/** Writes the log-density of a flow: its inputs, nodes and output. */
export function writeColumns(graph: OnnxGraph, flow: Flow, type: Precision): void {
  const container = openContainer(flow.toBytes(), "the model");
  const { density: options, precision } = container.json as {
    readonly density: ColumnsDensityOptions;
    readonly precision: "float32" | "float64";
  };
  const density = columnsDensity(options);
  const parameters = valuesOf(flattenTree(density.parameters), container, precision, "the model");
  const formulas = new OnnxFormulas(graph, "double");
  const rows = graph.input("rows", "double", ["rows", flow.columns.length]);
  const given =
    flow.given.length > 0 ? graph.input("given", "double", ["rows", flow.given.length]) : undefined;
  const cellOf = ({ cell }: ColumnLayout): string =>
    cell < flow.given.length
      ? columnAt(graph, given!, cell)
      : columnAt(graph, rows, cell - flow.given.length);
  const conditions = density.given.map((layout) => encodeCell(graph, layout, cellOf(layout)));
  const cells = density.columns.map((layout) => encodeCell(graph, layout, cellOf(layout)));
  const encoded = encodedRow(graph, density, [...conditions, ...cells], rows);
  const { outcomes, values } = writeProgram(
    { ...density.contributions(g.input("encoded", [density.width]), bindTree(density.parameters)) },
    { encoded: asPrecision(graph, encoded, "double", type) },
    { graph, type, parameters },
  );
  const computed = [outcomes, values].map((part) => asPrecision(graph, part, type, "double"));
  const sum = formulas.add(computed[0]!, computed[1]!);
  const sideBySide = (parts: readonly string[]): string => graph.node("Concat", parts, { axis: 1 });
  const isUnknown = sideBySide(cells.map((cell) => cell.isUnknown));
  const offsets = sideBySide(cells.map((cell) => cell.offset));
  const known = formulas.add(formulas.where(isUnknown, formulas.number(0), sum), offsets);
  const total = graph.node("ReduceSum", [known, graph.integers(1)], { keepdims: 1 });
  // A cell that never was missing in the fit leaves its row without a score, and so does what it cannot be given.
  const without = [
    ...cells.filter((_, j) => !density.columns[j]!.column.masked).map((cell) => cell.isUnknown),
    ...conditions.flatMap((cell) => [cell.isUnknown, cell.isImpossible]),
  ];
  const scores =
    without.length === 0
      ? total
      : formulas.where(anyOfRow(graph, sideBySide(without)), formulas.number(Number.NaN), total);
  const logProb = graph.node("Reshape", [scores, graph.integers(-1)]);
  graph.output("logProb", asPrecision(graph, logProb, "double", type), type, ["rows"]);
}

function columnAt(graph: OnnxGraph, rows: string, place: number): string {
  return graph.node("Slice", [rows, ...[place, place + 1, 1].map((at) => graph.integers(at))]);
}

/** A cell in an encoded row; tensors have a row each. */
interface EncodedCell {
  readonly layout: ColumnLayout;
  readonly features: readonly string[];
  /** None of a given cell. */
  readonly targets: readonly string[];
  /** What is added to the contribution. */
  readonly offset: string;
  /** Whether it is missing though it never was. */
  readonly isUnknown: string;
  readonly isImpossible: string;
}

function encodeCell(graph: OnnxGraph, layout: ColumnLayout, cell: string): EncodedCell {
  const { column, head, targets, earlyFeatures } = layout;
  const formulas = new OnnxFormulas(graph, "double");
  const and = (a: string, b: string): string => graph.node("And", [a, b]);
  const not = (a: string): string => graph.node("Not", [a]);
  const zero = formulas.number(0);
  const isMissing = graph.node("IsNaN", [cell]);
  const isInfinite = graph.node("IsInf", [cell]);
  const isNumber = not(graph.node("Or", [isMissing, isInfinite]));
  const areAtoms = atomsOf(column).map((atom) => graph.node("Equal", [cell, formulas.number(atom)]));
  const isOther = areAtoms.reduce((all, isAtom) => and(all, not(isAtom)), isNumber);
  const value = encodeValue(graph, layout, formulas.where(isNumber, cell, zero));
  const isValue = and(isOther, value.isPossible);
  const isImpossible = graph.node("Or", [isInfinite, and(isOther, not(value.isPossible))]);
  const isNever = not(graph.node("Or", [isMissing, not(isMissing)]));
  const outcomes = [...(column.missing ? [isMissing] : []), ...areAtoms].map((mark) =>
    formulas.asNumber(mark),
  );
  const ofValue = (part: string): string => formulas.where(isValue, part, zero);
  const isUnknown = column.missing ? isNever : isMissing;
  const nothing = graph.constant("double", nothingOf(layout), [1, head.targets]);
  const joined = (parts: readonly string[]): string =>
    parts.length === 1 ? parts[0]! : graph.node("Concat", parts, { axis: 1 });
  return {
    layout,
    features: [
      ...outcomes,
      ...value.features.map(ofValue),
      // In a model of any order: whether later columns cannot see the cell.
      ...(earlyFeatures === undefined ? [] : [formulas.asNumber(isUnknown)]),
    ],
    targets:
      targets < 0
        ? []
        : [...outcomes, formulas.asNumber(isValue), formulas.where(isValue, joined(value.targets), nothing)],
    offset: formulas.where(
      isImpossible,
      formulas.number(Number.NEGATIVE_INFINITY),
      formulas.where(isValue, value.offset, zero),
    ),
    isUnknown,
    isImpossible,
  };
}

/** Cells side by side: given ones, what is known ahead in a model of any order (nothing), features, targets. */
function encodedRow(
  graph: OnnxGraph,
  density: ColumnsDensity,
  cells: readonly EncodedCell[],
  rows: string,
): string {
  const formulas = new OnnxFormulas(graph, "double");
  const parts = [...cells.map(({ layout, features }) => ({ at: layout.features, parts: features }))];
  for (const { layout, targets } of cells)
    if (layout.targets >= 0) parts.push({ at: layout.targets, parts: targets });
  parts.sort((a, b) => a.at - b.at);
  const first = density.columns[0]!;
  const early = first.earlyFeatures === undefined ? 0 : first.features - first.earlyFeatures;
  const givenCount = density.given.length;
  const finite = graph.node("IsNaN", [columnAt(graph, rows, 0)]);
  const never = graph.node("And", [finite, graph.node("Not", [finite])]);
  const zeros = early > 0 ? [graph.node("Expand", [formulas.asNumber(never), graph.integers(1, early)])] : [];
  const ordered = [
    ...parts.slice(0, givenCount).flatMap((part) => part.parts),
    ...zeros,
    ...parts.slice(givenCount).flatMap((part) => part.parts),
  ];
  return graph.node("Concat", ordered, { axis: 1 });
}
