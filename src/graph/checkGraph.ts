/**
 * The rules that every graph obeys, whatever pass it came out of: known operations of the right number of inputs, shapes that
 * follow from those of the inputs, the space of the widest input, and no slot outside of its body. Constructors check what people
 * write; passes make nodes without them, and are checked by this, in tests.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { faultOfScanGradient, faultOfSumOfScan } from "./derivative/scanGradient.ts";
import {
  type Expr,
  formatShape,
  hasBody,
  resultsOf,
  sizeOf,
  slotsOf,
  spaceOf,
  topologicalOrder,
} from "./expr.ts";
import { faultOfIteration, faultOfSolution } from "./ops/bodyNodes.ts";
import { faultOfConnected, faultOfSumConnected } from "./ops/connected.ts";
import { faultOfElementwise } from "./ops/elementwise.ts";
import { faultOfConstant, faultOfRowLeaf, faultOfSharedLeaf, faultOfSlot } from "./ops/leaves.ts";
import { faultOfLinear, faultOfSumOuter } from "./ops/linear.ts";
import { faultOfMap, faultOfProject } from "./ops/maps.ts";
import { faultOfMatrixProduct, faultOfSolveTriangular } from "./ops/matrices.ts";
import { faultOfConcatenate, faultOfGather, faultOfReshape, faultOfScatter } from "./ops/moves.ts";
import { faultOfSum, faultOfSumRows } from "./ops/sums.ts";
import { type Fault, type NodeOf, type Op, ruleOf } from "./rules.ts";

/** What is wrong with a node of each operation. */
const faults: { readonly [O in Op]: Fault<NodeOf<O>> } = {
  input: faultOfRowLeaf,
  rowMark: faultOfRowLeaf,
  random: faultOfRowLeaf,
  parameter: faultOfSharedLeaf,
  stepInput: faultOfSharedLeaf,
  constant: faultOfConstant,
  slot: faultOfSlot,
  elementwise: faultOfElementwise,
  reshape: faultOfReshape,
  gather: faultOfGather,
  scatter: faultOfScatter,
  concatenate: faultOfConcatenate,
  sum: faultOfSum,
  sumRows: faultOfSumRows,
  linear: faultOfLinear,
  sumOuter: faultOfSumOuter,
  connected: faultOfConnected,
  sumConnected: faultOfSumConnected,
  matrixProduct: faultOfMatrixProduct,
  solveTriangular: faultOfSolveTriangular,
  map: faultOfMap,
  project: faultOfProject,
  fixedPoint: faultOfIteration,
  iterate: faultOfIteration,
  scan: faultOfIteration,
  scanGradient: faultOfScanGradient,
  sumOfScan: faultOfSumOfScan,
  implicit: faultOfSolution,
  odeSolution: faultOfSolution,
};

/** Says what is wrong with one node, or nothing. */
function faultOf(node: Expr): string | undefined {
  const { op, shape, inputs, space } = node;
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0))
    return "its extents are not positive integers";
  if (!Object.hasOwn(faults, op)) return `there is no operation "${op}"`;
  const expected = spaceOf(inputs);
  return ruleOf<Fault<Expr>>(faults, node)(node, {
    size: sizeOf(shape),
    sizes: inputs.map((input) => sizeOf(input.shape)),
    takes: (minimum, maximum = minimum) =>
      inputs.length < minimum || inputs.length > maximum ? `it has ${inputs.length} inputs` : undefined,
    follows: space === expected ? undefined : `its space is ${space}, its inputs say ${expected}`,
  });
}

/** The slots that a node opens for what is inside of it. */
function opened(node: Expr): readonly Expr[] {
  if (node.op === "map") return node.body.slots.flat();
  return hasBody(node) ? slotsOf(node) : [];
}

/** Nodes that are sound with all that is behind them, as outputs of a program or inside of a body. Nodes never change. */
const sound = { outside: new WeakSet<Expr>(), inside: new WeakSet<Expr>() };

/**
 * Refuses a graph that breaks a rule. Cost: one visit of each node that was not found sound before, those in bodies included.
 * @param where - What messages call the graph, such as the pass that it came out of.
 * @param isInside - Whether the outputs are inside of a body: then slots are not asked where they belong.
 * @throws {@link ShapeError} that names the operation, its shape, and the rule.
 */
export function checkGraph(where: string, outputs: readonly Expr[], isInside = false): void {
  const visited = new Set<Expr>();
  const known = isInside ? sound.inside : sound.outside;
  const visit = (
    roots: readonly Expr[],
    slots: ReadonlySet<Expr>,
    isKnown: (node: Expr) => boolean,
  ): void => {
    const inner: Expr[] = [];
    const has = (node: Expr): boolean => visited.has(node) || isKnown(node);
    for (const node of topologicalOrder(roots, { has })) {
      if (has(node)) continue;
      visited.add(node);
      const fault =
        node.op === "slot" && !isInside && !slots.has(node) ? "it is outside of its body" : faultOf(node);
      if (fault)
        throw new ShapeError({
          where,
          problem: `${node.op} ${formatShape(node.shape)}: ${fault}`,
          expected: "a sound graph",
          received: fault,
        });
      if (node.op === "map" || hasBody(node)) inner.push(node);
    }
    const level = slots.size === 0 ? [...visited] : [];
    // After the level itself, so that what is outside of a body is not taken for inside.
    for (const node of inner) {
      const results = node.op === "map" ? node.body.results.flat() : hasBody(node) ? resultsOf(node) : [];
      visit(results, new Set([...slots, ...opened(node)]), (behind) => known.has(behind));
    }
    for (const node of level) known.add(node);
  };
  visit(outputs, new Set(), (node) => known.has(node));
}
