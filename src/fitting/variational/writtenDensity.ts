/**
 * A log-density as its user writes it: it is called with its parameters by name, and with operations that say at once what was meant
 * wrongly.
 *
 * Expressions are objects, so that JavaScript's own arithmetic on them gives NaN without a word, and a misspelt name undefined.
 *
 * @module
 */

import { closestName, listNames } from "../../closestName.ts";
import { PushforwardError, ShapeError, UsageError } from "../../errors.ts";
import { type Expr, formatShape, sizeOf, topologicalOrder } from "../../graph/expr.ts";
import { elementwise } from "../../graph/ops/elementwise.ts";
import * as g from "../../graph/ops.ts";
import { substitute } from "../../graph/rebuild.ts";
import { type Bounded, withBoundDistances } from "./judgement/boundDistances.ts";
import { columnsOf, type ParameterSpace } from "./parameterSpace.ts";

/** A log-density in nats, up to a constant: an expression of the parameters by name. */
export type LogDensity = (parameters: Readonly<Record<string, Expr>>, ops: typeof g) => Expr;

/** Quantities that are wanted beside the parameters: expressions of them, numbers or vectors, by name. */
export type DerivedQuantities = (
  parameters: Readonly<Record<string, Expr>>,
  ops: typeof g,
) => Readonly<Record<string, Expr>>;

/** Columns that are computed of the parameters: one expression, with a name for each of its elements. */
export interface Derived {
  readonly columns: readonly string[];
  readonly value: Expr;
}

/** What is written of parameters, with the digits that the map to them has. */
function exactly(space: ParameterSpace, bounded: Bounded, write: (x: Expr) => Expr): Expr {
  // A stand-in, that what is written of the parameters is told from what they are computed by.
  const x = g.input("all parameters", [space.columns.length]);
  const value = withBoundDistances(write(x), { ...bounded, value: x });
  return substitute([value], new Map([[x, bounded.value]]))[0]!;
}

/** The log-density of the parameters, checked. */
export function densityOf(logDensity: LogDensity, space: ParameterSpace): (bounded: Bounded) => Expr {
  const operations = checkedOperations();
  const write = (x: Expr): Expr => {
    const value = written("the log-density", () => logDensity(checkedParameters(space.read(x)), operations));
    checkExpression("the log-density", value);
    if (sizeOf(value.shape) !== 1)
      throw new ShapeError({
        where: "logDensity",
        subject: "the log-density",
        expected: "one number",
        received: `the shape ${formatShape(value.shape)}`,
        remedy: "add up its elements with ops.sum",
      });
    checkConstants(value);
    return g.reshape(value, []);
  };
  return (bounded) => exactly(space, bounded, write);
}

/** The columns of derived quantities of the parameters. */
export function derivedOf(
  derived: DerivedQuantities | undefined,
  space: ParameterSpace,
  bounded: Bounded,
): Derived[] {
  if (!derived) return [];
  const all = written("derived", () =>
    derived(checkedParameters(space.read(bounded.value)), checkedOperations()),
  );
  if (typeof all !== "object" || all === null)
    throw new UsageError({
      where: "derived",
      subject: "what it returns",
      expected: "an object of expressions by name",
      received: describe(all),
    });
  const usedNames = new Set(space.columns);
  return Object.entries(all).map(([name, value]) => {
    checkExpression(`derived: "${name}"`, value);
    const columns = columnsOf(name, value.shape.length === 0 ? undefined : sizeOf(value.shape));
    for (const column of columns) {
      if (space.columns.includes(column))
        throw new UsageError({
          where: "derived",
          problem: `there is a parameter "${column}"`,
          expected: "names that no parameter has",
          received: `"${column}"`,
          remedy: "rename the quantity",
        });
      if (usedNames.has(column))
        throw new UsageError({
          where: "derived",
          problem: `there are two quantities "${column}"`,
          expected: "a name of its own for each",
          received: `"${column}" twice`,
          remedy: "rename one of them",
        });
      usedNames.add(column);
    }
    return { columns, value: g.reshape(value, [columns.length]) };
  });
}

/** What a function of the user's returns; its own errors say where they come from. */
function written<T>(what: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof PushforwardError) throw error;
    throw new UsageError(
      {
        problem: `${what} fails: ${(error as Error).message}`,
        expected: "a function that does not throw",
        received: (error as Error).message,
      },
      { cause: error },
    );
  }
}

