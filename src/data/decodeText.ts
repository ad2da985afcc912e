/**
 * Bytes to text, piece by piece: UTF-8 with or without a byte order mark, UTF-16 with one.
 *
 * @module
 */

import { FormatError } from "../errors.ts";

/** What text can be read from. A string is text itself, not a path. */
export type TextSource = string | Uint8Array | Blob | ReadableStream<Uint8Array>;

/** Bytes decoded at a time. A string of V8 holds 2^29 characters, so a whole file may not fit one. */
const PIECE = 2 ** 22;

async function* bytePieces(source: Exclude<TextSource, string>): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    for (let at = 0; at < source.length; at += PIECE) yield source.subarray(at, at + PIECE);
    return;
  }
  const reader = (source instanceof Blob ? source.stream() : source).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Reached early where the text turns out to be bad: give up the rest of the file.
    await reader.cancel().catch(() => undefined);
  }
}

function encodingOf(start: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  if (start[0] === 0xfe && start[1] === 0xff) return "utf-16be";
  return "utf-8";
}

/**
 * The text of a source in pieces of about four million characters, the byte order mark removed.
 *
 * @param name what to call the source in an error.
 * @throws FormatError if the bytes are not text: invalid UTF-8, or zero bytes.
 */
export async function* decodeText(source: TextSource, name: string): AsyncGenerator<string> {
  if (typeof source === "string") {
    const start = source.charCodeAt(0) === 0xfeff ? 1 : 0;
    for (let at = start; at < source.length; at += PIECE) yield source.slice(at, at + PIECE);
    return;
  }
  let decoder: TextDecoder | undefined;
  const decode = (bytes?: Uint8Array): string => {
    let text: string;
    try {
      decoder ??= new TextDecoder(encodingOf(bytes ?? new Uint8Array()), { fatal: true });
      text = bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch {
      throw new FormatError(
        `${name} is not UTF-8 text; save it as CSV in UTF-8, or check what kind of file it is`,
      );
    }
    if (text.includes("\0")) {
      throw new FormatError(`${name} is a binary file, not text; check what kind of file it is`);
    }
    return text;
  };
  for await (const bytes of bytePieces(source)) yield decode(bytes);
  yield decode();
}
