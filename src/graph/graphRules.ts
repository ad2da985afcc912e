/**
 * The table of what passes over graphs and plans need of each operation; the rules are in the files of the operations.
 *
 * @module
 */

import { scanGradientRules, sumOfScanRules } from "./derivative/scanGradient.ts";
import type { Expr } from "./expr.ts";
import { bodyRules, fixedPointRules } from "./ops/bodyNodes.ts";
import { connectedRules, sumConnectedRules } from "./ops/connected.ts";
import { elementwiseRules } from "./ops/elementwise.ts";
import { constantRules, leafRules, namedLeafRules, rowMarkRules } from "./ops/leaves.ts";
import { linearRules, sumOuterRules } from "./ops/linear.ts";
import { mapRules, projectRules } from "./ops/maps.ts";
import { matrixProductRules, solveTriangularRules } from "./ops/matrices.ts";
import { concatenateRules, gatherRules, reshapeRules, scatterRules } from "./ops/moves.ts";
import { randomRules } from "./ops/randomness.ts";
import { sumRowsRules, sumRules } from "./ops/sums.ts";
import { type GraphRules, type NodeOf, type Op, ruleOf } from "./rules.ts";

const table: { readonly [O in Op]: GraphRules<NodeOf<O>> } = {
  input: namedLeafRules,
  parameter: namedLeafRules,
  stepInput: namedLeafRules,
  slot: leafRules,
  constant: constantRules,
  rowMark: rowMarkRules,
  random: randomRules,
  elementwise: elementwiseRules,
  reshape: reshapeRules,
  gather: gatherRules,
  scatter: scatterRules,
  concatenate: concatenateRules,
  sum: sumRules,
  sumRows: sumRowsRules,
  linear: linearRules,
  sumOuter: sumOuterRules,
  connected: connectedRules,
  sumConnected: sumConnectedRules,
  matrixProduct: matrixProductRules,
  solveTriangular: solveTriangularRules,
  map: mapRules,
  project: projectRules,
  fixedPoint: fixedPointRules,
  scan: bodyRules,
  scanGradient: scanGradientRules,
  sumOfScan: sumOfScanRules,
  iterate: bodyRules,
  implicit: bodyRules,
  odeSolution: bodyRules,
};

/** The rules of a node's operation. @throws Error that names an operation without. */
export function rulesOf(node: Expr): GraphRules<Expr> {
  return ruleOf(table, node);
}

/** What says, beside operation, shape and inputs, which value a node is. */
export function factsOf(node: Expr): readonly unknown[] {
  return rulesOf(node).facts(node);
}

/** The node with other inputs, in the same order and of the same shapes. Bodies are kept. */
export function withInputs(node: Expr, inputs: readonly Expr[]): Expr {
  return inputs.every((input, i) => input === node.inputs[i]) ? node : rulesOf(node).withInputs(node, inputs);
}
