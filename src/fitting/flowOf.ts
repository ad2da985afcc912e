/**
 * A flow of an architecture and values that were found by other means than `fit`; and the values of a flow.
 *
 * @module
 */

import type { Architecture } from "../architectures/architecture.ts";
import { kindOf } from "../architectures/kindOf.ts";
import { standardization } from "../bijections/linear/standardization.ts";
import { ShapeError, UsageError } from "../errors.ts";
import { sizeOf } from "../graph/expr.ts";
import { flattenTree } from "../graph/parameters.ts";
import { loadParts } from "../models/files/modelFile.ts";
import { type Flow, flowOfModel } from "../models/flow.ts";
import type { FittedDescription, Model } from "../models/model.ts";
import type { ParameterValues } from "../models/parameters.ts";
import {
  anObject,
  checkArgument,
  checkedOptions,
  names,
  numbers,
  type OptionTable,
  oneOf,
  refuse,
  required,
} from "../options.ts";

/** Options of {@link flowOf}. */
export interface FlowOfOptions {
  /** Names of the columns, as many as the architecture has features. */
  readonly columns: readonly string[];
  /** Mean of each column: the architecture sees (value - mean) / scale (default 0). */
  readonly mean?: readonly number[] | Float64Array | undefined;
  /** Scale of each column, above 0 (default 1). */
  readonly scale?: readonly number[] | Float64Array | undefined;
  /** Numbers that the trained part is evaluated with (default `float32`). */
  readonly precision?: "float32" | "float64" | undefined;
  /** How it was trained, for people who inspect it; log-densities in nats and data units (default: 0 rows and epochs). */
  readonly fitted?:
    | Partial<Pick<FittedDescription, "rows" | "seed" | "epochs" | "trainLogProb" | "validationLogProb">>
    | undefined;
}

const flowOfOptionTable: OptionTable<FlowOfOptions> = {
  columns: required(names),
  mean: numbers,
  scale: numbers,
  precision: oneOf(["float32", "float64"]),
  fitted: anObject,
};

/**
 * A flow of an architecture and the values of its parameters, such as {@link minimize} finds them: it scores, samples and is saved as
 * any other. For a training loop of your own, which `fit` is not for.
 *
 * @param architecture - Without a context.
 * @param values - By dotted name, as `flattenTree({ base, bijection })` of the architecture has them; others are left out. They are
 *   copied.
 * @throws ShapeError for a value that is missing or has another length, or a number of columns that is not that of the features;
 *   UsageError for an architecture with a context, or a scale that is not above 0.
 * @example const flow = await flowOf(architecture, values, { columns: ["x", "y"] });
 */
export async function flowOf(
  architecture: Architecture,
  values: Readonly<Record<string, Float64Array>>,
  options: FlowOfOptions,
): Promise<Flow> {
  checkArgument("flowOf", "architecture", architecture, anObject);
  checkArgument("flowOf", "values", values, anObject);
  const checked = checkedOptions("flowOf", options, flowOfOptionTable);
  const { base, bijection, features, context } = architecture;
  if (context > 0)
    throw new UsageError({
      where: "flowOf",
      problem: "the architecture is conditional",
      expected: "an architecture without a context",
      received: `a context of ${context}`,
      remedy: "fit a conditional flow by `fit`, with `given`",
    });
  const { columns, precision = "float32", fitted = {} } = checked;
  const { mean = new Float64Array(features), scale = new Float64Array(features).fill(1) } = checked;
  for (const [subject, { length }] of Object.entries({ columns, mean, scale }))
    if (length !== features)
      throw new ShapeError({
        where: "flowOf",
        subject,
        expected: `${features}, as the architecture has features`,
        received: `${length}`,
      });
  const flat = scale.findIndex((value) => !(value > 0 && Number.isFinite(value)));
  if (flat >= 0)
    throw new UsageError({
      where: "flowOf",
      subject: `scale[${flat}]`,
      expected: "a number above 0",
      received: `${scale[flat]}`,
    });
  const preparation = standardization({ features });
  const all: ParameterValues = {
    "preparation.mean": Float64Array.from(mean),
    "preparation.scale": Float64Array.from(scale),
  };
  for (const [name, { shape }] of flattenTree({ base: base.parameters, bijection: bijection.parameters })) {
    const value = values[name];
    if (value?.length !== sizeOf(shape))
      throw new ShapeError({
        where: "flowOf",
        subject: `values["${name}"]`,
        expected: `${sizeOf(shape)} numbers`,
        received: value === undefined ? "none" : `${value.length}`,
      });
    // As a file holds them: the flow that is loaded is the same.
    all[name] = precision === "float32" ? value.map(Math.fround) : value.slice();
  }
  const model: Model = {
    kind: kindOf(architecture),
    base,
    bijection,
    preparation,
    contextPreparation: undefined,
    columns: [...columns],
    given: [],
    precision,
    fitted: { rows: 0, seed: 0, epochs: 0, ...fitted, dequantized: {}, grids: [] },
    values: all,
  };
  // A flow is saved without waiting, and read back to see that it can be.
  await loadParts(model);
  return await flowOfModel(model);
}

/** What the names of a model's parts begin with, and those of a flow's base and bijection. */
const prefixes = [
  ["base.", "base."],
  ["bijection.", "bijection.0."],
  ["preparation.", "bijection.1."],
] as const;

/**
 * Values of the parameters of a flow's base and bijection by dotted name, as `flattenTree({ base, bijection })` of
 * `pushforward/graph` has them: what a program of your own that evaluates these parts is given. Copies.
 * @throws UsageError for a flow of mixed columns, which has no bijection.
 * @example await executable.setParameters(parametersOf(flow));
 */
export function parametersOf(flow: Flow): Record<string, Float64Array> {
  if (!(flow as Partial<Flow> | null | undefined)?.bijection)
    refuse("parametersOf", "flow", "a flow as fit or load gives it", flow);
  return Object.fromEntries(
    Object.entries(flow.model.values).flatMap(([name, data]) => {
      const [prefix, whole] = prefixes.find(([start]) => name.startsWith(start)) ?? [];
      return prefix === undefined ? [] : [[`${whole}${name.slice(prefix.length)}`, data.slice()]];
    }),
  );
}
