/**
 * What a model takes in JSON: schemas by which requests are checked, and of which the description of the service is made.
 *
 * @module
 */

import * as v from "valibot";
import { hasMixedColumns } from "../../entries/options.ts";
import type { FlowDescription } from "../../index.ts";
import { type Fault, problem } from "./problem.ts";

/** A cell of a row. */
export type Cell = number | string | boolean | null;

/** What a column is, in a model of mixed columns. */
export type MixedColumn = NonNullable<FlowDescription["schema"]>["columns"][number];

/** What a cell must be, in words. */
export function expectedCell(column: MixedColumn | undefined): string {
  switch (column?.kind) {
    case "categorical":
    case "ordinal":
      return "a level: a text or a number, or null";
    case "boolean":
      return "true, false, one of its two levels, or null";
    case "date-time":
      return "a text such as 2024-05-31 or 2024-05-31T12:00:00, or null";
    case "angle":
      return column.written === undefined ? "a number or null" : "a text such as 12:30, or null";
    default:
      return "a number or null";
  }
}

function cellSchema(column: MixedColumn | undefined): v.GenericSchema<Cell> {
  const described = <Schema extends v.GenericSchema<Cell>>(schema: Schema) =>
    v.pipe(v.nullable(schema), v.description(expectedCell(column)));
  switch (column?.kind) {
    case "categorical":
    case "ordinal":
      return described(v.union([v.string(), v.number()]));
    case "boolean":
      return described(v.union([v.boolean(), v.string(), v.number()]));
    case "date-time":
      return described(v.string());
    case "angle":
      return described(column.written === undefined ? v.number() : v.string());
    default:
      return described(v.number());
  }
}

/** The columns of a model's rows, those that it is given first, and what each is where they are mixed. */
export interface RowColumns {
  readonly names: readonly string[];
  readonly mixed: readonly MixedColumn[] | undefined;
}

/** The columns of a model's rows. */
export const rowColumns = ({ kind, given, columns, schema }: FlowDescription): RowColumns => ({
  names: [...given, ...columns],
  mixed: hasMixedColumns(kind) ? schema?.columns : undefined,
});

/** Schemas of what the service is asked. */
export interface RequestSchemas {
  readonly logprob: v.GenericSchema<unknown, LogprobRequest>;
  readonly sample: v.GenericSchema<unknown, SampleRequest>;
  readonly anomalies: v.GenericSchema<unknown, AnomaliesRequest>;
}

/** A row as it comes: cells in the order of the columns, or by column. */
type Row = readonly Cell[] | Readonly<Record<string, Cell>>;

/** How rows are scored. */
export interface ScoreChoices {
  readonly missing?: "error" | "empty" | "marginal" | undefined;
  readonly unseen?: "impossible" | "other" | undefined;
  readonly byColumn?: boolean | undefined;
}

interface LogprobRequest extends ScoreChoices {
  readonly rows: readonly Row[];
}

/** How rows are drawn. */
export interface SampleRequest {
  readonly n: number;
  readonly seed?: number | undefined;
  readonly rowsBefore?: number | undefined;
  readonly given?: Readonly<Record<string, unknown>> | undefined;
  readonly complete?: boolean | undefined;
  readonly logProb?: boolean | undefined;
}

/** How rows are held against the model. */
export interface AnomalyChoices {
  readonly fdr?: number | undefined;
}

interface AnomaliesRequest extends AnomalyChoices {
  readonly rows: readonly Row[];
}

/** A schema for each option. */
type ChoiceSchemas<Choices> = { readonly [Name in keyof Choices]-?: v.GenericSchema<Choices[Name]> };

/** The options of `logprob`, which a body of Arrow has in the query. */
export const scoreChoices: ChoiceSchemas<ScoreChoices> = {
  missing: v.optional(v.picklist(["error", "empty", "marginal"])),
  unseen: v.optional(v.picklist(["impossible", "other"])),
  byColumn: v.optional(v.boolean()),
};

/** The options of `anomalies`. */
export const anomalyChoices: ChoiceSchemas<AnomalyChoices> = {
  fdr: v.optional(v.pipe(v.number(), v.gtValue(0), v.ltValue(1))),
};

const expectedWords: Readonly<Record<string, string>> = {
  safe_integer: "a whole number",
  number: "a number",
  Array: "an array",
  Object: "an object",
  string: "a text",
  boolean: "true or false",
};

/** What valibot says that it expected, as people say it. */
function expectedInWords(expected: string): string {
  const [, comparison, bound] = /^([<>]=?)(.*)$/.exec(expected) ?? [];
  if (comparison !== undefined)
    return `${{ ">=": "at least", "<=": "at most", ">": "above", "<": "below" }[comparison]} ${bound}`;
  return expectedWords[expected] ?? expected;
}

