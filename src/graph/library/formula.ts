/**
 * Formulas as text: `formula("-(x - m)^2 / (2 * s^2) - log(s)", { x, m, s })`.
 *
 *     a + b, a - b, a * b, a / b, a^b, -a     ^ binds closest and to the right: -x^2 is -(x^2), 2^3^2 is 2^9
 *     a < b, <=, >, >=                        1 where it holds, else 0
 *     c ? a : b                               a where c is not 0, else b
 *     v[0]                                    an element of a vector, counted from 0
 *     f(a), f(a, b)                           the functions of {@link formulaFunctions}
 *     pi, e                                   unless the scope has a name of its own
 *
 * jsep parses; what it reads becomes the same expressions as calls of the operations would give.
 *
 * @module
 */

import type jsep from "jsep";
import { closestName, listNames } from "../../closestName.ts";
import { type ErrorFacts, PushforwardError, ShapeError, UsageError } from "../../errors.ts";
import { describeValue, refuse } from "../../options.ts";
import type { Expr } from "../expr.ts";
import * as g from "../ops/arithmetic.ts";
import { asExpr, constant, uniformConstant } from "../ops/leaves.ts";
import { reshape as reshapeOf, slice as sliceOf } from "../ops/moves.ts";
import { sum as sumOf } from "../ops/sums.ts";
import { type Node, startOf, treeOf } from "./formulaTree.ts";
import { bernoulliLogProb, normalLogProb, poissonLogProb } from "./likelihoods.ts";
import { logGamma } from "./logGamma.ts";
import { logSumExp, maximum } from "./logSumExp.ts";
import { normalLogCdf } from "./normalLogCdf.ts";
import { pow } from "./pow.ts";

/** What names of a formula stand for: expressions, numbers, or lists of numbers, which are constant vectors. */
export type FormulaScope = Readonly<Record<string, Expr | number | ArrayLike<number>>>;

interface FormulaFunction {
  /** Fewest and most operands. */
  readonly operands: readonly [number, number];
  readonly apply: (...operands: readonly Expr[]) => Expr;
}

function unary(apply: (a: Expr) => Expr): FormulaFunction {
  return { operands: [1, 1], apply: apply as FormulaFunction["apply"] };
}

function binary(apply: (a: Expr, b: Expr) => Expr): FormulaFunction {
  return { operands: [2, 2], apply: apply as FormulaFunction["apply"] };
}

function ternary(apply: (a: Expr, b: Expr, c: Expr) => Expr): FormulaFunction {
  return { operands: [3, 3], apply: apply as FormulaFunction["apply"] };
}

function folded(apply: (a: Expr, b: Expr) => Expr): FormulaFunction {
  return {
    operands: [2, Number.POSITIVE_INFINITY],
    apply: (...operands) => operands.reduce((a, b) => apply(a, b)),
  };
}

function namedFunctions(): ReadonlyMap<string, FormulaFunction> {
  const byName: Readonly<Record<string, FormulaFunction>> = {
    abs: unary(g.abs),
    sign: unary(g.sign),
    floor: unary(g.floor),
    sqrt: unary(g.sqrt),
    exp: unary(g.exp),
    expm1: unary(g.expm1),
    log: unary(g.log),
    log1p: unary(g.log1p),
    sin: unary(g.sin),
    cos: unary(g.cos),
    tan: unary((a) => g.div(g.sin(a), g.cos(a))),
    tanh: unary(g.tanh),
    sigmoid: unary(g.sigmoid),
    softplus: unary(g.softplus),
    relu: unary(g.relu),
    square: unary(g.square),
    erf: unary(g.erf),
    normalQuantile: unary(g.normalQuantile),
    logGamma: unary(logGamma),
    sum: unary(sumOf),
    maximum: unary(maximum),
    logSumExp: unary(logSumExp),
    min: folded(g.min),
    max: folded(g.max),
    logAddExp: folded(g.logAddExp),
    pow: binary(pow),
    dot: binary((a, b) => sumOf(g.mul(a, b))),
    select: ternary(g.select),
    normalLogProb: ternary(normalLogProb),
    normalLogCdf: unary(normalLogCdf),
    poissonLogProb: binary(poissonLogProb),
    bernoulliLogProb: binary(bernoulliLogProb),
  };
  return new Map(Object.entries(byName));
}

// Marked as pure, so that a bundle of a page that reads no formula holds neither the table nor what it names.
const functions: ReadonlyMap<string, FormulaFunction> = /* @__PURE__ */ namedFunctions();

