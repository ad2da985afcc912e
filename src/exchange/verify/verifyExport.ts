/**
 * Rows through a flow and through its export.
 *
 * @module
 */

import { hasMixedColumns } from "../../architectures/kinds.ts";
import { DataError, UsageError } from "../../errors.ts";
import { type Flow, load } from "../../models/flow.ts";
import { type RowsLike, rowValues } from "../../models/rows/splitRows.ts";
import { tableOfRows } from "../../models/rows/tableOfRows.ts";
import { checkArgument, checkedOptions, type OptionKind } from "../../options.ts";
import { normalsAt, randomKey, split } from "../../random/philox.ts";
import { cellsOf } from "../../tables/schema/cells.ts";
import { aFlow } from "../exportModel.ts";
import { type ExportFunction, type VerifyOptions, verifyOptionTable } from "../exportOptions.ts";
import { flowOfJson } from "../json/modelJson.ts";
import { notesOf, type OnnxNotes } from "../onnx/onnxNotes.ts";
import { isModule, type ModuleNotes, openModule } from "../wasm/moduleNotes.ts";
import { runModule } from "./moduleRuntime.ts";
import { type OnnxRuntime, onnxRuntime, runOnnx } from "./onnxRuntime.ts";
import { withReason } from "./runtimeError.ts";

/** What {@link verifyExport} finds. */
export interface Verification {
  /** Rows that went through both. */
  readonly rows: number;
  /** Largest difference of two finite values. */
  readonly worst: number;
  /** Largest difference of two finite values relative to max(1, |value|). */
  readonly worstRelative: number;
  /** Values of which one is not a number, or infinite, and the other is not the same. */
  readonly nonFiniteMismatches: number;
  /** Rows per second through the export. */
  readonly rowsPerSecond: number;
  /** What the export computes. */
  readonly function: ExportFunction;
  /** The largest {@link worstRelative} that passes. */
  readonly tolerance: number;
  /** Whether no difference is larger, and nothing that is not finite differs. */
  readonly passes: boolean;
}

const someBytes: OptionKind = {
  expected: "the bytes of an export, a Uint8Array",
  accepts: (value) => value instanceof Uint8Array,
};

/** Rows that go through an export at a time. */
const blockRows = 8192;
/** Differences that pass: of log-densities in float64, and per column in float32. */
const largestExact = 1e-9;
const largestSingle = 2e-5;

/** Rows as an export takes them, and what the flow says of them. */
export interface Compared {
  readonly inputs: Readonly<Record<string, { readonly width: number; readonly data: Float64Array }>>;
  readonly expected: Float64Array;
  readonly rows: number;
}

/**
 * Sends rows through a flow as its file has it, in float64, and through what {@link exportModel} has made of it. An export in float32 is given the rows as
 * float32 has them, and the flow the same; samples are compared for the noise that `sample` draws from, as many as there are rows.
 *
 * @param rows - As of `Flow.logProb`.
 * @throws UsageError where there is no ONNX runtime; FormatError for bytes that are no export; DataError for rows that are not the
 *   flow's, and without rows.
 * @example const { passes, worstRelative } = await verifyExport(flow, await readFile("flow.onnx"), table);
 */
export async function verifyExport(
  flow: Flow,
  bytes: Uint8Array,
  rows: RowsLike,
  options: VerifyOptions = {},
): Promise<Verification> {
  checkArgument("verifyExport", "flow", flow, aFlow, "`fit` and `load` give flows");
  checkArgument("verifyExport", "bytes", bytes, someBytes);
  const checked = checkedOptions("verifyExport", options, verifyOptionTable);
  const exported = await exportOf(bytes, checked);
  if (exported.notes) checkColumns(flow, exported.notes);
  const { what } = exported;
  const isSingle = exported.notes?.precision === "float32";
  const largest = checked.tolerance ?? (isSingle ? largestSingle * flow.columns.length : largestExact);
  // A module takes float64 whatever it computes with.
  const saved = await load(flow.toBytes());
  const compared = await comparedRows(saved, rows, what, isSingle && exported.kind === "onnx");
  if (compared.rows === 0)
    throw new DataError({
      where: "verifyExport",
      subject: "rows",
      expected: "at least one row",
      received: "none",
    });
  const { values, seconds } = await through(exported, { flow, bytes, rows, compared }, checked);
  const expected = isSingle ? asSingle(what, compared.expected, compared.rows) : compared.expected;
  const { worst, worstRelative, nonFiniteMismatches } = differences(values, expected);
  return {
    rows: compared.rows,
    worst,
    worstRelative,
    nonFiniteMismatches,
    rowsPerSecond: compared.rows / seconds,
    function: what,
    tolerance: largest,
    passes: worstRelative <= largest && nonFiniteMismatches === 0,
  };
}

