/**
 * Values of columns as their heads read them: what `encode` of a head computes of numbers, as nodes of an ONNX graph, in float64.
 *
 * @module
 */

import * as g from "../../../graph/ops.ts";
import { boundsOf } from "../../../models/columns/column.ts";
import type { ColumnLayout } from "../../../models/columns/columnsDensity.ts";
import type { AngleHeadOptions } from "../../../models/columns/heads/angleHead.ts";
import type { LevelsHeadOptions } from "../../../models/columns/heads/levelsHead.ts";
import { marginalValue, withMixtureWeights } from "../../../models/columns/heads/marginalMap.ts";
import type { CellsHeadOptions, MixtureHeadOptions } from "../../../models/columns/heads/mixtureHead.ts";
import { marginalPoint } from "../../columns/marginalExpressions.ts";
import { circle, placeOnGrid, position, radiansOf } from "../../columns/valueExpressions.ts";
import { OnnxFormulas } from "../onnxFormulas.ts";
import type { OnnxGraph } from "../onnxGraph.ts";
import { writeProgram } from "../rowPrograms.ts";
import { countingRow, type EncodedValue, oneHot } from "./encodedValue.ts";
import { encodeGrid } from "./gridEncoding.ts";

/** Writes the encoding of a cell, `[rows, 1]`, which is a finite number. */
export function encodeValue(graph: OnnxGraph, layout: ColumnLayout, cell: string): EncodedValue {
  const json = layout.head.toJSON() as unknown as { readonly type: string };
  switch (json.type) {
    case "levels":
      return encodeLevel(graph, json as unknown as LevelsHeadOptions, cell);
    case "point":
      return encodePoint(graph, layout, json as unknown as MixtureHeadOptions, cell);
    case "cells":
      return encodeGrid(graph, layout, json as unknown as CellsHeadOptions, cell);
    case "angle":
      return encodeAngle(graph, layout, json as unknown as AngleHeadOptions, cell);
    default:
      throw new Error(`an exported graph has no head of the type ${json.type}`);
  }
}

/** Targets of a cell without a value: see `encodeNothing`. */
export function nothingOf({ head }: ColumnLayout): Float64Array {
  const targets = new Float64Array(head.targets);
  head.encodeNothing(targets, 0);
  return targets;
}

function encodeLevel(graph: OnnxGraph, options: LevelsHeadOptions, cell: string): EncodedValue {
  const { buckets, shares, start } = options;
  const formulas = new OnnxFormulas(graph, "double");
  const whole = graph.node("Equal", [cell, graph.node("Floor", [cell])]);
  const isBelow = formulas.less(cell, formulas.number(buckets.length));
  const isNotNegative = graph.node("Not", [formulas.less(cell, formulas.number(0))]);
  const isPossible = graph.node("And", [graph.node("And", [whole, isBelow]), isNotNegative]);
  const level = formulas.where(isPossible, cell, formulas.number(0));
  const index = graph.node("Reshape", [
    graph.node("Cast", [level], { to: { elements: "int64" } }),
    graph.integers(-1),
  ]);
  const ofLevel = (values: readonly number[]): string =>
    graph.node("Gather", [graph.constant("double", values, [values.length, 1]), index], { axis: 0 });
  const marks = oneHot(graph, ofLevel(buckets), countingRow(graph, start.length));
  return { isPossible, offset: ofLevel(shares.map(Math.log)), features: [marks], targets: [marks] };
}

function encodePoint(
  graph: OnnxGraph,
  { column }: ColumnLayout,
  { map, knots = 0 }: MixtureHeadOptions,
  cell: string,
): EncodedValue {
  const formulas = new OnnxFormulas(graph, "double");
  const [lower, upper] = boundsOf(column);
  const isPossible = graph.node("And", [
    formulas.less(formulas.number(lower), cell),
    formulas.less(cell, formulas.number(upper)),
  ]);
  const inside = formulas.number(marginalValue(withMixtureWeights(map), 0));
  const { z, logSlope } = marginalPoint(map, g.input("x", [1]));
  const { targets, offset, features } = writeProgram(
    { targets: z, offset: logSlope, features: position(z, knots) },
    { x: formulas.where(isPossible, cell, inside) },
    { graph, type: "double", parameters: {} },
  );
  return { isPossible, offset, features: [features], targets: [targets] };
}

function encodeAngle(
  graph: OnnxGraph,
  { column }: ColumnLayout,
  _: AngleHeadOptions,
  cell: string,
): EncodedValue {
  const formulas = new OnnxFormulas(graph, "double");
  const { step, period = 360, from = 0 } = column;
  const x = g.input("x", [1]);
  const how = { graph, type: "double", parameters: {} } as const;
  if (step === undefined) {
    const angle = radiansOf(g.div(g.sub(x, from), period));
    const { targets, features } = writeProgram({ targets: angle, features: circle(angle) }, { x: cell }, how);
    const offset = formulas.number(Math.log((2 * Math.PI) / period));
    return {
      isPossible: graph.node("Equal", [cell, cell]),
      offset,
      features: [features],
      targets: [targets],
    };
  }
  const steps = Math.round(period / step);
  const width = (2 * Math.PI) / steps;
  const { place, isOn } = placeOnGrid(x, from, step);
  const angle = g.mul(g.sub(place, g.mul(steps, g.floor(g.div(place, steps)))), width);
  const encoded = writeProgram(
    { low: g.sub(angle, 0.5 * width), features: circle(angle), isOn },
    { x: cell },
    how,
  );
  const widths = formulas.add(formulas.mul(encoded.low, formulas.number(0)), formulas.number(width));
  return {
    isPossible: formulas.asCondition(encoded.isOn),
    offset: formulas.number(0),
    features: [encoded.features],
    targets: [encoded.low, widths],
  };
}