function checkExpression(what: string, value: Expr): void {
  if (typeof value?.op !== "string")
    throw new ShapeError({
      where: "approximate",
      subject: `what ${what} returns`,
      expected: "an expression",
      received: describe(value),
      remedy: "write it with the operations that it is given",
    });
}

/** How many operands, to begin with, are expressions or numbers: of operations besides the element-wise ones. */
const operandsOf: Readonly<Record<string, number>> = {
  ...{ square: 1, relu: 1, sum: 1, maximum: 1, logSumExp: 1, logGamma: 1, normalLogCdf: 1, transpose: 1 },
  ...{ logAddExp: 2, pow: 2, bernoulliLogProb: 2, poissonLogProb: 2, linear: 2, matrixProduct: 2 },
  ...{ normalLogProb: 3, slice: 1, reshape: 1, broadcastTo: 1, gather: 1, scatter: 1 },
};

/** The parameters, of which none that is not there can be read. */
function checkedParameters(parameters: Readonly<Record<string, Expr>>): Readonly<Record<string, Expr>> {
  return onlyKnown(parameters, "parameter");
}

/** The operations, with checks of what they are called with. */
function checkedOperations(): typeof g {
  const checked = Object.fromEntries(
    Object.entries(g).map(([name, operation]) => {
      if (typeof operation !== "function") return [name, operation];
      const apply = operation as (...operands: unknown[]) => unknown;
      const expected = elementwise[name as keyof typeof elementwise]?.arity ?? operandsOf[name] ?? 0;
      return [
        name,
        (...operands: unknown[]) => {
          if (name === "constant") checkData(operands[0]);
          for (let i = 0; i < expected; i++) checkOperand(name, operands[i], i);
          return apply(...operands);
        },
      ];
    }),
  );
  return onlyKnown(checked, "operation") as unknown as typeof g;
}

/** Refuses data that are not numbers, wherever they come from. */
function checkConstants(logDensity: Expr): void {
  for (const node of topologicalOrder([logDensity])) {
    if (node.op !== "constant" || node.shape.length === 0) continue;
    const place = node.data.findIndex(Number.isNaN);
    if (place >= 0)
      throw new UsageError({
        problem: `the log-density: element ${place + 1} of a constant of shape ${formatShape(node.shape)} is not a number`,
        expected: "a number",
        received: "NaN",
      });
  }
}

/** What stands where an expression is expected. */
function describe(value: unknown): string {
  if (value === undefined || value === null || typeof value === "number") return String(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return "a list";
  if (value instanceof Promise) return "a promise";
  return `a ${typeof value}`;
}

function checkOperand(name: string, operand: unknown, place: number): void {
  if (Number.isNaN(operand))
    throw new UsageError({
      where: name,
      problem: `operand ${place + 1} is NaN`,
      expected: "an expression or a number",
      received: "NaN",
      remedy: "Math.log, +, - and the like know no expressions: write log(a), add(a, b), sub(a, b)",
    });
  if (typeof operand !== "number" && typeof (operand as Expr | undefined)?.op !== "string")
    throw new ShapeError({
      where: name,
      subject: `operand ${place + 1}`,
      expected: "an expression or a number",
      received: describe(operand),
      remedy: "data are constant(list, shape), an element of a vector is slice(vector, i, i + 1)",
    });
}

function checkData(data: unknown): void {
  if (!Array.isArray(data)) return;
  for (let i = 0; i < data.length; i++)
    if (typeof data[i] !== "number" || Number.isNaN(data[i]))
      throw new UsageError({
        where: "constant",
        subject: `element ${i + 1}`,
        expected: "a number",
        received: describe(data[i]),
        remedy: "a list of rows is constant(rows.flat(), [rows.length, columns])",
      });
}

function onlyKnown<T extends object>(known: T, what: "parameter" | "operation"): T {
  return new Proxy(known, {
    get(target, name, receiver) {
      if (typeof name === "string" && !Object.hasOwn(target, name)) {
        const names = Object.keys(target);
        const closest = closestName(name, names);
        const listed =
          what === "parameter" ? `the parameters are ${listNames(names)}` : "docs/variational.md lists them";
        throw new UsageError({
          where: "the log-density",
          problem: `there is no ${what} "${name}"`,
          expected: what === "parameter" ? listNames(names) : "an operation of ops",
          received: `"${name}"`,
          remedy: closest === undefined ? listed : `did you mean "${closest}"?`,
        });
      }
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
}
