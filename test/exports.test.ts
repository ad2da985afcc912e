/** What the package offers to import: which names, in which entry, and that nothing has been forgotten. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { bijectionRegistry } from "../src/bijections/registry.ts";
import { distributionRegistry } from "../src/distributions/registry.ts";
import { PushforwardError } from "../src/errors.ts";
import * as formerNames from "../src/formerNames.ts";
import { conditionerRegistry } from "../src/networks/registry.ts";
import { transformerRegistry } from "../src/transformers/registry.ts";
import * as entries from "./entries.ts";

const root = join(import.meta.dirname, "..");

/** Names that an entry lists, itself or by an index of one sort of parts, and whether each is a type alone. */
function listed(file: string): { readonly name: string; readonly isType: boolean }[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  return source.statements.flatMap((statement) => {
    // A list computes nothing: it has no statements but these.
    if (ts.isExportDeclaration(statement) && !statement.exportClause && statement.moduleSpecifier) {
      const { text } = statement.moduleSpecifier as ts.StringLiteral;
      if (basename(text) === "makers.ts") return listed(join(dirname(file), text));
    }
    if (!ts.isExportDeclaration(statement) || !statement.exportClause)
      throw new Error(`${file} holds more than exports of names: ${statement.getText()}`);
    const clause = statement.exportClause;
    if (ts.isNamespaceExport(clause)) return [{ name: clause.name.text, isType: statement.isTypeOnly }];
    return clause.elements.map((element) => ({
      name: element.name.text,
      isType: statement.isTypeOnly || element.isTypeOnly,
    }));
  });
}

const subpaths = readdirSync(join(root, "src/entries")).map((file) => file.replace(/\.ts$/, ""));
const lists = new Map([
  [".", listed(join(root, "src/index.ts"))],
  ...subpaths.map((name) => [name, listed(join(root, "src/entries", `${name}.ts`))] as const),
]);
const namesOf = (entry: string, isType: boolean): string[] =>
  lists
    .get(entry)!
    .filter((each) => each.isType === isType)
    .map(({ name }) => name)
    .sort();

describe("entries", () => {
  test("are those of package.json, of the tests and of the folder of lists", () => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: object };
    const paths = subpaths.map((name) => `./${name}`);
    expect(Object.keys(exports).sort()).toEqual([".", "./package.json", ...paths].sort());
    expect(Object.keys(entries).sort()).toEqual([...subpaths, "top"].sort());
  });

  // A name that comes, goes or moves changes the page: --update writes it.
  test("offer the names that docs/imports.md lists, and no others", async () => {
    const inCode = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");
    const sections = Array.from(lists.keys(), (entry) => {
      const types = namesOf(entry, true);
      return [
        `## ${entry === "." ? "pushforward" : `pushforward/${entry}`}`,
        ...[inCode(namesOf(entry, false).filter((name) => !(name in formerNames)))].filter(
          (names) => names !== "",
        ),
        ...(types.length === 0 ? [] : [`Types: ${inCode(types)}`]),
      ].join("\n\n");
    });
    const page = join(root, "docs/imports.md");
    const text = readFileSync(page, "utf8").replace(
      /(<!-- names[^>]*-->\n)[\s\S]*(<!-- \/names -->)/,
      (_, start: string, end: string) => `${start}\n${sections.join("\n\n")}\n\n${end}`,
    );
    await expect(text).toMatchFileSnapshot(page);
  });

  // The errors are in an entry of their own, too, so that a program can tell them before it has loaded the library.
  test("share no name but those of the errors", () => {
    const places = new Map<string, string[]>();
    for (const [entry, names] of lists)
      for (const { name } of names) places.set(name, [...(places.get(name) ?? []), entry]);
    const shared = [...places].filter(([, found]) => found.length > 1);
    expect(shared.map(([, found]) => found.join())).toEqual(shared.map(() => ".,errors"));
    for (const [name] of shared) expect(name).toMatch(/Error$/);
  });

  test("leave some twenty verbs and forty types at the top", () => {
    const isError = (name: string): boolean => {
      const value = (entries.top as Readonly<Record<string, unknown>>)[name];
      return (
        typeof value === "function" &&
        (value === PushforwardError || value.prototype instanceof PushforwardError)
      );
    };
    const verbs = namesOf(".", false).filter((name) => !isError(name) && !(name in formerNames));
    expect(verbs.length).toBeLessThanOrEqual(20);
    expect(namesOf(".", true).length).toBeLessThanOrEqual(45);
  });
});

describe.each([
  ["bijection", bijectionRegistry, "", entries.bijections],
  ["transformer", transformerRegistry, "Transformer", entries.transformers],
  ["distribution", distributionRegistry, "", entries.distributions],
  ["conditioner", conditionerRegistry, "Conditioner", entries.networks],
] as const)("every %s that a model file may hold", (_, registry, suffix, entry) => {
  test(`is exported under the name of its type${suffix && `, with "${suffix}" where that is a word of many`}`, async () => {
    await registry.prepare(new Set(["a type that is not there yet"]));
    expect(registry.types.length).toBeGreaterThan(0);
    const names = Object.keys(entry);
    for (const type of registry.types)
      expect(
        names.some((name) => name === type || name === `${type}${suffix}`),
        type,
      ).toBe(true);
  });
});
