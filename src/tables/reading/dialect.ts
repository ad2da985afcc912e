/**
 * How a text table is written, from its first lines: what stands between cells, where comments are, which line names the
 * columns.
 *
 * @module
 */

import Papa from "papaparse";
import { isMissingCell, parseCell } from "./cell.ts";
import { dressOf } from "./numberDress.ts";

/** How the text is written. */
export interface Dialect {
  /** One character between two cells; a blank stands for blanks and tabs of any number. */
  readonly delimiter: string;
  /** What comment lines start with, where there are some before the table. */
  readonly comment: string | undefined;
  /** Characters before the table: Excel's `sep=`, comments. */
  readonly start: number;
  /** Names from a comment line, as NumPy's savetxt writes them; else the first line has them. */
  readonly commentedNames: readonly string[] | undefined;
  /** Whether the header is one name short, as R writes it: names of rows come first. */
  readonly shortHeader: boolean;
  /** The first rows, the header among them unless a comment has it. */
  readonly records: readonly (readonly string[])[];
}

/** The first lines that are looked at. */
const sampleLines = 60;
const delimiters = [",", ";", "\t", "|", " "] as const;
const commentMarks = ["#", "%", "//"] as const;

/** Text in which runs of blanks are one, none at the ends of lines. */
export function withSingleBlanks(text: string): string {
  return text.replace(/[ \t]+/g, " ").replace(/ (?=[\r\n])|(?<=[\r\n]) |^ | $/g, "");
}

/** Text in which quotation marks follow the delimiter at once, as they have to. */
export function withoutBlanksBeforeQuotes(text: string, delimiter: string): string {
  if (!text.includes(' "')) return text;
  const before = delimiter === "\t" ? "\\t" : delimiter === "|" ? "\\|" : delimiter;
  return text.replace(new RegExp(`(^|[\\r\\n${before}])[ ]+(?=")`, "g"), "$1");
}

/** Text whose lines all end with a line feed, whatever they ended with; a carriage return before one stays. */
export function withLineFeeds(text: string): string {
  return text.includes("\r") ? text.replace(/\r(?!\n)/g, "\n") : text;
}

/** Rows of cells, as the reader will see them. */
function recordsOf(text: string, delimiter: string, comment: string | undefined): string[][] {
  const blanks = delimiter === " " ? withSingleBlanks(text) : withoutBlanksBeforeQuotes(text, delimiter);
  const parser = new Papa.Parser({
    delimiter,
    newline: "\n",
    preview: sampleLines,
    ...(comment === undefined ? {} : { comments: comment }),
  });
  const { data } = parser.parse(blanks, 0, false) as Papa.ParseResult<string[]>;
  return data.filter((cells) => cells.length > 1 || cells[0]!.trim() !== "");
}

/** Cells up to the last that is not empty. */
const filled = (cells: readonly string[]): number => cells.findLastIndex((cell) => cell.trim() !== "") + 1;

const isNumber = (cell: string): boolean => {
  const value = parseCell(cell);
  return value === undefined ? dressOf(cell) !== undefined : !Number.isNaN(value);
};

/** The most frequent width of rows, and the share of rows that have it. */
function usualWidth(records: readonly (readonly string[])[]): { width: number; share: number } {
  const counts = new Map<number, number>();
  for (const { length } of records) counts.set(length, (counts.get(length) ?? 0) + 1);
  let width = 0;
  for (const [cells, count] of counts) if (count > (counts.get(width) ?? 0)) width = cells;
  return { width, share: (counts.get(width) ?? 0) / Math.max(1, records.length) };
}

