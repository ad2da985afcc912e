/** Flows of the page that are trained: each name is that of the library, with the sizes that are chosen. */

import { expect, test } from "vitest";
import { architectureOfChoice } from "../src/flow/architectures.ts";
import { flowOfKind, isLive, type KindName, kinds } from "../src/state.ts";

test.each(Object.keys(kinds) as KindName[])("%s is trained as what it is, or fitted", async (kind) => {
  const named = await architectureOfChoice(flowOfKind(kind));
  expect(named !== undefined).toBe(isLive(kind));
  if (named) expect(named.architecture).toMatchObject({ kind, features: 2 });
});
