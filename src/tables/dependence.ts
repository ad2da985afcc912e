/**
 * Columns that follow from others by a linear rule: shares that sum to one, a total beside its parts, a unit given twice.
 *
 * Such rows lie on a plane, where a density with respect to all columns has no bound: what a flow is praised for there is
 * how thin it makes itself. Columns are standardized and taken one after another (modified Gram-Schmidt): what is left of a
 * column after its regression on those before it is compared with what rounding leaves. A column whose values have a
 * recorded step differs from the rule by steps of all columns in it, as percentages do that were rounded to tenths.
 *
 * @module
 */

import { optionText } from "../optionText.ts";
import { inOnePiece, type Pieces } from "../platform/pieces.ts";
import { measureResolution } from "./recording/resolution.ts";
import { column, type Table } from "./table.ts";

/** A column that follows from others. */
export interface DependentColumn {
  /** Its name. */
  readonly column: string;
  /** What it is: `1 - a - b`. */
  readonly rule: string;
  /** Columns of the rule. */
  readonly from: readonly string[];
  /** Whether it follows only to the steps in which the columns were recorded. */
  readonly rounded: boolean;
  /** Whether it and those of the rule are shares of a total: all above 0, with one sum. */
  readonly shares: boolean;
}

/** What is left of a column, in its standard deviations, is nothing: what single precision or a few digits leave. */
const rounding = 5e-5;
/** A rule that holds to the columns' steps is one only where these are this small beside the column's deviation. */
const finestStep = 0.1;
/** Rows that are looked at. */
const mostRows = 20_000;

/** A number with as few digits as tell it: coefficients of rules are 1, -1, 100 or 0.4536 more often than not. */
function brief(value: number): string {
  for (const digits of [1, 2, 3, 4, 6, 9]) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.abs(rounded - value) <= 1e-6 * Math.abs(value)) return String(rounded);
  }
  return String(Number(value.toPrecision(4)));
}

/** `100 - a + 2 b`, without a constant of 0 and without terms of 0. */
function ruleText(constant: number, terms: readonly (readonly [name: string, factor: number])[]): string {
  const parts: string[] = constant === 0 ? [] : [brief(constant)];
  for (const [name, factor] of terms) {
    const size = brief(Math.abs(factor));
    const term = size === "1" ? name : `${size} ${name}`;
    if (parts.length === 0) parts.push(factor < 0 ? `-${term}` : term);
    else parts.push(`${factor < 0 ? "-" : "+"} ${term}`);
  }
  return parts.join(" ");
}

/**
 * The columns of a table that are a linear combination of those before them, in all rows: exactly but for rounding
 * errors, or to the steps in which they were recorded. Finite values only. O(rows columns^2), of 20,000 rows at most.
 */
export function dependentColumns(table: Table): DependentColumn[] {
  return inOnePiece(dependences(table));
}

