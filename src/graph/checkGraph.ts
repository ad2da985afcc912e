/**
 * The rules that every graph obeys, whatever pass it came out of: known operations of the right number of inputs, shapes that
 * follow from those of the inputs, the space of the widest input, and no slot outside of its body. Constructors check what people
 * write; passes make nodes without them, and are checked by this, in tests.
 *
 * @module
 */

import { ShapeError } from "../errors.ts";
import { type Expr, formatShape, hasBody, sameShape, sizeOf, spaceOf, topologicalOrder } from "./expr.ts";
import { elementwise } from "./ops/elementwise.ts";

/** Says what is wrong with one node, or nothing. */
function faultOf(node: Expr): string | undefined {
  const { op, shape, inputs, space } = node;
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0))
    return "its extents are not positive integers";
  const sizes = inputs.map((input) => sizeOf(input.shape));
  const size = sizeOf(shape);
  const takes = (minimum: number, maximum = minimum): string | undefined =>
    inputs.length < minimum || inputs.length > maximum ? `it has ${inputs.length} inputs` : undefined;
  const follows =
    space === spaceOf(inputs) ? undefined : `its space is ${space}, its inputs say ${spaceOf(inputs)}`;
  switch (op) {
    case "input":
    case "rowMark":
    case "random":
      return takes(0) ?? (space === "row" ? undefined : "it is not of each row");
    case "parameter":
    case "stepInput":
      return takes(0) ?? (space === "shared" ? undefined : "it is not shared");
    case "constant":
      if (node.data.length !== size) return `it holds ${node.data.length} numbers`;
      return takes(0) ?? (space === "shared" ? undefined : "it is not shared");
    case "slot":
      return takes(0);
    case "elementwise": {
      if (!Object.hasOwn(elementwise, node.name)) return `there is no operation "${node.name}"`;
      const wrong = inputs.find((input) => input.shape.length > 0 && !sameShape(input.shape, shape));
      if (wrong) return `an input of it has the shape ${formatShape(wrong.shape)}`;
      return takes(elementwise[node.name].arity) ?? follows;
    }
    case "reshape":
      return takes(1) ?? (sizes[0] === size ? follows : `its input has ${sizes[0]} numbers`);
    case "gather":
      if (node.indices.length !== size) return `it has ${node.indices.length} indices`;
      if (node.indices.some((i) => i < -1 || i >= sizes[0]!)) return "an index of it is out of range";
      return takes(1) ?? follows;
    case "scatter":
      if (node.indices.length !== sizes[0]) return `it has ${node.indices.length} indices`;
      if (node.indices.some((i) => i < -1 || i >= size)) return "an index of it is out of range";
      return takes(1) ?? follows;
    case "concatenate": {
      const total = sizes.reduce((sum, length) => sum + length, 0);
      return total === size ? follows : `its inputs have ${total} numbers`;
    }
    case "sum":
      if (node.outer * node.count * node.inner !== sizes[0] || node.outer * node.inner !== size)
        return `it sums ${node.outer} x ${node.count} x ${node.inner} of ${sizes[0]} numbers`;
      return takes(1) ?? follows;
    case "linear": {
      const [x, weights, bias] = inputs;
      if (!x || !weights || weights.shape.length !== 2) return "its weights are not a matrix";
      const [to, from] = node.transposed
        ? [weights.shape[1]!, weights.shape[0]!]
        : (weights.shape as [number, number]);
      if (sizeOf(x.shape) !== from || size !== to) return `its weights are ${formatShape(weights.shape)}`;
      if (bias && sizeOf(bias.shape) !== to) return `its bias is ${formatShape(bias.shape)}`;
      return takes(2, 3) ?? follows;
    }
    case "sumRows":
      return (
        takes(1) ??
        (space !== "shared"
          ? "it is not shared"
          : sizes[0] === size
            ? undefined
            : `its input has ${sizes[0]} numbers`)
      );
    case "sumOuter":
      return (
        takes(2) ??
        (space !== "shared"
          ? "it is not shared"
          : sizes[0]! * sizes[1]! === size
            ? undefined
            : "its shape is not that of a product")
      );
    case "matrixProduct": {
      const [a, b] = inputs;
      const fits =
        a?.shape.length === 2 &&
        b?.shape.length === 2 &&
        a.shape[1] === b.shape[0] &&
        sameShape(shape, [a.shape[0]!, b.shape[1]!]);
      return takes(2) ?? (fits ? undefined : "its matrices do not fit");
    }
    case "solveTriangular":
      return (
        takes(2) ?? (sizes[0] === size * size || sizes[1] === size ? undefined : "its matrix does not fit")
      );
    case "project":
      return takes(1);
    case "map": {
      const { slots, results } = node.body;
      if (slots.length === 0 || results.length === 0) return "its body has no slots or no results";
      return undefined;
    }
    case "fixedPoint":
    case "iterate":
    case "scan":
      return sameShape(node.result.shape, node.slot.shape)
        ? undefined
        : "its body gives another shape than it takes";
    case "implicit":
    case "odeSolution":
      return sameShape(node.slot.shape, node.result.shape)
        ? undefined
        : "its equation has another shape than its solution";
    default:
      return `there is no operation "${(node as Expr).op}"`;
  }
}

/** The slots that a node opens for what is inside of it. */
function opened(node: Expr): readonly Expr[] {
  if (node.op === "map") return node.body.slots.flat();
  if (node.op === "scan") return [node.slot, ...node.slices];
  if (node.op === "odeSolution") return [node.slot, node.timeSlot];
  return hasBody(node) ? [node.slot] : [];
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
      const results = node.op === "map" ? node.body.results.flat() : hasBody(node) ? [node.result] : [];
      visit(results, new Set([...slots, ...opened(node)]), (behind) => known.has(behind));
    }
    for (const node of level) known.add(node);
  };
  visit(outputs, new Set(), (node) => known.has(node));
}
