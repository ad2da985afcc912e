/**
 * Reverse mode: the vector-Jacobian product as a graph. Rules return expressions, so that they apply to each other's results:
 * second derivatives, exact Jacobians and traces need no special code.
 *
 * One rule ties values of rows to shared ones: the cotangent that a value of each row sends to a shared one is summed over
 * the rows. Hence `vjp` of a program of rows gives a program of sums.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { checkArgument, listOf } from "../../options.ts";
import { inOnePiece, type Pieces, visitsApart } from "../../platform/pieces.ts";
import { type Expr, formatShape, type MapExpr, sameShape, sizeOf, topologicalOrder } from "../expr.ts";
import { BodyTable } from "../ops/bodyStructure.ts";
import { pullBackConnected, pullBackSumConnected } from "../ops/connected.ts";
import { pullBackElementwise } from "../ops/elementwise.ts";
import { anExpression, constant } from "../ops/leaves.ts";
import { pullBackLinear, pullBackSumOuter } from "../ops/linear.ts";
import { pullBackMatrixProduct, pullBackSolveTriangular } from "../ops/matrices.ts";
import { broadcastTo } from "../ops/movement.ts";
import {
  pullBackConcatenate,
  pullBackGather,
  pullBackReshape,
  pullBackScatter,
  reshape,
  withoutReshape,
} from "../ops/moves.ts";
import { ofEachRow, pullBackSum, pullBackSumRows, sum, sumRows } from "../ops/sums.ts";
import { passed } from "../passes.ts";
import { type NodeOf, nothingBack, type Op, type PullBack, ruleOf } from "../rules.ts";
import { type BodyDerivatives, pullBackFixedPoint, pullBackMap } from "./bodyRules.ts";
import {
  type Cotangent,
  joined,
  mixed,
  multiplied,
  overRows,
  type Reversal,
  restricted,
  type Send,
  scaled,
  settled,
} from "./cotangent.ts";
import { PartialSums } from "./partialSums.ts";
import { pullBackScan, type WrittenOut, withoutScanGradients } from "./scanRule.ts";
import { pullBackImplicit, pullBackOdeSolution, withoutDerivative } from "./solutionDerivatives.ts";

/** What rules of reverse mode work with, whatever the node. */
const helpers: Omit<Reversal, "active" | "send"> = {
  pulledBack,
  vjp,
  settled,
  scaled,
  restricted,
  mixed,
  multiplied,
};

/** Nodes among `order` that depend on a member of `sources`. */
function activeNodes(order: readonly Expr[], sources: ReadonlySet<Expr>): Set<Expr> {
  const active = new Set<Expr>();
  for (const node of order)
    if (sources.has(node) || node.inputs.some((input) => active.has(input))) active.add(node);
  return active;
}

/**
 * Vector-Jacobian product: for each `wrt`, the sum over outputs of cotangent times d output / d wrt; a shared
 * `wrt` sums over rows as well. Members of `wrt` are cut points: nothing flows through them to each other.
 *
 * What a `select`, a `max` or a `min` has not taken sends nothing back, whatever its value and its derivatives are there. Two exceptions: where
 * the input of a layer is NaN in a row that does not take the branch, and another row takes it, the gradient of the weights is NaN; and second
 * derivatives can be NaN behind a product of matrices, a triangular system or a differential equation that is not finite there.
 *
 * @param cotangents - One an output, of its shape.
 * @returns One expression a member of `wrt`, of its shape; zeros where no path leads.
 * @throws ShapeError if a cotangent has another shape, or a path leads through an iteration without derivative.
 */
export function vjp(outputs: readonly Expr[], cotangents: readonly Expr[], wrt: readonly Expr[]): Expr[] {
  return inOnePiece(vjpInPieces(outputs, cotangents, wrt));
}

/** {@link vjp}, a node at a time. */
export function* vjpInPieces(
  outputs: readonly Expr[],
  cotangents: readonly Expr[],
  wrt: readonly Expr[],
): Pieces<Expr[]> {
  for (const [name, list] of Object.entries({ outputs, cotangents, wrt }))
    checkArgument("vjp", name, list, listOf(anExpression, "an array of expressions"));
  if (outputs.length !== cotangents.length)
    throw new ShapeError({
      where: "vjp",
      subject: "cotangents",
      expected: `${outputs.length}, one per output`,
      received: `${cotangents.length}`,
    });
  // What is made of a value in another shape may have skipped the step between: a vector of one number is a number.
  const sources = wrt.map(withoutReshape);
  const gradients = (yield* pullingBack(
    outputs,
    cotangents.map((value) => ({ value })),
    sources,
  )).map((gradient, i) => {
    const { shape } = wrt[i]!;
    return gradient ? reshape(settled(gradient), shape) : broadcastTo(constant(0), shape);
  });
  return passed("vjp", gradients, true);
}