function namesOf(table: ReadonlyMap<string, FormulaFunction>): readonly string[] {
  return [...table.keys()];
}

/** Names of the functions that a formula can call. */
export const formulaFunctions: readonly string[] = /* @__PURE__ */ namesOf(functions);

const constants: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["e", Math.E],
]);

const operators: Readonly<Record<string, (a: Expr, b: Expr) => Expr>> = {
  "+": g.add,
  "-": g.sub,
  "*": g.mul,
  "/": g.div,
  "^": power,
  "<": g.less,
  "<=": g.lessEqual,
  ">": (a, b) => g.less(b, a),
  ">=": (a, b) => g.lessEqual(b, a),
};

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "^": (a, b) => a ** b,
};

/** An operation on two numbers is a number, so that `x^(1 + 1)` is a product as `x^2` is. */
function foldedNumbers(operator: string, a: Expr, b: Expr): Expr | undefined {
  if (a.shape.length > 0 || b.shape.length > 0) return undefined;
  const [left, right] = [uniformConstant(a), uniformConstant(b)];
  const apply = arithmetic[operator];
  if (left === undefined || right === undefined || !apply) return undefined;
  return constant(apply(left, right));
}

/** A small whole exponent is products, which know no logarithm and so take any base. */
function power(a: Expr, b: Expr): Expr {
  return pow(a, (b.shape.length === 0 ? uniformConstant(b) : undefined) ?? b);
}

/** Longest text that is read: far more than a person writes, and too short to exhaust the stack. */
const longestText = 10_000;

/**
 * The expression that a text writes, for one sample, as the operations would give it.
 *
 * @param text - A formula as people write it; see the head of this page for its syntax. At most 10,000 characters.
 * @param scope - What its names stand for.
 * @throws {@link UsageError} for what cannot be read, a name that the scope lacks, or a function that there is not; the message
 *   says the column of the text, counted from 1.
 * @throws {@link ShapeError} for operands whose shapes do not fit, with the column.
 * @example formula("-x^2 / 2 + log(a)", { x, a: 2 })
 */
export function formula(text: string, scope: FormulaScope): Expr {
  if (typeof text !== "string") refuse("formula", "the text", "a string", text);
  if (typeof scope !== "object" || scope === null)
    refuse("formula", "the scope", "an object that says what each name stands for", scope);
  if (text.length > longestText) refuse("formula", "the text", `of at most ${longestText} characters`, text);
  return new Reader(text, scope).read();
}

/** Reads one text. */
class Reader {
  readonly #text: string;
  readonly #scope: FormulaScope;

  constructor(text: string, scope: FormulaScope) {
    this.#text = text;
    this.#scope = scope;
  }

  read(): Expr {
    if (this.#text.trim() === "") this.#fail(0, "the formula is empty");
    try {
      return this.#expression(this.#parse());
    } catch (error) {
      if (error instanceof RangeError) this.#fail(0, "the formula is nested too deeply");
      throw error;
    }
  }

  #parse(): Node {
    const { tree, fault } = treeOf(this.#text);
    if (fault) this.#fail(fault.index, fault.problem, { remedy: fault.remedy });
    return tree;
  }

  #fail(index: number, problem: string, more: Partial<ErrorFacts> = {}): never {
    const text = JSON.stringify(this.#shown());
    throw new UsageError({
      where: `formula ${text}, column ${index + 1}`,
      problem: problem.replace(/^[A-Z]/, (first) => first.toLowerCase()),
      expected: "a formula, such as a + 2 * sin(b)",
      received: text,
      ...more,
    });
  }

  /** The text, or its beginning. */
  #shown(): string {
    return this.#text.length <= 80 ? this.#text : `${this.#text.slice(0, 77)}...`;
  }

