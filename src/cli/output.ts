/**
 * What commands write: standard output, files (checked before the work starts), numbers for people, JSON.
 *
 * @module
 */

import { FormatError, oneLine, plainLines, UsageError } from "../entries/errors.ts";
import { checkWritable as checkFileWritable, fileKind, isSameFile } from "../entries/files.ts";
import type { Flow, Table } from "../index.ts";
import { withFlags } from "./flags.ts";

/** Writes to standard output as it is, and waits until it is taken. */
async function printData(text: string): Promise<void> {
  await new Promise<void>((done) => process.stdout.write(text, () => done()));
}

/** Writes lines for people to standard output. */
export async function print(text: string): Promise<void> {
  await printData(plainLines(text));
}

/** Keys under which a document holds messages of the library. */
const messageKeys: ReadonlySet<string> = new Set(["reason", "remedy", "message"]);

/** Says on standard error what should be known of a result. */
export function warn(line: string): void {
  process.stderr.write(`warning: ${oneLine(withFlags(line))}\n`);
}

/** Says on standard error that a model knows a lower bound of its log-densities alone, where it does. */
export function sayBound({ description }: Flow): void {
  if (description.bound) remark("log-densities of this model are lower bounds, by draws");
}

/** Says on standard error how a result was made. */
export function remark(line: string): void {
  process.stderr.write(`${oneLine(withFlags(line))}\n`);
}

/** Prints one JSON document; numbers that JSON does not have become null. */
export async function printJson(document: unknown): Promise<void> {
  const text = JSON.stringify(
    document,
    (key, value: unknown) => (messageKeys.has(key) && typeof value === "string" ? withFlags(value) : value),
    2,
  );
  await printData(`${text}\n`);
}

/** Prints a table, or its batches as they come, as CSV, piece by piece. */
export async function printCsv(table: Table | AsyncIterable<Table>): Promise<void> {
  const { csvPieces } = await import("../entries/tables.ts");
  let isFirst = true;
  for await (const batch of Symbol.asyncIterator in table ? table : [table]) {
    const pieces = csvPieces(batch);
    // The names of the columns stand at the top alone.
    if (!isFirst) pieces.next();
    for (const piece of pieces) await printData(piece);
    isFirst = false;
  }
}

/**
 * Checks, before any work, that a file can be written: its folder is there and writable, and it is not a folder.
 *
 * @throws FormatError if not.
 */
export function checkWritable(option: string, path: string): void {
  try {
    checkFileWritable(path);
  } catch (error) {
    // Of a folder that is not there, the folder is the path to name.
    const {
      message,
      expected = "a file that can be written",
      received = "another failure",
    } = error as Partial<FormatError> & Error;
    const problem = message.replace(/^.*?": (?=there is no folder)/, "").replace(/\.$/, "");
    throw new FormatError({ where: option, problem, expected, received });
  }
}

/**
 * Checks the name of an output file.
 *
 * @throws UsageError for another extension, FormatError if it cannot be written.
 */
export function checkOutput(
  path: string,
  extensions: readonly string[],
  what: string,
  flag: string = "--out",
): void {
  if (!extensions.some((extension) => path.toLowerCase().endsWith(extension))) {
    throw new UsageError({
      problem: `${flag} must end in ${extensions.join(" or ")} (${what}), got "${path}"`,
      expected: `a name that ends in ${extensions.join(" or ")}`,
      received: `"${path}"`,
    });
  }
  checkWritable(flag, path);
}

/**
 * Checks the name of an output table; `-` is standard output.
 *
 * @param sources input files, which must not be overwritten.
 * @throws UsageError for an unknown extension or a source, FormatError if it cannot be written.
 */
export function checkTableOutput(path: string, sources: readonly string[] = []): void {
  if (path === "-") return;
  let format: string;
  try {
    format = fileKind(path).format;
  } catch (error) {
    const {
      message,
      expected = "a name of a table",
      received = `"${path}"`,
    } = error as Partial<UsageError> & Error;
    throw new UsageError({ where: "--out", problem: message.replace(/\.$/, ""), expected, received });
  }
  if (format === "npz")
    throw new UsageError({
      where: "--out",
      problem: ".npz is read, not written",
      expected: ".npy, .csv or .parquet",
      received: ".npz",
      remedy: "write .npy, .csv or .parquet",
    });
  if (sources.some((source) => source !== "-" && isSameFile(source, path))) {
    throw new UsageError({
      problem: `--out "${path}" is an input, which would be lost`,
      expected: "a file that is not an input",
      received: `"${path}"`,
      remedy: "choose another name",
    });
  }
  checkWritable("--out", path);
}

/** Refuses two outputs that both want standard output. */
export function checkOneOutput(out: string | undefined, json: boolean | undefined): void {
  if (out !== "-" || !json) return;
  throw new UsageError({
    problem: "--out - and --json both want standard output",
    expected: "standard output for one of them",
    received: "both",
    remedy: "give --out a file name",
  });
}

/** `1,234`. */
export const formatCount = (value: number): string => value.toLocaleString("en-US");

/** A number of things: `1 row`, `2,000 rows`. */
export const counted = (count: number, thing: string): string =>
  `${formatCount(count)} ${thing}${count === 1 ? "" : "s"}`;

/** A log-density: four decimals; a dash where there is none. */
export const formatLogProb = (value: number): string => (Number.isNaN(value) ? "-" : value.toFixed(4));

/** `12.3 s`, `4 min 05 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** Lines of `name  value` with the values under each other. */
export function formatFacts(facts: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...facts.map(([name]) => oneLine(name).length)) + 2;
  return facts.map(([name, value]) => `  ${oneLine(name).padEnd(width)}${oneLine(value)}\n`).join("");
}
