/**
 * The cells of one column as a reader meets them, and what they turn out to be: numbers, numbers in another dress,
 * booleans, or text.
 *
 * @module
 */

import { type ColumnBlock, type ColumnPlan, printed } from "../batches/columnPlan.ts";
import { type ColumnParse, type ColumnRecord, numbersRecord } from "../columnRecord.ts";
import { codeRecord, emptyRecord, RowNumbers, textRecord, truthsRecord } from "../leftOutColumn.ts";
import { GrowingText } from "../textColumn.ts";
import type { MissingMarks } from "./cell.ts";
import { isMissingCell, lossOf, mostExact, numbersIn, parseCell, truthOf } from "./cell.ts";
import { type ColumnDress, dressRecord, startDress, takeDressed, withPointRow } from "./columnDress.ts";
import { dressOf, hasLeadingZeros } from "./numberDress.ts";

/** After this many cells of text further ones are no longer tried as numbers in another dress. */
const mostTried = 64;
/** Different cells of text that are known at sight. */
const mostKnown = 4096;
/** Different texts that are kept for a message. */
const mostTexts = 4;
/** Different cells that are kept for the digits of long numbers alone: a million of them took 200 MB and 2 s. */
const mostLongNumbers = 2 ** 18;

/** The cells of one column so far. Rows that were skipped are missing (NaN). */
export class GrowingColumn {
  readonly name: string;
  /** Those of the rows from `#first` on; undefined from the first cell of text on. */
  #values: Float64Array | undefined = new Float64Array(256);
  length = 0;
  /** Rows before the first that is still kept: those of earlier blocks. */
  #first = 0;
  readonly #plan: ColumnPlan | undefined;
  readonly #asked: readonly ColumnParse[];
  readonly #marks: MissingMarks | undefined;
  /** Cells that are numbers, in whatever dress, and booleans. */
  #numericCells = 0;
  #booleans = 0;
  #boolean: { row: number; cell: string } | undefined;
  #dress: ColumnDress | undefined;
  /** Rows of plain numbers that a decimal comma would make thousands; undefined where some cannot be that. */
  #pointRows: number[] | undefined = [];
  /** The number of the first of them, where it is no longer kept. */
  #firstPoint: number | undefined;
  /** The first row, from 1, of a number that is neither 0 nor 1. */
  #otherRow: number | undefined;
  readonly #rowNumbers: RowNumbers | undefined;
  #textCells = 0;
  #text: { row: number; cell: string } | undefined;
  readonly #texts: Set<string> = new Set();
  /** The cells as written, from the first on that is not a plain number or is not printed back: the column may be text. */
  #written: GrowingText | undefined;
  /** Row from which on they are kept, and the words for truth values before it. */
  #writtenFrom = Number.POSITIVE_INFINITY;
  #wordsBefore: readonly [string, string] | undefined;
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

  /**
   * @param firstRow - Rows of its table that are not kept, in which it was missing.
   * @param plan - What it turned out to be when the same cells were read before.
   */
  constructor(
    name: string,
    asked: readonly ColumnParse[] = [],
    marks?: MissingMarks,
    firstRow = 0,
    plan?: ColumnPlan,
  ) {
    this.name = name;
    this.#asked = asked;
    this.#marks = marks;
    this.#plan = plan;
    this.length = firstRow;
    this.#first = firstRow;
    this.#rowNumbers = plan ? undefined : RowNumbers.of(name, firstRow > 0);
    // Where the decimal mark is named, plain numbers are read by it, too: from the first cell on.
    if (this.#asked.some((kind) => ["thousands", "decimal-point", "decimal-comma"].includes(kind))) {
      this.#keepWritten();
      this.#dress = startDress(this.#values!, 0, []);
    }
  }

