/**
 * The statements that make functions of ClickHouse of an exported module.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { digestOf } from "../../random/digest.ts";
import type { ColumnNote } from "../columnNotes.ts";
import { withFixedMemory } from "./fixedMemory.ts";
import { type FunctionNote, type ModuleNotes, openModule } from "./moduleNotes.ts";

/** Pages of a module's memory in ClickHouse: 128 MiB, what its setting `webassembly_udf_max_memory` allows unless it is raised. */
const memoryPages = 2048;

/** See `clickHouseStatements`. */
export async function statementsOf(bytes: Uint8Array, name: string): Promise<string[]> {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new UsageError({
      where: "clickHouseStatements",
      subject: "name",
      expected: "letters, digits and underscores, a digit not first",
      received: JSON.stringify(name),
    });
  const { notes } = await openModule(bytes);
  const code = withFixedMemory(bytes, memoryPages);
  const module = `${name}_${digestOf([code]).slice(0, 12)}`;
  return [
    `INSERT INTO system.webassembly_modules (name, code) VALUES (${quoted(module)}, base64Decode('${base64(code)}'))`,
    ...Object.entries(notes.functions).flatMap(([entry, note]) =>
      functionStatements(`${name}_${entry}`, `${quoted(module)} :: 'clickhouse_${entry}'`, note, notes),
    ),
  ];
}

function functionStatements(name: string, from: string, note: FunctionNote, notes: ModuleNotes): string[] {
  const isSample = note.function === "sample";
  const noise = Array.from({ length: note.width - notes.given.length }, (_, i) => ({
    name: `noise${i + 1}`,
    enters: "",
  }));
  const inputs: readonly ColumnNote[] = [...notes.given, ...(isSample ? noise : notes.columns)];
  const results = notes.columns.map((column) => `${identifier(column.name)} Float64`);
  const type = note.function === "logprob" ? "Float64" : `Tuple(${results.join(", ")})`;
  const create = (functionName: string): string =>
    `CREATE OR REPLACE FUNCTION ${functionName} LANGUAGE WASM FROM ${from} ` +
    `ARGUMENTS (${inputs.map((column) => `${identifier(column.name)} Float64`).join(", ")}) RETURNS ${type} ` +
    // Work of a block is what its rows need: a limit by instructions would end large blocks of large models.
    "ABI BUFFERED_V1 DETERMINISTIC SETTINGS serialization_format = 'RowBinary', webassembly_udf_enable_fuel = 0";
  if (inputs.every(({ kind }) => kind === undefined)) return [create(name)];
  const cells = inputs.map((column) => numberOfCell(column));
  return [
    create(`${name}_numbers`),
    `CREATE OR REPLACE FUNCTION ${name} AS (${inputs.map((column) => identifier(column.name)).join(", ")}) -> ` +
      `${name}_numbers(${cells.join(", ")})`,
  ];
}

/** A cell of ClickHouse as the number that stands for it. */
function numberOfCell({ name, kind, levels }: ColumnNote): string {
  const cell = identifier(name);
  if (kind === "date-time") {
    // What has a type of its own has a time zone, which text would lose; of text a missing cell is looked at like any other.
    const ofText = `parseDateTime64BestEffort(ifNull(toString(${cell}), '1970-01-01'), 3, 'UTC')`;
    const moment = `if(match(toTypeName(${cell}), 'String'), ${ofText}, toDateTime64(${cell}, 3, 'UTC'))`;
    return `if(isNull(${cell}), nan, ifNull(toFloat64(toUnixTimestamp64Milli(${moment})), nan))`;
  }
  if (!levels) return `ifNull(toFloat64(${cell}), nan)`;
  const texts = levels.map(String);
  const places = levels.map((_, place) => place);
  // Truth values are 0 and 1 in a table of numbers, whatever the words for them are.
  if (kind === "boolean" && texts.every((level) => Number.isNaN(Number(level)))) {
    texts.push("0", "1");
    places.push(0, 1);
  }
  const list = `[${texts.map(quoted).join(", ")}], [${places.map((place) => `${place}.`).join(", ")}]`;
  return `ifNull(if(isNull(${cell}), nan, transform(toString(${cell}), ${list}, -1.)), nan)`;
}

const escaped = (value: string, quote: string): string =>
  value
    .replaceAll("\\", "\\\\")
    .replaceAll(quote, `\\${quote}`)
    .replaceAll("\n", "\\n")
    .replaceAll("\0", "\\0");

const quoted = (value: string): string => `'${escaped(value, "'")}'`;

const identifier = (name: string): string => `\`${escaped(name, "`")}\``;

/** Characters of one call, which has as many arguments. */
const pieceLength = 2 ** 14;

function base64(bytes: Uint8Array): string {
  let characters = "";
  for (let start = 0; start < bytes.length; start += pieceLength)
    characters += String.fromCharCode(...bytes.subarray(start, start + pieceLength));
  return btoa(characters);
}
