/**
 * What the columns of a table have to do with each other, and with the order of its rows.
 *
 * @module
 */

import type { CodedColumn } from "./codedColumns.ts";

/** Rows that are equal in all columns. */
export interface Duplicates {
  /** Rows that an earlier one equals. */
  readonly rows: number;
  /** The first such row and the one that it equals, from 1. */
  readonly first?:
    | {
        /** The row, from 1. */
        readonly row: number;
        /** The earlier row that it equals, from 1. */
        readonly equals: number;
      }
    | undefined;
}

/** Counts the rows that equal an earlier one. */
export function duplicateRows(columns: readonly CodedColumn[], rows: Uint32Array): Duplicates {
  // Pairs of columns become one column of codes, until one is left, or all rows differ: soonest by the columns of most values.
  let firstRows: Int32Array = new Int32Array(rows.length);
  for (const { codes } of [...columns].sort((a, b) => b.levels - a.levels)) {
    const { pairs, different } = firstRowsOf(firstRows, codes);
    if (different === rows.length) return { rows: 0 };
    firstRows = pairs;
  }
  let count = 0;
  let first: Duplicates["first"];
  for (let i = 0; i < rows.length; i++) {
    const equalRow = firstRows[i]!;
    if (equalRow === i) continue;
    count++;
    first ??= { row: rows[i]! + 1, equals: rows[equalRow]! + 1 };
  }
  return { rows: count, ...(first ? { first } : {}) };
}

