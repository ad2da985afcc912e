/**
 * The cells of one column as a reader meets them, and what they turn out to be: numbers, numbers in another dress,
 * booleans, or text.
 *
 * @module
 */

import type { ColumnParse, ColumnRecord } from "../columnRecord.ts";
import { codeRecord, rowNumbersRecord, textRecord } from "../leftOutColumn.ts";
import { GrowingText, type TextColumn } from "../textColumn.ts";
import { isMissingCell, lossOf, mostExact, parseCell } from "./cell.ts";
import { type ColumnDress, dressRecord, startDress, takeDressed } from "./columnDress.ts";
import { dressOf, leadingZerosPattern } from "./numberDress.ts";

/** Marks of missing values beside the usual ones. A mark that is a number also stands for equal numbers: -999, -999.0. */
export interface MissingMarks {
  readonly texts: ReadonlySet<string>;
  readonly numbers: ReadonlySet<number>;
}

/** How a column is to be read. */
export interface ColumnReading {
  /** What is known of its cells. */
  readonly parse?: readonly ColumnParse[] | undefined;
  readonly marks?: MissingMarks | undefined;
}

/** After this many cells of text further ones are no longer tried as numbers in another dress. */
const mostTried = 64;
/** Different cells of text that are known at sight. */
const mostKnown = 4096;
/** Different texts that are kept for a message. */
const mostTexts = 4;
/** Rows of numbers like 1.234, which a later decimal comma would make thousands, that are kept in mind. */
const mostPointRows = 10_000;
/** Different cells that are kept for the digits of long numbers alone: a million of them took 200 MB and 2 s. */
const mostLongNumbers = 2 ** 18;
const thousandsPattern = /^[+-]?[1-9]\d{0,2}\.\d{3}$/;

/** Whether a number is written as codes are; the first character tells of most that they are not. */
function hasLeadingZeros(cell: string): boolean {
  const first = cell.charCodeAt(0);
  return (first === 48 || first <= 32) && leadingZerosPattern.test(cell.trim());
}

const trueWords = /^true$/i;
const falseWords = /^false$/i;
const yesWords = /^(?:true|yes|on|[ty])$/i;
const noWords = /^(?:false|no|off|[fn])$/i;

/** What a column turned out to be: numbers, or text. */
export interface FinishedColumn {
  readonly record: ColumnRecord;
  /** Undefined for text. */
  readonly values: Float64Array | undefined;
  /** Undefined for numbers. */
  readonly text: TextColumn | undefined;
}

/** The cells of one column so far. Rows that were skipped are missing (NaN). */
export class GrowingColumn {
  readonly name: string;
  /** Undefined from the first cell of text on. */
  values: Float64Array | undefined = new Float64Array(256);
  length = 0;
  readonly #asked: readonly ColumnParse[];
  readonly #marks: MissingMarks | undefined;
  /** Cells that are numbers, in whatever dress, and booleans. */
  #numericCells = 0;
  #booleans = 0;
  #boolean: { row: number; cell: string } | undefined;
  #dress: ColumnDress | undefined;
  /** Rows of plain numbers that a decimal comma would make thousands; undefined where some cannot be that. */
  #pointRows: number[] | undefined = [];
  #textCells = 0;
  #text: { row: number; cell: string } | undefined;
  readonly #texts: Set<string> = new Set();
  /** The cells as written, from the first on that is not a plain number or is not printed back: the column may be text. */
  #written: GrowingText | undefined;
  /** Whether {@link #written} is kept for the digits of long numbers alone, while nothing else speaks for text. */
  #isForDigits = false;
  /** Whether there were too many of these to be kept. */
  #lostDigits = false;
  /** The cell that is being read; undefined for a number or a truth value of the source. */
  #cell: string | undefined;
  /** Cells that have turned out to be text: those that come again need not be looked at again. */
  #known: Map<string, number> | undefined;
  /** The first string of a typed source that is a code, such as 02134; undefined where there is none. */
  #code: { row: number; cell: string } | undefined;
  /** Whether the cell that is being read is a string of a typed source: then it is kept to the letter. */
  #isString = false;
  /** How the column spells false and true. */
  readonly #words: [string, string] = ["false", "true"];
  /** What is said of cells whose numbers are not quite those of their texts. */
  #losses: Pick<ColumnRecord, "rounded" | "overflow"> = {};

  constructor(name: string, reading: ColumnReading = {}) {
    this.name = name;
    this.#asked = reading.parse ?? [];
    this.#marks = reading.marks;
    // Where the decimal mark is named, plain numbers are read by it, too: from the first cell on.
    if (this.#asked.some((kind) => ["thousands", "decimal-point", "decimal-comma"].includes(kind))) {
      this.#keepWritten();
      this.#dress = startDress(this.values!, 0, []);
    }
  }

  /** Makes rows `length .. rows - 1` missing. */
  fillTo(rows: number): void {
    if (rows <= this.length) return;
    if (this.values) {
      this.#reserve(rows);
      this.values.fill(Number.NaN, this.length, rows);
      this.#dress?.comma.fill(Number.NaN, this.length, rows);
    }
    this.#written?.fillTo(rows);
    this.length = rows;
  }

