/** What people ask, and the page of the site that answers it within two clicks from the start page. */

import { posix } from "node:path";
import { expect, test } from "vitest";
import { readText } from "./project.ts";

/** A question, the page with the answer, and words of the answer. */
const questions: readonly (readonly [string, string, RegExp])[] = [
  ["How is it installed?", "start", /npm install pushforward/],
  ["How do I fit a table?", "start", /await fit\(/],
  ["How do I score rows?", "start", /flow\.logProb/],
  ["How do I draw rows?", "start", /flow\.sample\(/],
  ["How is a model saved and loaded?", "recipes/import-export", /flow\.save[\s\S]*load\(/],
  ["What is imported from where?", "imports", /`realNVP`/],
  ["How does it run in a browser?", "browser", /bundler/],
  ["Which headers does a page need for threads?", "browser", /Cross-Origin-Opener-Policy/],
  ["How do I condition on columns?", "start", /given/],
  ["How do I get intervals of a prediction?", "recipes/regression", /quantile/i],
  ["How are rows weighted?", "fitting", /Weights/],
  ["What happens to missing values?", "tables", /Missing values/],
  ["What does the seed decide?", "fitting", /seed/],
  ["Do results depend on threads?", "engine", /threads/],
  ["How do I approximate a posterior?", "variational", /approximate/],
  ["Is the posterior reliable?", "variational", /k-hat/],
  ["How do I write a density as a formula?", "command-line", /--density/],
  ["What if I have a simulator?", "amortized", /simulat/i],
  ["Which kind of flow should I take?", "flows/index", /Which one\?/],
  ["How do I compare kinds?", "command-line", /pushforward compare/],
  ["How do I find anomalies, and why is a row one?", "recipes/anomalies", /which column makes it rare/],
  ["How do I make synthetic rows, and are they anonymous?", "recipes/synthetic-rows", /anonymous/],
  ["How do I serve scores over HTTP?", "recipes/serving", /pushforward serve/],
  ["How far are two fits apart?", "recipes/divergence", /Kullback-Leibler/],
  ["What is the gradient of log p?", "recipes/gradient", /vjp/],
  ["How do I write a bijection of my own?", "flows/index", /own-bijection/],
  ["How do I read Parquet or NumPy?", "binary-tables", /Parquet[\s\S]*NumPy/],
  ["How do I read a model in Python?", "model-format", /Reading one in Python/],
  ["How fast is it?", "performance", /training step/],
  ["How good is it on real tables?", "results/tables", /zuko/],
  ["How do I ask for some columns given others?", "questions", /flow\.marginal/],
  ["How do I fill in missing cells?", "questions", /flow\.impute/],
  ["What does a fit do, step by step?", "fitting", /From a table to a training/],
  ["How do I go on with a fit that was stopped?", "fitting", /`resume`/],
  ["What does an error's code mean?", "errors", /PUSHFORWARD_DATA/],
  ["Which packages does it bring along?", "dependencies", /resvg/],
  ["Is there a GPU engine, and how large may a table be?", "start", /fit in memory[\s\S]*GPU/],
  ["How do I use another transformer or base?", "flows/index", /transformer: sinhArcsinh\(\)/],
  ["How is a model with a part of my own loaded?", "recipes/import-export", /register\(/],
];

/** Pages that a page of the folder links to. */
function linked(page: string): string[] {
  return Array.from(readText(`docs/${page}.md`).matchAll(/\]\((?![a-z]+:|#)([^)\s#]+\.md)/gi), ([, path]) =>
    posix.join(posix.dirname(page), path!).replace(/\.md$/, ""),
  ).filter((address) => !address.startsWith(".."));
}

test("every question is answered within two clicks from the start page", () => {
  const config = readText("docs/.vitepress/config.mjs");
  const sidebar = Array.from(config.matchAll(/guide\("[^"]+", "\/([^"#]*)/g), ([, path]) =>
    path === "" || path!.endsWith("/") ? `${path}index` : path!,
  );
  const first = new Set([...sidebar, ...linked("start")]);
  const isGuide = (page: string): boolean =>
    !/^(reference|examples|source)\//.test(page) && page !== "results/index";
  const second = new Set([...first, ...[...first].filter(isGuide).flatMap(linked)]);
  for (const [question, page, answer] of questions) {
    expect(second, question).toContain(page);
    expect(readText(`docs/${page}.md`), question).toMatch(answer);
  }
});
