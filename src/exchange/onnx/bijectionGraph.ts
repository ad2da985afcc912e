/**
 * The functions of a flow of a base and a bijection as ONNX graphs, in data units. What prepares the data is in the graph, in float64
 * whatever the precision, so that a column of time stamps keeps its digits.
 *
 * @module
 */

import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, bindTree, subtreeOf } from "../../graph/parameters.ts";
import { pushforwardLogProb, pushforwardSample } from "../../models/density.ts";
import { type Model, parameterTree, preparedContext } from "../../models/model.ts";
import { withLastShare } from "../lastShare.ts";
import { OnnxFormulas, type Precision } from "./onnxFormulas.ts";
import type { OnnxGraph } from "./onnxGraph.ts";
import { anyOfRow, asPrecision, type CheckedRows, checkedRows, writeProgram } from "./rowPrograms.ts";

/** What a graph computes. */
export type OnnxFunction = "logprob" | "to-base" | "sample";

/** A value at least so large is near the end of the range of numbers, where a density is 0. */
const farthest = 1e100;

/** Writes a function of a model: its inputs, nodes and output. */
export function writeBijection(graph: OnnxGraph, model: Model, what: OnnxFunction, type: Precision): void {
  new BijectionGraph(graph, model, type).write(what);
}

class BijectionGraph {
  readonly #graph: OnnxGraph;
  readonly #model: Model;
  readonly #type: Precision;
  readonly #wide: OnnxFormulas;
  readonly #bound: Bound;
  readonly #parts: { readonly base: Bound; readonly bijection: Bound };

  constructor(graph: OnnxGraph, model: Model, type: Precision) {
    this.#graph = graph;
    this.#model = model;
    this.#type = type;
    this.#wide = new OnnxFormulas(graph, "double");
    this.#bound = bindTree(parameterTree(model));
    this.#parts = { base: subtreeOf(this.#bound, "base"), bijection: subtreeOf(this.#bound, "bijection") };
  }

