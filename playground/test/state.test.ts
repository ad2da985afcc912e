/** The state of the page as a link. */

import { describe, expect, test } from "vitest";
import { energies } from "../src/data/energies.ts";
import { drawSet, pointSets, type SetName } from "../src/data/sets.ts";
import {
  firstState,
  flowOfKind,
  type KindName,
  kinds,
  linkOf,
  mostDrawn,
  onSheet,
  readLink,
  type State,
} from "../src/state.ts";
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
    expect(readLink(`#${link}`)).toEqual({ state, remarks: {} });
    expect(link.length).toBeLessThanOrEqual(8192);
    expect(readLink(linkOf(firstState))).toEqual({ state: firstState, remarks: {} });
    const energy: State = { ...firstState, data: { from: "energy", formula: energies.split.formula } };
    expect(readLink(linkOf(energy)).state).toEqual(energy);
    for (const kind of Object.keys(kinds) as KindName[]) {
      const flow = flowOfKind(kind);
      expect(readLink(linkOf({ ...firstState, flow, other: flow }))).toEqual({
        state: { ...firstState, flow, other: flow },
        remarks: {},
      });
    }
  });

  test.each([
    ["", {}],
    [
      "#data=none,5&flow=none&steps=-1&seed=x&show=none&at=2&probe=1",
      {
        data: 'There are no points "none", as this link asks for: these are Two moons.',
        flow: 'There is no flow "none", as this link asks for: this is the Neural spline flow, autoregressive.',
        training:
          'The number of steps of this link, "-1", is no whole number from 100 to 20,000: 1000 is taken. The seed of this link, "x", is no whole number from 0 to 999,999: 1 is taken.',
        picture:
          'The picture has no "none", as this link asks for. The place of the slider in this link, "2", is not between 0 and 1. The place of the probe in this link, "1", is not two numbers from -100 to 100.',
      },
    ],
    [
      "#<script>alert(1)</script>&probe=1e9,1e9",
      {
        picture:
          'This link says "<script>alert(1)</script>", which means nothing here. The place of the probe in this link, "1e9,1e9", is not two numbers from -100 to 100.',
      },
    ],
    ["#points=%%%", { data: "The drawn points of this link cannot be read: perhaps it was cut on its way." }],
    [
      "#flow=realnvp,1e9,-3&data=moons,1e12&other=columns",
      {
        data: 'The number of points of this link, "1e12", is no whole number from 100 to 10,000: 2000 is taken.',
        flow: 'The depth of this link, "1e9", is no whole number from 1 to 64: 8 is taken. The width of this link, "-3", is no whole number from 4 to 128: 32 is taken.',
        other:
          "The flow of this link, columns, is for tables, and is there when one is open: nothing is compared.",
      },
    ],
  ])("that says nothing, or nothing that there is, gives the usual, and says so: %s", (link, said) => {
    const { state, remarks } = readLink(link);
    expect(state.data).toEqual(firstState.data);
    expect([firstState.flow, flowOfKind("realnvp")]).toContainEqual(state.flow);
    const { data: _, flow: __, ...rest } = state;
    const { data, flow, ...usual } = firstState;
    expect(rest).toEqual(usual);
    expect(remarks).toEqual(said);
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
