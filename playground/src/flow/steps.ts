/**
 * A bijection as a list of the steps that it consists of, base first.
 *
 * @module
 */

import { type Bijection, type Chain, type Continuous, type Repeated, repeated } from "pushforward/bijections";
import { type Bound, type Expr, flattenTree, ops, type ParameterValues } from "pushforward/graph";
import { unitsOfData } from "./protocol.ts";

/** One step, with the parameters that it has: of the names that its bijection gives them. */
export interface Step {
  readonly name: string;
  readonly bijection: Bijection;
  readonly values: ParameterValues;
}

/** Most steps that a stack of equal ones is shown as. */
const mostOfStack = 12;
/** Times at which a continuous flow is shown. */
const times = 12;

/** What a step is called, by the type of its bijection. */
const names: Readonly<Record<string, string>> = {
  coupling: "coupling",
  maskedAutoregressive: "autoregressive map",
  elementwise: "map of each axis",
  planar: "planar map",
  radial: "radial map",
  sylvester: "Sylvester map",
  residual: "residual map",
  standardization: unitsOfData,
  affine: "affine map",
  triangularAffine: "covariance",
  luAffine: "linear map",
  rotation: "rotation",
  orthogonal: "rotation",
  blockAutoregressive: "block network",
  permutation: "order of the axes",
  slicedSpline: "layer",
  marginalSpline: "layer",
};

const under = (values: ParameterValues, prefix: string): ParameterValues =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, data]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), data]] : [],
    ),
  );

/** The steps of a bijection, whose parameters have these values; a long stack of equal steps is a dozen of groups. */
export function stepsOf(bijection: Bijection, values: ParameterValues): Step[] {
  const steps = unnumbered(bijection, values);
  const count = new Map<string, number>();
  for (const { name } of steps) count.set(name, (count.get(name) ?? 0) + 1);
  const seen = new Map<string, number>();
  return steps.map((step) => {
    if (count.get(step.name) === 1 || /\d/.test(step.name)) return step;
    const number = (seen.get(step.name) ?? 0) + 1;
    seen.set(step.name, number);
    return { ...step, name: `${step.name} ${number}` };
  });
}

function unnumbered(bijection: Bijection, values: ParameterValues): Step[] {
  switch (bijection.type) {
    case "chain":
      return (bijection as Chain).parts.flatMap((part, i) => unnumbered(part, under(values, `${i}.`)));
    case "repeated":
      return groupsOf(bijection as Repeated, values);
    case "continuous":
      return slicesOf(bijection as Continuous, values);
    case "permutation":
      // One that leaves all where it is stands for a flow without layers.
      if ((bijection.toJSON().order as readonly number[]).every((from, to) => from === to)) return [];
      break;
  }
  return [{ name: names[bijection.type] ?? bijection.type, bijection, values }];
}

/** Groups of the repetitions, each with its slices of the parameters. */
function groupsOf({ layer, count }: Repeated, values: ParameterValues): Step[] {
  const groups = Math.min(count, mostOfStack);
  return Array.from({ length: groups }, (_, group) => {
    const from = Math.floor((group * count) / groups);
    const to = Math.floor(((group + 1) * count) / groups);
    // Steps are counted from the data, where the fit began.
    const [first, last] = [count - to + 1, count - from];
    return {
      name: first === last ? `step ${first}` : `steps ${first} to ${last}`,
      bijection: repeated({ layer, count: to - from }),
      values: Object.fromEntries(
        Array.from(flattenTree(layer.parameters).keys(), (name) => {
          const all = values[name]!;
          const size = all.length / count;
          return [name, all.slice(from * size, to * size)];
        }),
      ),
    };
  });
}

/** A continuous flow from one time to the next, by fixed steps. */
function slicesOf(flow: Continuous, values: ParameterValues): Step[] {
  const { features, until } = flow;
  const solve = (x: Expr, p: Bound, from: number, to: number) => {
    const { state } = ops.solveOde(
      ops.concatenate([x, ops.constant([0])]),
      (time, all) => {
        const velocity = flow.velocity(time, ops.slice(all, 0, features), p);
        return ops.concatenate([velocity.value, ops.reshape(velocity.divergence(), [1])]);
      },
      { from, to, method: { kind: "fixed", order: "rk4", steps: 3 } },
    );
    return {
      value: ops.slice(state, 0, features),
      logAbsDet: ops.reshape(ops.slice(state, features, features + 1), []),
    };
  };
  return Array.from({ length: times }, (_, i) => {
    const [from, to] = [(until * i) / times, (until * (i + 1)) / times];
    return {
      name: `time ${(to / until).toFixed(2)}`,
      bijection: {
        ...flow,
        forward: (x: Expr, p: Bound) => solve(x, p, from, to),
        inverse: (y: Expr, p: Bound) => solve(y, p, to, from),
      },
      values,
    };
  });
}
