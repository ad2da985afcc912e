/**
 * Answers: JSON and CSV that are written as they are made, and Arrow files.
 *
 * @module
 */

import type { ColumnContributions } from "../../entries/diagnostics.ts";
import type { Table } from "../../index.ts";

/** Types of content that rows come and go in. */
export const arrowTypes: readonly string[] = [
  "application/vnd.apache.arrow.file",
  "application/vnd.apache.arrow.stream",
];

/** What an answer is made of. */
export type AnswerFormat = "json" | "csv" | "arrow";

/** What a request wants, by its header `accept`. */
export function wantedFormat(accept: string | undefined): AnswerFormat {
  if (accept?.includes("application/vnd.apache.arrow")) return "arrow";
  return accept?.includes("text/csv") ? "csv" : "json";
}

/** The type of content of each format. */
export const contentTypes: Readonly<Record<AnswerFormat, string>> = {
  json: "application/json",
  csv: "text/csv; charset=utf-8",
  arrow: arrowTypes[0]!,
};

/** A number as JSON has it: null where there is none, and infinities as texts. */
const numberText = (value: number): string => {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return Number.isNaN(value) ? "null" : value > 0 ? '"Infinity"' : '"-Infinity"';
};

/** Numbers with commas between. */
export function numberList(values: Float64Array): string {
  let text = "";
  for (let i = 0; i < values.length; i++)
    text += i === 0 ? numberText(values[i]!) : `,${numberText(values[i]!)}`;
  return text;
}

/** A JSON document of what has numbers that JSON has not. */
export const jsonText = (document: unknown): string =>
  JSON.stringify(document, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value)
      ? Number.isNaN(value)
        ? null
        : String(value)
      : ArrayBuffer.isView(value)
        ? Array.from(value as Float64Array)
        : value,
  );

/** The rows of a table as JSON arrays with commas between. */
export function rowList(table: Table): string {
  const { columns, rows, values, texts = [], records } = table;
  const cells = records.map(({ name }): ((row: number) => string) => {
    const text = texts.find((each) => each.name === name);
    if (text) {
      const levels = text.levels.map((level) => JSON.stringify(level));
      return (row) => levels[text.codes[row]!] ?? "null";
    }
    const place = columns.indexOf(name);
    return (row) => numberText(values[row * columns.length + place]!);
  });
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) lines.push(`[${cells.map((cell) => cell(row)).join(",")}]`);
  return lines.join(",");
}

/** The names of a table's columns, in the order of {@link rowList}. */
export const columnNames = ({ records }: Table): readonly string[] => records.map(({ name }) => name);

/** Log-densities under a name and, where they are asked for, contributions as columns of a table. */
export function scoreTable(
  logProb: Float64Array,
  contributions: readonly ColumnContributions[] | undefined,
  name: string,
): readonly (readonly [string, Float64Array])[] {
  const columns = (contributions ?? []).flatMap(
    ({ column, outcome, value }): readonly (readonly [string, Float64Array])[] =>
      outcome
        ? [
            [`logProb.${column}.outcome`, outcome],
            [`logProb.${column}.value`, value],
          ]
        : [[`logProb.${column}`, value]],
  );
  return [[name, logProb], ...columns];
}

/**
 * A body that is written as it is made: a piece is made when the one before has been taken. An error after the first piece ends the
 * connection, so that nobody takes a part for the whole.
 */
export function streamOf(pieces: AsyncIterator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const step = await pieces.next();
      if (step.done) controller.close();
      else controller.enqueue(encoder.encode(step.value));
    },
    async cancel() {
      await pieces.return?.();
    },
  });
}
