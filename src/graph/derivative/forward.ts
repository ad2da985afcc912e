/**
 * Forward mode: the Jacobian-vector product as a graph.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { checkArgument, listOf } from "../../options.ts";
import { type Expr, type MapExpr, type ScanExpr, sizeOf, topologicalOrder, unreachable } from "../expr.ts";
import { add, mul, neg, select } from "../ops/arithmetic.ts";
import { mapOf, scan, unrolledScan } from "../ops/bodies.ts";
import { elementwise } from "../ops/elementwise.ts";
import { fixedPoint } from "../ops/iteration.ts";
import { anExpression, constant, slot } from "../ops/leaves.ts";
import { broadcastTo, concatenate, gather, reshape, scatter, slice } from "../ops/movement.ts";
import {
  layerOf,
  linear,
  ofEachRow,
  productOf,
  solveTriangular,
  sumOuter,
  sumRows,
  triangle,
} from "../ops/products.ts";
import { passed } from "../passes.ts";
import { substitute } from "../rebuild.ts";
import { isComparison, withoutDerivative } from "./nodeRules.ts";
import { pushForwardImplicit, pushForwardOdeSolution } from "./solutionDerivatives.ts";

/** Zero of the shape of a value. */
function zeroOf(value: Expr): Expr {
  return broadcastTo(constant(0), value.shape);
}

/** State and tangent go through the steps together. */
function pushForwardScan(node: ScanExpr, tangent: (operand: Expr) => Expr): Expr {
  const size = sizeOf(node.shape);
  const flat = (value: Expr): Expr => reshape(value, [size]);
  const count = node.slices.length;
  const [initial, ...rest] = node.inputs as [Expr, ...Expr[]];
  const [stacked, outer] = [rest.slice(0, count), rest.slice(count)];
  if (stacked.some((value) => tangent(value).space === "row"))
    // A direction of its own in each row: what a scan has stacked is the same in all.
    return jvp([unrolledScan(node)], node.inputs, node.inputs.map(tangent))[0]!;
  // On the slots, which nothing can merge with what stands for them in the end.
  const slots: readonly Expr[] = [node.slot, ...node.slices];
  const moving = slots.map(({ shape, space }) => slot(shape, space));
  const [resultTangent] = jvp([node.result], [...slots, ...outer], [...moving, ...outer.map(tangent)]);
  const pair = scan(
    concatenate([flat(initial), flat(tangent(initial))]),
    node.steps,
    [...stacked, ...stacked.map(tangent)],
    (stateAndTangent, slices) => {
      const [state, change] = [0, size].map((at) =>
        reshape(slice(stateAndTangent, at, at + size), node.shape),
      );
      const values = [state!, ...slices.slice(0, count), change!, ...slices.slice(count)];
      const replacements = new Map([...slots, ...moving].map((standIn, i) => [standIn, values[i]!]));
      return concatenate(substitute([node.result, resultTangent!], replacements).map(flat));
    },
    { reversed: node.reversed },
  );
  return reshape(slice(pair, size, 2 * size), node.shape);
}

/**
 * Jacobian-vector product: the tangents of the outputs when each of `inputs` moves along its tangent.
 * Members of `inputs` are cut points.
 */
export function jvp(outputs: readonly Expr[], inputs: readonly Expr[], tangents: readonly Expr[]): Expr[] {
  for (const [name, list] of Object.entries({ outputs, inputs, tangents }))
    checkArgument("jvp", name, list, listOf(anExpression, "an array of expressions"));
  if (inputs.length !== tangents.length)
    throw new ShapeError({
      where: "jvp",
      subject: "tangents",
      expected: `${inputs.length}, one per input`,
      received: `${tangents.length}`,
    });
  const tangentOf = new Map<Expr, Expr>();
  inputs.forEach((source, i) => tangentOf.set(source, tangents[i]!));
  const sources = new Set(inputs);
  const mapTangents = new Map<Expr, readonly Expr[]>();
  /** What moves with an iteration, which has no derivative; that does no harm where nothing reads the tangent. */
  const unknown = new Set<Expr>();
  for (const node of topologicalOrder(outputs, sources)) {
    if (
      sources.has(node) ||
      !node.inputs.some((operand) => tangentOf.has(operand) || mapTangents.has(operand))
    )
      continue;
    const read = node.op === "implicit" || node.op === "odeSolution" ? node.inputs.slice(1) : node.inputs;
    const isStopped = node.op === "elementwise" && node.name === "stopGradient";
    if (node.op === "iterate" || (!isStopped && read.some((operand) => unknown.has(operand)))) {
      unknown.add(node);
      tangentOf.set(node, zeroOf(node));
    } else if (node.op === "map") mapTangents.set(node, mapJvp(node, tangentOf));
    else if (node.op === "project") tangentOf.set(node, mapTangents.get(node.inputs[0]!)![node.index]!);
    else
      tangentOf.set(
        node,
        pushForward(node, (operand) => tangentOf.get(operand)),
      );
  }
  if (outputs.some((output) => unknown.has(output))) throw new ShapeError(withoutDerivative);
  return passed(
    "jvp",
    outputs.map((output) => tangentOf.get(output) ?? zeroOf(output)),
    true,
  );
}

