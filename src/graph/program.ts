/**
 * What an engine compiles: named inputs and outputs around one graph.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { inOnePiece, type Pieces } from "../platform/pieces.ts";
import { streamWord } from "../random/philox.ts";
import {
  type Expr,
  formatShape,
  hasBody,
  type InputExpr,
  isSumOverRows,
  type ParameterExpr,
  type RandomExpr,
  resultsOf,
  type Shape,
  type StepInputExpr,
  sameShape,
  topologicalOrder,
} from "./expr.ts";
import { partsOf } from "./ops/leaves.ts";
import { passed } from "./passes.ts";
import { simplification } from "./simplify.ts";

/** A new value for a parameter after a step, computed from shared values alone. */
export interface Update {
  /** The parameter that gets a new value. */
  readonly parameter: ParameterExpr;
  /** The new value: shared, of the parameter's shape. */
  readonly value: Expr;
}

/** A program: outputs one value per row, outputs summed over the rows, and updates of parameters after each step. */
export interface Program {
  /** Outputs of each row, by name. */
  readonly rows: Readonly<Record<string, Expr>>;
  /** Shared outputs, by name: sums over the rows and what follows from them. */
  readonly sums: Readonly<Record<string, Expr>>;
  /** Applied together, after everything else of the step has read the old values. */
  readonly updates: readonly Update[];
}

/** A program with its leaves listed; in a graph as it was written, several of one name may stand for one. */
export interface PreparedProgram extends Program {
  readonly inputs: readonly InputExpr[];
  readonly parameters: readonly ParameterExpr[];
  readonly stepInputs: readonly StepInputExpr[];
  /** Whether rows are summed, parameters updated, or a scan is gone back through: an evaluation has nothing of that. */
  readonly isOverRows: boolean;
  /** One a stream. */
  readonly randoms: readonly RandomExpr[];
}

/** Options of {@link prepareProgram}. */
export interface PreparationOptions {
  /** Whether the graph is simplified (default), or left as it was written, which is what the oracle runs. */
  readonly simplified?: boolean | undefined;
}

/**
 * Checks a program and, unless told otherwise, simplifies it as one graph.
 * @throws {@link ShapeError} if two leaves share a name, an output is on the wrong side of the rows, an update has not
 *   the shape of its parameter, or a parameter has two of them.
 */
export function prepareProgram(program: Partial<Program>, options: PreparationOptions = {}): PreparedProgram {
  return inOnePiece(preparation(program, options));
}

/** Programs that were simplified: one that is compiled for several engines is simplified once. Programs never change. */
const simplifiedPrograms = new WeakMap<Partial<Program>, PreparedProgram>();

