/**
 * Forward mode: the Jacobian-vector product as a graph.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { checkArgument, listOf } from "../../options.ts";
import {
  type Expr,
  type FixedPointExpr,
  type MapExpr,
  type ScanExpr,
  sizeOf,
  topologicalOrder,
} from "../expr.ts";
import { add } from "../ops/arithmetic.ts";
import { mapOf, scan, unrolledScan } from "../ops/bodies.ts";
import { fixedPoint } from "../ops/iteration.ts";
import { anExpression, constant, pushForwardLeaf, slot } from "../ops/leaves.ts";
import { pushForwardLinear, pushForwardSumOuter } from "../ops/linear.ts";
import { pushForwardMatrixProduct, pushForwardSolveTriangular } from "../ops/matrices.ts";
import { broadcastTo } from "../ops/movement.ts";
import {
  concatenate,
  pushForwardConcatenate,
  pushForwardGather,
  pushForwardReshape,
  pushForwardScatter,
  reshape,
  slice,
  withoutReshape,
} from "../ops/moves.ts";
import { pushForwardSum, pushForwardSumRows } from "../ops/sums.ts";
import { passed } from "../passes.ts";
import { substitute } from "../rebuild.ts";
import { type NodeOf, type Op, type Push, type PushForward, ruleOf } from "../rules.ts";
import { pushForwardConnected, pushForwardSumConnected } from "./forwardConnected.ts";
import { pushForwardElementwise } from "./forwardElementwise.ts";
import { type WrittenOut, withoutScanGradients } from "./scanRule.ts";
import { pushForwardImplicit, pushForwardOdeSolution, withoutDerivative } from "./solutionDerivatives.ts";

/** Zero of the shape of a value. */
function zeroOf(value: Expr): Expr {
  return broadcastTo(constant(0), value.shape);
}

/** State and tangent go through the steps together. */
function pushForwardScan(node: ScanExpr, { orZero: tangent }: Push): Expr {
  const size = sizeOf(node.shape);
  const flat = (value: Expr): Expr => reshape(value, [size]);
  const count = node.slices.length;
  const [initial, ...rest] = node.inputs as [Expr, ...Expr[]];
  const [stacked, outer] = [rest.slice(0, count), rest.slice(count)];
  if (stacked.some((value) => tangent(value).space === "row"))
    // A direction of its own in each row: what a scan has stacked is the same in all.
    return movedAlong([unrolledScan(node)], node.inputs, node.inputs.map(tangent))[0]!;
  // On the slots, which nothing can merge with what stands for them in the end.
  const slots: readonly Expr[] = [node.slot, ...node.slices];
  const moving = slots.map(({ shape, space }) => slot(shape, space));
  const [resultTangent] = movedAlong([node.result], [...slots, ...outer], [...moving, ...outer.map(tangent)]);
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
    { reversed: node.reversed, keptEvery: node.keptEvery },
  );
  return reshape(slice(pair, size, 2 * size), node.shape);
}