/** {@link dependentColumns}, in pieces of a column. */
export function* dependences(table: Table): Pieces<DependentColumn[]> {
  const stride = Math.max(1, Math.ceil(table.rows / mostRows));
  const rows = Math.ceil(table.rows / stride);
  // With fewer rows than that, a rule is found in noise.
  if (rows < table.columns.length + 3) return [];
  const independent: {
    readonly name: string;
    readonly z: Float64Array;
    readonly mean: number;
    readonly scale: number;
  }[] = [];
  /** Orthonormal directions of the kept columns, and each in terms of the columns themselves. */
  const basis: { readonly q: Float64Array; readonly weights: Float64Array }[] = [];
  const steps = new Map<string, number>();
  const dependent: DependentColumn[] = [];
  for (const name of table.columns) {
    yield;
    const columnValues = column(table, name);
    const values = Float64Array.from({ length: rows }, (_, i) => columnValues[i * stride]!);
    const mean = values.reduce((sum, value) => sum + value / rows, 0);
    const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / rows, 0));
    if (!(scale > 0 && Number.isFinite(scale))) continue;
    const { step, lattice } = measureResolution(values);
    steps.set(name, lattice ? step! / scale : 0);
    const z = values.map((value) => (value - mean) / scale);
    const residual = z.slice();
    const weights = new Float64Array(independent.length + 1);
    // Twice: the second pass takes away what rounding has left of the first.
    for (let pass = 0; pass < 2; pass++)
      for (const { q, weights: terms } of basis) {
        let product = 0;
        for (let i = 0; i < rows; i++) product += q[i]! * residual[i]!;
        product /= rows;
        for (let i = 0; i < rows; i++) residual[i]! -= product * q[i]!;
        for (let j = 0; j < terms.length; j++) weights[j]! += product * terms[j]!;
      }
    const residualDeviation = Math.sqrt(residual.reduce((sum, value) => sum + value * value, 0) / rows);
    const largestRest = residual.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    // Digits that a column far from zero has lost before it came here.
    const lostDigits = (8 * Number.EPSILON * (Math.abs(mean) + scale)) / scale;
    const terms = independent
      .map(({ name: other, scale: unit }, j) => ({ other, unit, weight: weights[j]! }))
      .filter(
        ({ other, weight }) => Math.abs(weight) > Math.max(1e-6, 0.5 * steps.get(name)! * steps.get(other)!),
      );
    const isExact = residualDeviation <= rounding + lostDigits;
    // Half a step of each column, in all rows, and steps that are fine beside what varies.
    const ownStep = steps.get(name)!;
    const allowedResidual = terms.reduce(
      (sum, { other, weight }) => sum + 0.5 * Math.abs(weight) * steps.get(other)!,
      0.5 * ownStep,
    );
    const isFine = ownStep > 0 && ownStep < finestStep && allowedResidual < finestStep;
    if (
      independent.length > 0 &&
      terms.length > 0 &&
      (isExact || (isFine && largestRest <= 1.05 * allowedResidual))
    ) {
      const factors = terms.map(({ other, unit, weight }) => {
        const factor = (weight * scale) / unit;
        // What was rounded has no more digits than its steps allow: 0.9998 of it is all of it.
        return [other, isExact ? factor : Number(factor.toPrecision(2))] as const;
      });
      const center = new Map(independent.map(({ name: other, mean: otherMean }) => [other, otherMean]));
      const constant = factors.reduce((sum, [other, factor]) => sum - factor * center.get(other)!, mean);
      const unit = isExact
        ? Math.max(1e-9 * (Math.abs(mean) + scale), residualDeviation * scale)
        : ownStep * scale;
      const rounded = isExact ? constant : Math.round(constant / unit) * unit;
      dependent.push({
        column: name,
        rule: ruleText(Math.abs(rounded) <= unit ? 0 : Number(rounded.toPrecision(9)), factors),
        from: factors.map(([other]) => other),
        rounded: !isExact,
        shares:
          factors.every(([, factor]) => Math.abs(factor + 1) < 1e-4) &&
          [name, ...factors.map(([other]) => other)].every((other) =>
            column(table, other).every((value) => value > 0),
          ),
      });
      continue;
    }
    independent.push({ name, z, mean, scale });
    const norm = 1 / residualDeviation;
    const direction = weights.map((value) => -value * norm);
    direction[independent.length - 1] = norm;
    basis.push({ q: residual.map((value) => value * norm), weights: direction });
  }
  return dependent;
}

/** One line for a column that follows from others, with the remedy. */
export function dependenceLine({ column: name, rule, from, rounded, shares }: DependentColumn): string {
  const choice = shares
    ? `, or fit the density of all shares on their simplex with ${optionText("simplex", [...from, name])} of fit, compare and information`
    : "";
  return (
    `column "${name}" follows from others${rounded ? " but for rounding" : ""}: ${name} = ${rule}. Such rows have no ` +
    `density of all columns: likelihoods grow without bound there and compare nothing; leave "${name}" out with ${optionText("columns")}${choice}`
  );
}