/** {@link prepareProgram}, in pieces. */
export function* preparation(
  program: Partial<Program>,
  { simplified = true }: PreparationOptions = {},
): Pieces<PreparedProgram> {
  const ready = simplified ? simplifiedPrograms.get(program) : undefined;
  if (ready) return ready;
  const rows = Object.entries(program.rows ?? {});
  const sums = Object.entries(program.sums ?? {});
  const { updates = [] } = program;
  for (const [name, value] of sums)
    if (value.space === "row")
      throw new ShapeError({
        where: "program",
        problem: `the sum "${name}" is one of each row`,
        expected: "a shared value",
        received: "one of each row",
        remedy: "sum it over the rows first",
      });
  const updatedNames = new Set<string>();
  for (const { parameter, value } of updates) {
    if (value.space === "row" || !sameShape(value.shape, parameter.shape))
      throw new ShapeError({
        where: "program",
        subject: `the update of "${parameter.name}"`,
        expected: `shared and of its shape, ${formatShape(parameter.shape)}`,
        received: formatShape(value.shape),
      });
    if (updatedNames.has(parameter.name))
      throw new ShapeError({
        where: "program",
        problem: `"${parameter.name}" is updated twice`,
        expected: "one update of each parameter",
        received: "two",
        remedy: "give it one new value",
      });
    updatedNames.add(parameter.name);
  }
  const written = [
    ...rows.map(([, value]) => value),
    ...sums.map(([, value]) => value),
    ...updates.map((update) => update.value),
  ];
  passed("the program as it was written", written);
  const flat = simplified ? passed("simplification", yield* simplification(written)) : written;
  const values = flat.slice();
  const simplifiedByName = (entries: [string, Expr][]): Record<string, Expr> =>
    Object.fromEntries(entries.map(([name]) => [name, values.shift()!]));
  const prepared = {
    rows: simplifiedByName(rows),
    sums: simplifiedByName(sums),
    updates: updates.map((u) => ({ ...u, value: values.shift()! })),
  };

  yield;
  const order = allNodes(flat);
  const leaves = <Op extends Expr["op"]>(op: Op, nodes = order): Extract<Expr, { op: Op }>[] =>
    nodes.filter((node): node is Extract<Expr, { op: Op }> => node.op === op);
  const inputs = leaves("input");
  const parameters = leaves("parameter");
  yield;
  // Of the program as it was written: a parameter that the simplified graph does not read, that is only updated, or that is part of one
  // of the program's, is kept by the engine, so that it can be set.
  const read = leaves("parameter", allNodes(written));
  yield;
  const keyOf = ({ name, shape }: ParameterExpr): string => `${shape} ${name}`;
  const listed = new Set(parameters.map(keyOf));
  // Each whole once, however many of its parts are read.
  const wholes = new Set(
    [...updates.map((update) => update.parameter), ...read].map((own) => own.part?.of ?? own),
  );
  for (const parameter of [...wholes].flatMap((own) => [own, ...partsOf(own)])) {
    if (listed.has(keyOf(parameter))) continue;
    listed.add(keyOf(parameter));
    parameters.push(parameter);
  }
  const stepInputs = leaves("stepInput");
  const randoms = leaves("random");
  const streams = new Map<number, RandomExpr>();
  for (const random of randoms) {
    const { stream, shape } = random;
    const word = streamWord(stream);
    const other = streams.get(word);
    if (other?.stream === stream && !sameShape(other.shape, shape))
      throw new ShapeError({
        where: "program",
        problem: `the random stream "${stream}" is drawn in two shapes`,
        expected: "one shape for each stream",
        received: "two",
        remedy: "name them apart",
      });
    // Names are hashed to 31 bits.
    if (other && other.stream !== stream)
      throw new ShapeError({
        where: "program",
        problem: `the random streams "${other.stream}" and "${stream}" would be the same numbers`,
        expected: "streams that differ",
        received: "two alike",
        remedy: "rename one",
      });
    streams.set(word, random);
  }
  // Leaves of one name and shape are one, which simplification finds; a graph as it was written may hold several.
  for (const list of [inputs, parameters, stepInputs]) {
    const shapeOf = new Map<string, Shape>();
    for (const { name, shape } of list) {
      const other = shapeOf.get(name);
      if (other && !sameShape(other, shape))
        throw new ShapeError({
          where: "program",
          problem: `two leaves are named "${name}"`,
          expected: "one shape for each name",
          received: `${formatShape(other)} and ${formatShape(shape)}`,
          remedy: "rename one",
        });
      shapeOf.set(name, shape);
    }
  }
  const complete = {
    ...prepared,
    inputs,
    // One that has parts is set and got by those.
    parameters: parameters.filter(({ parts }) => !parts),
    stepInputs,
    randoms,
    isOverRows: updates.length > 0 || order.some((node) => isSumOverRows(node) || node.op === "scanGradient"),
  };
  if (simplified) simplifiedPrograms.set(program, complete);
  return complete;
}

/** Every node of the outputs, those inside the bodies of iterations included, inputs first. */
export function allNodes(outputs: readonly Expr[]): Expr[] {
  const nodes = new Set<Expr>();
  const visit = (roots: readonly Expr[]): void => {
    // What is found is not entered: each body has all that came before behind it.
    for (const node of topologicalOrder(roots, nodes)) {
      if (nodes.has(node)) continue;
      if (hasBody(node)) visit(resultsOf(node));
      nodes.add(node);
    }
  };
  visit(outputs);
  return [...nodes];
}