/**
 * Jacobian-vector product: the tangents of the outputs when each of `inputs` moves along its tangent.
 * Members of `inputs` are cut points. A value that is among them twice, be it in another shape, moves along the sum of its tangents: what `vjp`
 * says of each of them is the whole derivative, too.
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
  const sums = new Map<Expr, Expr>();
  inputs.forEach((input, i) => {
    const source = withoutReshape(input);
    const own = inShapeOf(source, input, tangents[i]!);
    const other = sums.get(source);
    sums.set(source, other ? add(other, own) : own);
  });
  return movedAlong(outputs, [...sums.keys()], [...sums.values()]);
}

const inShapeOf = (source: Expr, input: Expr, tangent: Expr): Expr =>
  input === source ? tangent : reshape(tangent, source.shape);

/** {@link jvp} of inputs whose tangents are known: a value that is among them twice has the same tangent there, which counts once. */
function movedAlong(outputs: readonly Expr[], inputs: readonly Expr[], tangents: readonly Expr[]): Expr[] {
  const tangentOf = new Map<Expr, Expr>();
  // What is made of a value in another shape may have skipped the step between: a vector of one number is a number.
  const sources = new Set(inputs.map(withoutReshape));
  inputs.forEach((input, i) => {
    const source = withoutReshape(input);
    tangentOf.set(source, inShapeOf(source, input, tangents[i]!));
  });
  outputs = withoutScanGradients(outputs, sources);
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

/** At y = g(y, u): dy = (dg/dy) dy + (dg/du) du, again a fixed point. */
function pushForwardFixedPoint(node: FixedPointExpr, { tangent, orZero }: Push): Expr {
  const outer = node.inputs.slice(1).filter((operand) => tangent(operand));
  const [atSolution] = substitute([node.result], new Map([[node.slot as Expr, node as Expr]]));
  const drive = movedAlong([atSolution!], [node, ...outer], [zeroOf(node), ...outer.map(orZero)])[0]!;
  return fixedPoint(drive, node.iterations, (t) => add(drive, movedAlong([atSolution!], [node], [t])[0]!));
}

/**
 * How a tangent goes through each operation. That of a map is found for all its results together; an iteration has none, which is no harm
 * where nothing reads it.
 */
const pushForwards: {
  readonly [O in Exclude<Op, "map" | "project" | "iterate" | WrittenOut>]: PushForward<NodeOf<O>>;
} = {
  input: pushForwardLeaf,
  parameter: pushForwardLeaf,
  stepInput: pushForwardLeaf,
  constant: pushForwardLeaf,
  slot: pushForwardLeaf,
  rowMark: pushForwardLeaf,
  random: pushForwardLeaf,
  elementwise: pushForwardElementwise,
  reshape: pushForwardReshape,
  gather: pushForwardGather,
  scatter: pushForwardScatter,
  concatenate: pushForwardConcatenate,
  sum: pushForwardSum,
  sumRows: pushForwardSumRows,
  linear: pushForwardLinear,
  sumOuter: pushForwardSumOuter,
  connected: pushForwardConnected,
  sumConnected: pushForwardSumConnected,
  matrixProduct: pushForwardMatrixProduct,
  solveTriangular: pushForwardSolveTriangular,
  fixedPoint: pushForwardFixedPoint,
  scan: pushForwardScan,
  implicit: pushForwardImplicit,
  odeSolution: pushForwardOdeSolution,
};

/** The tangent of a node from those of its inputs; undefined stands for zero. */
function pushForward(node: Expr, tangent: (operand: Expr) => Expr | undefined): Expr {
  return ruleOf<PushForward<Expr>>(pushForwards, node)(node, {
    tangent,
    orZero: (operand) => tangent(operand) ?? zeroOf(operand),
    sum: (...terms) =>
      terms
        .filter((term) => term !== undefined)
        .reduce<Expr | undefined>((sum, term) => (sum ? add(sum, term) : term), undefined) ?? zeroOf(node),
    jvp: movedAlong,
  });
}

function mapJvp(node: MapExpr, tangentOf: ReadonlyMap<Expr, Expr>): Expr[] {
  const { slots, results } = node.body;
  const moving = node.inputs.map((_, i) => i).filter((i) => tangentOf.has(node.inputs[i]!));
  const tangentSlots = moving.map((i) => slots[i]!.map(() => slot([], "row")));
  const flat = movedAlong(
    results.flat(),
    moving.flatMap((i) => slots[i]!),
    tangentSlots.flat(),
  );
  let next = 0;
  const tangents = results.map((result) => result.map(() => flat[next++]!));
  const blocks = [...node.inputs, ...moving.map((i) => tangentOf.get(node.inputs[i]!)!)];
  return mapOf(blocks, node.features, [...slots, ...tangentSlots], tangents);
}