/** Of each row the first that has the same pair of codes, and how many different pairs there are. */
function firstRowsOf(
  a: Int32Array,
  b: Int32Array,
): { readonly pairs: Int32Array; readonly different: number } {
  const rows = a.length;
  // Open addressing: a Map of a million numbers would take a hundred megabytes.
  const mask = 2 ** Math.ceil(Math.log2(2 * rows + 1)) - 1;
  const slots = new Int32Array(mask + 1).fill(-1);
  const pairs = new Int32Array(rows);
  let different = 0;
  for (let row = 0; row < rows; row++) {
    let hash = Math.imul(a[row]!, 0x9e3779b1) ^ Math.imul(b[row]! + 1, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & mask;
    for (;;) {
      const known = slots[slot]!;
      if (known < 0) {
        slots[slot] = row;
        pairs[row] = row;
        different++;
        break;
      }
      if (a[known] === a[row] && b[known] === b[row]) {
        pairs[row] = known;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return { pairs, different };
}

/** A column that another one determines. */
export interface Determined {
  /** Its name. */
  readonly column: string;
  /** Each of its values goes with one value of {@link column}. */
  readonly by: string;
  /** Whether it is so the other way round, too. */
  readonly isSame: boolean;
}

/** A column with more different values than this share of the rows determines others by chance. */
const mostDistinctShare = 0.3;
/** A column that is missing in more rows determines nothing. */
const leastSeenShare = 0.5;
/** Rows per value that say that a value goes with one other, and not by chance. */
const leastRowsPerValue = 5;

/** Columns that another one determines: a code and its name, a day and its weekday. O(columns^2 rows). */
export function determinedColumns(columns: readonly CodedColumn[], rows: number): Determined[] {
  const determines = (by: CodedColumn, column: CodedColumn): boolean => {
    const partnerOf = new Int32Array(by.levels).fill(-2);
    let repeated = 0;
    for (let row = 0; row < rows; row++) {
      const code = by.codes[row]!;
      if (code < 0) continue;
      repeated++;
      if (partnerOf[code] === -2) partnerOf[code] = column.codes[row]!;
      else if (partnerOf[code] !== column.codes[row]!) return false;
    }
    return repeated >= Math.max(leastSeenShare * rows, leastRowsPerValue * by.levels);
  };
  const usable = columns.filter(({ levels }) => levels >= 2 && levels <= mostDistinctShare * rows);
  const determined: Determined[] = [];
  for (const [at, column] of usable.entries()) {
    // The first of two that are the same is not told again.
    const by = usable.find(
      (other, place) =>
        other !== column &&
        other.levels >= column.levels &&
        determines(other, column) &&
        !(place > at && determines(column, other)),
    );
    if (by) determined.push({ column: column.name, by: by.name, isSame: determines(column, by) });
  }
  return determined;
}

/** A column that follows the order of the rows. */
export interface Ordered {
  /** Its name. */
  readonly column: string;
  /** `sorted`: it rises or falls all the way; `groups`: equal values stand together; `drift`: neighbors are alike. */
  readonly how: "sorted" | "groups" | "drift";
}

/** Correlation of ranks of neighboring rows that is not chance, and large enough to matter. */
const leastDrift = 0.5;
const fewestRows = 50;

/** Columns that follow the order of the rows: then rows held out at random are not new ones. */
export function orderedColumns(columns: readonly CodedColumn[]): Ordered[] {
  return columns.flatMap(({ name, codes, levels, isOrdered }): Ordered[] => {
    const presentCodes = codes.some((code) => code < 0) ? codes.filter((code) => code >= 0) : codes;
    const n = presentCodes.length;
    if (n < fewestRows || levels < 2) return [];
    let changedRows = 0;
    let risingRows = 0;
    let fallingRows = 0;
    for (let i = 1; i < n; i++) {
      if (presentCodes[i] !== presentCodes[i - 1]) changedRows++;
      if (presentCodes[i]! > presentCodes[i - 1]!) risingRows++;
      if (presentCodes[i]! < presentCodes[i - 1]!) fallingRows++;
    }
    if (isOrdered && levels > 2 && (risingRows === 0 || fallingRows === 0))
      return [{ column: name, how: "sorted" }];
    // Random order would have a change at nearly each row that its levels allow.
    const counts = new Float64Array(levels);
    for (const code of presentCodes) counts[code]!++;
    const equal = counts.reduce((sum, count) => sum + (count / n) ** 2, 0);
    const expected = (n - 1) * (1 - equal);
    if (levels <= n / 5 && changedRows < 0.2 * expected) return [{ column: name, how: "groups" }];
    if (!isOrdered) return [];
    const mean = presentCodes.reduce((sum, code) => sum + code / n, 0);
    let variance = 0;
    let product = 0;
    for (let i = 0; i < n; i++) {
      variance += (presentCodes[i]! - mean) ** 2;
      if (i > 0) product += (presentCodes[i]! - mean) * (presentCodes[i - 1]! - mean);
    }
    return variance > 0 && product / variance > leastDrift ? [{ column: name, how: "drift" }] : [];
  });
}

/** How missing cells of a column go with another column. */
export interface MissingDependence {
  /** The other column. */
  readonly on: string;
  /** Cramér's V between whether the cell is missing and the other column in up to ten parts: 0 for nothing, 1 for all. */
  readonly strength: number;
}

/** Parts that a column is cut into. */
const mostParts = 10;
/** Weaker than this says little even where it is not chance. */
const leastStrength = 0.1;

/** The column that most tells whether cells of another one are missing; undefined where none does. */
export function missingDependence(
  column: CodedColumn,
  columns: readonly CodedColumn[],
): MissingDependence | undefined {
  const n = column.codes.length;
  const missing = column.codes.reduce((count, code) => count + Number(code < 0), 0);
  if (missing === 0 || missing === n) return undefined;
  let strongest: MissingDependence | undefined;
  for (const other of columns) {
    if (other === column) continue;
    const parts = partsOf(other);
    const rowsByPart = new Float64Array(mostParts + 2);
    const missingByPart = new Float64Array(mostParts + 2);
    for (let row = 0; row < n; row++) {
      rowsByPart[parts[row]!]!++;
      if (column.codes[row]! < 0) missingByPart[parts[row]!]!++;
    }
    const rate = missing / n;
    let chi = 0;
    let used = 0;
    for (let part = 0; part < rowsByPart.length; part++) {
      if (rowsByPart[part] === 0) continue;
      used++;
      const difference = missingByPart[part]! - rate * rowsByPart[part]!;
      chi += difference ** 2 / (rowsByPart[part]! * rate * (1 - rate));
    }
    const freedom = used - 1;
    // Far beyond the largest of as many chi-squares as there are columns.
    if (freedom < 1 || chi < freedom + 6 * Math.sqrt(2 * freedom)) continue;
    const strength = Math.sqrt(chi / n);
    if (strength >= leastStrength && strength > (strongest?.strength ?? 0))
      strongest = { on: other.name, strength };
  }
  return strongest;
}

/** Per row a part of the column: 0 for a missing cell, then the most frequent levels or as many equal parts of its order. */
function partsOf({ codes, levels, isOrdered }: CodedColumn): Uint8Array {
  const counts = new Float64Array(levels);
  for (const code of codes) if (code >= 0) counts[code]!++;
  const presentRows = counts.reduce((sum, count) => sum + count, 0);
  const partOf = new Uint8Array(levels);
  if (levels <= mostParts || !isOrdered) {
    const frequent = Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]!);
    frequent.forEach((level, place) => {
      partOf[level] = 1 + Math.min(place, mostParts);
    });
  } else {
    let rowsBefore = 0;
    for (let level = 0; level < levels; level++) {
      partOf[level] =
        1 +
        Math.min(mostParts - 1, Math.floor((mostParts * (rowsBefore + counts[level]! / 2)) / presentRows));
      rowsBefore += counts[level]!;
    }
  }
  return Uint8Array.from(codes, (code) => (code < 0 ? 0 : partOf[code]!));
}