/** How far values are from those that are expected. */
export function differences(
  values: ArrayLike<number>,
  expected: ArrayLike<number>,
): Pick<Verification, "worst" | "worstRelative" | "nonFiniteMismatches"> {
  let [worst, worstRelative, nonFiniteMismatches] = [0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const [value, wanted] = [values[i]!, expected[i]!];
    if (!Number.isFinite(wanted) || !Number.isFinite(value)) {
      if (!Object.is(wanted, value)) nonFiniteMismatches++;
      continue;
    }
    const difference = Math.abs(wanted - value);
    worst = Math.max(worst, difference);
    worstRelative = Math.max(worstRelative, difference / Math.max(1, Math.abs(wanted)));
  }
  return { worst, worstRelative, nonFiniteMismatches };
}

/**
 * What an export in float32 can say of rows: a log-density beyond its range is minus infinity, and a row with a place beyond it has none, as
 * of one that has no number in float64.
 */
export function asSingle(what: ExportFunction, expected: Float64Array, rows: number): Float64Array {
  const width = expected.length / rows;
  const single = expected.map((value) => (Number.isFinite(Math.fround(value)) ? value : Math.fround(value)));
  if (what === "logprob") return single;
  for (let row = 0; row < rows; row++) {
    const values = single.subarray(row * width, (row + 1) * width);
    if (!values.every(Number.isFinite)) values.fill(Number.NaN);
  }
  return single;
}

/** An export, and the function of it that is compared. */
type Export = { readonly what: ExportFunction } & (
  | { readonly kind: "json"; readonly notes?: undefined }
  | { readonly kind: "onnx"; readonly notes: OnnxNotes }
  | {
      readonly kind: "wasm";
      readonly module: WebAssembly.Module;
      readonly name: string;
      readonly notes: ModuleNotes;
    }
);

async function exportOf(bytes: Uint8Array, options: VerifyOptions): Promise<Export> {
  const what = options.function;
  if (isModule(bytes)) {
    const { module, notes } = await openModule(bytes);
    const functions = Object.entries(notes.functions);
    const [name, note] = functions.find((entry) => what === undefined || entry[1].function === what) ?? [];
    const received = functions.map((entry) => entry[1].function).join(", ");
    if (!name || !note) throw withoutFunction(what!, received);
    return { kind: "wasm", module, name, notes, what: note.function };
  }
  // A text begins like JSON, a message with the number of a field.
  const notes = bytes[0] === 0x7b ? undefined : notesOf(bytes);
  const only = notes?.function ?? "logprob";
  if (what !== undefined && what !== only) throw withoutFunction(what, only);
  return notes ? { kind: "onnx", notes, what: only } : { kind: "json", what: only };
}

function withoutFunction(what: ExportFunction, received: string): UsageError {
  return new UsageError({
    where: "verifyExport",
    problem: `the export has no function ${what}: it has ${received}`,
    expected: received,
    received: what,
    remedy: "export the model with this function, too",
  });
}

/** The results of the export for the rows that are compared. */
async function through(
  exported: Export,
  given: {
    readonly flow: Flow;
    readonly bytes: Uint8Array;
    readonly rows: RowsLike;
    readonly compared: Compared;
  },
  { runtime, signal }: VerifyOptions,
): Promise<{ readonly values: Float64Array; readonly seconds: number }> {
  const { compared } = given;
  switch (exported.kind) {
    case "json":
      return await throughJson(given.flow, given.bytes, given.rows);
    case "onnx": {
      const ofOnnx = await onnxRuntime(runtime as OnnxRuntime | undefined);
      return await withReason(() => throughOnnx(ofOnnx, given.bytes, exported.notes, compared, signal));
    }
    case "wasm": {
      const { module, name, notes } = exported;
      const rows = wholeRows(compared);
      return await withReason(() => runModule(module, name, notes.functions[name]!, rows, signal));
    }
  }
}

/** Rows with what is given in front. */
export function wholeRows({ inputs, rows }: Compared): Float64Array {
  const parts = Object.entries(inputs).sort(([a], [b]) => Number(b === "given") - Number(a === "given"));
  const width = parts.reduce((sum, [, part]) => sum + part.width, 0);
  const whole = new Float64Array(rows * width);
  let at = 0;
  for (const [, part] of parts) {
    for (let row = 0; row < rows; row++)
      whole.set(part.data.subarray(row * part.width, (row + 1) * part.width), row * width + at);
    at += part.width;
  }
  return whole;
}

function checkColumns(flow: Flow, notes: Pick<OnnxNotes, "columns" | "given">): void {
  const names = (columns: readonly { readonly name: string }[]): string =>
    columns.map(({ name }) => name).join(", ");
  for (const part of ["columns", "given"] as const)
    if (names(notes[part]) !== flow[part].join(", "))
      throw new UsageError({
        where: "verifyExport",
        problem: `the export is not of this model: its ${part} are ${names(notes[part]) || "none"}`,
        expected: flow[part].join(", ") || "none",
        received: names(notes[part]) || "none",
        remedy: "name the model that it was made of",
      });
}

