/** Help, docstrings and code say the same defaults: constants, and rules by the size of a table. */

import { expect, test } from "vitest";
import { flowKinds } from "../../src/architectures/kinds.ts";
import { anomaliesFlags } from "../../src/cli/flags/anomaliesFlags.ts";
import { approximateFlags } from "../../src/cli/flags/approximateFlags.ts";
import { klDivergenceFlags } from "../../src/cli/flags/divergenceFlags.ts";
import { evaluateFlags } from "../../src/cli/flags/evaluateFlags.ts";
import { compareFlags, fitFlags, informationFlags } from "../../src/cli/flags/flagTables.ts";
import type { OptionFlag } from "../../src/cli/flags/optionFlags.ts";
import { imputeFlags, marginalFlags, quantileFlags } from "../../src/cli/flags/questionFlags.ts";
import {
  anomaliesDefaults,
  compareDefaults,
  evaluateDefaults,
  informationFolds,
  klDivergenceDefaults,
  mostSamples,
} from "../../src/diagnostics/defaults.ts";
import { columnsRecipe } from "../../src/fitting/columns/columnsRecipe.ts";
import {
  approximateDefaults,
  ascentPatience,
  columnsDefaults,
  fitDefaults,
} from "../../src/fitting/defaults.ts";
import { defaultRecipe, defaultValidation, fastKinds } from "../../src/fitting/gradient/recipe.ts";
import { usualBudget } from "../../src/fitting/gradient/trainingPlan.ts";
import { defaultComponents } from "../../src/fitting/statistics/gaussianMixture.ts";
import { imputeDefaults, questionDefaults } from "../../src/models/columns/questions/questionDefaults.ts";
import { readText } from "./project.ts";

type Flags = Readonly<Record<string, OptionFlag | undefined>>;
const number = (text: string): number => Number(text.replaceAll(",", ""));