const wholeNumber = (least: number, most: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));

const givenValue = v.union([
  v.number(),
  v.string(),
  v.boolean(),
  v.array(v.nullable(v.union([v.number(), v.string(), v.boolean()]))),
  v.strictObject({
    from: v.optional(v.union([v.number(), v.string()])),
    to: v.optional(v.union([v.number(), v.string()])),
  }),
]);

/** The schemas of a model, which takes so many rows at once. */
export function requestSchemas({ names, mixed }: RowColumns, mostRows: number): RequestSchemas {
  const cells = names.map((_, i) => cellSchema(mixed?.[i]));
  const asArray = v.strictTuple(cells as unknown as [v.GenericSchema<Cell>]);
  const asObject = v.object(Object.fromEntries(names.map((name, i) => [name, cells[i]!])));
  const rows = v.pipe(
    // In this order: an object is refused as an array at once, an array as an object only column by column.
    v.array(v.union([asArray, asObject])),
    v.minLength(1, "at least one row"),
    v.maxLength(mostRows, `at most ${mostRows} rows`),
  );
  return {
    logprob: v.strictObject({ rows, ...scoreChoices }) as v.GenericSchema<unknown, LogprobRequest>,
    sample: v.strictObject({
      n: wholeNumber(1, mostRows),
      seed: v.optional(wholeNumber(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)),
      rowsBefore: v.optional(wholeNumber(0, 2 ** 52)),
      given: v.optional(v.record(v.string(), givenValue)),
      complete: v.optional(v.boolean()),
      logProb: v.optional(v.boolean()),
    }),
    anomalies: v.strictObject({ rows, ...anomalyChoices }) as v.GenericSchema<unknown, AnomaliesRequest>,
  };
}

/** Faults that an answer names. */
const mostFaults = 10;

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** What is wrong with a row. */
function rowFault(row: number, value: unknown, { names, mixed }: RowColumns): readonly Fault[] {
  if (typeof value !== "object" || value === null)
    return [
      { row, message: `row ${row} must be an array of cells, or an object by column, got ${shown(value)}` },
    ];
  const isArray = Array.isArray(value);
  if (isArray && value.length !== names.length)
    return [
      {
        row,
        message: `row ${row} has ${value.length} cells, and the ${names.length} columns are ${names.join(", ")}`,
      },
    ];
  return names.flatMap((column, i): readonly Fault[] => {
    const hasCell = isArray || Object.hasOwn(value, column);
    const cell: unknown = isArray ? value[i] : (value as Record<string, unknown>)[column];
    if (!hasCell)
      return [{ row, column, message: `row ${row} has no "${column}"; write null where a cell is missing` }];
    if (v.is(cellSchema(mixed?.[i]), cell)) return [];
    const message = `column "${column}" (row ${row}) must be ${expectedCell(mixed?.[i])}, got ${shown(cell)}`;
    return [{ row, column, message }];
  });
}

/** What is wrong with a body, by the issues of its schema. */
function faultsOf(
  issues: readonly v.BaseIssue<unknown>[],
  body: unknown,
  columns: RowColumns,
): readonly Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<number>();
  for (const { type, path, message, expected, received } of issues) {
    if (faults.length >= mostFaults) break;
    const [first, second] = (path ?? []).map(({ key }) => key);
    if (first === "rows" && typeof second === "number") {
      if (seen.has(second)) continue;
      seen.add(second);
      faults.push(...rowFault(second + 1, (body as { rows: readonly unknown[] }).rows[second], columns));
    } else if (first === undefined)
      faults.push({ message: `the body must be an object, got ${shown(body)}` });
    else {
      const field = String(first);
      const fault =
        expected === "never"
          ? `there is no option "${field}"`
          : received === "undefined"
            ? `"${field}" is missing`
            : /_length$/.test(type)
              ? `"${field}" must hold ${message}`
              : `"${field}" must be ${expectedInWords(expected ?? type)}, got ${received}`;
      faults.push({ field, message: fault });
    }
  }
  return faults.slice(0, mostFaults);
}

/**
 * What was asked, checked.
 * @throws A problem of status 400 that names rows and columns.
 */
export function checkedBody<Output>(
  schema: v.GenericSchema<unknown, Output>,
  body: unknown,
  columns: RowColumns,
): Output {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const faults = faultsOf(result.issues, body, columns);
  throw problem(400, "bad request", faults[0]?.message ?? "the body does not fit", faults);
}

/** Cells in the order of the columns. */
export function orderedCells(row: Row, { names }: RowColumns): readonly Cell[] {
  if (Array.isArray(row)) return row as readonly Cell[];
  return names.map((name) => (row as Readonly<Record<string, Cell>>)[name]!);
}
