/**
 * What a column of numbers is, from its values and its name.
 *
 * @module
 */

import { briefNumber, counted, rangeText } from "../../counted.ts";
import { filtered } from "../filtered.ts";
import { type Resolution, resolutionOf } from "../recording/resolution.ts";
import { decimalOfSingle, singlePrecisionOf } from "../recording/singlePrecision.ts";
import { type AtomCount, atomsOf } from "./atoms.ts";
import type { ColumnSchema } from "./columnSchema.ts";

/** What was found out about a column. */
export interface Inferred {
  readonly schema: ColumnSchema;
  /** Why it is taken for that, in half a sentence. */
  readonly reason: string;
  /** What could also be meant, and how to say so: `age may hold codes ...`. Absent where there is no doubt. */
  readonly doubt?: { readonly kind: string; readonly text: string } | undefined;
  readonly atoms: readonly AtomCount[];
  /** Of dates: the first moment and the last, in milliseconds since 1970 UTC. */
  readonly moments?: { readonly first: number; readonly last: number } | undefined;
  /** Of numbers. */
  readonly resolution?: Resolution | undefined;
}

const identifierName =
  /(?:^|[_ .-])(?:id|key|uuid|guid|number|no|nr|index|rownames|row)$|^(?:id|key|index|rownames)(?:$|[_ .-])|[a-z]I[dD]$/i;
const codeName =
  /(?:^|[_ .-])(?:code|class|grp|station|type|group|category|zip|zipcode|postcode|region|cluster|segment|cat)(?:$|[_ .-])/i;
const degreesName =
  /(?:^|[_ .-])(?:angle|phi|psi|chi\d?|theta|omega|azimuth|bearing|heading|direction|dir|aspect|longitude|lon|phase|deg|degrees)(?:$|[_ .\d-])/i;

/** Fewer rows do not tell an identifier from values that all differ by chance. */
const leastForIdentifier = 20;
/** A column of fewer different values than this share of the rows is a list of values, not a few ties. */
const distinctShare = 1 / 3;
/** Fewer than this and ties mean little. */
const fewestForRepeated = 20;
/** Levels of numbers off any grid. */
const mostNumberLevels = 100;

/** Numbers with more decimals than this were measured, not written. */
const mostDecimals = 6;

/** The decimals with which numbers are written; undefined where some have more than {@link mostDecimals}. */
function decimalsOf(values: Float64Array): number | undefined {
  let decimals = 0;
  for (const value of values)
    while (Number(value.toFixed(decimals)) !== value) if (++decimals > mostDecimals) return undefined;
  return decimals;
}

/** A grid of more steps than this across the range is not told from a continuum. */
const mostDecimalSteps = 1e6;

/** The step of the last decimal with which all values are written; undefined where there is none, or it is too fine to be one. */
function decimalStepOf(sorted: Float64Array): number | undefined {
  const decimals = decimalsOf(sorted);
  if (decimals === undefined) return undefined;
  const step = Number(`1e-${decimals}`);
  return (sorted[sorted.length - 1]! - sorted[0]!) / step <= mostDecimalSteps ? step : undefined;
}

interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

function momentsOf(sorted: Float64Array): Moments {
  const n = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value / n, 0);
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2 / n, 0));
  return { mean, deviation };
}

/** Whether the rows of whole numbers count up or down without a tie, or by 1 as numbers of rows do. */
function isCounter(values: Float64Array): boolean {
  let isRising = true;
  let isFalling = true;
  for (let i = 1; i < values.length; i++) {
    if (!(values[i]! > values[i - 1]!)) isRising = false;
    if (!(values[i]! < values[i - 1]!)) isFalling = false;
  }
  return isRising || isFalling;
}