  /** Makes rows `length .. rows - 1` missing. */
  fillTo(rows: number): void {
    if (rows <= this.length) return;
    const [from, to] = [this.length - this.#first, rows - this.#first];
    if (this.#values) {
      this.#reserve(to);
      this.#values.fill(Number.NaN, from, to);
      this.#dress?.comma.fill(Number.NaN, from, to);
    }
    this.#rowNumbers?.push(Number.NaN);
    this.#written?.fillTo(to);
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
    this.#pointRows &&= withPointRow(this.#pointRows, cell, this.length);
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

  /** Whether there is nothing to find out of each number. */
  get #isPlain(): boolean {
    return !!this.#values && !this.#dress && !this.#written && !this.#rowNumbers && this.#booleans === 0;
  }

  /** Numbers of the rows that follow, as {@link number} takes one: at once where the column is plain. */
  numbers(values: Float64Array): void {
    if (!this.#isPlain || this.#marks) return values.forEach((value) => this.number(value));
    const at = this.length - this.#first;
    this.#reserve(at + values.length);
    this.#values!.set(values, at);
    const { count, firstOther } = numbersIn(values);
    this.#numericCells += count;
    if (firstOther >= 0) this.#otherRow ??= this.length + firstOther + 1;
    this.length += values.length;
  }

  /** Leaves out numbers of the rows that follow, whose values are not wanted, if they would say nothing new; returns whether it does. */
  skipNumbers(rows: number): boolean {
    if (!this.#isPlain || this.#asked.length > 0 || this.#otherRow === undefined) return false;
    this.#numericCells += rows;
    this.fillTo(this.length + rows);
    return true;
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
    this.#values = undefined;
  }

  /** A plain number that would be thousands if decimals followed a comma, where nothing speaks against it. */
  get likeThousands(): number | undefined {
    const row = this.#pointRows?.[0];
    if (row === undefined || this.#dress || !this.#values) return undefined;
    return row < this.#first ? this.#firstPoint : this.#values[row - this.#first];
  }

  /** What the column is, by all of its cells. */
  plan(): ColumnPlan {
    const { record, reading } = this.#found();
    const isNumbers = reading !== "none";
    return {
      record: isNumbers || this.#lostDigits ? { ...record, ...this.#losses } : record,
      reading,
      writtenFrom: isNumbers ? Number.POSITIVE_INFINITY : this.#writtenFrom,
      words: this.#written ? this.#wordsBefore : this.#wordsSoFar(),
    };
  }

  /** Passes rows that are not kept, and of whose cells nothing is to be known. */
  pass(rows: number): void {
    this.length += rows;
    this.#first = this.length;
  }

  /** Gives up the rows so far, whose cells are not wanted; what they say of the column stays known. */
  forget(): void {
    this.#firstPoint ??= this.likeThousands;
    this.#first = this.length;
    // How many different long numbers there are decides on what is kept of them.
    this.#written?.forget(this.#isForDigits);
    if (!this.#isForDigits) this.#known = undefined;
  }

  /** The rows that are kept, as the plan says; they are given up, and numbers are there until the next cell. */
  take(plan: ColumnPlan): ColumnBlock {
    const rows = this.length - this.#first;
    const block = this.#block(plan, rows);
    this.#first = this.length;
    this.#known = undefined;
    if (this.#written) this.#written = new GrowingText();
    return block;
  }

  #block({ reading, writtenFrom, words }: ColumnPlan, rows: number): ColumnBlock {
    const values = this.#values?.subarray(0, rows);
    if (reading === "point") return { values: values! };
    if (reading === "none") {
      const isWritten = this.#written !== undefined && Number.isFinite(writtenFrom);
      return { text: (isWritten ? this.#written! : printed(values!, words)).finish(this.name) };
    }
    if (this.#dress) return { values: this.#dress.comma.subarray(0, rows) };
    // The first cell that has a decimal comma comes later.
    return { values: startDress(values!, 0, this.#keptPointRows()).comma };
  }

  /** Places, among the rows that are kept, of numbers that a decimal comma would make thousands. */
  #keptPointRows(): readonly number[] | undefined {
    return this.#pointRows?.flatMap((row) => (row < this.#first ? [] : [row - this.#first]));
  }

  #found(): Pick<ColumnPlan, "record" | "reading"> {
    const { name } = this;
    if (this.#code) return { record: codeRecord(name, this.#code), reading: "none" };
    if (this.#text) {
      const example = {
        ...this.#text,
        textCells: this.#textCells,
        numericCells: this.#numericCells,
        texts: this.#texts,
        asked: this.#asked,
      };
      return { record: textRecord(name, example), reading: "none" };
    }
    if (this.#numericCells === 0) return { record: emptyRecord(name), reading: "point" };
    if (this.#booleans > 0) {
      const other = this.#dress?.first?.row ?? this.#otherRow;
      const record = truthsRecord(name, this.#asked, this.#boolean!, other);
      return { record, reading: record.leftOut ? "none" : "point" };
    }
    if (this.#dress) return dressRecord(name, this.#dress, this.#asked, this.#numericCells);
    return { record: this.#rowNumbers?.record ?? numbersRecord(name), reading: "point" };
  }

  #readSlowly(cell: string): void {
    const text = cell.trim();
    const asked = this.#asked;
    if (isMissingCell(text)) return this.#push(Number.NaN, Number.NaN);
    if (asked[0] === "text") return this.text(cell);
    const truth = truthOf(text, asked.includes("boolean"));
    if (truth !== undefined) return this.boolean(truth);
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
    if (!this.#values) return this.#push(dress.point ?? dress.comma!, Number.NaN);
    if (!this.#dress) {
      this.#keepWritten();
      this.#dress = startDress(this.#values, this.#numericCells - 1, this.#keptPointRows());
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
    if (this.#values) {
      const at = this.length - this.#first;
      this.#reserve(at + 1);
      this.#values[at] = value;
      if (this.#dress) this.#dress.comma[at] = comma;
      if (this.#otherRow === undefined && value !== 0 && value !== 1 && !Number.isNaN(value))
        this.#otherRow = this.length + 1;
      this.#rowNumbers?.push(value);
    }
    const code = this.#written?.push(this.#writtenAs(value, comma));
    if (this.#isForDigits && !this.#plan && code! >= mostLongNumbers) {
      this.#written = undefined;
      this.#writtenFrom = Number.POSITIVE_INFINITY;
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

  /** The words for truth values, where all cells were such so far. */
  #wordsSoFar(): readonly [string, string] | undefined {
    return this.#booleans > 0 && this.#booleans === this.#numericCells ? [...this.#words] : undefined;
  }

  /** From now on the cells are kept as they are written; those before were plain numbers, or truth values. */
  #keepWritten(): void {
    this.#isForDigits = false;
    if (this.#written || (this.#plan && this.length < this.#plan.writtenFrom)) return;
    this.#wordsBefore = this.#wordsSoFar();
    this.#written = printed(this.#values!.subarray(0, this.length - this.#first), this.#wordsBefore);
    this.#writtenFrom = this.length;
  }

  /** Makes place for so many rows, of those that are kept. */
  #reserve(rows: number): void {
    const old = this.#values!;
    if (rows <= old.length) return;
    const size = Math.max(rows, 2 * old.length);
    const grow = (from: Float64Array): Float64Array => {
      const grown = new Float64Array(size);
      grown.set(from.subarray(0, this.length - this.#first));
      return grown;
    };
    this.#values = grow(old);
    if (this.#dress) this.#dress.comma = grow(this.#dress.comma);
  }
}
