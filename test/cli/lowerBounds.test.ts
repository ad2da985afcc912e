/** A model that knows lower bounds alone says so wherever its log-densities are told. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { expect, test } from "vitest";
import { answerSchemas } from "../../src/cli/serve/openApi.ts";
import { startServer } from "../../src/cli/serve/server.ts";
import { affine, augmentation, permutation } from "../../src/entries/bijections.ts";
import { anomalies, klDivergence } from "../../src/entries/diagnostics.ts";
import { manyToOne, standardNormal } from "../../src/entries/distributions.ts";
import { flowOf } from "../../src/entries/fitting.ts";
import { initialValues } from "../../src/entries/graph.ts";
import { RandomStream, randomKey } from "../../src/entries/random.ts";
import { tableFromRows } from "../../src/index.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();
const run = (line: string) => runInProcess(line.split(" "), { cwd });
const said = "log-densities of this model are lower bounds, by draws\n";

const base = manyToOne({
  base: standardNormal({ features: 2 }),
  bijection: affine({ features: 2 }),
  surjection: augmentation({ features: 1, extra: 1 }),
  draws: 1,
});
const flow = await flowOf(
  { kind: "own", features: 1, context: 0, transforms: 1, hidden: [], base, bijection: permutation([0]) },
  initialValues({ base: base.parameters }, randomKey(1)),
  { columns: ["x"], precision: "float64" },
);
writeFileSync(join(cwd, "m.safetensors"), flow.toBytes());
const stream = new RandomStream(randomKey(2));
const rows = Array.from({ length: 40 }, () => [stream.normal()]);
writeFileSync(join(cwd, "x.csv"), `x\n${rows.join("\n")}\n`);

test("evaluate, divergence and anomalies call a bound one, in words and in JSON", async () => {
  const inWords = await run("evaluate m.safetensors x.csv");
  expect(inWords).toMatchObject({ code: 0, stderr: said });
  expect(inWords.stdout).toMatch(/\nlower bound {7}-\d/);
  for (const line of [
    "evaluate m.safetensors x.csv",
    "divergence m.safetensors m.safetensors --draws 20",
    "divergence m.safetensors m.safetensors x.csv",
    "anomalies m.safetensors x.csv",
  ]) {
    const { stdout, stderr } = await run(`${line} --json`);
    expect([line, JSON.parse(stdout).bound]).toEqual([line, true]);
    expect(stderr).toContain(said);
  }
  expect((await run("anomalies m.safetensors x.csv --out found.csv")).stdout).toContain(
    "log p: lower bound of the log-density in nats",
  );
  expect(readFileSync(join(cwd, "found.csv"), "utf8")).toMatch(/^row,score,pValue,logProbBound,/);
  expect((await anomalies(flow, tableFromRows(["x"], rows))).bound).toBe(true);
  expect((await klDivergence(flow, flow, { draws: 20 })).bound).toBe(true);
});

test("the server's answers call a bound one, in each form", async () => {
  const server = await startServer({
    models: [{ name: "m", path: join(cwd, "m.safetensors") }],
    host: "127.0.0.1",
    port: 0,
    mostBytes: 1_000_000,
    mostRows: 1000,
    timeout: 30,
    watch: false,
    packageVersion: "0.0.0",
    log: () => {},
  });
  try {
    const ask = async (verb: string, accept = "application/json", body: object = { rows: [[0.5]] }) =>
      await fetch(`${server.url}/v1/models/m/${verb}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", accept },
      });
    for (const verb of ["logprob", "anomalies"] as const)
      expect(v.parse(answerSchemas[verb], await (await ask(verb)).json())).toMatchObject({ bound: true });
    expect(await (await ask("logprob", "text/csv")).text()).toMatch(/^logProbBound\n/);
    const drawn = await ask("sample", "text/csv", { n: 2, seed: 1, logProb: true });
    expect(await drawn.text()).toMatch(/^x,logProbBound\n/);
  } finally {
    await server.close(1);
  }
});