/** Whether rows are one cell longer than the header because they start with a name or number of the row. */
function hasShortHeader(records: readonly (readonly string[])[], text: string): boolean {
  const [header, ...rows] = records;
  // R quotes names. Without, a few rows may as well be 1,5 and 2,5 with decimal commas, or 1 822 with thousands.
  const isQuoted = /^\s*"[^\n]*\n\s*"/.test(text);
  if (!isQuoted && (header?.length === 1 || rows.length < 5)) return false;
  if (!header || rows.length < 2 || rows.some((cells) => cells.length !== header.length + 1)) return false;
  // A delimiter at the end of each row makes an empty last cell.
  if (rows.every((cells) => cells[cells.length - 1]!.trim() === "")) return false;
  if (header.some(isNumber)) return false;
  const first = rows.map((cells) => cells[0]!.trim());
  const start = Number(first[0]);
  if ((start === 0 || start === 1) && first.every((cell, row) => cell === String(start + row))) return true;
  // Names of rows are text, all different, before cells that are not all text.
  const isText = first.every((cell) => cell !== "" && !isMissingCell(cell) && !isNumber(cell));
  return (
    isText && new Set(first).size === first.length && rows.some((cells) => cells.slice(1).some(isNumber))
  );
}

/** How well a delimiter explains the text; 0 where it does not. */
function merit(records: readonly (readonly string[])[], delimiter: string, text: string): number {
  const header = records[0]?.length ?? 0;
  const rows = records.length > 1 ? records.slice(1) : records;
  const isShortHeader = hasShortHeader(records, text);
  if (header < 2 && !isShortHeader) return 0;
  const width = isShortHeader ? header + 1 : header;
  const named = isShortHeader ? width : filled(records[0]!);
  const fittingRows = rows.filter(
    (cells) => cells.length === width || (cells.length >= named && filled(cells) <= width),
  ).length;
  const share = fittingRows / rows.length;
  // Names may hold such a character, too; a comma in one is quoted.
  if (share === 0) return delimiter === "," ? 1e-3 : 0;
  // Prose has blanks, too.
  if (delimiter === " " && share < 0.5) return 0;
  const cells = rows.flat();
  const numbers = cells.filter((cell) => isNumber(cell) || isMissingCell(cell)).length / cells.length;
  if (delimiter === " " && numbers === 0) return 0;
  return share * (0.1 + numbers) + 1e-3;
}

/** The delimiter that explains the text best; a comma where there is one column. */
function chooseDelimiter(text: string, comment: string | undefined): string {
  let best = ",";
  let bestMerit = 0;
  for (const delimiter of delimiters) {
    if (!text.includes(delimiter) && !(delimiter === " " && text.includes("\t"))) continue;
    const candidateMerit = merit(recordsOf(text, delimiter, comment), delimiter, text);
    if (candidateMerit > bestMerit * (1 + 1e-9)) {
      best = delimiter;
      bestMerit = candidateMerit;
    }
  }
  return best;
}

