/**
 * Transforms of `zuko.transforms` without a network: `UnconditionalTransform` of a function. The library goes from data to base.
 *
 * @module
 */

import { elementwise } from "../../../bijections/autoregressive/elementwise.ts";
import { permutation } from "../../../bijections/linear/permutation.ts";
import { rotation } from "../../../bijections/linear/rotation.ts";
import { softClipTransformer } from "../../../transformers/elementary/softClipTransformer.ts";
import { invertTransformer } from "../../../transformers/invertTransformer.ts";
import type { Call } from "../call.ts";
import { matrixExponential } from "../matrices.ts";
import { inverted, type Part } from "../part.ts";
import type { StateDict } from "../stateDict.ts";

/** z = exp(A - A') y. Of the tensor A the orthogonal matrix is kept: training goes on around it. */
export function rotated(state: StateDict, features: number, name = "A"): Part {
  const a = state.tensor(name, [features, features]);
  // From base to data it is the transpose: exp(A' - A).
  const skew = a.map((value, i) => a[(i % features) * features + Math.floor(i / features)]! - value);
  return { bijection: rotation({ features }), values: { rotation: matrixExponential(skew, features) } };
}

/** z = y / (1 + |y| / bound) of every feature. */
export function softClip(features: number, bound: number): Part {
  const transformer = invertTransformer(softClipTransformer({ bound }));
  return { bijection: elementwise({ features, transformer }), values: {} };
}

/** The transform that the call names; `features` is that of the flow. */
export function unconditionalTransform(call: Call, state: StateDict, features: number): Part {
  const own = call.named(["f"]);
  const f = own.call("f");
  own.flag("buffer", false);
  const nameOf = (name: string): string => (state.has(name) ? name : "_0");
  const part = partOf(own, f, state, features, nameOf);
  f?.done();
  own.done();
  return part;
}

function partOf(
  own: Call,
  f: Call | undefined,
  state: StateDict,
  features: number,
  nameOf: (name: string) => string,
): Part {
  switch (f?.name) {
    case "RotationTransform":
      own.value("A");
      return rotated(state, features, nameOf("A"));
    case "PermutationTransform": {
      own.value("order");
      const order = [...state.tensor(nameOf("order"), [features])];
      return inverted({ bijection: permutation(order), values: {} });
    }
    case "SoftclipTransform":
      return softClip(features, own.number("bound", f.number("bound", 1)));
    default:
      throw (f ?? own).unknown(
        ["RotationTransform", "PermutationTransform", "SoftclipTransform"],
        "function",
      );
  }
}
