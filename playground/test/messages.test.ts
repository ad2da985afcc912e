/** Messages of the library, as the page says them. */

import { fit, tableFromObjects } from "pushforward";
import { expect, test } from "vitest";
import { messageOf, onPage } from "../src/messages.ts";

test.each([
  [
    "a.csv has no header line: its first line holds numbers (1, 2); add a first line that names the columns, or pass `header: false` to call them c1, c2, ... (`header: true` if they are names).",
    "a.csv has no header line: its first line holds numbers (1, 2); add a first line that names the columns",
  ],
  [
    'sample: given["city"] must be one of "Rome", "Oslo", got "Paris".',
    '"city" must be one of "Rome", "Oslo", got "Paris"',
  ],
  [
    'column "zip" is taken for continuous (few values); if they are labels, pass `kinds: { "zip": "categorical" }`',
    'column "zip" is taken for continuous (few values); if they are labels, choose categorical for "zip"',
  ],
  [
    'column "n" (row 1): "1,331" is not a number without doubt: it may be 1331 or 1.331; pass `parse: { "n": "thousands" }` or `parse: { "n": "decimal-comma" }`',
    'column "n" (row 1): "1,331" is not a number without doubt: it may be 1331 or 1.331; choose "1,234 is 1234" for "n" or "1,234 is 1.234" for "n"',
  ],
  [
    'column "z" follows from others: z = x + y. Such rows have no density of all columns: likelihoods grow without bound there and compare nothing; leave "z" out with `columns`',
    'column "z" follows from others: z = x + y. Such rows have no density of all columns: likelihoods grow without bound there and compare nothing; leave "z" out',
  ],
  [
    "the held-out log-likelihood was still rising when the budget of 20 s was used up: a larger `budget: 80` is likely to give a better model",
    "the held-out log-likelihood was still rising when the budget of 20 s was used up: 80 seconds of training are likely to give a better model",
  ],
  [
    'a.csv is not UTF-8; it seems to be utf-16le: pass `encoding: "utf-16le"`, or save it in UTF-8',
    "a.csv is not UTF-8; save it in UTF-8",
  ],
  [
    "a.safetensors is not a safetensors file, or is truncated: it claims a header of 7954882443224425083 bytes and has 5 after the length; a model is what save writes.",
    "This file is no model, or not a whole one: nothing was opened",
  ],
  [
    "what is given cannot be: by the model no row has these values together, or none that was drawn; mend the values, or widen the ranges.",
    "what is given cannot be: by the model no row has these values together, or none that was drawn; hold another value",
  ],
  [
    'column "weight (kg)" (row 1): "11,5" is read as 11.5 (decimal-comma)',
    'column "weight (kg)" (row 1): "11,5" is read as 11.5',
  ],
])("%s", (line, said) => {
  expect(onPage(line)).toBe(said);
});

test("a table without a column to fit is told of a choice that the page has", async () => {
  const table = tableFromObjects([{ a: 1 }, { a: 1 }, { a: 1 }]);
  const error = await fit(table, { flow: "columns" }).catch((fault: unknown) => fault);
  expect(messageOf(error)).toBe(
    "there is no column to fit: all are constant, identifiers or text; if one is not, choose under Columns what it is taken for.",
  );
});