/** Names that a comment line holds for rows of `width` cells. */
function namesIn(line: string, delimiter: string, width: number): readonly string[] | undefined {
  const text = line.replace(/^[#%/]+[!']?/, "").trim();
  // A first column may be called #.
  const whole = /^#[,;\t|]/.test(line) ? [line.split(delimiter)] : [];
  for (const cells of [...whole, text.split(delimiter), text.split(/[\s,;]+/)]) {
    const names = cells.map((cell) =>
      cell
        .trim()
        .replace(/[,;]$/, "")
        .replace(/^"(.*)"$/, "$1"),
    );
    if (names.length === width && names.every((name) => name !== "" && !isNumber(name))) return names;
  }
  return undefined;
}

/**
 * How a text is written.
 *
 * @param head its first lines, whole ones.
 * @param asked the delimiter, where it is known.
 */
export function dialectOf(head: string, asked: string | undefined): Dialect {
  let text = withLineFeeds(head);
  let start = 0;
  let delimiter = asked;
  const skip = (count: number): void => {
    text = text.slice(count);
    start += count;
  };
  const separator = /^\s*"?sep=(.)"?[ \t]*\r?\n/i.exec(text);
  if (separator) {
    delimiter ??= separator[1]!;
    skip(separator[0].length);
  }
  const comment = commentMarks.find((mark) => text.trimStart().startsWith(mark));
  const comments: string[] = [];
  if (comment !== undefined) {
    const lines = new RegExp(`^(?:[ \\t\\r]*\\n|[ \\t]*${comment}[^\\n]*(?:\\n|$))`);
    const whole = { text, start };
    for (let line = lines.exec(text); line && line[0] !== ""; line = lines.exec(text)) {
      if (line[0].trim() !== "") comments.push(line[0].trim());
      skip(line[0].length);
    }
    // Nothing but such lines is a table of them.
    if (text.trim() === "") {
      ({ text, start } = whole);
      comments.length = 0;
    }
  }
  const mark = comments.length > 0 ? comment : undefined;
  delimiter ??= chooseDelimiter(text, mark);
  const records = recordsOf(text, delimiter, mark);
  const first = records[0] ?? [];
  const last = comments[comments.length - 1];
  const { width } = usualWidth(records);
  const commentedNames =
    last !== undefined && first.some(isNumber) ? namesIn(last, delimiter, width) : undefined;
  return {
    delimiter,
    comment: mark,
    start,
    commentedNames,
    shortHeader: commentedNames === undefined && hasShortHeader(records, text),
    records,
  };
}

/**
 * Whether the line below the first one holds words alone, above numbers: units, or names below a title. One word may as
 * well stand for a missing value, unless it is in brackets.
 */
export function isLineOfWords(records: readonly (readonly string[])[]): boolean {
  const [, line = [], ...rows] = records;
  const isWord = (cell: string): boolean => !isMissingCell(cell) && !isNumber(cell);
  if (!line.every((cell) => cell.trim() === "" || isWord(cell))) return false;
  const above = line.filter((cell, place) => {
    const below = rows.map((row) => row[place] ?? "").filter((cell) => !isMissingCell(cell));
    return isWord(cell) && below.length > 0 && below.every(isNumber);
  });
  return new Set(above).size > 1 || above.some((cell) => /^[[(].*[\])]$/.test(cell.trim()));
}

/** What the first line is: names; data; or names, although it may be data. */
export type FirstLine = "names" | "data" | "doubtful";

/**
 * Whether the first line names the columns. Numbers among its cells speak for data, unless another cell is a word above
 * numbers.
 */
export function judgeFirstLine(records: readonly (readonly string[])[]): FirstLine {
  const [header = [], ...rows] = records;
  const cells = header.map((cell) => cell.trim());
  const numbers = cells.flatMap((cell, place) => (isNumber(cell) ? [place] : []));
  if (numbers.length === 0) return "names";
  // Names 0, 1, 2, ... are what tables without names get from other tools.
  if (cells.every((cell, place) => cell === String(place))) return "doubtful";
  if (numbers.length === cells.length) return "data";
  const below = (place: number): string[] =>
    rows.flatMap((row) => (row[place] === undefined || isMissingCell(row[place]) ? [] : [row[place].trim()]));
  const isWord = (cell: string): boolean => /\p{L}/u.test(cell) && !isMissingCell(cell);
  const isName = (cell: string, place: number): boolean => {
    const cells = below(place);
    return isWord(cell) && !isNumber(cell) && cells.length > 0 && cells.every(isNumber);
  };
  if (cells.some(isName)) return "names";
  const isRepeatedBelow = cells.some(
    (cell, place) => isWord(cell) && !isNumber(cell) && below(place).includes(cell),
  );
  const isFraction = numbers.some((place) => !/^\d+$/.test(cells[place]!));
  const isWithinRange = numbers.every((place) => {
    const numbers = below(place).map((cell) => parseCell(cell) ?? Number.NaN);
    const value = Number(cells[place]);
    return (
      numbers.length > 1 && numbers.some((each) => each <= value) && numbers.some((each) => each >= value)
    );
  });
  return isRepeatedBelow || isFraction || isWithinRange ? "data" : "doubtful";
}
