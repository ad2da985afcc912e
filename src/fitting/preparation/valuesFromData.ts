/**
 * Values that data give to the parameters of a bijection before it is trained: data-initialized normalizations, whitening, standardization.
 *
 * Rows go through the map from the data to the base. Each part on the way takes what it needs from the rows as they are there, and they go on
 * through it (Salimans & Kingma 2016, section 3, https://arxiv.org/abs/1602.07868, initialize networks so).
 *
 * @module
 */

import { aBijection, type Bijection, type DataRows, type NamedValues } from "../../bijections/bijection.ts";
import type { Chain } from "../../bijections/combinators/chain.ts";
import type { Repeated } from "../../bijections/combinators/repeated.ts";
import { whitening } from "../../bijections/normalization/whitening.ts";
import type { Embedded } from "../../bijections/structure/embedded.ts";
import type { ManyToOne } from "../../distributions/bounds/manyToOne.ts";
import { setKnownParameters } from "../../engines/setKnownParameters.ts";
import { ShapeError } from "../../errors.ts";
import { type Expr, sizeOf } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, bindTree, flattenTree, subtreeOf } from "../../graph/parameters.ts";
import { type EngineOptions, engineOf } from "../../models/evaluation.ts";
import { initialValues, type ParameterValues, withoutPrefix } from "../../models/parameters.ts";
import { moments } from "../../numerics/moments.ts";
import {
  anObject,
  checkArgument,
  checkedOptions,
  float64s,
  integer,
  type OptionTable,
} from "../../options.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";

/** Options of {@link valuesFromData}. */
export interface ValuesFromDataOptions {
  /** Values of its parameters by dotted name (default: those that they start with). */
  readonly values?: Readonly<Record<string, Float64Array>> | undefined;
  /** What each row is conditioned on, row-major; needed where the bijection has a context. */
  readonly context?: Float64Array | undefined;
  /** A weight of each row (default: all count the same). */
  readonly weights?: Float64Array | undefined;
  /** Of values that start at random (default 0). */
  readonly seed?: number | undefined;
}

const valuesFromDataOptionTable: OptionTable<ValuesFromDataOptions> = {
  values: anObject,
  context: float64s,
  weights: float64s,
  seed: integer,
};

/**
 * Values of all parameters of a bijection by dotted name, where those that depend on data are set from rows: the shift and scale of `actNorm`,
 * the statistics of `batchNormalization`, `whitening`, `standardization` and a fitted `triangularAffine`, and what a bijection of your own says
 * in `valuesFrom`. Parts of chains, of `repeated` and of `embedded` maps are reached; what is inside of other maps keeps its values. `fit` does so itself
 * with its rows of training. Costs one pass of the inverse over the rows, in float64.
 *
 * @param rows - Data, row-major, `bijection.features` numbers a row, two rows or more. They are not changed.
 * @throws ShapeError for numbers that are not whole rows, or values, a context or weights of another length.
 * @example
 * const values = await valuesFromData(whitening({ features: 2 }), rows); // values.mean, values.rotation, values.scale
 */
export async function valuesFromData(
  bijection: Bijection,
  rows: Float64Array,
  options: ValuesFromDataOptions = {},
): Promise<ParameterValues> {
  const where = "valuesFromData";
  checkArgument(where, "bijection", bijection, aBijection);
  checkArgument(where, "rows", rows, float64s);
  const { values, context, weights, seed = 0 } = checkedOptions(where, options, valuesFromDataOptionTable);
  const { features } = bijection;
  const count = rows.length / features;
  const expect = (subject: string, length: number | undefined, expected: number, what: string): void => {
    if (length !== expected)
      throw new ShapeError({
        where,
        subject,
        expected: `${expected} numbers, ${what}`,
        received: `${length ?? "none"}`,
      });
  };
  if (!Number.isInteger(count) || count < 2)
    throw new ShapeError({
      where,
      subject: "rows",
      expected: `two rows or more of ${features} numbers`,
      received: `${rows.length} numbers`,
    });
  if (bijection.context > 0)
    expect("context", context?.length, count * bijection.context, `${bijection.context} a row`);
  if (weights) expect("weights", weights.length, count, "one per row");
  const start = { ...initialValues(bijection.parameters, randomKey(seed)), ...values };
  for (const [name, { shape }] of flattenTree(bijection.parameters))
    expect(`values["${name}"]`, start[name]?.length, sizeOf(shape), "as the bijection has it");
  return await startValues(bijection, start, { values: rows, context, weights });
}

/** Data, and what each row is given. */
interface Given extends DataRows {
  readonly context?: Float64Array | undefined;
}

/** Whether data set some of its parameters. */
export function startsFromData(bijection: Bijection): boolean {
  const { parts = [], layer, embed, inner } = bijection as Partial<Chain & Repeated & Embedded>;
  const inside = embed ? inner : layer;
  return (
    valuesOf(bijection) !== undefined ||
    parts.some(startsFromData) ||
    (inside !== undefined && startsFromData(inside))
  );
}

