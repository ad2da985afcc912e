/** Flows of the page that are trained: each name is that of the library, with the sizes that are chosen. */

import { modelKinds } from "pushforward/options";
import { expect, test } from "vitest";
import { architectureOfChoice } from "../src/flow/architectures.ts";
import { elsewhere, families, fittedKind, flowOfKind, isLive, type KindName, kinds } from "../src/state.ts";

test.each(Object.keys(kinds) as KindName[])("%s is trained as what it is, or fitted", async (kind) => {
  const named = await architectureOfChoice(flowOfKind(kind));
  expect(named !== undefined).toBe(isLive(kind));
  if (named) expect(named.architecture).toMatchObject({ kind, features: 2 });
});

test("every kind of the library is there, or why it is not", () => {
  const all = Object.keys(kinds) as KindName[];
  expect(new Set([...all.map(fittedKind), ...Object.keys(elsewhere)])).toEqual(new Set(modelKinds));
  expect(families[0]![1]).toBe(all[0]);
});
