/**
 * The messages of an ONNX file, as bytes: fields and their numbers are those of onnx.proto3, IR version 8.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
 * @module
 */

import {
  bytesField,
  type Field,
  integerField,
  integersField,
  joined,
  messageField,
  textField,
} from "./protobuf.ts";

/** Types of elements that our graphs have. */
export type ElementType = "float" | "double" | "int64" | "bool";

const elementCodes: Readonly<Record<ElementType, number>> = { float: 1, int64: 7, bool: 9, double: 11 };

/** An attribute of a node: a whole number, several, a type of elements, or a graph. */
export type Attribute =
  | number
  | readonly number[]
  | { readonly elements: ElementType }
  | { readonly graph: readonly Field[] };

/** Extent of an axis: a number, or the name of one that is not fixed. */
export type Extent = number | string;

function attributeFields(name: string, value: Attribute): Field[] {
  const named = textField(1, name);
  if (typeof value === "number") return [named, integerField(3, value), integerField(20, 2)];
  if ("elements" in value) return [named, integerField(3, elementCodes[value.elements]), integerField(20, 2)];
  if ("graph" in value) return [named, messageField(6, value.graph), integerField(20, 5)];
  return [named, integersField(8, value), integerField(20, 7)];
}

/** A node of a graph. */
export function nodeField(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>>,
): Field {
  return messageField(1, [
    ...inputs.map((name) => textField(1, name)),
    ...outputs.map((name) => textField(2, name)),
    textField(3, `${operator}_${outputs[0]}`),
    textField(4, operator),
    ...Object.entries(attributes).map(([name, value]) => messageField(5, attributeFields(name, value))),
  ]);
}

/** Numbers as the bytes of a tensor, little-endian. */
function rawBytes(type: ElementType, data: ArrayLike<number>): Uint8Array {
  const size = type === "bool" ? 1 : type === "float" ? 4 : 8;
  const bytes = new Uint8Array(data.length * size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++)
    if (type === "float") view.setFloat32(4 * i, data[i]!, true);
    else if (type === "double") view.setFloat64(8 * i, data[i]!, true);
    else if (type === "int64") view.setBigInt64(8 * i, BigInt(data[i]!), true);
    else bytes[i] = data[i]!;
  return bytes;
}

/** A constant tensor of a graph. */
export function initializerField(
  name: string,
  type: ElementType,
  dimensions: readonly number[],
  data: ArrayLike<number>,
): Field {
  return messageField(5, [
    integersField(1, dimensions),
    integerField(2, elementCodes[type]),
    textField(8, name),
    bytesField(9, rawBytes(type, data)),
  ]);
}

/** An input (11) or an output (12) of a graph, or the shape of a value inside (13). */
export function valueField(
  number: 11 | 12 | 13,
  name: string,
  type: ElementType,
  extents: readonly Extent[],
): Field {
  const shape = extents.map((extent) =>
    messageField(1, [typeof extent === "number" ? integerField(1, extent) : textField(2, extent)]),
  );
  const tensor = messageField(1, [integerField(1, elementCodes[type]), messageField(2, shape)]);
  return messageField(number, [textField(1, name), messageField(2, [tensor])]);
}

/** What a file says beside its graph. */
export interface ModelNotes {
  /** A text for people. */
  readonly description: string;
  /** Texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Version of the operators. */
export const operatorSet = 17;

/** A whole file. */
export function modelBytes(graph: readonly Field[], { description, metadata }: ModelNotes): Uint8Array {
  return joined([
    integerField(1, 8),
    textField(2, "pushforward"),
    textField(6, description),
    messageField(7, graph),
    messageField(8, [textField(1, ""), integerField(2, operatorSet)]),
    ...Object.entries(metadata).map(([key, value]) =>
      messageField(14, [textField(1, key), textField(2, value)]),
    ),
  ]);
}

/** The fields of a graph. */
export function graphFields(name: string, parts: readonly Field[]): Field[] {
  return [...parts, textField(2, name)];
}
