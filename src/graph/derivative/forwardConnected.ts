/**
 * Tangents of layers between positions (`../ops/connected.ts`): here, so that who takes gradients alone does not load them.
 *
 * @module
 */

import type { Expr } from "../expr.ts";
import { type ConnectedExpr, connected, type SumConnectedExpr } from "../ops/connected.ts";
import { broadcastTo } from "../ops/movement.ts";
import { ofEachRow } from "../ops/sums.ts";
import type { PushForward } from "../rules.ts";

export const pushForwardConnected: PushForward<ConnectedExpr> = (node, { tangent, sum: added }) => {
  const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
  const [dx, dw] = [tangent(x), tangent(weights)];
  const change = bias && tangent(bias);
  return added(
    dx && connected(dx, weights, node),
    dw && connected(x, dw, node),
    change && broadcastTo(change, node.shape),
  );
};

export const pushForwardSumConnected: PushForward<SumConnectedExpr> = (node, { tangent, sum: added }) => {
  const [y, x] = node.inputs as [Expr, Expr];
  const [dy, dx] = [tangent(y), tangent(x)];
  return added(dy && { ...node, inputs: [ofEachRow(dy), x] }, dx && { ...node, inputs: [y, ofEachRow(dx)] });
};
