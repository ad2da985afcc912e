import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import * as formerNames from "../../src/formerNames.ts";
import { readText, root } from "./project.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly sideEffects: unknown;
}

const manifest = JSON.parse(readText("package.json")) as Manifest;

/** Bytes of the library after gzip, with what it imports at once; the README states it. */
const budget = 320_000;

/** A built module and those that it imports statically. */
function modules(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, from] of readText(path).matchAll(/^(?:import|export)\b[^;]*?["'](\.[^"']+)["'];?$/gm))
    modules(join(dirname(path), from!), found);
  return found;
}

test("types come first in every entry of exports", () => {
  for (const entry of Object.values(manifest.exports))
    if (typeof entry === "object") expect(Object.keys(entry)[0]).toBe("types");
});

test("importing the package has no side effects to keep", () => expect(manifest.sideEffects).toBe(false));

test("the library imports nothing of Node, and no package", () => {
  for (const path of modules("dist/index.js")) {
    // Comments of bundled packages name types by import().
    const text = readText(path).replaceAll(/^\s*\*.*$/gm, "");
    const imported = [
      ...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom\s*["']([^"']+)["'];?$/gm),
      ...text.matchAll(/^import\s*["']([^"']+)["'];?$/gm),
      ...text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g),
    ].map(([, name]) => name!);
    expect(
      imported.filter((name) => !name.startsWith("./")),
      path,
    ).toEqual([]);
  }
});

test(`the library is under ${budget / 1000} kB after gzip`, () => {
  const sizes = [...modules("dist/index.js")].map((path) => gzipSync(readText(path)).length);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(budget);
  expect(readText("README.md").replaceAll(/\s+/g, " ")).toContain(`under ${budget / 1000} kB`);
});

test("the README stays under 9 kB", () =>
  expect(Buffer.byteLength(readText("README.md"))).toBeLessThan(9000));

test("the parser of formulas is in a file of its own, which a bundler leaves out where no formula is read", () => {
  const holders = [...modules("dist/index.js")].filter((path) => readText(path).includes("max_unop_len"));
  expect(holders).toEqual([expect.stringMatching(/^dist\/jsep-/)]);
});

test("types tell nothing that is internal, and offer no name that is gone", () => {
  const types = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".d.ts"));
  expect(types.length).toBeGreaterThan(10);
  for (const name of types) {
    const text = readText(`dist/${name}`);
    expect(text, name).not.toContain("@internal");
    for (const gone of Object.keys(formerNames)) expect(text, name).not.toMatch(new RegExp(`\\b${gone}\\b`));
  }
});

test("versions are exact, and a page says what each dependency is for", () => {
  const workspaces = ["docs", "playground"].map(
    (name) => JSON.parse(readText(`${name}/package.json`)) as Manifest,
  );
  const used: Record<string, string> = { ...manifest.optionalDependencies, ...manifest.devDependencies };
  for (const { devDependencies } of workspaces) Object.assign(used, devDependencies);
  for (const [name, version] of Object.entries(used))
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-r\.\d+)?$/);
  const described = Array.from(readText("docs/dependencies.md").matchAll(/`([^`]+)`/g), ([, name]) => name!);
  const packages = described.filter((name) => name !== "dist" && !name.startsWith("pushforward"));
  expect(packages.toSorted()).toEqual(Object.keys(used).toSorted());
});

test("nothing must be installed with this package; one that may be is for figures as PNG", () => {
  expect(manifest.dependencies ?? {}).toEqual({});
  expect(Object.keys(manifest.optionalDependencies)).toEqual(["@resvg/resvg-js"]);
});
