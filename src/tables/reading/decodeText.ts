/**
 * Bytes to text, piece by piece: UTF-8 with or without a byte order mark, UTF-16 with one, or the encoding that is named.
 *
 * @module
 */

import { type FormatError, unreadable } from "../../errors.ts";
import { refuse } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import type { ByteSource } from "../../platform/byteSource.ts";
import { likelyEncoding } from "../encoding/likelyEncoding.ts";
import { refuseOtherBytes } from "./otherText.ts";

/** What text can be read from. A string is text itself, not a path. */
export type TextSource = string | Uint8Array | Blob | ReadableStream<Uint8Array> | ByteSource;

/** Bytes decoded at a time. A string of V8 holds 2^29 characters, so a whole file may not fit one. */
const pieceSize = 2 ** 20;

async function* bytePieces(source: Exclude<TextSource, string>): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    for (let at = 0; at < source.length; at += pieceSize) yield source.subarray(at, at + pieceSize);
    return;
  }
  if ("read" in source) {
    const size = source.pieceSize ?? pieceSize;
    for (let at = 0; at < source.size; at += size)
      yield await source.read(at, Math.min(source.size, at + size));
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

/** The encoding that a byte order mark says, which holds whatever else is said. */
function markedEncoding(start: Uint8Array): string | undefined {
  if (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf) return "utf-8";
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  if (start[0] === 0xfe && start[1] === 0xff) return "utf-16be";
  return undefined;
}

function decoderOf(label: string): TextDecoder {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch {
    refuse("readTable", "encoding", "a label such as utf-8, latin1, windows-1251 or shift_jis", label);
  }
}

/**
 * The text of a source in pieces of about a million characters, the byte order mark removed.
 *
 * @param name what to call the source in an error.
 * @param encoding a label of the WHATWG encoding standard, such as `latin1`; a byte order mark comes before it.
 * @throws FormatError if the bytes are not text of that encoding, or hold zero bytes; it says which encoding it may be.
 * @throws UsageError for a label that there is not.
 */
export async function* decodeText(
  source: TextSource,
  name: string,
  encoding?: string | undefined,
): AsyncGenerator<string> {
  if (encoding !== undefined) decoderOf(encoding);
  if (typeof source === "string") {
    const start = source.charCodeAt(0) === 0xfeff ? 1 : 0;
    for (let at = start; at < source.length; at += pieceSize) yield source.slice(at, at + pieceSize);
    return;
  }
  let decoder: TextDecoder | undefined;
  let label = "utf-8";
  const decode = (bytes?: Uint8Array): string => {
    if (!decoder) {
      if (bytes) refuseOtherBytes(name, bytes);
      label = markedEncoding(bytes ?? new Uint8Array()) ?? encoding ?? "utf-8";
      decoder = decoderOf(label);
    }
    let text: string;
    try {
      text = bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch {
      throw otherText(name, label, bytes);
    }
    if (text.includes("\0")) {
      const likely = bytes && likelyEncoding(bytes);
      if (likely?.startsWith("utf-")) throw otherText(name, label, bytes);
      throw unreadable(name, "is a binary file, not text", {
        expected: "text",
        received: "a zero byte",
        remedy: "check what kind of file it is",
      });
    }
    return text;
  };
  for await (const bytes of bytePieces(source)) yield decode(bytes);
  yield decode();
}

function otherText(name: string, label: string, bytes: Uint8Array | undefined): FormatError {
  const encoding = label.toUpperCase();
  return unreadable(name, `is not ${encoding} text`, {
    expected: `text in ${encoding}`,
    received: (bytes && likelyEncoding(bytes)) ?? "other bytes",
    remedy: encodingRemedy(bytes, label),
  });
}

/** What to do about bytes that are not text of an encoding. */
function encodingRemedy(bytes: Uint8Array | undefined, label: string): string {
  const likely = bytes && likelyEncoding(bytes);
  if (likely === undefined || likely === label) return "save it in UTF-8, or check what kind of file it is";
  if (likely === "utf-32") return "it seems to be UTF-32, which is not read: save it in UTF-8";
  return `it seems to be ${likely}: pass ${optionText("encoding", likely)}, or save it in UTF-8`;
}
