/**
 * A column as a typed file has it: as its source stored it, where its cells still are that.
 *
 * @module
 */

import { unitsOfText } from "../../formats/momentTexts.ts";
import type { StoredType } from "../../formats/storedType.ts";
import { momentOf, secondsOfDay } from "../schema/dateTimes.ts";
import type { CellColumn, Table } from "../table.ts";
import type { TextColumn } from "../textColumn.ts";

/** A cell as it is stored: units of moments, days and decimals are whole numbers; null where it is missing. */
export type WrittenCell = number | bigint | boolean | string | null;

/** A column to write. */
export interface WrittenColumn {
  readonly name: string;
  readonly stored: StoredType;
  /** A Float64Array where no cell is null: numbers of which nobody has said what they are stored as. */
  readonly cells: Float64Array | readonly WrittenCell[];
}

const millisecondsPerDay = 86_400_000;

/** Turns a number to what is stored; undefined for one that is not of the type. */
function numberWriter(stored: StoredType): ((value: number) => WrittenCell | undefined) | undefined {
  switch (stored.type) {
    case "integer": {
      const { bits, signed } = stored;
      // Beyond 2^53 a double may be another number than the one that was stored.
      const largest = Math.min(2 ** (signed ? bits - 1 : bits) - 1, Number.MAX_SAFE_INTEGER);
      const least = signed ? Math.max(-(2 ** (bits - 1)), Number.MIN_SAFE_INTEGER) : 0;
      return (value) => {
        if (!Number.isInteger(value) || value < least || value > largest) return undefined;
        return bits === 64 ? BigInt(value) : value;
      };
    }
    case "float":
      return (value) => (stored.bits === 64 || Math.fround(value) === value ? value : undefined);
    case "boolean":
      return (value) => (value === 0 || value === 1 ? value === 1 : undefined);
    case "decimal": {
      const { scale, precision } = stored;
      if (scale < 0 || scale > 15 || precision > 18) return undefined;
      const factor = 10 ** scale;
      return (value) => {
        const whole = Math.round(value * factor);
        const isExact = Number.isSafeInteger(whole) && whole / factor === value;
        return isExact && Math.abs(whole) < 10 ** precision ? BigInt(whole) : undefined;
      };
    }
    case "dictionary":
      return (value) => value;
    default:
      return undefined;
  }
}

const truthOf = (text: string): boolean | undefined =>
  /^(?:true|false)$/i.test(text) ? text.toLowerCase() === "true" : undefined;

/** Turns a text to what is stored; undefined for one that is not of the type. */
function textWriter(stored: StoredType): ((text: string) => WrittenCell | undefined) | undefined {
  switch (stored.type) {
    case "boolean":
      return truthOf;
    case "date":
      return (text) => {
        const days = momentOf(text, "year-month-day")! / millisecondsPerDay;
        return Number.isInteger(days) ? days : undefined;
      };
    case "timestamp":
      return (text) =>
        unitsOfText(text, stored.unit, (units) => {
          const moment = momentOf(units, "year-month-day");
          return moment === undefined ? undefined : moment / 1000;
        });
    case "time":
      return (text) => unitsOfText(text, stored.unit, secondsOfDay);
    case "text":
    case "dictionary":
      return (text) => text;
    default:
      return undefined;
  }
}

function numbersOf(table: Table, place: number): Float64Array {
  const width = table.columns.length;
  return Float64Array.from({ length: table.rows }, (_, row) => table.values[row * width + place]!);
}

function writtenNumbers(name: string, values: Float64Array, stored: StoredType | undefined): WrittenColumn {
  const write = stored && numberWriter(stored);
  if (write) {
    const cells: WrittenCell[] = [];
    for (const value of values) {
      const cell = Number.isNaN(value) ? null : write(value);
      if (cell === undefined) break;
      cells.push(cell);
    }
    if (cells.length === values.length) return { name, stored, cells };
  }
  return { name, stored: { type: "float", bits: 64 }, cells: values };
}

function writtenTexts({ name, levels, codes }: TextColumn, stored: StoredType | undefined): WrittenColumn {
  const write = stored && textWriter(stored);
  // Levels that no row has may be anything.
  const used = new Set(codes);
  const written = write && levels.map((level, code) => (used.has(code) ? write(level) : null));
  const isWhole = written && !written.includes(undefined);
  const values = isWhole ? (written as WrittenCell[]) : levels;
  return {
    name,
    stored: isWhole ? stored : { type: "text" },
    cells: Array.from(codes, (code) => values[code] ?? null),
  };
}

/** A column of a table as it is written to a typed file. */
export function writtenColumn(table: Table, column: CellColumn): WrittenColumn {
  const record = table.records.find(({ name }) => name === column.name);
  if ("text" in column) return writtenTexts(column.text, record?.stored);
  const stored =
    record?.stored ?? (record?.readAs === "booleans" ? ({ type: "boolean" } as const) : undefined);
  return writtenNumbers(column.name, numbersOf(table, column.place), stored);
}
