/**
 * The structure of graphs: what programs that compute the same have in common, whatever the values of their parameters.
 *
 * @module
 */

import { inOnePiece, type Pieces } from "../platform/pieces.ts";
import { bytesOf, digestOf } from "../random/digest.ts";
import { type BodyExpr, type Expr, hasBody, resultsOf, slotsOf, topologicalOrder } from "./expr.ts";
import { factsOf } from "./graphRules.ts";
import { structureOfBody } from "./ops/bodyStructure.ts";

/** What bodies have beside nodes, and what equations have. */
const bodySettings = [
  "iterations",
  "steps",
  "reversed",
  "keptEvery",
  "equation",
  "kind",
  "tolerance",
  "most",
  "apart",
];

/**
 * A digest of 128 bits, equal for graphs that compute the same from leaves of the same names and shapes, and in practice for no
 * others. O(nodes, edges, constants).
 * @param beside - What else tells programs apart.
 */
export function structureOf(outputs: readonly Expr[], beside: string = ""): string {
  return inOnePiece(structureInPieces(outputs, beside));
}

/** {@link structureOf}, a node at a time. */
export function* structureInPieces(outputs: readonly Expr[], beside: string = ""): Pieces<string> {
  let words = new Uint32Array(2 ** 14);
  let size = 0;
  const numbers = new Map<Expr, number>();
  /** Room for some more words. */
  const reserve = (count: number): void => {
    if (size + count <= words.length) return;
    const larger = new Uint32Array(2 * (size + count));
    larger.set(words);
    words = larger;
  };
  const write = (...list: readonly number[]): void => {
    reserve(list.length);
    for (const word of list) words[size++] = word;
  };
  const writeText = (text: string): void => {
    write(text.length);
    for (let i = 0; i < text.length; i++) write(text.charCodeAt(i));
  };
  const writeWords = (array: ArrayBufferView): void => {
    const own = new Uint32Array(array.buffer, array.byteOffset, array.byteLength / 4);
    // Masks are long: two words that say all of them are mixed faster than all are written.
    let [first, second] = [own.length, 0x9e3779b9];
    for (let i = 0; i < own.length; i++) {
      first = Math.imul(first ^ own[i]!, 0x85ebca6b);
      first ^= first >>> 13;
      second = Math.imul(second ^ own[i]!, 0xc2b2ae35);
      second ^= second >>> 15;
    }
    write(own.length, first, second);
  };
  /** Operations and settings by their text: each is written once. */
  const texts = new Map<string, number>();
  const writeWord = (text: string): void => {
    const known = texts.get(text);
    if (known !== undefined) write(known);
    else {
      write(texts.size);
      texts.set(text, texts.size);
      writeText(text);
    }
  };
  const number = (node: Expr): void => {
    write(Number(node.space === "row"), node.shape.length, ...node.shape);
    numbers.set(node, numbers.size);
  };
  const writeAll = function* (roots: readonly Expr[]): Pieces<void> {
    for (const node of topologicalOrder(roots, numbers)) {
      // Met inside of a body before.
      if (numbers.has(node)) continue;
      yield;
      writeWord(node.op);
      if (node.op === "map") writeWord(structureOfBody(node.body));
      else if (hasBody(node)) yield* writeBody(node);
      else if ("name" in node) {
        writeWord(node.name);
        if (node.op === "parameter" && node.part) {
          writeWord(node.part.of.name);
          write(node.part.start);
        }
        if (node.op === "parameter")
          for (const { name, shape } of node.parts ?? []) {
            writeWord(name);
            write(shape.length, ...shape);
          }
      } else
        for (const fact of factsOf(node))
          if (ArrayBuffer.isView(fact)) writeWords(fact);
          else if (fact !== node) writeWord(String(fact));
      write(node.inputs.length, ...node.inputs.map((input) => numbers.get(input)!));
      number(node);
    }
  };
  const writeRoots = function* (roots: readonly Expr[]): Pieces<void> {
    yield* writeAll(roots);
    write(roots.length, ...roots.map((root) => numbers.get(root)!));
  };
  const writeBody = function* (node: BodyExpr): Pieces<void> {
    const results = resultsOf(node);
    for (const own of slotsOf(node)) number(own);
    writeText(JSON.stringify(node, bodySettings));
    yield* writeRoots(results);
  };
  writeText(beside);
  yield* writeRoots(outputs);
  return digestOf([bytesOf(words.subarray(0, size))]);
}
