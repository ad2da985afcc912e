/**
 * Element-wise operations over arrays.
 *
 * Each result is the operation's `value` as the table of operations defines it. Those that graphs are mostly made of are
 * written out: a call through the table makes an object of every number that goes in or comes out, and takes twice as long.
 *
 * @module
 */

import { type ElementwiseName, elementwise } from "../../graph/ops/elementwise.ts";

/** Fills `to`. Element i reads `a[i * p]`, `b[i * q]` and `c[i * r]`: each step is 1, or 0 where one number stands for all. */
export type ElementwiseLoop = (
  to: Float64Array,
  a: Float64Array,
  p: number,
  b: Float64Array,
  q: number,
  c: Float64Array,
  r: number,
) => void;

const writtenOut: Readonly<Partial<Record<ElementwiseName, ElementwiseLoop>>> = {
  neg: (to, a, p) => {
    for (let i = 0; i < to.length; i++) to[i] = -a[i * p]!;
  },
  abs: (to, a, p) => {
    for (let i = 0; i < to.length; i++) to[i] = Math.abs(a[i * p]!);
  },
  exp: (to, a, p) => {
    for (let i = 0; i < to.length; i++) to[i] = Math.exp(a[i * p]!);
  },
  stopGradient: (to, a, p) => {
    for (let i = 0; i < to.length; i++) to[i] = a[i * p]!;
  },
  sign: (to, a, p) => {
    for (let i = 0; i < to.length; i++) to[i] = a[i * p]! > 0 ? 1 : a[i * p]! < 0 ? -1 : 0;
  },
  add: (to, a, p, b, q) => {
    for (let i = 0; i < to.length; i++) to[i] = a[i * p]! + b[i * q]!;
  },
  sub: (to, a, p, b, q) => {
    for (let i = 0; i < to.length; i++) to[i] = a[i * p]! - b[i * q]!;
  },
  mul: (to, a, p, b, q) => {
    for (let i = 0; i < to.length; i++) to[i] = a[i * p]! * b[i * q]!;
  },
  div: (to, a, p, b, q) => {
    for (let i = 0; i < to.length; i++) to[i] = a[i * p]! / b[i * q]!;
  },
  max: (to, a, p, b, q) => {
    for (let i = 0; i < to.length; i++) to[i] = Math.max(a[i * p]!, b[i * q]!);
  },
  min: (to, a, p, b, q) => {
    for (let i = 0; i < to.length; i++) to[i] = Math.min(a[i * p]!, b[i * q]!);
  },
  less: (to, a, p, b, q) => {
    for (let i = 0; i < to.length; i++) to[i] = a[i * p]! < b[i * q]! ? 1 : 0;
  },
  lessEqual: (to, a, p, b, q) => {
    for (let i = 0; i < to.length; i++) to[i] = a[i * p]! <= b[i * q]! ? 1 : 0;
  },
  select: (to, a, p, b, q, c, r) => {
    for (let i = 0; i < to.length; i++) to[i] = a[i * p]! !== 0 ? b[i * q]! : c[i * r]!;
  },
};

/** The loop of an operation. */
export function elementwiseLoop(name: ElementwiseName): ElementwiseLoop {
  return writtenOut[name] ?? tabled(name);
}

/** The loop of any operation, as the table defines it. */
export function tabled(name: ElementwiseName): ElementwiseLoop {
  const { value } = elementwise[name];
  return (to, a, p, b, q, c, r) => {
    for (let i = 0; i < to.length; i++) to[i] = value(a[i * p]!, b[i * q]!, c[i * r]!);
  };
}
