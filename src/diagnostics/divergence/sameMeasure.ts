/**
 * Whether the densities of two flows can be divided: both are densities of the same columns, given the same columns, with respect to
 * the same measure.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { Flow } from "../../models/flow.ts";
import type { ColumnMeasure } from "../../models/scores/measure.ts";
import { describeValue, refuse } from "../../options.ts";
import type { ColumnSchema } from "../../tables/schema/columnSchema.ts";

/** Kinds whose cells mean something else than numbers of the same size do. */
const kindsApart: readonly (ColumnSchema["kind"] | undefined)[] = ["date-time", "angle"];
/** Kinds whose cells are levels. */
const kindsOfLevels: readonly (ColumnSchema["kind"] | undefined)[] = ["ordinal", "categorical", "boolean"];

/** What the cells of a column are, in words. */
function cellsInWords(schema: ColumnSchema | undefined): string {
  if (schema?.kind === "angle") return `angles that come round after ${schema.period}`;
  if (kindsApart.includes(schema?.kind))
    return schema?.written === "time-of-day" ? "times of day" : "date-times";
  return kindsOfLevels.includes(schema?.kind) ? "levels" : "numbers";
}

/** The reference measure of a column, in words: `numbers, counting in steps of 1`. */
function measureInWords(measure: ColumnMeasure, schema: ColumnSchema | undefined): string {
  const atoms = measure.atoms === undefined ? "" : ` ${measure.atoms.join(", ")}`;
  const steps = measure.step === undefined ? "" : ` in steps of ${measure.step}`;
  const missing = measure.missing ? ", missing cells counted" : "";
  return `${cellsInWords(schema)}, ${measure.measure}${atoms}${steps}${missing}`;
}

const listed = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "));

/** Whether two lists have the same names, in whatever order. */
function areSameNames(p: readonly string[], q: readonly string[]): boolean {
  return p.length === q.length && p.every((name) => q.includes(name));
}

/**
 * Refuses two flows whose densities cannot be divided. Columns may be in another order: tables have them by name.
 * @throws {@link UsageError} that names what differs, the column where it is one.
 */
export function checkSameMeasure(where: string, p: Flow, q: Flow): void {
  for (const [name, flow] of [["p", p] as const, ["q", q] as const])
    if (!(flow instanceof Flow)) refuse(where, name, "a flow", flow, "`fit` and `load` give one");
  const differ = (problem: string, ofP: string, ofQ: string, remedy: string): never => {
    throw new UsageError({
      where,
      problem: `${problem}: ${ofP} under p, ${ofQ} under q`,
      expected: ofP,
      received: ofQ,
      remedy,
    });
  };
  if (!areSameNames(p.columns, q.columns))
    differ(
      "the flows are of different columns",
      listed(p.columns),
      listed(q.columns),
      "fit both to the same `columns`",
    );
  if (!areSameNames(p.given, q.given))
    differ(
      "the flows are given different columns",
      listed(p.given),
      listed(q.given),
      "fit both with the same `given`",
    );
  const [ofP, ofQ] = [p.description, q.description];
  const total = ({ simplex }: typeof ofP): string => simplex?.words ?? "no shares";
  if (total(ofP) !== total(ofQ))
    differ(
      "the densities are of different shares",
      total(ofP),
      total(ofQ),
      "fit both with the same `simplex`",
    );
  for (const columnMeasure of ofP.measures) {
    const words = ({ measures, schema }: typeof ofP): string =>
      measureInWords(
        measures.find(({ column }) => column === columnMeasure.column)!,
        schema?.columns.find(({ name }) => name === columnMeasure.column),
      );
    if (words(ofP) !== words(ofQ))
      differ(
        `column ${describeValue(columnMeasure.column)} has different reference measures`,
        words(ofP),
        words(ofQ),
        "fit both with the same `schema`, such as `flow.description.schema` of one of them",
      );
  }
}
