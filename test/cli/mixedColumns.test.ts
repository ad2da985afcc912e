import { beforeAll, expect, it } from "vitest";
import { load } from "../../src/models/flow.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const run = async (line: string): Promise<string> => {
  const { code, stdout, stderr } = await runInProcess(line.split(" "), { cwd });
  expect({ line, code, stderr }).toEqual({ line, code: 0, stderr });
  return stdout;
};
const colors = ["red", "green", "blue"];
const lines = Array.from({ length: 150 }, (_, i) => {
  const color = (i + (i >> 2)) % 3;
  return `p${i},${colors[color]},${color * 4 + (i % 3)},${i % 7 === 0 ? 0 : (((i * 7919) % 997) / 10).toFixed(3)},${i % 5 === 0 ? "" : i % 2 ? "yes" : "no"}`;
});

let fitted: { readonly stdout: string; readonly stderr: string };
beforeAll(async () => {
  writeFiles(cwd, { "t.csv": `name,color,size,price,member\n${lines.join("\n")}\n` });
  await run("describe t.csv --out schema.json");
  const { stdout, stderr, code } = await runInProcess(
    "fit t.csv --keep name --out m.safetensors --epochs 3 --hidden 8 --seed 1 --threads 1".split(" "),
    { cwd },
  );
  expect(code).toBe(0);
  fitted = { stdout, stderr };
  await run(
    "fit t.csv --schema schema.json --out s.safetensors --epochs 3 --hidden 8 --seed 1 --threads 1 --json",
  );
});

it("a table as it is needs no option: one line says why, and one what each column is taken for", async () => {
  const why =
    "color has levels; size holds whole numbers that repeat; price has a value that many rows share; member is yes or no";
  expect(fitted.stderr).toContain(`t.csv: a flow of mixed columns, as ${why}\n`);
  expect(fitted.stderr).toMatch(/^ {2}name {4}identifier \(keep\) +carried along, not fitted$/m);
  expect(fitted.stderr).toMatch(/^ {2}color {3}categorical +3 levels: blue, green, red$/m);
  expect(fitted.stderr).toMatch(/^ {2}size {4}integer +0 to 10$/m);
  expect(fitted.stderr).toMatch(/^ {2}price {3}positive +0 to 96\.8; 0 in 15 % of the rows$/m);
  expect(fitted.stderr).toMatch(/^ {2}member {2}boolean +2 levels: no, yes; missing in 20 %$/m);
  expect(fitted.stdout).toContain(`columns, as ${why}`);
  expect(fitted.stderr).toMatch(/^network 2\/2, epoch \d+\/6: train \S+, validation \S+ nats$/m);
  const flow = await load(`${cwd}/m.safetensors`);
  expect(flow.description.fitted.keep).toEqual(["name"]);
  const other = await load(`${cwd}/s.safetensors`);
  expect(other.description).toEqual({
    ...flow.description,
    fitted: { ...flow.description.fitted, keep: undefined },
  });
});

it("what is left out is told with the remedy, once", async () => {
  const { stderr } = await runInProcess(
    "fit t.csv --out x.safetensors --epochs 1 --hidden 4 --threads 1".split(" "),
    { cwd },
  );
  expect(stderr).toMatch(
    /^ {2}name +identifier +left out: the column is an identifier \(another text in each row\); to fit it, give it a kind, as in --kind name=categorical; to carry it along, pass --keep name$/m,
  );
  expect(stderr.match(/is an identifier/g)).toHaveLength(1);
});

it("a table with text, atoms and missing cells is fitted, scored and sampled in its own types", async () => {
  const flow = await load(`${cwd}/m.safetensors`);
  expect(
    flow.description.schema!.columns.map(({ name, kind, atoms, missing }) => [name, kind, atoms, missing]),
  ).toEqual([
    ["color", "categorical", undefined, undefined],
    ["size", "integer", undefined, undefined],
    ["price", "positive", [0], undefined],
    ["member", "boolean", undefined, true],
  ]);
  const samples = (await run("sample m.safetensors -n 200 --seed 1")).trim().split("\n");
  expect(samples[0]).toBe("color,size,price,member");
  for (const line of samples.slice(1))
    expect(line).toMatch(/^(?:red|green|blue),\d+,\d+(?:\.\d+)?(?:e-\d+)?,(?:yes|no)?$/);
  const scores = await run("logprob m.safetensors t.csv --out scores.csv");
  expect(scores).toMatch(/mean log-density +-\d/);
  expect(await run("inspect m.safetensors")).toMatch(/chain of mixed columns/);
  expect(await run("plot m.safetensors t.csv --out p.svg")).toMatch(/of 4 columns/);
  expect(await run("plot m.safetensors t.csv --columns member,color --out p.html")).toMatch(/of 2 columns/);
});

