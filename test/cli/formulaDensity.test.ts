/** `pushforward approximate --density`: a formula, its parameters, and a table of data. */

import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { expectFailure, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const small = "--transforms 2 --hidden 8 --threads 1".split(" ");
writeFiles(cwd, { "y.csv": "y\n1\n2\n3\n4\n" });

test("a posterior given a table: the mean of normal data under a wide prior", async () => {
  const { code, stdout } = await runInProcess(
    [
      ...["approximate", "--density", "sum(-(y - mu)^2 / 2) - mu^2 / 2000"],
      ...["--parameters", "mu=real", "--data", "y.csv", "--seed", "1", "--json", ...small],
    ],
    { cwd },
  );
  expect(code).toBe(0);
  const { parameters, reliable } = JSON.parse(stdout) as {
    parameters: { name: string; mean: number; sd: number }[];
    reliable: boolean;
  };
  expect(reliable).toBe(true);
  // Precision 4 + 1/1000, mean 10 / 4.001; the samples' error is a few thousandths.
  expect(parameters[0]!.mean).toBeCloseTo(10 / 4.001, 1);
  expect(parameters[0]!.sd).toBeCloseTo(1 / Math.sqrt(4.001), 1);
});

test("bounds and vectors: a beta density, and a vector of two", async () => {
  const { code, stdout } = await runInProcess(
    [
      ...["approximate", "--density", "3 * log(p) + log(1 - p) - sum(z^2) / 2"],
      ...["--parameters", "p=0:1, z[2]=real", "--seed", "1", "--steps", "100", "--json", ...small],
    ],
    { cwd },
  );
  expect(code).toBe(0);
  const { parameters } = JSON.parse(stdout) as { parameters: { name: string; mean: number }[] };
  expect(parameters.map(({ name }) => name)).toEqual(["p", "z[1]", "z[2]"]);
  // Beta(4, 2).
  expect(parameters[0]!.mean).toBeCloseTo(4 / 6, 1);
});

describe("what cannot be read is one line that says where", () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no density", [], /Name a module, or write --density/],
    ["no parameters", ["--density", "-x^2"], /needs its parameters: --parameters/],
    ["no density for them", ["--parameters", "x=real"], /--parameters belongs to --density/],
    ["no density for data", ["model.mjs", "--data", "y.csv"], /--data belongs to --density/],
    ["a module, too", ["m.mjs", "--density", "-x^2", "--parameters", "x=real"], /two densities/],
    ["a kind", ["--density", "-x^2", "--parameters", "x=reel"], /"x=reel" is not name=real/],
    ["a bound", ["--density", "-x^2", "--parameters", "x=0:a"], /the bound "a" of "x" is not a number/],
    ["twice", ["--density", "-x^2", "--parameters", "x=real,x=real"], /"x" stands there twice/],
    ["a name", ["--density", "-(x - m)^2", "--parameters", "x=real"], /column 7: there is no "m"/],
    [
      "a column that is a parameter",
      ["--density", "-y^2", "--parameters", "y=real", "--data", "y.csv"],
      /"y" is a parameter and a column/,
    ],
  ];
  test.each(cases)("%s", async (_, args, message) => {
    expectFailure(await runInProcess(["approximate", ...args], { cwd }), 2, message);
  });
});
