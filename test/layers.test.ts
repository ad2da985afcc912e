import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/**
 * The layers, from the bottom. A file may import from its own layer and from those before it, never from those after.
 * A name is a folder of src/ or a file in it; of two that match the longer one decides.
 */
const layers: readonly string[] = [
  "errors.ts",
  "closestName.ts",
  "counted.ts",
  "options.ts",
  "optionText.ts",
  "registry.ts",
  "partialReaders.ts",
  "random",
  "platform",
  "numerics",
  "formats",
  "tables",
  "graph",
  "plan",
  "engines",
  "networks",
  "transformers",
  "bijections",
  "distributions",
  "architectures",
  "models",
  "exchange",
  "fitting",
  "diagnostics",
  "formerNames.ts",
  "figures",
  "entries",
  "index.ts",
  "cli",
];

/** Files of more than 400 lines, each with the reason why it is one concept. */
const longFiles: Readonly<Record<string, string>> = {};

/** Most files in a folder, and most lines in a file. */
const filesPerFolder = 16;
const linesPerFile = 400;

interface Import {
  readonly from: string;
  readonly to: string;
  /** Whether the import vanishes when types are taken away. */
  readonly isType: boolean;
}

const root = join(import.meta.dirname, "..", "src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts"))
  .sort();
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));

/** Whether each name of an import or export is a type. */
function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) {
    if (node.isTypeOnly) return true;
    const names = node.exportClause;
    return names !== undefined && ts.isNamedExports(names) && names.elements.every((name) => name.isTypeOnly);
  }
  const clause = node.importClause;
  if (!clause) return false;
  if (clause.isTypeOnly) return true;
  const names = clause.namedBindings;
  return (
    !clause.name && !!names && ts.isNamedImports(names) && names.elements.every((name) => name.isTypeOnly)
  );
}

function importsOf(file: string): Import[] {
  const source = ts.createSourceFile(file, text.get(file)!, ts.ScriptTarget.Latest, true);
  const result: Import[] = [];
  const add = (specifier: string, isType: boolean): void => {
    if (specifier.startsWith(".")) {
      result.push({ from: file, to: posix.normalize(posix.join(dirname(file), specifier)), isType });
    }
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      add((node.moduleSpecifier as ts.StringLiteral).text, isTypeOnly(node));
    }
    // An import at a call does not bind the order of loading, but it too points down only.
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = node.arguments;
      if (specifier && ts.isStringLiteral(specifier)) add(specifier.text, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return result;
}

const imports = files.flatMap(importsOf);

function layerOf(file: string): number {
  let best = -1;
  layers.forEach((name, place) => {
    const matches = file === name || file.startsWith(`${name}/`);
    if (matches && (best < 0 || name.length > layers[best]!.length)) best = place;
  });
  return best;
}

/** Circles of files that need each other's values to load. */
function circles(edges: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const reach = (start: string): Set<string> => {
    const seen = new Set<string>();
    const open = [...(next.get(start) ?? [])];
    while (open.length > 0) {
      const file = open.pop()!;
      if (seen.has(file)) continue;
      seen.add(file);
      open.push(...(next.get(file) ?? []));
    }
    return seen;
  };
  const reached = new Map(files.map((file) => [file, reach(file)]));
  const found = new Map<string, string[]>();
  for (const file of files) {
    if (!reached.get(file)!.has(file)) continue;
    const members = files.filter((other) => reached.get(file)!.has(other) && reached.get(other)!.has(file));
    found.set(members.join(" "), members);
  }
  return [...found.values()];
}

describe("layers", () => {
  test("each file belongs to a layer", () => {
    expect(files.filter((file) => layerOf(file) < 0)).toEqual([]);
  });

  test("an import points down only", () => {
    const upward = imports.filter(({ from, to }) => layerOf(to) > layerOf(from));
    expect(upward.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test("no files need each other's values in a circle", () => {
    expect(circles(imports.filter(({ isType }) => !isType))).toEqual([]);
  });

  test("inside the graph a file imports files, not the list of all operations", () => {
    const lists = ["graph/ops.ts", "graph/publicOps.ts"];
    const users = imports.filter(({ from, to }) => from.startsWith("graph/") && lists.includes(to));
    // The list for users holds the other one.
    expect(users.map(({ from }) => from)).toEqual(["graph/publicOps.ts"]);
  });

  test("the command line uses nothing but what everybody can import", () => {
    const isOutside = (file: string): boolean => /^(cli|entries)\/|^index\.ts$/.test(file);
    const behind = imports.filter(({ from, to }) => from.startsWith("cli/") && !isOutside(to));
    expect(behind.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test(`a folder holds at most ${filesPerFolder} files`, () => {
    const count = new Map<string, number>();
    for (const file of files) count.set(dirname(file), (count.get(dirname(file)) ?? 0) + 1);
    expect([...count].filter(([, size]) => size > filesPerFolder)).toEqual([]);
  });

  test(`a file has at most ${linesPerFile} lines, unless a reason is given`, () => {
    const long = files.filter((file) => text.get(file)!.split("\n").length - 1 > linesPerFile);
    expect(long).toEqual(Object.keys(longFiles).sort());
  });
});