it("a model is given levels by name", async () => {
  await run(
    "fit t.csv --flow columns --columns size --given color --kind size=ordinal --out g.safetensors --epochs 3 --hidden 8 --threads 1",
  );
  expect(await run("sample g.safetensors -n 3 --given color=red")).toMatch(
    /^color,size\nred,\d+\nred,\d+\nred,\d+\n$/,
  );
  expect(await run("plot g.safetensors t.csv --out g.svg")).toMatch(/of 2 columns/);
  const wrong = await runInProcess("sample g.safetensors -n 3 --given color=pink".split(" "), { cwd });
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toBe(
    'sample: given["color"] must be one of its levels: blue, green, red, got "pink".\n',
  );
  writeFiles(cwd, {
    "wishes.csv": "color\nred\nblue\npink\n",
    "prices.csv": "color,price\nred,1\nblue,cheap\n",
  });
  const inFile = await runInProcess("sample g.safetensors --given wishes.csv".split(" "), { cwd });
  expect(inFile.stderr).toBe(
    'wishes.csv: sample: given["color"] (row 3) must be one of its levels: blue, green, red, got "pink".\n',
  );
  const strange = await runInProcess("sample m.safetensors --given prices.csv".split(" "), { cwd });
  expect(strange.stderr).toMatch(/^prices\.csv: .*\(row 2\): "cheap" is not a number/);
});

it("questions about any columns are answered in the table's own types", async () => {
  const marginal = await run("marginal m.safetensors t.csv --columns color --given size,member --out c.csv");
  expect(marginal).toMatch(/asked +color given size, member\n +rows +150\n/);
  expect(marginal).toMatch(/made +exact\n(?! +standard error)/);
  expect(
    await run("marginal m.safetensors t.csv --columns member --given price=1..10 --draws 8 --seed 1"),
  ).toMatch(/standard error +\d\.\d{4} nats in the median row, \d+\.\d{4} at most/);
  const json = JSON.parse(
    await run("marginal m.safetensors t.csv --columns color --given price=0..10 --json"),
  );
  expect(json).toMatchObject({
    columns: ["color"],
    given: ["price"],
    rows: 150,
    outsideSupport: 0,
    summedOut: 0,
  });
  writeFiles(cwd, { "hole.csv": "color,size\n,5\nred,5\n" });
  const hole = await runInProcess("marginal m.safetensors hole.csv --columns color,size".split(" "), { cwd });
  expect(hole.stderr).toContain("1 row misses a cell of a column in which none was missing in the fit");
  expect(await run("quantile m.safetensors --column price --at 0.5,0.9 --given color=red,size=0..2")).toMatch(
    /^ +0\.5 +\d[\d.e+-]*\n +0\.9 +\d[\d.e+-]*\n +made +\S/,
  );
  expect(await run("cdf m.safetensors --column size --at 4,20 --given color=red")).toMatch(
    /up to 20 +[01]\.\d{4}/,
  );
  writeFiles(cwd, { "given.csv": "color,size,note\nred,1,x\n,8,y\n" });
  expect(await run("quantile m.safetensors --column price --at 0.5 --given given.csv")).toMatch(
    /^0\.5\n\d[\d.e+-]*\n\d[\d.e+-]*\n$/,
  );
  expect(await run("sample m.safetensors --given given.csv --seed 1")).toMatch(
    /^color,size,price,member\nred,1,.*\n\w+,8,.*\n$/,
  );
  for (const line of (await run("sample m.safetensors -n 20 --given color=green,price=1..50"))
    .trim()
    .split("\n")
    .slice(1)) {
    const [color, , price] = line.split(",");
    expect(color).toBe("green");
    expect(Number(price) >= 1 && Number(price) <= 50).toBe(true);
  }
});