/** {@link valuesFromData}, of arguments that are sound. */
export async function startValues(
  bijection: Bijection,
  values: ParameterValues,
  rows: Given,
  options: EngineOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<ParameterValues> {
  return (await walked(bijection, values, rows, options, false)).values;
}

/**
 * Values that data give to the map of a distribution that a surjection makes of a flow: from one preimage of each row, drawn.
 * @param initial - Of the distribution, by dotted name.
 */
export async function startValuesOfBase(
  { bijection, surjection }: Pick<ManyToOne, "bijection" | "surjection">,
  initial: ParameterValues,
  rows: Given,
  options: EngineOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<ParameterValues> {
  const { features, noise, context = 0 } = surjection;
  const behind = within("surjection", (await surjection.valuesFrom?.(rows)) ?? {});
  const values = { ...initial, ...behind };
  const count = rows.values.length / features;
  const bound = bindTree({ surjection: surjection.parameters });
  const [lift] = surjection.lifts(
    g.input("data", [features]),
    g.input("noise", [noise]),
    subtreeOf(bound, "surjection"),
    context > 0 ? g.input("context", [context]) : undefined,
  );
  const executable = await engineOf({ ...options, precision: "float64" }).compile(
    { rows: { value: lift!.value } },
    options,
  );
  try {
    await setKnownParameters(executable, values);
    const stream = new RandomStream(split(randomKey(0), "lifts"));
    const inputs = {
      data: rows.values,
      noise: Float64Array.from({ length: count * noise }, () => stream.normal()),
      ...(context > 0 ? { context: rows.context! } : {}),
    };
    const lifted = (await executable.run({ rows: count, inputs }, options)).rows.value!;
    const own = await startValues(
      bijection,
      withoutPrefix(values, "bijection."),
      { ...rows, values: lifted },
      options,
    );
    return { ...behind, ...within("bijection", own) };
  } finally {
    executable.dispose();
  }
}

/** The values of a part by their names in the whole. */
const within = (part: string, values: ParameterValues): ParameterValues =>
  Object.fromEntries(Object.entries(values).map(([name, data]) => [`${part}.${name}`, data]));

/** New values, and the rows on the side of the base where they are needed there. */
async function walked(
  bijection: Bijection,
  values: ParameterValues,
  rows: Given,
  options: EngineOptions & { readonly signal?: AbortSignal | undefined },
  goOn: boolean,
): Promise<{ values: ParameterValues; rows: Given }> {
  const { parts, layer, count = 0, embed, inner } = bijection as Partial<Chain & Repeated & Embedded>;
  if (!startsFromData(bijection))
    return { values, rows: goOn ? await through(bijection, values, rows, options) : rows };
  let [own, at] = [values, rows];
  if (parts)
    for (let i = parts.length - 1; i >= 0; i--) {
      const prefix = `${i}.`;
      const isLast = !goOn && !parts.slice(0, i).some(startsFromData);
      const step = await walked(parts[i]!, withoutPrefix(own, prefix), at, options, !isLast);
      at = step.rows;
      for (const [name, data] of Object.entries(step.values)) own = { ...own, [prefix + name]: data };
      if (isLast) break;
    }
  else if (layer)
    for (let k = count - 1; k >= 0; k--) {
      const sizes = flattenTree(layer.parameters);
      const slices = Array.from(sizes, ([name, { shape }]): [string, Float64Array] => {
        const size = sizeOf(shape);
        return [name, own[name]!.slice(k * size, (k + 1) * size)];
      });
      const step = await walked(layer, Object.fromEntries(slices), at, options, goOn || k > 0);
      at = step.rows;
      for (const [name, data] of Object.entries(step.values)) {
        const stacked = own[name]!.slice();
        stacked.set(data, k * data.length);
        own = { ...own, [name]: stacked };
      }
    }
  else if (embed && inner) {
    const context = await computed(bijection, (_, p, c) => embed(p, c!), own, at, options);
    const prefix = "inner.";
    const step = await walked(inner, withoutPrefix(own, prefix), { ...at, context }, options, goOn);
    at = { ...step.rows, context: at.context };
    for (const [name, data] of Object.entries(step.values)) own = { ...own, [prefix + name]: data };
  } else {
    own = { ...values, ...(await valuesOf(bijection)!(rows)) };
    if (goOn) at = await through(bijection, own, rows, options);
  }
  return { values: own, rows: at };
}

/** How data set the parameters of one part. */
function valuesOf(
  bijection: Bijection,
): ((rows: DataRows) => NamedValues | Promise<NamedValues>) | undefined {
  if (bijection.valuesFrom) return (rows) => bijection.valuesFrom!(rows);
  const { type, features } = bijection;
  // Pages that evaluate have these two, and not what fits them.
  if (type === "standardization") return ({ values, weights }) => ({ ...moments(values, features, weights) });
  return type === "triangularAffine" && bijection.toJSON().fitted === true
    ? valuesOf(whitening({ features, method: "cholesky" }))
    : undefined;
}

/** Rows on the side of the base. */
async function through(
  bijection: Bijection,
  values: ParameterValues,
  rows: Given,
  options: EngineOptions & { readonly signal?: AbortSignal | undefined },
): Promise<Given> {
  const toBase = (y: Expr, p: Bound, c: Expr | undefined): Expr => bijection.inverse(y, p, c).value;
  return { ...rows, values: await computed(bijection, toBase, values, rows, options) };
}

/** Something of each row, by the values of a bijection. */
async function computed(
  bijection: Bijection,
  what: (y: Expr, p: Bound, c: Expr | undefined) => Expr,
  values: ParameterValues,
  rows: Given,
  options: EngineOptions & { readonly signal?: AbortSignal | undefined },
): Promise<Float64Array> {
  const { features, context } = bijection;
  const c = context > 0 ? g.input("context", [context]) : undefined;
  const value = what(g.input("data", [features]), bindTree(bijection.parameters, "bijection."), c);
  const executable = await engineOf({ ...options, precision: "float64" }).compile(
    { rows: { value } },
    options,
  );
  try {
    const named = Object.entries(values).map(([name, data]) => [`bijection.${name}`, data] as const);
    await setKnownParameters(executable, Object.fromEntries(named));
    const inputs = { data: rows.values, ...(c ? { context: rows.context! } : {}) };
    const image = await executable.run({ rows: rows.values.length / features, inputs }, options);
    return image.rows.value!;
  } finally {
    executable.dispose();
  }
}
