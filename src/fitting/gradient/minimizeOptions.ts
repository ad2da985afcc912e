/**
 * The arguments of a minimization, checked and copied.
 *
 * @module
 */

import type { Engine } from "../../engines/engine.ts";
import { UsageError } from "../../errors.ts";
import type { ParameterExpr } from "../../graph/expr.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import {
  anObject,
  callback,
  checkArgument,
  checkedOptions,
  count,
  flag,
  float64s,
  listOf,
  notNegative,
  numberOf,
  numbers,
  type OptionTable,
  required,
  signal,
  wholeNumber,
} from "../../options.ts";
import { adamWOptionTable } from "./adamW.ts";
import type { BatchParts } from "./batches.ts";
import type { MinimizeOptions, Objective, Rows } from "./objective.ts";

/** Copies arrays by name: the caller may change or move them while the minimization runs. */
function copied(name: string, arrays: unknown): Record<string, Float64Array> {
  checkArgument("minimize", name, arrays, anObject, "arrays by name");
  return Object.fromEntries(
    Object.entries(arrays as Record<string, Float64Array>).map(([arrayName, values]) => {
      checkArgument("minimize", `${name}.${arrayName}`, values, float64s);
      return [arrayName, values.slice()];
    }),
  );
}

const objectiveTable: OptionTable<Objective> = {
  loss: required(anObject),
  validation: anObject,
  weight: anObject,
  parameters: required(listOf(anObject, "an array of parameters")),
  state: listOf(anObject, "an array of { parameter, value }"),
  draws: anObject,
};

function isBatchParts(value: unknown): boolean {
  const { until, parts } = (value ?? {}) as Partial<BatchParts>;
  return typeof until === "number" && until >= 0 && until <= 1 && Number.isInteger(parts) && parts! >= 1;
}

const minimizeOptionTable: OptionTable<MinimizeOptions & { readonly engine: Engine }> = {
  ...adamWOptionTable,
  engine: required(anObject),
  key: required(anObject),
  epochs: required(count),
  roundsAnEpoch: count,
  cycles: numbers,
  batch: required(count),
  parts: listOf(
    { ...anObject, accepts: isBatchParts },
    "an array such as [{ until: 0.3, parts: 4 }], with shares from 0 to 1 and whole parts from 1 on",
  ),
  learningRate: required(notNegative),
  averaging: required(numberOf("at least 0 and below 1", (x) => x >= 0 && x < 1)),
  patience: required(numberOf("0 or more", (x) => x >= 0)),
  primaryRows: wholeNumber("a whole number", 0),
  extraShare: numberOf("between 0 and 1", (x) => x >= 0 && x <= 1),
  validateEvery: count,
  isEnough: callback,
  validation: anObject,
  validationNoise: notNegative,
  rowsOfEpoch: callback,
  signal,
  keepOnAbort: flag,
  resume: anObject,
  onEpoch: callback,
};

/** The arguments of `minimize`: options without what is undefined, and copies of all arrays. */
export interface CheckedMinimization {
  readonly own: MinimizeOptions & { readonly engine: Engine };
  readonly start: ParameterValues;
  readonly data: Rows;
  readonly validation: Rows | undefined;
}

/** @throws {@link UsageError} for what does not fit. */
export function checkedMinimization(
  objective: Objective,
  rows: Rows,
  initial: ParameterValues,
  options: MinimizeOptions & { readonly engine: Engine },
): CheckedMinimization {
  const checked = checkedOptions("minimize", options, minimizeOptionTable);
  checkArgument("minimize", "objective", objective, anObject, "such as { loss, parameters }");
  const { parameters } = checkedOptions("minimize, objective", objective, objectiveTable);
  const isNamed = (value: unknown): boolean => typeof (value as ParameterExpr | null)?.name === "string";
  if (!parameters.every(isNamed))
    throw new UsageError({
      where: "minimize",
      subject: "parameters of the objective",
      expected: "expressions that ops.parameter gives",
      received: "other ones",
    });
  const start = copied("initial", initial);
  const data = {
    rows: (rows as Rows | null)?.rows ?? 0,
    inputs: copied("rows.inputs", (rows as Rows | null)?.inputs),
  };
  checkArgument("minimize", "rows.rows", data.rows, wholeNumber("a whole number", 0));
  const validation = checked.validation && {
    rows: checked.validation.rows,
    inputs: copied("validation.inputs", checked.validation.inputs),
  };
  return { own: checked, start, data, validation };
}