  /** A cell of text, which may hold a number. */
  read(cell: string): void {
    const code = this.#known?.get(cell);
    if (code !== undefined) {
      this.#written!.pushCode(code);
      this.length++;
      this.#textCells++;
      return;
    }
    this.#cell = cell;
    this.#read(cell);
    this.#cell = undefined;
  }

  /**
   * A string of a typed source. It may hold a number, as a cell of text may; in a column that turns out to be text, what
   * looks missing is text, too. Digits behind zeros are a code.
   */
  string(cell: string): void {
    this.#keepWritten();
    if (this.#asked.length === 0 && hasLeadingZeros(cell)) this.#code ??= { row: this.length + 1, cell };
    this.#isString = true;
    this.read(cell);
    this.#isString = false;
  }

  #read(cell: string): void {
    const marks = this.#marks;
    if (marks?.texts.has(cell.trim())) return this.#push(Number.NaN, Number.NaN);
    if (this.#dress !== undefined || this.#asked[0] === "text") return this.#readSlowly(cell);
    const value = parseCell(cell);
    if (value === undefined || hasLeadingZeros(cell)) return this.#readSlowly(cell);
    if (this.#pointRows !== undefined) this.#notePoint(cell);
    this.#noteLoss(cell, value);
    this.number(value);
  }

  /** A number that is one in the source; NaN is missing. */
  number(value: number): void {
    const number = this.#marks?.numbers.has(value) ? Number.NaN : value;
    // A missing cell speaks neither for numbers nor for text.
    if (!Number.isNaN(number)) {
      if (this.#booleans > 0) this.#keepWritten();
      this.#numericCells++;
      if (this.#dress) this.#dress.bare++;
    }
    this.#push(number, number);
  }

  /** A truth value of the source. */
  boolean(value: boolean): void {
    this.#boolean ??= { row: this.length + 1, cell: String(value) };
    if (this.#numericCells > this.#booleans) this.#keepWritten();
    if (this.#cell !== undefined) this.#words[Number(value)] = this.#cell.trim();
    this.#booleans++;
    this.#numericCells++;
    this.#push(Number(value), Number(value));
  }

  /** Text that is not a number. */
  text(text: string): void {
    this.#keepWritten();
    const code = this.#written!.push(this.#isString ? text : text.trim());
    this.#known ??= new Map();
    if (this.#cell !== undefined && this.#known.size < mostKnown) this.#known.set(this.#cell, code);
    this.length++;
    this.#textCells++;
    if (this.#texts.size < mostTexts) this.#texts.add(text.trim());
    this.#text ??= { row: this.length, cell: text.trim() };
    this.values = undefined;
  }

  /** A plain number that would be thousands if decimals followed a comma, where nothing speaks against it. */
  get likeThousands(): number | undefined {
    const row = this.#pointRows?.[0];
    return row === undefined || this.#dress ? undefined : this.values?.[row];
  }

  /** What the column is; its values, or its cells as they are written if it is text. The column's memory is given up. */
  finish(): FinishedColumn {
    const { record, values } = this.#found();
    if (values === undefined) this.#keepWritten();
    this.values = undefined;
    if (values) return { record: { ...record, ...this.#losses }, values, text: undefined };
    const textRecord = this.#lostDigits ? { ...record, ...this.#losses } : record;
    return { record: textRecord, values, text: this.#written!.finish(this.name) };
  }

  #found(): { record: ColumnRecord; values: Float64Array | undefined } {
    const { name, values } = this;
    if (this.#code) return { record: codeRecord(name, this.#code), values: undefined };
    if (this.#text) {
      const example = {
        ...this.#text,
        textCells: this.#textCells,
        numericCells: this.#numericCells,
        texts: this.#texts,
        asked: this.#asked,
      };
      return { record: textRecord(name, example), values: undefined };
    }
    if (this.#numericCells === 0)
      return {
        record: {
          name,
          readAs: "nothing",
          parse: [],
          leftOut: {
            kind: "empty",
            reason: "no row has a value of it",
            remedy: "fill in its cells to use it",
          },
        },
        values,
      };
    if (this.#booleans > 0) {
      const record = this.#booleanRecord(values!);
      return { record, values: record.leftOut ? undefined : values };
    }
    if (this.#dress) {
      const record = dressRecord(name, this.#dress, this.#asked, this.#numericCells);
      if (record.reading === "none") return { record: record.record, values: undefined };
      const columnNumbers = record.reading === "comma" ? this.#dress.comma : values;
      return { record: record.record, values: columnNumbers };
    }
    return { record: rowNumbersRecord(name, values!, this.length), values };
  }

  #booleanRecord(values: Float64Array): ColumnRecord {
    const { name, length } = this;
    const parse: ColumnParse[] = this.#asked.includes("boolean") ? ["boolean"] : [];
    let other = this.#dress?.first?.row;
    for (let row = 0; row < length && other === undefined; row++) {
      const value = values[row]!;
      if (value !== 0 && value !== 1 && !Number.isNaN(value)) other = row + 1;
    }
    if (other === undefined) return { name, readAs: "booleans", parse };
    const { row, cell } = this.#boolean!;
    return {
      name,
      readAs: "text",
      parse,
      leftOut: {
        kind: "unlike",
        row,
        cell,
        reason: `"${cell}" is not a number, and row ${other} has one that is neither 0 nor 1`,
        remedy: "mend the cells so that all are numbers, or all true or false",
      },
    };
  }

  #readSlowly(cell: string): void {
    const text = cell.trim();
    const asked = this.#asked;
    if (isMissingCell(text)) return this.#push(Number.NaN, Number.NaN);
    if (asked[0] === "text") return this.text(cell);
    const isWord = asked.includes("boolean");
    if ((isWord ? yesWords : trueWords).test(text)) return this.boolean(true);
    if ((isWord ? noWords : falseWords).test(text)) return this.boolean(false);
    const plain = parseCell(text);
    if (plain !== undefined && !Number.isFinite(plain)) {
      this.#noteLoss(text, plain);
      return this.number(plain);
    }
    const dress = this.#textCells > mostTried ? undefined : dressOf(text);
    if (!dress) {
      if (plain === undefined) this.text(cell);
      else this.number(plain);
      return;
    }
    if (dress.point !== undefined && this.#marks?.numbers.has(dress.point))
      return this.#push(Number.NaN, Number.NaN);
    this.#numericCells++;
    if (!this.values) return this.#push(dress.point ?? dress.comma!, Number.NaN);
    if (!this.#dress) {
      this.#keepWritten();
      this.#dress = startDress(this.values, this.#numericCells - 1, this.#pointRows);
      this.#pointRows = undefined;
    }
    this.#noteLoss(text, dress.point ?? dress.comma ?? Number.NaN);
    takeDressed(this.#dress, dress, plain === undefined || dress.leadingZeros, this.length + 1, text);
    this.#push(dress.point ?? Number.NaN, dress.comma ?? Number.NaN);
  }

  /** Keeps in mind the first cell of each kind whose number says less than its text. */
  #noteLoss(cell: string, value: number): void {
    if (value !== 0 && !(Math.abs(value) > mostExact)) return;
    if (this.#marks?.numbers.has(value)) return;
    const loss = lossOf(cell, value);
    if (loss === undefined || this.#losses[loss]) return;
    // Should the column be text, this cell is to have its digits: the number would be printed with others.
    if (!this.#written) {
      this.#keepWritten();
      this.#isForDigits = true;
    }
    const example = { row: this.length + 1, cell: cell.trim() };
    this.#losses =
      loss === "rounded"
        ? { ...this.#losses, rounded: { ...example, value } }
        : { ...this.#losses, overflow: example };
  }

  #push(value: number, comma: number): void {
    if (this.values) {
      this.#reserve(this.length + 1);
      this.values[this.length] = value;
      if (this.#dress) this.#dress.comma[this.length] = comma;
    }
    const code = this.#written?.push(this.#writtenAs(value, comma));
    if (this.#isForDigits && code! >= mostLongNumbers) {
      this.#written = undefined;
      this.#isForDigits = false;
      this.#lostDigits = true;
    }
    this.length++;
  }

  /** A cell of these numbers as it is written; undefined where it is missing. */
  #writtenAs(value: number, comma: number): string | undefined {
    const cell = this.#cell;
    const isMissing = Number.isNaN(value) && Number.isNaN(comma);
    if (this.#isString) return isMissing && this.#marks?.texts.has(cell!.trim()) ? undefined : cell;
    return isMissing ? undefined : (cell?.trim() ?? String(value));
  }

  /** From now on the cells are kept as they are written; those before were plain numbers, or truth values. */
  #keepWritten(): void {
    this.#isForDigits = false;
    if (this.#written) return;
    const written = new GrowingText(this.length);
    const areBooleans = this.#booleans > 0 && this.#booleans === this.#numericCells;
    for (let row = 0; row < this.length; row++) {
      const value = this.values![row]!;
      if (Number.isNaN(value)) written.push(undefined);
      else if (areBooleans) written.push(this.#words[value as 0 | 1]);
      else written.push(Object.is(value, -0) ? "-0" : String(value));
    }
    this.#written = written;
  }

  /** Keeps in mind whether a plain number with a point could be thousands of a column with decimal commas. */
  #notePoint(cell: string): void {
    if (!cell.includes(".")) return;
    const rows = this.#pointRows!;
    if (rows.length < mostPointRows && thousandsPattern.test(cell.trim())) rows.push(this.length);
    else this.#pointRows = undefined;
  }

  #reserve(length: number): void {
    const old = this.values!;
    if (length <= old.length) return;
    const size = Math.max(length, 2 * old.length);
    const grow = (from: Float64Array): Float64Array => {
      const grown = new Float64Array(size);
      grown.set(from.subarray(0, this.length));
      return grown;
    };
    this.values = grow(old);
    if (this.#dress) this.#dress.comma = grow(this.#dress.comma);
  }
}