/** Bounds that a column of real numbers has by what it is: 0 and 1, 0 and 100, or 0 alone. */
function boundsOf(
  name: string,
  sorted: Float64Array,
  atoms: readonly AtomCount[],
  isPercent: boolean,
): Pick<ColumnSchema, "lower" | "upper"> {
  const least = sorted[0]!;
  const largest = sorted[sorted.length - 1]!;
  if (least < 0) return {};
  const { mean, deviation } = momentsOf(sorted);
  if (largest <= 1 && largest > 0.3) return { lower: 0, upper: 1 };
  const isShare = isPercent || /percent|pct|share|rate|%/i.test(name);
  if (largest <= 100 && (isShare || (largest === 100 && atoms.some(({ value }) => value === 100))))
    return largest > 1 ? { lower: 0, upper: 100 } : {};
  // Far from zero, beside its spread, a sign does not matter.
  return mean - 10 * deviation < 0 ? { lower: 0 } : {};
}

/** A column's numbers. */
export interface ColumnNumbers {
  /** By row; not a number where a cell is missing. */
  readonly values: Float64Array;
  /** The finite ones in ascending order. */
  readonly sorted: Float64Array;
}

/** A column's numbers with the finite ones sorted. O(n log n). */
export const columnNumbers = (values: Float64Array): ColumnNumbers => ({
  values,
  sorted: filtered(values, Number.isFinite).sort(),
});

/** How a column's reader took it, and how it was written. */
interface ReadAs {
  readonly booleans: boolean;
  readonly percent: boolean;
  /** That its file has it as levels, perhaps with an order. */
  readonly dictionary?: { readonly ordered?: readonly (string | number)[] | undefined } | undefined;
}

/**
 * What a column of numbers is. Numbers that are decimals but for the rounding of single precision are taken for what the decimals are.
 * @param numbers - Its cells; infinite ones are passed over.
 * @param readAs - What its reader took it for, and how it was written.
 */
export function inferNumbers(name: string, numbers: ColumnNumbers, readAs: ReadAs): Inferred {
  const single = readAs.dictionary ? undefined : singlePrecisionOf(numbers.sorted);
  if (single) {
    const decimalOf = (value: number): number => decimalOfSingle(value, single.decimals);
    const { values, sorted } = numbers;
    const decimals = { values: values.map(decimalOf), sorted: sorted.map(decimalOf) };
    const inferred = inferExactNumbers(name, decimals, readAs);
    const { schema } = inferred;
    // Levels are as they stand in the table.
    if (schema.step !== undefined || schema.decimals !== undefined)
      return {
        ...inferred,
        schema: { ...schema, rounded: single.form },
        reason: `${inferred.reason}, decimals that single precision has rounded`,
      };
  }
  return inferExactNumbers(name, numbers, readAs);
}