/** Rows, or noise, as an export takes them, and what the flow says of them in float64; as float32 has them where the export takes such. */
export async function comparedRows(
  flow: Flow,
  rowsLike: RowsLike,
  what: ExportFunction,
  isSingle: boolean,
): Promise<Compared> {
  const names = [...flow.given, ...flow.columns];
  const { kind, schema } = flow.description;
  const isMixed = schema && hasMixedColumns(kind);
  const { cells, rows } = isMixed
    ? await tableOfRows("verifyExport", names, rowsLike).then((table) => ({
        cells: cellsOf(table, schema.columns).cells,
        rows: table.rows,
      }))
    : cellsOfNumbers(rowValues("verifyExport", names, rowsLike), names.length, isSingle);
  const sideBySide = (columns: readonly Float64Array[]): Float64Array =>
    Float64Array.from(
      { length: rows * columns.length },
      (_, i) => columns[i % columns.length]![Math.floor(i / columns.length)]!,
    );
  const conditions = cells.slice(0, flow.given.length);
  const given =
    conditions.length > 0 ? { given: { width: conditions.length, data: sideBySide(conditions) } } : {};
  if (what === "sample") {
    const seed = 0;
    const width = flow.base.noise;
    const key = split(randomKey(seed), "sample");
    const noise = new Float64Array(rows * width);
    for (let row = 0; row < rows; row++) normalsAt(key, row, width, noise, row * width);
    const givenValues = Object.fromEntries(flow.given.map((name, i) => [name, [...conditions[i]!]]));
    const drawn = await flow.sample(rows, {
      seed,
      continuous: true,
      precision: "float64",
      ...(flow.given.length > 0 ? { given: givenValues } : {}),
    });
    const expected = Float64Array.from(
      { length: rows * flow.columns.length },
      (_, i) =>
        drawn.values[
          Math.floor(i / flow.columns.length) * names.length + flow.given.length + (i % flow.columns.length)
        ]!,
    );
    return { inputs: { noise: { width, data: noise }, ...given }, expected, rows };
  }
  const data = sideBySide(cells.slice(flow.given.length));
  // Levels and moments are known to the table alone; numbers are those that the export is given.
  const both = isMixed ? rowsLike : sideBySide(cells);
  const expected =
    what === "to-base"
      ? await flow.toBase(both, { precision: "float64" })
      : await flow.logProb(both, { precision: "float64", missing: "empty" });
  return { inputs: { rows: { width: flow.columns.length, data }, ...given }, expected, rows };
}

/** Rows of numbers by column, as float32 has them where the export takes such. */
function cellsOfNumbers(
  values: Float64Array,
  width: number,
  isSingle: boolean,
): { readonly cells: readonly Float64Array[]; readonly rows: number } {
  const numbers = isSingle ? Float32Array.from(values) : values;
  const rows = values.length / width;
  const cells = Array.from({ length: width }, (_, i) =>
    Float64Array.from({ length: rows }, (_, row) => numbers[row * width + i]!),
  );
  return { cells, rows };
}

async function throughOnnx(
  runtime: OnnxRuntime,
  bytes: Uint8Array,
  { inputType }: OnnxNotes,
  { inputs, rows }: Compared,
  signal: AbortSignal | undefined,
): Promise<{ readonly values: Float64Array; readonly seconds: number }> {
  const blocks = Array.from({ length: Math.ceil(rows / blockRows) }, (_, block) => {
    const [from, to] = [block * blockRows, Math.min(rows, (block + 1) * blockRows)];
    return Object.fromEntries(
      Object.entries(inputs).map(([name, { width, data }]) => [
        name,
        { data: data.subarray(from * width, to * width), shape: [to - from, width] },
      ]),
    );
  });
  const { parts, seconds } = await runOnnx(runtime, bytes, blocks, inputType, signal);
  return { values: Float64Array.from(parts.flatMap((part) => Array.from(part))), seconds };
}

async function throughJson(
  flow: Flow,
  bytes: Uint8Array,
  rows: RowsLike,
): Promise<{ readonly values: Float64Array; readonly seconds: number }> {
  const read = await flowOfJson(bytes);
  for (const part of ["columns", "given"] as const)
    if (read[part].join("\n") !== flow[part].join("\n"))
      throw new UsageError({
        where: "verifyExport",
        problem: `the export is not of this model: its ${part} are ${read[part].join(", ") || "none"}`,
        expected: flow[part].join(", ") || "none",
        received: read[part].join(", ") || "none",
        remedy: "name the model that it was made of",
      });
  const start = performance.now();
  const values = await read.logProb(rows, { precision: "float64", missing: "empty" });
  return { values, seconds: (performance.now() - start) / 1000 };
}
