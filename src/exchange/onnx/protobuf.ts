/**
 * Writing protocol buffers: fields one after another, each a key and a number or some bytes.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 * @module
 */

/** A field of a message as bytes; a message is such fields joined. */
export type Field = Uint8Array;

const encoder = new TextEncoder();

/** A whole number in base 128, least digits first; of a negative one the 64 bits of its two's complement. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

/** Bytes one after another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A field that is a whole number. */
export function integerField(number: number, value: number): Field {
  return Uint8Array.from([...varint(number * 8), ...varint(value)]);
}

/** A field that is bytes. */
export function bytesField(number: number, bytes: Uint8Array): Field {
  return joined([Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

/** A field that is a text. */
export function textField(number: number, text: string): Field {
  return bytesField(number, encoder.encode(text));
}

/** A field that is a message. */
export function messageField(number: number, fields: readonly Field[]): Field {
  return bytesField(number, joined(fields));
}

/** A field that is a list of whole numbers, packed. */
export function integersField(number: number, values: readonly number[]): Field {
  return bytesField(number, Uint8Array.from(values.flatMap(varint)));
}