  #expression(node: Node): Expr {
    const tree = node as jsep.CoreExpression;
    switch (tree.type) {
      case "Literal":
        if (typeof tree.value === "number") return constant(tree.value);
        return this.#fail(startOf(node), "expected a number, a name or a parenthesis, got a text in quotes", {
          received: "a text in quotes",
        });
      case "Identifier":
        return this.#named(tree);
      case "UnaryExpression": {
        const value = this.#expression(tree.argument);
        if (tree.operator === "+") return value;
        // A negative number is a constant, so that it can be the exponent of a power by products.
        const number = value.shape.length === 0 ? uniformConstant(value) : undefined;
        return number === undefined ? g.neg(value) : constant(-number);
      }
      case "BinaryExpression": {
        const [left, right] = [this.#expression(tree.left), this.#expression(tree.right)];
        return (
          foldedNumbers(tree.operator, left, right) ??
          this.#apply(node, () => operators[tree.operator]!(left, right))
        );
      }
      case "ConditionalExpression": {
        const [test, yes, no] = [tree.test, tree.consequent, tree.alternate].map((part) =>
          this.#expression(part),
        );
        return this.#apply(node, () => g.select(test!, yes!, no!));
      }
      case "MemberExpression":
        return this.#element(tree);
      case "CallExpression":
        return this.#call(tree);
      case "Compound":
        return this.#fail(startOf(tree.body[1] ?? node), "expected an operator between two expressions", {
          remedy: "a product is written a * b",
        });
      default:
        return this.#fail(startOf(node), "expected a formula of numbers, names, operators and functions");
    }
  }

  #named(node: jsep.Identifier): Expr {
    const { name } = node;
    if (Object.hasOwn(this.#scope, name)) {
      const value = this.#scope[name];
      if (typeof value === "number") return constant(value);
      if (typeof (value as Expr | undefined)?.op === "string") return value as Expr;
      if (typeof value === "object" && value !== null && "length" in value) return constant(value);
      return this.#fail(startOf(node), `"${name}" stands for ${describeValue(value)}`, {
        expected: "an expression, a number or a list of numbers",
        received: describeValue(value),
        remedy: "a name stands for an expression, a number or a list of numbers",
      });
    }
    const constantValue = constants.get(name);
    if (constantValue !== undefined) return constant(constantValue);
    if (functions.has(name))
      this.#fail(startOf(node), `the function ${name} needs its operands: ${name}(...)`);
    const names = [...Object.keys(this.#scope), ...constants.keys()];
    return this.#fail(startOf(node), `there is no "${name}"`, {
      expected: listNames(names),
      received: `"${name}"`,
      remedy: guess(name, names) ?? `the names are ${listNames(names)}`,
    });
  }

  #element(node: jsep.MemberExpression): Expr {
    if (!node.computed) this.#fail(startOf(node), "a point between names means nothing here");
    const vector = this.#expression(node.object);
    const place = node.property.type === "Literal" ? node.property.value : undefined;
    const size = vector.shape.length === 1 ? vector.shape[0]! : undefined;
    if (size === undefined) this.#fail(startOf(node), "only a vector has elements");
    if (typeof place !== "number" || !Number.isInteger(place) || place < 0 || place >= size!)
      return this.#fail(startOf(node), `an element is a whole number from 0 to ${size! - 1} in brackets`);
    return reshapeOf(sliceOf(vector, place, place + 1), []);
  }

  #call(node: jsep.CallExpression): Expr {
    if (node.callee.type !== "Identifier")
      this.#fail(startOf(node), "what is called is not the name of a function", {
        remedy: "functions have plain names: log(x)",
      });
    const name = String(node.callee.name);
    const definition = functions.get(name);
    if (!definition) {
      const isValue = Object.hasOwn(this.#scope, name);
      const remedy = isValue ? "a product is written a * b" : guess(name, formulaFunctions);
      this.#fail(startOf(node), `there is no function "${name}"`, {
        expected: "a function of formulas",
        received: `"${name}"`,
        remedy: remedy ?? `the functions are ${listNames(formulaFunctions)}`,
      });
    }
    const [minimum, maximum] = definition.operands;
    const count = node.arguments.length;
    if (count < minimum || count > maximum) {
      const expected = minimum === maximum ? `${minimum}` : `${minimum} or more`;
      this.#fail(
        startOf(node),
        `${name} takes ${expected} operand${expected === "1" ? "" : "s"}, got ${count}`,
      );
    }
    const operands = node.arguments.map((operand) => this.#expression(operand));
    return this.#apply(node, () => asExpr(definition.apply(...operands)));
  }

  /** An operation whose errors say where it stands. */
  #apply(node: Node, make: () => Expr): Expr {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof PushforwardError)) throw error;
      const { expected = "a formula", received = this.#shown() } = error;
      const where = `formula ${JSON.stringify(this.#shown())}, column ${startOf(node) + 1}`;
      const facts = { where, problem: error.message.replace(/\.$/, ""), expected, received };
      throw error instanceof ShapeError ? new ShapeError(facts) : new UsageError(facts);
    }
  }
}

function guess(name: string, names: readonly string[]): string | undefined {
  const closest = closestName(name, names);
  return closest === undefined ? undefined : `did you mean "${closest}"?`;
}
