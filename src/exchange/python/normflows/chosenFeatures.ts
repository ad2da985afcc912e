/**
 * How modules of normflows that treat some features apart write which ones: their places, those of the others, and the way back.
 *
 * @module
 */

import { range } from "../matrices.ts";
import type { StateDict } from "../stateDict.ts";

/**
 * Checks the buffers `ind`, `ind_` and `inv_perm`.
 * @param places - The chosen features.
 * @param chosen - What they are, in the message of a refusal.
 * @throws FormatError for other numbers than those of the config.
 */
export function expectChosenFeatures(
  state: StateDict,
  features: number,
  places: readonly number[],
  chosen: string,
): void {
  const others = range(features).filter((i) => !places.includes(i));
  const order = [...places, ...others];
  state.expect("ind", [places.length], places, chosen);
  state.expect("ind_", [others.length], others, "the other features");
  state.expect(
    "inv_perm",
    [features],
    range(features).map((i) => order.indexOf(i)),
    "the places of the features",
  );
}