/** As {@link vjp}, from and to cotangents with their conditions; undefined where no path leads. */
export function pulledBack(
  outputs: readonly Expr[],
  cotangents: readonly Cotangent[],
  wrt: readonly Expr[],
): (Cotangent | undefined)[] {
  return inOnePiece(pullingBack(outputs, cotangents, wrt));
}

/**
 * {@link pulledBack}, a node at a time.
 * @param derivatives - Those that are known, and are added to.
 */
export function* pullingBack(
  outputs: readonly Expr[],
  cotangents: readonly Cotangent[],
  wrt: readonly Expr[],
  derivatives: BodyDerivatives = new BodyTable(),
): Pieces<(Cotangent | undefined)[]> {
  const sources = new Set(wrt);
  outputs = withoutScanGradients(outputs, sources);
  const order = topologicalOrder(outputs, sources);
  const active = activeNodes(order, sources);
  const partialSums = new PartialSums();
  const mapCotangents = new Map<Expr, (Cotangent | undefined)[]>();

  const accumulate = (to: Expr, cotangent: Cotangent, sumOverRows: boolean): void => {
    if (!active.has(to)) return;
    const size = sizeOf(to.shape);
    let contribution = cotangent;
    if (size === 1 && sizeOf(contribution.value.shape) > 1)
      contribution = mixed(contribution, (value) => sum(value));
    if (sumOverRows) contribution = overRows(mixed(contribution, (value) => sumRows(ofEachRow(value))));
    if (!sameShape(contribution.value.shape, to.shape)) {
      const move = (value: Expr): Expr =>
        sizeOf(value.shape) === size ? reshape(value, to.shape) : broadcastTo(value, to.shape);
      contribution = mixed(contribution, move);
    }
    partialSums.add(to, contribution);
  };

  outputs.forEach((output, i) => {
    const cotangent = cotangents[i]!;
    if (!sameShape(cotangent.value.shape, output.shape))
      throw new ShapeError({
        where: "vjp",
        subject: "a cotangent",
        expected: formatShape(output.shape),
        received: formatShape(cotangent.value.shape),
      });
    accumulate(output, cotangent, false);
  });

  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    if (i % visitsApart === 0) yield;
    if (!active.has(node) || sources.has(node)) continue;
    const send: Send = (to, contribution, summed = false) =>
      accumulate(
        to,
        summed && to.space !== "row" ? overRows(contribution) : contribution,
        node.space === "row" && to.space !== "row" && !summed,
      );
    const reversal = { ...helpers, active, send };
    if (node.op === "map") {
      const list = mapCotangents.get(node);
      if (list) pullBackMap(node, list, reversal, derivatives);
      continue;
    }
    const cotangent = partialSums.of(node);
    if (!cotangent) continue;
    if (node.op === "project") {
      const map = node.inputs[0] as MapExpr;
      const list = mapCotangents.get(map) ?? map.body.results.map(() => undefined);
      const partialSum = list[node.index];
      list[node.index] = partialSum ? joined(partialSum, cotangent) : cotangent;
      mapCotangents.set(map, list);
      continue;
    }
    ruleOf<PullBack<Expr>>(pullBacks, node)(node, cotangent, reversal);
  }
  return wrt.map((source) => partialSums.of(source));
}

/** How each operation sends its cotangent to its inputs. A map does so for all its results together, which `project` gathers. */
const pullBacks: {
  readonly [O in Exclude<Op, "map" | "project" | WrittenOut>]: PullBack<NodeOf<O>>;
} = {
  input: nothingBack,
  parameter: nothingBack,
  stepInput: nothingBack,
  constant: nothingBack,
  slot: nothingBack,
  rowMark: nothingBack,
  random: nothingBack,
  elementwise: pullBackElementwise,
  reshape: pullBackReshape,
  gather: pullBackGather,
  scatter: pullBackScatter,
  concatenate: pullBackConcatenate,
  sum: pullBackSum,
  sumRows: pullBackSumRows,
  linear: pullBackLinear,
  sumOuter: pullBackSumOuter,
  connected: pullBackConnected,
  sumConnected: pullBackSumConnected,
  matrixProduct: pullBackMatrixProduct,
  solveTriangular: pullBackSolveTriangular,
  fixedPoint: pullBackFixedPoint,
  scan: pullBackScan,
  iterate() {
    throw new ShapeError(withoutDerivative);
  },
  implicit: pullBackImplicit,
  odeSolution: pullBackOdeSolution,
};
