import { describe, expect, test } from "vitest";
import { PushforwardError } from "../../src/errors.ts";
import { gzip } from "../../src/platform/packedBytes.ts";
import type { RandomStream } from "../../src/random/philox.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { column, leftOutColumns, numericColumns, type Table } from "../../src/tables/table.ts";
import { attackCases, attackSeed, attackStream } from "./attack.ts";

/** A whole number from 0 to below `count`. */
const below = (stream: RandomStream, count: number): number => stream.nextUint32() % count;
const pick = <Value>(stream: RandomStream, values: readonly Value[]): Value =>
  values[below(stream, values.length)]!;
const chance = (stream: RandomStream, percent: number): boolean => below(stream, 100) < percent;

interface Column {
  readonly name: string;
  readonly values: readonly number[];
  readonly cells: readonly string[];
  /** Whether the cells are numbers in some dress; else text. */
  readonly isText: boolean;
}

const missingWords = ["", "NA", "N/A", "NaN", "-nan", "null", "#N/A", "<NA>", "None", "-1.#IND", "1.#QNAN"];

/** `1234567` with a separator between thousands. */
function grouped(digits: string, separator: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, separator);
}

type Dress = (text: string, value: number) => string;

/** One way of writing all numbers of a column. */
function dressFor(stream: RandomStream): Dress {
  const withSign = (text: string, mark: (digits: string) => string, sign = "-"): string =>
    text.startsWith("-") ? sign + mark(text.slice(1)) : mark(text);
  const parts = (digits: string, separator: string, decimal: string): string => {
    const [whole, fraction] = digits.split(".");
    return grouped(whole!, separator) + (fraction === undefined ? "" : decimal + fraction);
  };
  const unit = pick(stream, ["m", "kg", "km/h", "m²", "°C", "USD", "s^-1", "m2"]);
  const sign = pick(stream, ["$", "€", "£", "¥", "US$", "EUR "]);
  const separator = pick(stream, [",", " ", "_", "'", "\u202f", "\u00a0", "\u2019"]);
  const minus = pick(stream, ["\u2212", "\u2013", "\uff0d"]);
  return pick<Dress>(stream, [
    (text) => text,
    (text) => text,
    (_, value) => value.toExponential(),
    (text) => `${text}%`,
    (text) => `${text} %`,
    (text) => `${text} ${unit}`,
    (text) => `${text}${unit}`,
    (text) => withSign(text, (digits) => sign + digits),
    (text) => withSign(text, (digits) => sign + parts(digits, ",", ".")),
    (text) => withSign(text, (digits) => `${parts(digits, ".", ",")} €`),
    (text) => `${text} €`,
    (text) => withSign(text, (digits) => parts(digits, separator, ".")),
    (text) => withSign(text, (digits) => parts(digits, "", ",")),
    (text) => withSign(text, (digits) => parts(digits, ".", ",")),
    (text) => withSign(text, (digits) => parts(digits, " ", ",")),
    (text) => (text.startsWith("-") ? `(${text.slice(1)})` : text),
    (text) => (text.startsWith("-") ? `${text.slice(1)}-` : text),
    (text) => `'${text}`,
    (text) => `="${text}"`,
    (text) => text.replace("-", minus),
    (text) => text.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
  ]);
}

function columnOf(stream: RandomStream, name: string, rows: number): Column {
  const isText = chance(stream, 15);
  const dress = dressFor(stream);
  const digits = below(stream, 6);
  const scale = 10 ** below(stream, 7);
  const shareMissing = chance(stream, 30) ? 15 : 0;
  const mark = pick(stream, missingWords);
  const values: number[] = [];
  const cells: string[] = [];
  for (let row = 0; row < rows; row++) {
    const text = (scale * stream.normal()).toFixed(digits).replace(/^-(0(?:\.0*)?)$/, "$1");
    const isMissing = !isText && chance(stream, shareMissing);
    values.push(isMissing || isText ? Number.NaN : Number(text));
    const word = pick(stream, [
      "red",
      "green",
      "pale blue",
      "grün",
      "été, hiver",
      'the "best"',
      "#1a",
      "it's",
    ]);
    cells.push(isMissing ? mark : isText ? word : dress(text, Number(text)));
  }
  // Thousands with points and no decimals are plain numbers to anybody.
  const isPlain = cells.every((cell, row) => Number.isNaN(values[row]!) || !Number.isNaN(Number(cell)));
  const isWrong = cells.some((cell, row) => !Number.isNaN(values[row]!) && Number(cell) !== values[row]);
  if (!isText && isPlain && isWrong)
    return {
      name,
      values,
      cells: values.map((value) => (Number.isNaN(value) ? mark : String(value))),
      isText,
    };
  return { name, values, cells, isText };
}

interface Written {
  readonly text: string;
  readonly columns: readonly Column[];
  readonly dialect: string;
}