  write(what: OnnxFunction): void {
    const { columns, given, simplex, base } = this.#model;
    const isSample = what === "sample";
    const input = isSample
      ? this.#graph.input("noise", this.#type, ["rows", base.noise])
      : this.#graph.input("rows", this.#type, ["rows", (simplex?.columns ?? columns).length]);
    const conditions =
      given.length > 0 ? this.#graph.input("given", this.#type, ["rows", given.length]) : undefined;
    const rows = checkedRows(this.#graph, input, this.#type);
    const givenRows = conditions === undefined ? undefined : checkedRows(this.#graph, conditions, this.#type);
    if (isSample) this.#writeSample(rows, givenRows);
    else if (what === "to-base") this.#writeBase(rows, givenRows);
    else this.#writeLogProb(rows, givenRows);
  }

  #run<Name extends string>(
    values: Readonly<Record<Name, Expr>>,
    inputs: Readonly<Record<string, string>>,
    type: Precision,
  ): Record<Name, string> {
    return writeProgram(values, inputs, { graph: this.#graph, type, parameters: this.#model.values });
  }

  /** What the trained part reads of the given columns. */
  #context(rows: CheckedRows | undefined): { readonly context?: string } {
    const { bijection, given } = this.#model;
    if (!rows || bijection.context === 0) return {};
    const value = preparedContext(this.#model, g.input("data", [given.length]), this.#bound);
    const prepared = this.#run({ value }, { data: rows.values }, "double");
    return { context: asPrecision(this.#graph, prepared.value, "double", this.#type) };
  }

  get #contextInput(): Expr | undefined {
    const { bijection, given } = this.#model;
    return bijection.context > 0 ? g.input("context", [given.length]) : undefined;
  }

  /** Rows without the last of shares that sum to a total, and which rows do not: a density of them is 0. */
  #closed(values: string): { readonly values: string; readonly isOff?: string } {
    const { simplex } = this.#model;
    if (!simplex) return { values };
    const { shares, total, tolerance, columns } = simplex;
    const rows = g.input("data", [columns.length]);
    const cell = (name: string): Expr => g.slice(rows, columns.indexOf(name), columns.indexOf(name) + 1);
    const sum = g.total(...(shares.map(cell) as [Expr, ...Expr[]]));
    const isTotal = g.lessEqual(g.abs(g.sub(sum, total)), tolerance);
    const isInside = shares.reduce<Expr>((all, name) => g.mul(all, g.less(0, cell(name))), isTotal);
    const closed = columns
      .filter((name) => name !== shares.at(-1))
      .map((name) =>
        shares.includes(name)
          ? g.select(
              isInside,
              g.div(g.mul(cell(name), total), g.select(isInside, sum, 1)),
              total / shares.length,
            )
          : cell(name),
      );
    const isOff = g.less(isInside, 0.5);
    const written = this.#run({ values: g.concatenate(closed), isOff }, { data: values }, "double");
    return { values: written.values, isOff: this.#wide.asCondition(written.isOff) };
  }

  /** Rows in the units of the trained part. */
  #prepared(values: string): { readonly value: string; readonly logAbsDet: string; readonly isOff?: string } {
    const { columns, preparation } = this.#model;
    const closed = this.#closed(values);
    const mapped = preparation.inverse(
      g.input("data", [columns.length]),
      subtreeOf(this.#bound, "preparation"),
    );
    const { value, logAbsDet } = this.#run({ ...mapped }, { data: closed.values }, "double");
    return { value, logAbsDet, ...(closed.isOff === undefined ? {} : { isOff: closed.isOff }) };
  }

  #or(first: string, ...others: readonly (string | undefined)[]): string {
    return others.reduce<string>(
      (all, other) => (other === undefined ? all : this.#graph.node("Or", [all, other])),
      first,
    );
  }

  #writeLogProb(rows: CheckedRows, given: CheckedRows | undefined): void {
    const graph = this.#graph;
    const { base, bijection, columns } = this.#model;
    const { number, where, add, abs, less } = formulasOf(this.#wide);
    const prepared = this.#prepared(rows.values);
    const data = asPrecision(graph, prepared.value, "double", this.#type);
    const value = g.reshape(
      pushforwardLogProb(base, bijection, g.input("data", [columns.length]), this.#parts, this.#contextInput),
      [1],
    );
    const core = this.#run({ value }, { data, ...this.#context(given) }, this.#type);
    const total = add(asPrecision(graph, core.value, this.#type, "double"), prepared.logAbsDet);
    // A row that is far out and has no number has none because its density is 0; one that lies among the data must not pass for it.
    const isFar = [rows.values, prepared.value].map((values) =>
      anyOfRow(graph, graph.node("Not", [less(abs(values), number(farthest))])),
    );
    const isLost = graph.node("And", [graph.node("IsNaN", [total]), graph.node("Or", isFar)]);
    const isImpossible = this.#or(rows.isInfinite, prepared.isOff, isLost);
    const isUnknown = this.#or(rows.isMissing, given?.isMissing, given?.isInfinite);
    const possible = where(isImpossible, number(Number.NEGATIVE_INFINITY), total);
    const scores = where(isUnknown, number(Number.NaN), possible);
    const logProb = graph.node("Reshape", [scores, graph.integers(-1)]);
    graph.output("logProb", asPrecision(graph, logProb, "double", this.#type), this.#type, ["rows"]);
  }

  #writeBase(rows: CheckedRows, given: CheckedRows | undefined): void {
    const { bijection, columns } = this.#model;
    const prepared = this.#prepared(rows.values);
    const data = asPrecision(this.#graph, prepared.value, "double", this.#type);
    const { value } = bijection.inverse(
      g.input("data", [columns.length]),
      this.#parts.bijection,
      this.#contextInput,
    );
    const points = this.#run({ value }, { data, ...this.#context(given) }, this.#type).value;
    const isNone = this.#or(
      rows.isMissing,
      rows.isInfinite,
      prepared.isOff,
      given?.isMissing,
      given?.isInfinite,
    );
    const { number, where } = formulasOf(new OnnxFormulas(this.#graph, this.#type));
    const base = where(isNone, number(Number.NaN), points);
    this.#graph.output("base", base, this.#type, ["rows", columns.length]);
  }

  #writeSample(noise: CheckedRows, given: CheckedRows | undefined): void {
    const { base, bijection, columns, preparation, simplex } = this.#model;
    const start = asPrecision(this.#graph, noise.values, "double", this.#type);
    const drawn = this.#run(
      {
        value: pushforwardSample(
          base,
          bijection,
          g.input("noise", [base.noise]),
          this.#parts,
          this.#contextInput,
        ),
      },
      { noise: start, ...this.#context(given) },
      this.#type,
    );
    const restored = preparation.forward(
      g.input("data", [columns.length]),
      subtreeOf(this.#bound, "preparation"),
    ).value;
    const values = simplex ? withLastShare(restored, columns, simplex) : restored;
    const data = asPrecision(this.#graph, drawn.value, this.#type, "double");
    const rows = this.#run({ values }, { data }, "double").values;
    const isNone = this.#or(noise.isMissing, noise.isInfinite, given?.isMissing, given?.isInfinite);
    const { number, where } = formulasOf(this.#wide);
    const samples = asPrecision(this.#graph, where(isNone, number(Number.NaN), rows), "double", this.#type);
    this.#graph.output("rows", samples, this.#type, ["rows", (simplex?.columns ?? columns).length]);
  }
}

/** Its methods, which are used without it. */
function formulasOf(
  formulas: OnnxFormulas,
): Pick<OnnxFormulas, "where" | "add" | "abs" | "less"> & { readonly number: (value: number) => string } {
  const { where, add, abs, less } = formulas;
  return { where, add, abs, less, number: (value) => formulas.number(value) };
}
