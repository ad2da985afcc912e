/**
 * What a value of a column is for its head, and the parts that several heads have of it.
 *
 * @module
 */

import type { Expr } from "../../../graph/expr.ts";
import * as g from "../../../graph/ops.ts";
import { type CalendarPart, turns } from "../../../models/columns/calendar.ts";
import { logisticDeviation } from "../../../models/columns/heads/mixtureHead.ts";
import { OnnxFormulas } from "../onnxFormulas.ts";
import type { OnnxGraph } from "../onnxGraph.ts";

/** A value as a head reads it. Tensors have a row each; of a value that is impossible they are any finite numbers. */
export interface EncodedValue {
  /** A condition `[rows, 1]`. */
  readonly isPossible: string;
  /** What is added to the log-density, `[rows, 1]`. */
  readonly offset: string;
  /** What later columns see, in parts side by side. */
  readonly features: readonly string[];
  /** What the log-density reads, in parts side by side. */
  readonly targets: readonly string[];
}

/** Whole numbers from 0, as a row. */
export function countingRow(graph: OnnxGraph, count: number): string {
  return graph.constant(
    "double",
    Array.from({ length: count }, (_, i) => i),
    [1, count],
  );
}

/** 1 in the place of the number that a value is, else 0. */
export function oneHot(graph: OnnxGraph, value: string, row: string): string {
  return new OnnxFormulas(graph, "double").asNumber(graph.node("Equal", [value, row]));
}

/** z, and how far along each stretch it is, about 0. */
export function position(z: Expr, knots: number): Expr {
  const share = g.mul(knots, g.sigmoid(z));
  const stretches = Array.from({ length: knots }, (_, k) =>
    g.add(g.clamp(g.sub(share, k), 0, 1), (k + 0.5) / knots - 1),
  );
  return g.concatenate([g.div(z, logisticDeviation), ...stretches]);
}

/** Cosine and sine of an angle and of its double. */
export const circle = (angle: Expr): Expr =>
  g.concatenate([g.cos(angle), g.sin(angle), g.cos(g.mul(2, angle)), g.sin(g.mul(2, angle))]);

/** What comes after the point of a number of turns, in radians. */
export const radiansOf = (part: Expr): Expr => g.mul(2 * Math.PI, g.sub(part, g.floor(part)));

/** Features of a moment. */
export function calendar(parts: readonly CalendarPart[], moment: Expr): Expr {
  return g.concatenate(parts.map((part) => circle(radiansOf(g.div(moment, turns[part])))));
}

/** Where a value lies on a grid, and whether it is on it: values as files hold them are off by their last digits. */
export function placeOnGrid(
  value: Expr,
  from: number,
  step: number,
): { readonly place: Expr; readonly isOn: Expr } {
  const exact = g.div(g.sub(value, from), step);
  const place = g.floor(g.add(exact, 0.5));
  const isOn = g.lessEqual(g.abs(g.sub(exact, place)), g.add(1e-3, g.mul(1e-14, g.abs(exact))));
  return { place, isOn };
}