/** The tangent of a node from those of its inputs; undefined stands for zero. */
function pushForward(node: Expr, tangent: (operand: Expr) => Expr | undefined): Expr {
  const [a, b] = node.inputs as [Expr, Expr];
  const orZero = (operand: Expr): Expr => tangent(operand) ?? zeroOf(operand);
  const addAll = (terms: readonly (Expr | undefined)[]): Expr =>
    terms
      .filter((term) => term !== undefined)
      .reduce<Expr | undefined>((sum, term) => (sum ? add(sum, term) : term), undefined) ?? zeroOf(node);
  switch (node.op) {
    case "elementwise": {
      if (node.name === "select")
        return broadcastTo(select(a, orZero(b), orZero(node.inputs[2]!)), node.shape);
      const terms = node.inputs.map((operand, i) => {
        const operandTangent = tangent(operand);
        const partial = elementwise[node.name].partials[i];
        if (!operandTangent || !partial) return undefined;
        const value = partial(node, a, b, node.inputs[2]!);
        return isComparison(value) ? select(value, operandTangent, 0) : mul(value, operandTangent);
      });
      return broadcastTo(addAll(terms), node.shape);
    }
    case "reshape":
      return reshape(orZero(a), node.shape);
    case "gather":
      return gather(orZero(a), node.indices, node.shape);
    case "scatter":
      return scatter(orZero(a), node.indices, node.shape);
    case "concatenate":
      return concatenate(node.inputs.map(orZero));
    case "sum":
      return { ...node, space: orZero(a).space, inputs: [orZero(a)] };
    case "linear": {
      const options = { transposed: node.transposed };
      const bias = node.inputs[2] && tangent(node.inputs[2]);
      const x = tangent(a);
      const w = tangent(b);
      return addAll([x && linear(x, b, undefined, options), w && layerOf(w, a, node.transposed), bias]);
    }
    case "sumRows":
      return sumRows(ofEachRow(orZero(a)));
    case "sumOuter": {
      const y = tangent(a);
      const x = tangent(b);
      return addAll([y && sumOuter(ofEachRow(y), b), x && sumOuter(a, ofEachRow(x))]);
    }
    case "matrixProduct": {
      const left = tangent(a);
      const right = tangent(b);
      return addAll([left && productOf(left, b), right && productOf(a, right)]);
    }
    case "solveTriangular": {
      // A dx = db - dA x.
      const { lower, transposed } = node;
      const da = tangent(a);
      const matrixTerm = da && layerOf(mul(triangle(sizeOf(node.shape), lower), da), node, transposed);
      const right = addAll([tangent(b), matrixTerm && neg(matrixTerm)]);
      return solveTriangular(a, right, { lower, transposed });
    }
    case "fixedPoint": {
      // At y = g(y, u): dy = (dg/dy) dy + (dg/du) du, again a fixed point.
      const outer = node.inputs.slice(1).filter((operand) => tangent(operand));
      const [atSolution] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
      const drive = jvp([atSolution!], [node, ...outer], [zeroOf(node), ...outer.map(orZero)])[0]!;
      return fixedPoint(drive, node.iterations, (t) => add(drive, jvp([atSolution!], [node], [t])[0]!));
    }
    case "scan":
      return pushForwardScan(node, orZero);
    case "implicit":
      return pushForwardImplicit(node, tangent, jvp);
    case "odeSolution":
      return pushForwardOdeSolution(node, tangent, jvp);
    case "input":
    case "parameter":
    case "stepInput":
    case "constant":
    case "slot":
    case "rowMark":
    case "random":
      return zeroOf(node);
    case "map":
    case "project":
    case "iterate":
      throw new Error(`the tangent of a ${node.op} is not its own`);
    default:
      return unreachable(node);
  }
}

function mapJvp(node: MapExpr, tangentOf: ReadonlyMap<Expr, Expr>): Expr[] {
  const { slots, results } = node.body;
  const moving = node.inputs.map((_, i) => i).filter((i) => tangentOf.has(node.inputs[i]!));
  const tangentSlots = moving.map((i) => slots[i]!.map(() => slot([], "row")));
  const flat = jvp(
    results.flat(),
    moving.flatMap((i) => slots[i]!),
    tangentSlots.flat(),
  );
  let next = 0;
  const tangents = results.map((result) => result.map(() => flat[next++]!));
  const blocks = [...node.inputs, ...moving.map((i) => tangentOf.get(node.inputs[i]!)!)];
  return mapOf(blocks, node.features, [...slots, ...tangentSlots], tangents);
}
