/**
 * Typed arrays of the same bytes are equal, which is seen at once: element by element, as others are compared, a model file
 * takes longer than some fits. Arrays that differ are left to what shows where.
 */

import { expect } from "vitest";

/** Files of one worker share what is set up: it is set up once. */
const mark = Symbol.for("pushforward: equal arrays");

type Numbers = Uint8Array | Float64Array;

function areSameBytes(a: Numbers, b: Numbers): boolean {
  const bytesOf = ({ buffer, byteOffset, byteLength }: Numbers): Buffer =>
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  return a.constructor === b.constructor && a.length === b.length && bytesOf(a).equals(bytesOf(b));
}

const isNumbers = (value: unknown): value is Numbers =>
  value instanceof Uint8Array || value instanceof Float64Array;

if (!(mark in globalThis)) {
  Object.assign(globalThis, { [mark]: true });
  expect.addEqualityTesters([
    (a: unknown, b: unknown) => (isNumbers(a) && isNumbers(b) && areSameBytes(a, b) ? true : undefined),
  ]);
}
