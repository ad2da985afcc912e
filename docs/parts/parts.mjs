// The parts that flows are built of, as the indexes of the registries list them: what each file and each docstring says of its part.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commentAsMarkdown, commentText, docstringIn, headOf, sourceText } from "../sourceComments.mjs";

const sources = fileURLToPath(new URL("../../src", import.meta.url));

/** The sorts of parts: the entry of the package and folder of the sources, and the name that examples give to a part. */
export const sorts = [
  { entry: "bijections", title: "Bijections", variable: "bijection" },
  { entry: "transformers", title: "Transformers", variable: "transformer" },
  { entry: "distributions", title: "Bases", variable: "base" },
];

/** Names that an index of a registry exports, each with the file that it is from. */
function listed(index) {
  return Array.from(sourceText(index).matchAll(/export \{([^}]*)\} from "\.\/([^"]+)\.ts"/g)).flatMap(
    ([, names, file]) =>
      names
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "" && !name.startsWith("type "))
        .map((name) => ({ name, file: join(dirname(index), file) })),
  );
}

/** What a page needs of a part; what is missing is an error that names it. */
function described({ entry, title, variable }, { name, file }) {
  const need = (found, what) => {
    if (!found)
      throw new Error(`src/${file}.ts: ${name} has no ${what} (CONTRIBUTING.md: How to add something)`);
    return found;
  };
  const docstring = need(docstringIn(sourceText(file), name), "docstring");
  const text = commentText(docstring);
  const head = headOf(file);
  need(/^ {4}\S/m.test(head), "formula in the head of its file, as lines that are indented by four spaces");
  need(
    /\b(1[89]|20)\d\d\b|\b(Stan|zuko|nflows|normflows|FlowJAX)\b|of no paper/.test(head),
    "source in the head of its file: authors and year, the library whose it is, or that it is of no paper",
  );
  const cost = need(
    text.match(/^@cost ([\s\S]*?)(?=^@|$(?![\s\S]))/m)?.[1],
    "@cost of each direction in its docstring",
  );
  const example = need(
    text.match(/^@example\n([\s\S]*?)(?=^@|$(?![\s\S]))/m)?.[1],
    "@example in its docstring",
  );
  need(
    new RegExp(`^const ${variable} = `, "m").test(example),
    `@example with a statement \`const ${variable} = ...\``,
  );
  const says = commentAsMarkdown(docstring);
  return {
    name,
    file,
    entry,
    title,
    variable,
    head,
    says,
    cost: cost.replaceAll("\n", " ").trim(),
    example: example.trim(),
  };
}

/** All parts, sort by sort. */
export const parts = sorts.flatMap((sort) =>
  readdirSync(join(sources, sort.entry), { recursive: true, encoding: "utf8" })
    .filter((path) => /(^|[\\/])makers\.ts$/.test(path))
    .sort()
    .flatMap((path) => listed(`${sort.entry}/${path.replaceAll("\\", "/").replace(/\.ts$/, "")}`))
    .map((each) => described(sort, each)),
);

/** The parts that a program names, by entry of the package. */
function importsOf(program) {
  const named = parts.filter(({ name }) => new RegExp(`\\b${name}\\(`).test(program));
  return sorts
    .map(({ entry }) => [entry, named.filter((part) => part.entry === entry).map(({ name }) => name)])
    .filter(([, names]) => names.length > 0);
}

/** The statements of a part's example, completed to those that make a base and a bijection of two features. */
export function statementsOf({ example, variable }) {
  const statements = [example];
  if (variable === "transformer")
    statements.push("const bijection = elementwise({ features: 2, transformer });");
  if (variable === "base") statements.push("const bijection = affine({ features: 2 });");
  if (!/^const base = /m.test(example)) statements.push("const base = standardNormal({ features: 2 });");
  return statements.join("\n");
}

/** A program that makes a flow of a part; the tests run it. */
export function programOf(part) {
  const statements = statementsOf(part);
  const values = /^const values = /m.test(part.example) ? "{ ...start, ...values }" : "start";
  const imports = [
    ...importsOf(statements).map(([entry, names]) => [names.sort(), entry]),
    [["flowOf"], "fitting"],
    [["initialValues"], "graph"],
    [["randomKey"], "random"],
  ].sort(([, a], [, b]) => (a < b ? -1 : 1));
  if (part.variable !== "transformer" && statements.includes("context: 1"))
    return givenProgramOf(part, { columns: ["c"], cells: "stream.uniform()", at: "{ c: 0.5 }" });
  if (part.variable === "base" && statements.includes("classes: 3"))
    return givenProgramOf(part, {
      columns: ["red", "green", "blue"],
      cells: "+(i % 3 === 0), +(i % 3 === 1), +(i % 3 === 2)",
      at: "{ red: 0, green: 1, blue: 0 }",
    });
  return `${imports.map(([names, entry]) => `import { ${names.join(", ")} } from "pushforward/${entry}";`).join("\n")}

${statements}
const start = initialValues({ base: base.parameters, bijection: bijection.parameters }, randomKey(1));
const flow = await flowOf(
  { kind: "own", features: 2, context: 0, transforms: 1, hidden: [], base, bijection },
  ${values},
  { columns: ["a", "b"] },
);
const samples = await flow.sample(100, { seed: 1 });
const logProb = await flow.logProb(samples); // nats
console.log(logProb.every(Number.isFinite)); // prints true
`;
}

/** The same of a part given columns: `flowOf` is for what is given nothing. */
function givenProgramOf(part, { columns, cells, at }) {
  const statements = statementsOf(part);
  const imports = importsOf(statements).map(
    ([entry, names]) => `import { ${names.sort().join(", ")} } from "pushforward/${entry}";`,
  );
  const given = JSON.stringify(columns).replaceAll(",", ", ");
  const index = cells.includes("i % 3") ? "(_, i)" : "()";
  return `import { fit, tableFromRows } from "pushforward";
${imports.join("\n")}
import { RandomStream, randomKey } from "pushforward/random";

${statements}
const stream = new RandomStream(randomKey(1));
const rows = Array.from({ length: 100 }, ${index} => [${cells}, stream.normal(), stream.normal()]);
const { flow } = await fit(tableFromRows([${given.slice(1, -1)}, "a", "b"], rows), {
  flow: { kind: "own", features: 2, context: ${columns.length}, transforms: 1, hidden: [], base, bijection },
  given: ${given},
  epochs: 2,
});
const samples = await flow.sample(100, { seed: 1, given: ${at} });
const logProb = await flow.logProb(samples); // nats
console.log(logProb.every(Number.isFinite)); // prints true
`;
}

/** The names that a program's parts are called by, for who runs it with the parts at hand. */
export function namesIn(program) {
  return importsOf(program).flatMap(([entry, names]) => names.map((name) => ({ entry, name })));
}
