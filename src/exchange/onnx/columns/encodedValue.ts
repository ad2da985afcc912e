/**
 * What a value of a column is for its head, and how one is marked.
 *
 * @module
 */

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
