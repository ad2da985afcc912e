/**
 * What an ONNX file of ours says about itself in its metadata: what it computes, and how cells enter.
 *
 * @module
 */

import { FormatError } from "../../errors.ts";
import { areColumnNotes, type ColumnNote } from "../columnNotes.ts";
import { type ExportFunction, exportFunctions } from "../exportOptions.ts";

/** The metadata under `pushforward`. */
export interface OnnxNotes {
  readonly formatVersion: 1;
  readonly function: ExportFunction;
  /** Numbers of the trained part. */
  readonly precision: "float32" | "float64";
  /** Numbers of the inputs: those of mixed columns are float64 whatever the precision, so that moments and grids keep their digits. */
  readonly inputType: "float32" | "float64";
  /** Kind of the flow. */
  readonly kind: string;
  /** Columns of `rows`, in order. */
  readonly columns: readonly ColumnNote[];
  /** Columns of `given`, in order; empty where there is no such input. */
  readonly given: readonly ColumnNote[];
  /** Numbers per row of the input `noise`, all standard normal, of `sample`. */
  readonly noise?: number | undefined;
}

/** Key of the metadata. */
export const notesKey = "pushforward";

/** Reads whole numbers and pieces of a message. */
class Reader {
  readonly #bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.at = start;
    this.end = end;
  }

  integer(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.at < this.end ? this.#bytes[this.at++]! : 256;
      if (byte > 255 || shift > 2 ** 63) throw notOnnx();
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  }

  /** The next field: its number, and where its bytes are if it has such. */
  field(): { readonly number: number; readonly bytes?: Uint8Array } {
    const key = this.integer();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) {
      this.integer();
      return { number };
    }
    const length = wire === 2 ? this.integer() : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN;
    if (!(this.at + length <= this.end)) throw notOnnx();
    const bytes = this.#bytes.subarray(this.at, this.at + length);
    this.at += length;
    return { number, bytes };
  }
}

function notOnnx(): FormatError {
  return new FormatError({
    problem: "the export is neither JSON nor an ONNX file or WebAssembly module of pushforward",
    expected: "what `pushforward export` writes",
    received: "other bytes, or a damaged file",
    remedy: "export the model anew",
  });
}

/**
 * What a file says about itself.
 * @throws {@link FormatError} if it is no such file.
 */
export function notesOf(bytes: Uint8Array): OnnxNotes {
  const reader = new Reader(bytes);
  while (reader.at < reader.end) {
    const { number, bytes: entry } = reader.field();
    if (number !== 14 || !entry) continue;
    const texts = new Map<number, string>();
    for (const inner = new Reader(entry); inner.at < inner.end; ) {
      const { number: part, bytes: text } = inner.field();
      if (text) texts.set(part, new TextDecoder().decode(text));
    }
    if (texts.get(1) !== notesKey) continue;
    let notes: unknown;
    try {
      notes = JSON.parse(texts.get(2) ?? "");
    } catch {
      throw notOnnx();
    }
    if (areNotes(notes)) return notes;
  }
  throw notOnnx();
}

/** Whether a description is one that we write. */
function areNotes(notes: unknown): notes is OnnxNotes {
  const { function: what, inputType } = (notes ?? {}) as Partial<OnnxNotes>;
  return (
    areColumnNotes(notes) &&
    exportFunctions.some((name) => name === what) &&
    (inputType === "float32" || inputType === "float64")
  );
}
