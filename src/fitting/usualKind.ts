/**
 * Which kind of flow a table gets where nobody names one.
 *
 * A table whose columns are all real numbers gets the default flow of numbers. Any other table gets `columns`, which takes a
 * column for what it is. A column is a real number where a density is what describes it: it has no missing cells, no value that
 * many rows share, and so many different values that the step at which it was recorded does not show. Given columns have no density:
 * any numbers will do that do not come round.
 *
 * @module
 */

import type { ModelKind } from "../architectures/kinds.ts";
import { optionText } from "../optionText.ts";
import type { LeftOutColumn } from "../tables/columnRecord.ts";
import { unfittedKinds } from "../tables/schema/columnSchema.ts";
import { inferCells } from "../tables/schema/describe.ts";
import type { Inferred } from "../tables/schema/inferNumbers.ts";
import { cellColumns, type Table } from "../tables/table.ts";
import { type FitOptions, fitOptionTable } from "./fitOptions.ts";
import { unfittedColumn } from "./unfittedColumn.ts";

/** A kind, and why it is taken. */
export interface ChosenKind {
  readonly kind: ModelKind;
  /** In half a sentence. */
  readonly reason: string;
  /** Columns that a flow of numbers leaves out, because they are constant, identifiers or free text; `columns` finds them itself. */
  readonly unfitted: readonly LeftOutColumn[];
}

/** The flow of real numbers that is fitted unless something else is asked for. */
const numbersKind = "nsf-ar";
const mixedKind = "columns";

/** Of fewer rows ties tell nothing. */
const fewestForTies = 20;
/** A column has many values where they are this share of the rows, or so many that no flow tells them from a continuum. */
const manyShare = 1 / 3;
const manyValues = 1000;

/** What keeps one column, or several, from being real numbers; undefined where nothing does. */
type Obstacle = readonly [singular: string, plural: string] | undefined;

function obstacleOf({ schema, atoms, resolution }: Inferred, missing: FitOptions["missing"]): Obstacle {
  const { kind, step } = schema;
  switch (kind) {
    case "categorical":
    case "ordinal":
      return ["has levels", "have levels"];
    case "boolean":
      return ["is yes or no", "are yes or no"];
    case "date-time":
      return ["holds dates", "hold dates"];
    case "angle":
      return ["comes round", "come round"];
    case "constant":
    case "identifier":
    case "text":
      return undefined;
  }
  if (schema.missing && missing !== "drop" && missing !== "error") return ["misses cells", "miss cells"];
  const { count = 0, distinct = 0 } = resolution ?? {};
  const isMany = count <= fewestForTies || distinct >= Math.min(manyShare * count, manyValues);
  if (kind === "integer" && !isMany)
    return ["holds whole numbers that repeat", "hold whole numbers that repeat"];
  if (step !== undefined && !isMany) return ["is recorded in steps", "are recorded in steps"];
  if (atoms.length > 0) return ["has a value that many rows share", "have a value that many rows share"];
  return undefined;
}

/** Names of one obstacle that are listed. */
const mostNames = 3;

/** `a, b and c`; of many the first few. */
function namesInWords(names: readonly string[]): string {
  const listed = names.length > mostNames ? names.slice(0, mostNames - 1) : names;
  const rest = names.length - listed.length;
  const parts = rest > 0 ? [...listed, `${rest} more`] : listed;
  return parts.length === 1 ? parts[0]! : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** `a holds dates; b and c have levels`. */
function obstaclesInWords(obstacles: readonly (readonly [string, NonNullable<Obstacle>])[]): string {
  const groups = new Map<string, { readonly names: string[]; readonly words: NonNullable<Obstacle> }>();
  for (const [name, words] of obstacles) {
    const group = groups.get(words[0]) ?? { names: [], words };
    group.names.push(name);
    groups.set(words[0], group);
  }
  return Array.from(
    groups.values(),
    ({ names, words: [singular, plural] }) =>
      `${namesInWords(names)} ${names.length > 1 ? plural : singular}`,
  ).join("; ");
}

/** The option that no flow of numbers has; undefined where none is given. */
function mixedOption({ kinds, schema, missing, anyOrder, members }: FitOptions): string | undefined {
  if (anyOrder) return "anyOrder";
  if (members !== undefined) return "members";
  if (Object.keys(kinds ?? {}).length > 0) return "kinds";
  if ((schema?.columns.length ?? 0) > 0) return "schema";
  return missing === "marginal" || missing === "outcome" ? "missing" : undefined;
}

/** The option of the shape of a flow of numbers, which mixed ones do not have; undefined where none is given. */
function numbersOption(options: FitOptions): string | undefined {
  return Object.keys(options).find((name) => {
    const { kinds } = fitOptionTable[name as keyof FitOptions];
    return kinds?.includes(numbersKind) && !kinds.includes(mixedKind);
  });
}

/**
 * The kind of flow for a table, where none is named.
 * @throws UsageError for columns that are named and not there.
 */
export function usualKind(table: Table, options: FitOptions): ChosenKind {
  const said = mixedOption(options);
  if (said !== undefined)
    return { kind: mixedKind, reason: `${optionText(said)} is an option of it`, unfitted: [] };
  const asked = numbersOption(options);
  if (asked !== undefined)
    return { kind: numbersKind, reason: `${optionText(asked)} is an option of it`, unfitted: [] };
  const { columns, given = [], weights, exclude = [], keep = [] } = options;
  const others = new Set([...exclude, ...keep, ...(weights === undefined ? [] : [weights])]);
  const all = cellColumns(table).filter(({ name }) => !others.has(name));
  const chosen = columns
    ? [...columns, ...given].flatMap((name) => all.filter((cells) => cells.name === name))
    : all;
  const found = chosen.map((cells) => [cells.name, inferCells(table, cells), cells] as const);
  const obstacles = found.flatMap(([name, inferred, cells]) => {
    const isNumbersGiven = given.includes(name) && !("text" in cells) && inferred.schema.kind !== "angle";
    const obstacle =
      isNumbersGiven && !inferred.schema.missing ? undefined : obstacleOf(inferred, options.missing);
    return obstacle ? [[name, obstacle] as const] : [];
  });
  if (obstacles.length > 0) return { kind: mixedKind, reason: obstaclesInWords(obstacles), unfitted: [] };
  const isNamed = (name: string): boolean => columns !== undefined || given.includes(name);
  const unfitted = found.flatMap(([name, { schema, reason, doubt }]) =>
    unfittedKinds.includes(schema.kind) && !isNamed(name)
      ? [unfittedColumn(schema, reason, doubt?.kind)]
      : [],
  );
  // Where nothing is left, the flow of numbers says what is wrong with each.
  const isEmpty = unfitted.length === found.length;
  return {
    kind: numbersKind,
    reason: "the columns are real numbers",
    unfitted: isEmpty ? [] : unfitted,
  };
}