/** What stands in the docstring of a member of an interface. */
function docstringOf(file: string, member: string): string {
  const found = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s+readonly ${member}\\?:`).exec(readText(file));
  expect(found, `${file}: ${member}`).not.toBeNull();
  return found![1]!;
}

const questions = "src/models/columns/questions/questionOptions.ts";

test.each([
  ["fit", fitDefaults, fitFlags, "src/fitting/fitOptions.ts"],
  ["approximate", approximateDefaults, approximateFlags, "src/fitting/variational/approximateOptions.ts"],
  ["compare", compareDefaults, compareFlags, "src/diagnostics/compare/compare.ts"],
  ["anomalies", anomaliesDefaults, anomaliesFlags, "src/diagnostics/anomalies/anomalies.ts"],
  ["klDivergence", klDivergenceDefaults, klDivergenceFlags, "src/diagnostics/divergence/klDivergence.ts"],
  ["evaluate", evaluateDefaults, evaluateFlags, "src/diagnostics/evaluate/evaluate.ts"],
] as const)("help and docstrings of %s say the defaults that the code has", (_, defaults, flags, file) => {
  for (const [name, value] of Object.entries(defaults)) {
    const { usual = "" } = (flags as Flags)[name]!;
    expect(usual.split(/[,:;] /)[0], name).toBe(String(value));
    const said = /[Dd]efault:? `?(\d[\d,]*\d\b(?![.e])|[^`\s),;:]+)/.exec(docstringOf(file, name))?.[1];
    expect(said === undefined ? undefined : typeof value === "number" ? number(said) : said, name).toBe(
      value,
    );
  }
});

/** The words of a rule in help, and in the docstring: `128 below 1,000 rows, else 256`. */
function ruleOf(flags: Flags, file: string, option: string): readonly [help: string, docstring: string] {
  return [flags[option]!.usual!, docstringOf(file, option).replaceAll(/\s*\n\s*\*\s*/g, " ")];
}

/** Checks that a rule by rows has the values that the words say, just below the number of rows and at it. */
function expectSteps(words: string, pattern: RegExp, of: (rows: number) => unknown): void {
  const found = pattern.exec(words)?.groups;
  expect(found, `${words} beside ${pattern}`).toBeDefined();
  const rows = number(found!.rows!);
  const text = (value: string): string => value.replaceAll(" ", "");
  expect(String(of(rows - 1)), words).toBe(text(found!.below!));
  expect(String(of(rows)), words).toBe(text(found!.from!));
}

const below = /(?<below>[\d, ]+) (?:below|for fewer than) (?<rows>[\d,]+) rows, else (?<from>\d+(?:, ?\d+)*)/;
const fromRows =
  /(?<below>[\d.]+)[,;] (?:for cnf and flow-matching )?(?:from (?<rows>[\d,]+) rows on )?(?<from>[\d.]+)/;
const fitFile = "src/fitting/fitOptions.ts";

test.each([
  ["hidden", (rows: number) => defaultRecipe({ rows, features: 5 }).hidden.join()],
  ["batch", (rows: number) => defaultRecipe({ rows, features: 5 }).batch],
] as const)("the rule of %s stands in help and docstring as in the code", (option, of) => {
  for (const words of ruleOf(fitFlags, fitFile, option)) expectSteps(words, below, of);
});

test("the rule of the folds of information stands in help and docstring as in the code", () => {
  for (const words of ruleOf(informationFlags, "src/diagnostics/information.ts", "folds"))
    expectSteps(words, fromRows, informationFolds);
});

test("the rule of validation stands in help and docstring as in the code", () => {
  for (const words of ruleOf(fitFlags, fitFile, "validation")) {
    const [, small, rows] = /(0\.05).*?from ([\d,]+)\s+rows on/.exec(words)!;
    expect(defaultValidation("cnf", number(rows!)), words).toBe(Number(small));
    expect(defaultValidation("flow-matching", number(rows!) - 1)).toBe(fitDefaults.validation);
    expect(defaultValidation("nsf", number(rows!))).toBe(fitDefaults.validation);
  }
});

test("the rule of patience stands in help and docstring as in the code", () => {
  for (const words of ruleOf(fitFlags, fitFile, "patience")) {
    const [, least, leastOfFast, names, rows] =
      /half of (?:the epochs|all), at least (\d+); a fifth, at\s+(?:\* )?least (\d+), for ([^;]*) from ([\d,]+) rows on;/.exec(
        words,
      )!;
    expect(names!.match(/[\w-]+/g)!.filter((name) => name !== "and")).toEqual(fastKinds);
    for (const flow of flowKinds) {
      const isFast = fastKinds.includes(flow);
      for (const at of [number(rows!) - 1, number(rows!)]) {
        const [few, share] = isFast && at === number(rows!) ? [Number(leastOfFast), 5] : [Number(least), 2];
        const shape = { rows: at, features: 5 };
        expect(defaultRecipe(shape, { epochs: 2 * share * few, flow }).patience).toBe(2 * few);
        expect(defaultRecipe(shape, { epochs: 2, flow }).patience).toBe(few);
      }
    }
    expect(words).toMatch(/for\s+(?:\* )?`?columns`? a\s+(?:\* )?fifth/);
    expect(columnsRecipe(1000).patience).toBe(1 / 5);
    expect(words).toContain(String(ascentPatience));
  }
});

test("learning rates lie where help and docstring say, and reach both ends", () => {
  const rates = flowKinds.flatMap((flow) =>
    [100, 600, 2000, 20_000].flatMap((rows) =>
      [2, 10].map((features) => defaultRecipe({ rows, features }, { flow }).learningRate),
    ),
  );
  for (const words of ruleOf(fitFlags, fitFile, "learningRate")) {
    const [, least, most] = /([\d.]+) to ([\d.]*\d)/.exec(words)!;
    expect([Math.min(...rates), Math.max(...rates)], words).toEqual([Number(least), Number(most)]);
  }
});

test("what is otherwise for mixed columns stands in help and docstring as in the code", () => {
  for (const [name, value] of Object.entries(columnsDefaults))
    for (const words of ruleOf(fitFlags, fitFile, name))
      expect(words.replaceAll(", 128", ",128"), name).toMatch(
        new RegExp(`(?:for \`?columns\`? |^|default )${value}(?![\\d.]*\\d)`),
      );
});

test("budget, components and samples are those of help and docstring", () => {
  const [budget, budgetWords] = ruleOf(fitFlags, fitFile, "budget");
  expect(budget.split("; ")[0]).toBe(`${usualBudget / 60}m`);
  expect(budgetWords).toContain(`default ${usualBudget}`);
  for (const words of ruleOf(fitFlags, fitFile, "components"))
    expect(words).toContain(`${Math.min(...defaultComponents)} to ${Math.max(...defaultComponents)}`);
  for (const words of ruleOf(evaluateFlags, "src/diagnostics/evaluate/evaluate.ts", "samples"))
    expect(number(/at most ([\d,]+)/.exec(words)![1]!), words).toBe(mostSamples);
});

test("draws of questions are those of help and docstring", () => {
  const { rowDraws, draws } = questionDefaults;
  expect(docstringOf(questions, "draws")).toContain(
    `default ${rowDraws} for each row of \`marginal\`, ${draws} for each`,
  );
  for (const flags of [marginalFlags, quantileFlags] as readonly Flags[])
    expect(flags.draws!.usual).toBe(`${rowDraws}, for a condition ${draws}`);
  for (const [name, value] of Object.entries(imputeDefaults))
    expect((imputeFlags as Flags)[name]!.usual, name).toBe(String(value));
  expect(docstringOf(questions, "candidates")).toContain(`default ${imputeDefaults.candidates}`);
});
