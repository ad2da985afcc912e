/**
 * Random programs of all operations, with what is done to programs: gradients, tangents, second derivatives, updates.
 *
 * @module
 */

import { jvp, vjp } from "../../src/graph/derivative/derivative.ts";
import { type Expr, type ParameterExpr, sameShape, sizeOf } from "../../src/graph/expr.ts";
import type { Program, Update } from "../../src/graph/program.ts";
import * as g from "../../src/graph/publicOps.ts";
import type { RandomStream } from "../../src/random/philox.ts";
import { type Choices, Making, small } from "./programMaking.ts";
import { parts } from "./programParts.ts";

/** A random program; every choice comes from the stream. `most` is the largest number of parts it is made of. */
export function randomProgram(stream: RandomStream, most = 7): Program {
  const making = new Making(stream);
  const { choices, n, x, vectors, parameters } = making;
  const depth = 1 + choices.below(most);
  for (let k = 0; k < depth; k++) vectors.push(choices.of(choices.of(parts))(making));
  const y = g.add(
    g.mul(0.1, x),
    vectors.slice(-3).reduce((a, b) => g.add(a, small(b))),
  );
  const value = g.sum(g.sin(y));
  const loss = g.sumRows(value);
  const gradients = vjp([loss], [g.constant(1)], parameters);
  const direction = g.constant(choices.numbers(n));
  const rows: Record<string, Expr> = {
    y: g.add(y, g.mul(0, x)),
    dx: vjp([value], [g.rowMark()], [x])[0]!,
    tangent: jvp([value], [x], [direction])[0]!,
  };
  const sums: Record<string, Expr> = { loss };
  gradients.forEach((gradient, i) => {
    sums[`d${i}`] = gradient;
  });
  // A mixed second derivative now and then, it is large.
  if (choices.below(4) === 0) sums.mixed = jvp([choices.of(gradients)], [x], [direction])[0]!;
  return { rows, sums, updates: updatesOf(choices, parameters, gradients) };
}

/** New values of most parameters: steps down the gradient, one value in the place of another, parts of others. */
function updatesOf(
  choices: Choices,
  parameters: readonly ParameterExpr[],
  gradients: readonly Expr[],
): Update[] {
  const norm = g.add(1, g.sum(g.square(choices.of(gradients))));
  return parameters.flatMap((parameter, i): Update[] => {
    const other = choices.of(parameters);
    const isAlike = sameShape(other.shape, parameter.shape);
    const places = Array.from({ length: sizeOf(parameter.shape) }, (_, k) => k % sizeOf(other.shape));
    switch (choices.below(5)) {
      case 0:
        return [];
      case 1:
        return [{ parameter, value: isAlike ? other : g.gather(other, places, parameter.shape) }];
      case 2:
        return [{ parameter, value: g.mul(0.9, isAlike ? g.add(other, parameter) : parameter) }];
      default:
        return [{ parameter, value: g.sub(parameter, g.mul(g.div(0.1, norm), gradients[i]!)) }];
    }
  });
}
