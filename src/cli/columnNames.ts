/**
 * Checks of the columns that options name, against each other and against those that there are.
 *
 * @module
 */

import { UsageError } from "../entries/errors.ts";
import type { GivenRange, GivenValue } from "../entries/options.ts";
import { closestName, hasMixedColumns, listNames } from "../entries/options.ts";
import type { Flow } from "../index.ts";

/** @throws UsageError if a name is in both lists. */
export function checkDisjoint(
  first: readonly [option: string, names: readonly string[] | undefined],
  second: readonly [option: string, names: readonly string[] | undefined],
): void {
  const both = first[1]?.find((name) => second[1]?.includes(name));
  if (both === undefined) return;
  throw new UsageError({
    problem: `column "${both}" is in both ${first[0]} and ${second[0]}`,
    expected: "a column in one of them",
    received: `"${both}" in both`,
    remedy: "name it in one of them",
  });
}

/**
 * @param where what has the columns, for the message: `the model`, `galaxies.csv`.
 * @throws UsageError for a name that is not among those there are.
 */
export function checkKnown(
  option: string,
  names: readonly string[] | undefined,
  known: readonly string[],
  where: string,
): void {
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const closest = closestName(unknown, known);
  const guess = closest === undefined ? "" : ` (did you mean "${closest}"?)`;
  throw new UsageError({
    where: option,
    problem: `${where} has no column "${unknown}"${guess}`,
    expected: `a column of ${where}`,
    received: `"${unknown}"`,
    remedy: `the columns are: ${listNames(known)}`,
  });
}

/** A condition as one writes it. */
function givenText(value: GivenValue): string {
  if (typeof value !== "object") return String(value);
  const { from = "", to = "" } = value as GivenRange;
  return `${from}..${to}`;
}

/**
 * Checks the values that a conditional model is given.
 *
 * @param expected the model's conditioning columns.
 * @throws UsageError if one is missing, or one is given that the model does not have.
 */
export function checkGiven(
  values: Readonly<Record<string, GivenValue>> | undefined,
  { given: expected, description }: Flow,
): void {
  const names = Object.keys(values ?? {});
  const isMixed = hasMixedColumns(description.kind);
  if (names.length > 0 && expected.length === 0 && !isMixed) {
    throw new UsageError({
      problem: `--given sets "${names[0]}", but the model has no conditioning columns`,
      expected: "no --given",
      received: `"${names[0]}"`,
      remedy: "leave it out",
    });
  }
  if (isMixed) checkKnown("--given", names, [...expected, ...description.columns], "the model");
  else checkKnown("--given", names, expected, "the model's condition");
  const missing = expected.filter((name) => !names.includes(name));
  const other = Object.values(values ?? {}).find(
    (value) => typeof value !== "number" && !Array.isArray(value),
  );
  // Where columns are not mixed all are numbers.
  if (other !== undefined && !isMixed)
    throw new UsageError({
      subject: "--given",
      expected: 'such as "c=1.5,d=2"',
      received: JSON.stringify(
        Object.entries(values ?? {})
          .map(([name, value]) => `${name}=${givenText(value)}`)
          .join(","),
      ),
    });
  if (missing.length === 0) return;
  const example = expected.map((name) => `${name}=1.5`).join(",");
  throw new UsageError({
    problem: `the model needs a value of ${missing.join(", ")}`,
    expected: `a value of ${missing.join(", ")}`,
    received: "none",
    remedy: `pass --given "${example}"`,
  });
}