function inferExactNumbers(name: string, { values, sorted }: ColumnNumbers, readAs: ReadAs): Inferred {
  const n = sorted.length;
  const missing = values.some(Number.isNaN);
  const base = { name, use: "fit" as const, ...(missing ? { missing } : {}) };
  const excluded = { ...base, use: "exclude" as const };
  if (n === 0) return { schema: { ...excluded, kind: "constant" }, reason: "no row has a value", atoms: [] };
  const resolution = resolutionOf(sorted);
  const { distinct, integers, step, lattice } = resolution;
  const least = sorted[0]!;
  const largest = sorted[n - 1]!;
  if (distinct === 1)
    return {
      schema: { ...excluded, kind: "constant" },
      reason: `${least} in every row`,
      atoms: [],
      resolution,
    };
  const { dictionary } = readAs;
  if (dictionary)
    return {
      schema: {
        ...base,
        kind: dictionary.ordered ? "ordinal" : "categorical",
        levels: Array.from(new Set(sorted)),
      },
      reason: `${counted(distinct, "level")}, as the file has them`,
      atoms: [],
      resolution,
    };
  if (readAs.booleans || (distinct === 2 && least === 0 && largest === 1))
    return {
      schema: { ...base, kind: "boolean", levels: readAs.booleans ? ["false", "true"] : [0, 1] },
      reason: readAs.booleans ? "true and false" : "0 and 1",
      atoms: [],
      resolution,
    };
  if (distinct === 2)
    return {
      schema: { ...base, kind: "categorical", levels: [least, largest] },
      reason: `two values, ${least} and ${largest}`,
      atoms: [],
      resolution,
    };
  if (integers && distinct === n && !missing && n >= leastForIdentifier) {
    const named = identifierName.test(name);
    if (named || isCounter(values))
      return {
        schema: { ...excluded, kind: "identifier" },
        reason: named
          ? "another whole number in each row, under the name of one that counts or names rows"
          : "it counts the rows up or down",
        ...(named ? {} : { doubt: { kind: "integer", text: "if it is a quantity" } }),
        atoms: [],
        resolution,
      };
  }
  const isRepeated = n > fewestForRepeated && distinct < distinctShare * n;
  if (!integers && isRepeated && !lattice && distinct <= Math.min(mostNumberLevels, n / 20))
    return {
      schema: { ...base, kind: "ordinal", levels: Array.from(new Set(sorted)) },
      reason: `${distinct} different numbers, not in equal steps`,
      doubt: { kind: "continuous", text: "if others between them can occur" },
      atoms: [],
      resolution,
    };
  // Pounds as kilograms of two decimals are 0.45 or 0.46 apart: on the grid of their decimals, not of their gaps.
  const decimalStep = !integers && isRepeated && !lattice ? decimalStepOf(sorted) : undefined;
  const grid =
    decimalStep !== undefined
      ? { step: decimalStep, from: least }
      : lattice && (integers || isRepeated)
        ? { step: step!, from: least }
        : {};
  const turn = degreesName.test(name) ? turnOf(least, largest) : undefined;
  if (turn !== undefined && (!integers || Number.isInteger(turn.period / step!)))
    return {
      schema: { ...base, kind: "angle", ...turn, ...(decimalStep === undefined ? grid : {}) },
      reason: `its name and its range, ${rangeText(least, largest)}, say an angle`,
      doubt: { kind: "continuous", text: "if it does not come round" },
      atoms: [],
      resolution,
    };
  const atoms = atomsOf(sorted);
  const atomValues = atoms.length > 0 ? { atoms: atoms.map(({ value }) => value).sort((a, b) => a - b) } : {};
  if (integers) {
    const { lower, upper } = boundsOf(name, sorted, [], readAs.percent);
    const bounds = { ...(lower === undefined ? {} : { lower }), ...(upper === 100 ? { upper } : {}) };
    const mayBeCodes = codeName.test(name) || identifierName.test(name);
    return {
      schema: { ...base, kind: "integer", step: step!, from: least, ...bounds, ...atomValues },
      reason: `whole numbers${step === 1 ? "" : `, ${step} apart`}`,
      ...(mayBeCodes
        ? { doubt: { kind: "categorical", text: "if its numbers are codes without an order" } }
        : {}),
      atoms,
      resolution,
    };
  }
  const bounds = boundsOf(name, sorted, atoms, readAs.percent);
  // A continuous column does not reach its bounds: what lies on them has a probability of its own.
  const ends =
    "step" in grid
      ? []
      : [bounds.lower, bounds.upper].filter((end) => end !== undefined && sorted.includes(end));
  const allAtoms = new Set([...atoms.map(({ value }) => value), ...(ends as number[])]);
  const withEnds = allAtoms.size > 0 ? { atoms: [...allAtoms].sort((a, b) => a - b) } : {};
  const kind =
    bounds.upper !== undefined ? "interval" : bounds.lower !== undefined ? "positive" : "continuous";
  const decimals = "step" in grid ? undefined : decimalsOf(sorted);
  const recorded = "step" in grid ? `, recorded in steps of ${briefNumber(decimalStep ?? step!)}` : "";
  const words = {
    interval: `numbers from ${bounds.lower} to ${bounds.upper}`,
    positive: "numbers that are never negative",
    continuous: "numbers",
  };
  return {
    schema: {
      ...base,
      kind,
      ...bounds,
      ...grid,
      ...(decimals === undefined ? {} : { decimals }),
      ...withEnds,
    },
    reason: `${words[kind]}${recorded}`,
    atoms,
    resolution,
  };
}

/** A turn that a range fills, in degrees or radians: where it begins, and what it comes round after. */
function turnOf(
  least: number,
  largest: number,
): { readonly period: number; readonly lower: number } | undefined {
  for (const period of [360, 2 * Math.PI])
    for (const lower of [-period / 2, 0])
      if (least >= lower - 1e-9 && largest <= lower + period + 1e-9 && largest - least > 0.75 * period)
        return { period, lower };
  return undefined;
}
