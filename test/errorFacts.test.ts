import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

/** Errors that say what was expected and what came, not a text alone. All but `AbortedError`, which was asked for. */
const withParts: ReadonlySet<string> = new Set([
  "UsageError",
  "ShapeError",
  "DataError",
  "FormatError",
  "NumericalError",
]);

const root = join(import.meta.dirname, "..", "src");
const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort()
  .map((file) => parse(file.replaceAll("\\", "/"), readFileSync(join(root, file), "utf8")));

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/**
 * What of a file holds facts: variables with an object as one writes it, or declared to be `ErrorFacts`, and members that are declared to
 * return them, as `name()`.
 */
function factsOf(source: ts.SourceFile, onlyDeclared: boolean): string[] {
  const names: string[] = [];
  visit(source, (node) => {
    const isMaker =
      (ts.isMethodSignature(node) && node.type?.getText(source) === "ErrorFacts") ||
      (ts.isPropertySignature(node) && node.type?.getText(source).endsWith("=> ErrorFacts"));
    if (isMaker) names.push(`${node.name.getText(source)}()`);
    if (!ts.isVariableDeclaration(node) || !node.initializer) return;
    const isDeclared = node.type?.getText(source) === "ErrorFacts";
    if (isDeclared || (!onlyDeclared && ts.isObjectLiteralExpression(node.initializer)))
      names.push(node.name.getText(source));
  });
  return names;
}

/** Where errors are made of a text alone, as `file:line`, and how many are made of facts. */
function textAlone(
  source: ts.SourceFile,
  shared: readonly string[],
): { places: string[]; withFacts: number } {
  const facts = new Set([...shared, ...factsOf(source, false)]);
  const areFacts = (node: ts.Expression | undefined): boolean =>
    node !== undefined &&
    (ts.isObjectLiteralExpression(node) ||
      (ts.isIdentifier(node) && facts.has(node.text)) ||
      (ts.isCallExpression(node) && facts.has(`${node.expression.getText(source).split(".").at(-1)}()`)) ||
      (ts.isConditionalExpression(node) && areFacts(node.whenTrue) && areFacts(node.whenFalse)));
  const places: string[] = [];
  let withFacts = 0;
  visit(source, (node) => {
    if (!ts.isNewExpression(node)) return;
    // A class behind another name is made of facts, too.
    const isNamed = withParts.has(node.expression.getText(source));
    if (!isNamed && !(ts.isThrowStatement(node.parent) && !/Error$/.test(node.expression.getText(source))))
      return;
    if (areFacts(node.arguments?.[0])) withFacts++;
    else {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      places.push(`${source.fileName}:${line + 1}`);
    }
  });
  return { places, withFacts };
}

test("each error but a stop that was asked for says what was expected and what came", () => {
  const shared = sources.flatMap((source) => factsOf(source, true));
  const results = sources.map((source) => textAlone(source, shared));
  expect(results.flatMap(({ places }) => places)).toEqual([]);
  expect(results.reduce((sum, { withFacts }) => sum + withFacts, 0)).toBeGreaterThan(300);
});

test("a text alone is told from facts", () => {
  const made = [
    "const facts = { expected, received };",
    "const text = `a sentence`;",
    "new UsageError(facts);",
    "new DataError({ expected, received }, { row });",
    "new ShapeError(short ? facts : { ...facts, remedy });",
    'new UsageError("a sentence");',
    "new DataError(`a sentence`, { row });",
    "new FormatError(text);",
    'new ShapeError(short ? facts : "a sentence");',
    "interface System { failure(t: number): ErrorFacts; message(t: number): string }",
    "new NumericalError(system.failure(t));",
    "new NumericalError(system.message(t));",
    "throw new Cause(text);",
    'new AbortedError("a sentence");',
  ].join("\n");
  expect(textAlone(parse("made.ts", made), [])).toEqual({
    places: ["made.ts:6", "made.ts:7", "made.ts:8", "made.ts:9", "made.ts:12", "made.ts:13"],
    withFacts: 4,
  });
});
