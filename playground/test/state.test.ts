/** The state of the page as a link. */

import { describe, expect, test } from "vitest";
import { energies } from "../src/data/energies.ts";
import { drawSet, pointSets, type SetName } from "../src/data/sets.ts";
import { firstState, flowOfKind, linkOf, mostDrawn, onSheet, type State, stateOfLink } from "../src/state.ts";
import { architectureCode, command } from "../src/takeAlong.ts";

describe("a link", () => {
  test("holds the whole state", () => {
    const points = Array.from({ length: 2 * mostDrawn }, (_, i) => onSheet(4.9 * Math.sin(1 + i ** 1.5)));
    const state: State = {
      data: { from: "drawn", points },
      flow: { kind: "realnvp", depth: 5, width: 16 },
      other: flowOfKind("dual-ascent"),
      steps: 400,
      seed: 7,
      shown: ["data", "samples"],
      at: 0.375,
      probe: [-1.25, 0.5],
    };
    const link = linkOf(state);
    expect(stateOfLink(`#${link}`)).toEqual(state);
    expect(link.length).toBeLessThanOrEqual(8192);
    expect(stateOfLink(linkOf(firstState))).toEqual(firstState);
    const energy: State = { ...firstState, data: { from: "energy", formula: energies.split.formula } };
    expect(stateOfLink(linkOf(energy))).toEqual(energy);
  });

  test.each([
    "",
    "#data=none,5&flow=none&steps=-1&seed=x&show=none&at=2&probe=1",
    "#points=%%%",
    "#flow=realnvp,1e9,-3&data=moons,1e12",
  ])("that says nothing, or nothing that there is, gives the usual: %s", (link) => {
    const { data, flow, steps, seed, at, probe } = stateOfLink(link);
    expect(data).toEqual(firstState.data);
    expect([firstState.flow, flowOfKind("realnvp")]).toContainEqual(flow);
    expect({ steps, seed, at, probe }).toEqual({
      steps: firstState.steps,
      seed: firstState.seed,
      at: firstState.at,
      probe: firstState.probe,
    });
  });
});

describe("the sets of points", () => {
  test.each(Object.keys(pointSets) as SetName[])("%s is finite, the same for a seed", (name) => {
    const points = drawSet(name, 500, 3);
    expect(points.every((value) => Math.abs(value) < 15)).toBe(true);
    expect(drawSet(name, 500, 3)).toEqual(points);
    expect(drawSet(name, 500, 4)).not.toEqual(points);
  });
});

test("code and command say the sizes of the flow, where it has some", () => {
  const flow = { kind: "realnvp", depth: 5, width: 16 } as const;
  const { data } = firstState;
  expect(architectureCode({ data, flow, seed: 2 })).toContain(
    '{ flow: "realnvp", transforms: 5, hidden: [16, 16], seed: 2 }',
  );
  expect(command({ data, flow, seed: 2 })).toBe(
    "npx pushforward fit points.csv --out model.safetensors --flow realnvp --transforms 5 --hidden 16,16 --seed 2",
  );
  expect(command({ data, flow: flowOfKind("gaussian"), seed: 2 })).toBe(
    "npx pushforward fit points.csv --out model.safetensors --flow gaussian --seed 2",
  );
  // Its density is that of the mixture which it leads to.
  expect(command({ data, flow: flowOfKind("gradient-flow"), seed: 2 })).toContain("--flow mixture ");
});