it("missing cells are filled in, and the other columns stay", async () => {
  writeFiles(cwd, { "holes.csv": "name,color,size,price,member\na,,4,0,yes\nb,red,,1.5,\nc,blue,9,2,no\n" });
  const { code, stdout, stderr } = await runInProcess("impute m.safetensors holes.csv --draws 2".split(" "), {
    cwd,
  });
  expect(code).toBe(0);
  expect(stderr).toMatch(/3 missing cells filled in by draws .*, as if they were missing at random; /);
  const lines = stdout.trim().split("\n");
  expect(lines[0]).toBe("draw,name,color,size,price,member");
  expect(lines).toHaveLength(7);
  for (const line of lines.slice(1))
    expect(line).toMatch(/^[12],(?:a,(?:red|green|blue),4,0,yes|b,red,\d+,1\.5,(?:yes|no)|c,blue,9,2,no)$/);
  const scored = await runInProcess("logprob m.safetensors holes.csv".split(" "), { cwd });
  expect(scored.stderr).toMatch(
    /cells of color, size are missing in 2 rows, and none was in the rows of the fit/,
  );
});

it("a model of any order answers every set of columns without draws, and says so", async () => {
  await run("fit t.csv --any-order --out any.safetensors --epochs 2 --hidden 8 --seed 1 --threads 1");
  expect(await run("marginal any.safetensors t.csv --columns color --given size,price")).toContain(
    "exact for this set of columns",
  );
  expect(await run("inspect any.safetensors")).toContain("any order");
  const { stderr } = await runInProcess("sample any.safetensors -n 3 --given size=4".split(" "), { cwd });
  expect(stderr).toContain(
    "drawn from the density of this set of columns; what is given has log-probability",
  );
});

it.each([
  ["sample m.safetensors --seed 1", 2, /^-n <rows> is required/],
  ["sample m.safetensors -n 3 --given colour=red", 2, /--given: the model has no column "colour"/],
  [
    "marginal m.safetensors t.csv --columns colour",
    2,
    /--columns: the model has no column "colour" \(did you mean "color"\?\)/,
  ],
  ["marginal m.safetensors t.csv", 2, /^--columns must be the columns that are asked for/],
  ["quantile m.safetensors --column color", 2, /levels are in no order/],
  ["quantile m.safetensors --column size --at 2", 2, /--at must be .*probabilities above 0 and below 1/],
  ["cdf m.safetensors", 2, /--column must be/],
  ["cdf m.safetensors --column size", 2, /--at must be/],
  ["impute m.safetensors t.csv --json", 2, /give --out a file for the table/],
  [
    "fit t.csv --flow columns --kind size=angle --out x.safetensors",
    2,
    /kind of column "size": "angle" needs its period/,
  ],
  [
    "fit t.csv --flow columns --kind sizes=integer --out x.safetensors",
    2,
    /no column "sizes" \(did you mean "size"\?\)/,
  ],
  [
    "fit t.csv --flow columns --columns name --out x.safetensors",
    1,
    /column "name" has no density: the column is an identifier .* as in --kind name=categorical/,
  ],
  [
    "fit t.csv --flow columns --schema t.csv --out x.safetensors",
    1,
    /^--schema: "t\.csv" is not JSON; pushforward describe DATA --out FILE writes a schema\.\n$/,
  ],
  ["fit t.csv --flow maf --kind size=integer --out x.safetensors", 2, /--kind means nothing for --flow maf/],
  [
    "fit t.csv --flow columns --dequantize size --out x.safetensors",
    2,
    /^--dequantize: there is no dequantize any more: .* the value of a step has a mass/,
  ],
  ["plot m.safetensors t.csv --columns colour --out x.svg", 2, /--columns.*"colour".*did you mean "color"/],
])("%s", async (line, code, message) => {
  const result = await runInProcess(line.split(" "), { cwd });
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
  expect(result.stderr).toMatch(message);
});