/** A random table in a random dialect. */
function written(stream: RandomStream): Written {
  const rows = 12 + below(stream, 30);
  const width = 1 + below(stream, 5);
  const names = ["x", "y2", "höhe", "total price", "a-b", "Z"];
  const columns = Array.from({ length: width }, (_, place) => columnOf(stream, names[place]!, rows));
  const delimiter = pick(stream, [",", ";", "\t", "|", " "]);
  const ends = pick(stream, ["\n", "\r\n", "\r", "mixed"]);
  const quoting = pick(stream, ["needed", "all", "blank before"]);
  const trailing = chance(stream, 15) ? (delimiter === " " ? "" : delimiter) : "";
  const commentsBefore = chance(stream, 25);
  const commentsAfter = chance(stream, 15);
  const sepLine = delimiter !== " " && chance(stream, 10);
  const index = chance(stream, 15);
  const quoted = (cell: string): string => {
    const needed = /["\r\n]|^#/.test(cell) || cell.includes(delimiter) || (delimiter === " " && cell === "");
    return quoting !== "needed" || needed ? `"${cell.replaceAll('"', '""')}"` : cell;
  };
  const between = quoting === "blank before" && delimiter !== " " ? `${delimiter} ` : delimiter;
  const line = (cells: readonly string[]): string => cells.map(quoted).join(between) + trailing;
  const lines = [
    ...(sepLine ? [`sep=${delimiter}`] : []),
    ...(commentsBefore ? ["# made by a test, with care", "#  unit: m; s"] : []),
    line([...(index ? [""] : []), ...columns.map(({ name }) => name)]),
    ...Array.from({ length: rows }, (_, row) =>
      line([...(index ? [String(row)] : []), ...columns.map(({ cells }) => cells[row]!)]),
    ),
    ...(commentsAfter ? ["# the end"] : []),
  ];
  const text = lines.map((each) => each + (ends === "mixed" ? pick(stream, ["\n", "\r\n"]) : ends)).join("");
  return { text, columns, dialect: JSON.stringify({ delimiter, ends, quoting, trailing, index, sepLine }) };
}

function encoded(stream: RandomStream, text: string): { bytes: Uint8Array; encoding?: string } {
  const wide = (little: boolean): Uint8Array => {
    const bytes = new Uint8Array(2 * text.length + 2);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xfeff, little);
    for (let i = 0; i < text.length; i++) view.setUint16(2 * i + 2, text.charCodeAt(i), little);
    return bytes;
  };
  const isLatin = [...text].every(
    (letter) => letter <= "\u00ff" && !(letter >= "\u0080" && letter < "\u00a0"),
  );
  switch (below(stream, isLatin ? 5 : 4)) {
    case 1:
      return { bytes: new TextEncoder().encode(`\ufeff${text}`) };
    case 2:
      return { bytes: wide(true) };
    case 3:
      return { bytes: wide(false) };
    case 4:
      return { bytes: Uint8Array.from(text, (letter) => letter.charCodeAt(0)), encoding: "latin1" };
    default:
      return { bytes: new TextEncoder().encode(text) };
  }
}

/** Each column is there with its numbers, or a record says why it is not. */
function check(table: Table, { columns, text, dialect }: Written, label: string): void {
  const leftOut = new Map(leftOutColumns(table).map((each) => [each.column, each]));
  const hint = `${label} ${dialect}\n${text.slice(0, 300)}`;
  for (const { name, values, isText } of columns) {
    const known = table.records.find((record) => record.name === name);
    expect(known, `${name} has a record: ${hint}`).toBeDefined();
    const out = leftOut.get(name);
    if (isText || !table.columns.includes(name)) {
      expect(out, `${name} is left out: ${hint}`).toBeDefined();
      continue;
    }
    const read = [...column(table, name)];
    expect(read.length, hint).toBe(values.length);
    const wrong = read.findIndex((value, row) => !Object.is(value + 0, values[row]! + 0));
    expect(wrong, `${name}, row ${wrong + 1}: ${read[wrong]} for ${values[wrong]}: ${hint}`).toBe(-1);
  }
}

describe("random tables in random dialects", () => {
  test("are read to the same numbers, or refused in one line", async () => {
    let read = 0;
    const count = attackCases(120);
    for (let index = 0; index < count; index++) {
      const stream = attackStream("text tables", index);
      const table = written(stream);
      const label = `seed ${attackSeed}, case ${index}`;
      const { bytes, encoding } = encoded(stream, table.text);
      try {
        const found = await readTable(chance(stream, 10) ? await gzip(bytes) : bytes, {
          name: "table.csv",
          encoding,
        });
        check(found, table, label);
        numericColumns(found);
        read++;
      } catch (error) {
        if (!(error instanceof PushforwardError)) throw error;
        expect(error.message, label).toMatch(/^[^\n\r]+$/);
      }
    }
    // Some columns are ambiguous, and some tables have no numbers: those are refused.
    expect(read).toBeGreaterThan(0.6 * count);
  });

  test("damaged, they are read or refused in one line, in bounded time", async () => {
    for (let index = 0; index < attackCases(200); index++) {
      const stream = attackStream("damaged text tables", index);
      const bytes = encoded(stream, written(stream).text).bytes.slice();
      for (let k = 0; k <= below(stream, 4); k++) {
        const at = below(stream, bytes.length);
        bytes[at] = pick(stream, [0, 10, 13, 34, 35, 44, 59, 32, 9, 255, below(stream, 256)]);
      }
      const cut = chance(stream, 30) ? bytes.subarray(0, below(stream, bytes.length)) : bytes;
      const started = performance.now();
      try {
        numericColumns(await readTable(cut, { name: "table.csv" }));
      } catch (error) {
        if (!(error instanceof PushforwardError)) throw error;
        expect(error.message, `seed ${attackSeed}, case ${index}`).toMatch(/^[^\n\r]+$/);
      }
      expect(performance.now() - started, `seed ${attackSeed}, case ${index}`).toBeLessThan(5000);
    }
  });
});
