/**
 * The syntax of formulas: text to a tree by jsep, which is taught their operators, with the place of each node.
 *
 * @module
 */

import jsep from "jsep";

/** A node of the tree. */
export type Node = jsep.Expression;

/**
 * Where a node begins in its text, counted from 0. The nodes themselves keep it: jsep has one syntax in a process, so
 * another copy of this module may have taught it.
 */
interface Placed {
  start?: number;
}

const comparisons: readonly string[] = ["<", "<=", ">", ">="];

let isConfigured = false;

/** Teaches jsep the operators of formulas, and to remember where each node begins. Done once, at the first formula. */
function configure(): void {
  if (isConfigured) return;
  isConfigured = true;
  jsep.removeAllUnaryOps();
  jsep.removeAllBinaryOps();
  jsep.removeAllLiterals();
  for (const name of comparisons) jsep.addBinaryOp(name, 7);
  for (const name of ["+", "-"]) jsep.addBinaryOp(name, 9);
  for (const name of ["*", "/"]) jsep.addBinaryOp(name, 10);
  jsep.addBinaryOp("^", 11, true);
  jsep.hooks.add("gobble-token", function remember(env) {
    const start = this.index;
    let node: Node | undefined;
    if (this.char === "-" || this.char === "+") {
      const operator = this.char;
      this.index++;
      node = { type: "UnaryExpression", operator, prefix: true, argument: powerOf(this, this.gobbleToken()) };
    } else if (/[\d.]/.test(this.char)) {
      node = this.gobbleNumericLiteral();
    } else if (/[A-Za-z_$\u0080-\uffff]/.test(this.char)) {
      const name = this.gobbleIdentifier()!;
      (name as Placed).start = start;
      node = this.gobbleTokenProperty(name);
    } else if (this.char === "'" || this.char === '"') {
      node = this.gobbleStringLiteral();
    } else if (this.char === "(") {
      this.index++;
      node = this.gobbleExpression();
      this.gobbleSpaces();
      if (!node) this.throwError("an expression is missing");
      if (String(this.char) !== ")") this.throwError("a parenthesis is not closed");
      this.index++;
      node = this.gobbleTokenProperty(node);
    }
    if (!node) return;
    (node as Placed).start = start;
    env.node = node;
  });
}

/** What a sign applies to: a token and the powers that follow it, since -x^2 is -(x^2). */
function powerOf(parser: jsep.HookScope, base: jsep.PossibleExpression): Node {
  if (!base) return parser.throwError("an expression is missing");
  parser.gobbleSpaces();
  if (parser.char !== "^") return base;
  parser.index++;
  const right = powerOf(parser, parser.gobbleToken());
  const { start = 0 } = base as Placed;
  return { type: "BinaryExpression", operator: "^", left: base, right, start };
}

/** Where a node begins in its text, counted from 0. */
export function startOf(node: Node): number {
  const { start } = node as Placed;
  if (start !== undefined) return start;
  const first = (node.left ?? node.test ?? node.object ?? node.callee) as Node | undefined;
  return first ? startOf(first) : 0;
}

/** What is wrong with a text, and where, counted from 0. */
export interface SyntaxFault {
  readonly index: number;
  readonly problem: string;
  readonly remedy?: string | undefined;
}

/** The tree of a text, or the first fault in it. */
export function treeOf(
  text: string,
):
  | { readonly tree: Node; readonly fault?: undefined }
  | { readonly tree?: undefined; readonly fault: SyntaxFault } {
  configure();
  try {
    return { tree: jsep(text) };
  } catch (error) {
    const { index, description = "this cannot be read" } = error as {
      readonly index?: number;
      readonly description?: string;
    };
    if (index === undefined) throw error;
    const last = /^Expected expression after (.*)$/.exec(description)?.[1];
    const problem = last === undefined ? description : `an expression is missing after ${last}`;
    const isPower = text.slice(index - 1, index + 1) === "**";
    return { fault: { index, problem, remedy: isPower ? "a power is written a^b" : undefined } };
  }
}
