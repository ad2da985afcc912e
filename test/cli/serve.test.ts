import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { get, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, describe, expect, it } from "vitest";
import { answerSchemas, problemSchema } from "../../src/cli/serve/openApi.ts";
import { rehearse } from "../../src/cli/serve/rehearsal.ts";
import { checkServed, type RunningServer, startServer } from "../../src/cli/serve/server.ts";
import { anomalies } from "../../src/diagnostics/anomalies/anomalies.ts";
import { load } from "../../src/index.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";
import { tableFromRows } from "../../src/tables/table.ts";
import { tableToBytes } from "../../src/tables/writeTable.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { cliPath, runCli } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const folder = temporaryFolder();
const stored = join(import.meta.dirname, "../files/models");
const paths = Object.fromEntries(
  ["gaussian", "columns", "nsf-ar-given"].map((kind) => {
    const path = join(folder, `${kind}.safetensors`);
    copyFileSync(join(stored, `${kind}.safetensors`), path);
    return [kind, path];
  }),
);
const flowOf = (kind: string) => load(readFileSync(join(stored, `${kind}.safetensors`)));

const log: string[] = [];
const servers: RunningServer[] = [];
const started = async (options: object = {}): Promise<RunningServer> => {
  const server = await startServer({
    models: Object.entries(paths).map(([name, path]) => ({ name, path })),
    host: "127.0.0.1",
    port: 0,
    mostBytes: 1_000_000,
    mostRows: 20_000,
    timeout: 30,
    watch: false,
    packageVersion: "0.0.0",
    log: (line) => log.push(line),
    ...options,
  });
  servers.push(server);
  return server;
};
afterAll(async () => {
  for (const server of servers) await server.close(1);
});

const server = await started();
const ask = (path: string, body?: unknown, headers: object = {}, url = server.url): Promise<Response> =>
  fetch(`${url}${path}`, {
    ...(body === undefined
      ? {}
      : { method: "POST", body: typeof body === "string" ? body : (JSON.stringify(body) as string) }),
    headers: { "content-type": "application/json", ...headers },
  });
/** What a test looks into. */
// biome-ignore lint/suspicious/noExplicitAny: a document, each part of which a test compares.
type Answer = any;
const answer = async (path: string, body?: unknown): Promise<Answer> => {
  const response = await ask(path, body);
  expect([response.status, path]).toEqual([200, path]);
  return await response.json();
};
const refusal = async (path: string, body?: unknown, headers: object = {}): Promise<string> => {
  const response = await ask(path, body, headers);
  const problem = (await response.json()) as { readonly error: { readonly message: string } };
  v.parse(problemSchema, problem);
  return `${response.status} ${problem.error.message}`;
};
const bytesOf = async (rows: readonly number[][]) =>
  (await tableToBytes(tableFromRows(["x", "y"], rows), "arrow")) as Uint8Array<ArrayBuffer>;

describe("logprob", () => {
  const rows = [
    [0.5, 1],
    [-2, 3],
    [100, -7],
  ];

  it("gives what the library gives, of arrays, objects and Arrow", async () => {
    const flow = await flowOf("gaussian");
    const expected = Array.from(await flow.logProb(rows));
    const first = await answer("/v1/models/gaussian/logprob", { rows });
    v.parse(answerSchemas.logprob, first);
    expect(first).toMatchObject({ model: "gaussian", logProb: expected });
    expect(first.version).toMatch(/^[0-9a-f]{16}$/);
    const objects = rows.map(([x, y]) => ({ y, more: "ignored", x }));
    expect((await answer("/v1/models/gaussian/logprob", { rows: objects })).logProb).toEqual(expected);
    const response = await fetch(`${server.url}/v1/models/gaussian/logprob?missing=empty`, {
      method: "POST",
      body: await bytesOf(rows),
      headers: {
        "content-type": "application/vnd.apache.arrow.file",
        accept: "application/vnd.apache.arrow.file",
      },
    });
    expect(response.status).toBe(200);
    const table = await readTable(await response.arrayBuffer(), { format: "arrow" });
    expect([table.columns, Array.from(table.values)]).toEqual([["logProb"], expected]);
    expect(response.headers.get("model-version")).toBe(first.version);
  });

  it("says which rows have none, and which cannot be", async () => {
    const path = "/v1/models/gaussian/logprob";
    const text = '{"rows": [[null, 1], [1e999, 1]]}';
    expect((await (await ask(path, text)).json()) as object).toMatchObject({ logProb: [null, "-Infinity"] });
    expect(
      await refusal(path, {
        rows: [
          [1, 1],
          [null, 1],
        ],
        missing: "error",
      }),
    ).toMatch(/^400 column "x" \(row 2\): the value is missing/);
  });

  it("gives what columns add, and rows that are given a column", async () => {
    const flow = await flowOf("columns");
    const { logProb, columns } = await flow.contributions(rows);
    const found = await answer("/v1/models/columns/logprob", { rows, byColumn: true });
    v.parse(answerSchemas.logprob, found);
    expect(found.logProb).toEqual(Array.from(logProb, (value) => (value < -1e308 ? "-Infinity" : value)));
    expect(found.columns.map(({ column }: { column: string }) => column)).toEqual(flow.columns);
    expect(found.columns[0].value[0]).toBe(columns[0]!.value[0]);
    const given = await flowOf("nsf-ar-given");
    const objects = [{ y: 0.3, x: 0.1 }];
    expect((await answer("/v1/models/nsf-ar-given/logprob", { rows: objects })).logProb).toEqual(
      Array.from(await given.logProb(objects)),
    );
    expect(await refusal("/v1/models/gaussian/logprob", { rows, byColumn: true })).toMatch(
      /^400 contributions:/,
    );
  });

  it("writes long answers as they are made, the same as short ones", async () => {
    const flow = await flowOf("gaussian");
    const many = Array.from({ length: 10_000 }, (_, i) => [i / 5000 - 1, Math.sin(i)]);
    const expected = Array.from(await flow.logProb(many));
    const response = await ask("/v1/models/gaussian/logprob", { rows: many });
    expect(response.headers.get("transfer-encoding")).toBe("chunked");
    expect(((await response.json()) as { logProb: number[] }).logProb).toEqual(expected);
    const csv = await (
      await ask("/v1/models/gaussian/logprob", { rows: many }, { accept: "text/csv" })
    ).text();
    expect(csv.split("\n").slice(0, -1)).toEqual(["logProb", ...expected.map(String)]);
  });

  it("scores requests that come together, each by itself", async () => {
    const flow = await flowOf("gaussian");
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        ask("/v1/models/gaussian/logprob", { rows: [[i === 50 ? null : i / 50, 0]], missing: "error" }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.flatMap((status, i) => (status === 200 ? [] : [i]))).toEqual([50]);
    const [last] = ((await answers[99]!.json()) as { logProb: number[] }).logProb;
    expect(last).toBe((await flow.logProb([[99 / 50, 0]]))[0]);
    const metrics = await (await ask("/metrics")).text();
    expect(metrics).toMatch(
      /^pushforward_requests_total\{model="gaussian",verb="logprob",status="400"\} [1-9]/m,
    );
    expect(metrics).toMatch(/^pushforward_batch_requests_bucket\{model="gaussian",le="1"\} \d+$/m);
  });
});

it("draws what the library draws, and tells the seed", async () => {
  const flow = await flowOf("gaussian");
  const path = "/v1/models/gaussian/sample";
  const drawn = await answer(path, { n: 3, seed: 5, logProb: true });
  v.parse(answerSchemas.sample, drawn);
  const { table, logProb } = await flow.sampleWithLogProb(3, { seed: 5 });
  expect(drawn.columns).toEqual([...table.columns, "logProb"]);
  expect(drawn.rows[2]).toEqual([...table.values.subarray(4), logProb[2]]);
  const { seed, rows } = await answer(path, { n: 2 });
  expect((await answer(path, { n: 2, seed })).rows).toEqual(rows);
  const response = await ask(path, { n: 2 ** 14, seed: 1 }, { accept: "text/csv" });
  const read = await readTable(new TextEncoder().encode(await response.text()));
  expect(read.values).toEqual((await flow.sample(2 ** 14, { seed: 1 })).values);
  const given = await answer("/v1/models/nsf-ar-given/sample", { n: 1, given: { x: 0.5 }, seed: 0 });
  expect(given.rows[0][0]).toBe(0.5);
  expect(await refusal("/v1/models/nsf-ar-given/sample", { n: 1 })).toMatch(
    /^400 sample: the flow is given x/,
  );
});

it("says how strange rows are, as the library does, and what a model is", async () => {
  const flow = await flowOf("gaussian");
  const rows = [
    [9, -9],
    [0, 0],
  ];
  const found = await answer("/v1/models/gaussian/anomalies", { rows, fdr: 0.1 });
  v.parse(answerSchemas.anomalies, found);
  const expected = await anomalies(flow, tableFromRows(["x", "y"], rows), { fdr: 0.1 });
  expect(found.rows).toEqual(JSON.parse(JSON.stringify(expected.rows)));
  expect(await refusal("/v1/models/nsf-ar-given/anomalies", { rows })).toMatch(
    /^400 anomalies: a flow that is given/,
  );
  const described = await answer("/v1/models/gaussian/describe");
  v.parse(answerSchemas.describe, described);
  expect(described).toMatchObject({ kind: "gaussian", columns: ["x", "y"] });
});

it("says what is wrong with a request, by row and column, and lives on", async () => {
  const path = "/v1/models/gaussian/logprob";
  expect(await refusal(path, { rows: [[1, 2], { x: 1 }] })).toBe(
    '400 row 2 has no "y"; write null where a cell is missing',
  );
  const response = await ask(path, { rows: [[1, "a"], [1], 3], further: 1 });
  expect(((await response.json()) as { error: { faults: object[] } }).error.faults).toEqual([
    { row: 1, column: "y", message: 'column "y" (row 1) must be a number or null, got "a"' },
    { row: 2, message: "row 2 has 1 cells, and the 2 columns are x, y" },
    { row: 3, message: "row 3 must be an array of cells, or an object by column, got 3" },
    { field: "further", message: 'there is no option "further"' },
  ]);
  expect(await refusal(path, "{")).toMatch(/^400 the body is not JSON/);
  expect(await refusal(path, { rows: [] })).toMatch(/^400 .*at least one row/);
  expect(await refusal(path, { rows: Array(20_001).fill([1, 2]) })).toMatch(/^400 .*at most 20000 rows/);
  expect(await refusal(path, " ".repeat(1_000_001))).toBe("413 the body must be at most 1000000 bytes");
  expect(await refusal(path, "x", { "content-type": "text/plain" })).toMatch(/^415 /);
  expect(await refusal(path, "{}", { "content-encoding": "gzip" })).toMatch(/^415 /);
  expect(await refusal(path, "x", { "content-type": "application/vnd.apache.arrow.stream" })).toMatch(
    /^400 the body is not Arrow data/,
  );
  expect(await refusal("/v1/models/none/logprob", { rows: [] })).toMatch(/^404 there is no model "none"/);
  expect(await refusal("/v1/models/gaussian/sample")).toBe(
    "405 the method of /v1/models/gaussian/sample is POST",
  );
  expect(await refusal("/nowhere")).toMatch(/^404 /);
  const draws = "/v1/models/gaussian/sample";
  expect(await refusal(draws, { n: 1.5 })).toBe('400 "n" must be a whole number, got 1.5');
  expect(await refusal(draws, { n: 0 })).toBe('400 "n" must be at least 1, got 0');
  expect(await refusal(draws, { n: "x" })).toBe('400 "n" must be a number, got "x"');
  expect(await refusal(path, { rows: 5 })).toBe('400 "rows" must be an array, got 5');
  await answer(path, { rows: [[1, 2]] });
  expect(log).toEqual([]);
});

it("refuses five hundred requests that are malformed, one after the other, and lives on", async () => {
  const stream = new RandomStream(randomKey(1));
  const good = '{"rows":[[1,2],{"x":1,"y":null}],"missing":"empty","n":3,"seed":1}';
  const arrow = await bytesOf([[1, 2]]);
  const pick = <T>(list: readonly T[]): T => list[stream.integerBelow(list.length)]!;
  const bytes = (count: number): Uint8Array<ArrayBuffer> =>
    Uint8Array.from({ length: count }, () => stream.integerBelow(256));
  const values = [
    null,
    "x",
    -1,
    1e300,
    {},
    [],
    [[]],
    [[null]],
    [[1, 2, 3]],
    [["1", true]],
    { x: 1 },
    [{ z: 1 }],
  ];
  const bodies: readonly (() => string | Uint8Array<ArrayBuffer>)[] = [
    // Something is taken out, put in twice, or something else.
    () => {
      const at = stream.integerBelow(good.length);
      return good.slice(0, at) + good.slice(at + 1 + stream.integerBelow(7));
    },
    () => {
      const at = 3 + stream.integerBelow(good.length - 3);
      return good.slice(0, at) + good.slice(at - 3);
    },
    () => good.slice(0, stream.integerBelow(good.length)),
    () => JSON.stringify({ [pick(["rows", "n", "seed", "missing", "given", "__proto__"])]: pick(values) }),
    () => "[".repeat(1 + stream.integerBelow(50_000)),
    () => bytes(stream.integerBelow(200)),
    () => arrow.slice(0, stream.integerBelow(arrow.length)),
  ];
  const verbs = ["logprob", "sample", "anomalies"];
  const paths = ["gaussian", "columns", "nsf-ar-given", "none", "..%2f", "%00"].flatMap((name) =>
    [...verbs, "nothing"].map((verb) => `/v1/models/${name}/${verb}`),
  );
  const statuses = new Map<number, number>();
  for (let i = 0; i < 500; i++) {
    const body = pick(bodies)();
    const type =
      typeof body === "string"
        ? "application/json"
        : pick(["application/vnd.apache.arrow.stream", "text/csv"]);
    const response = await fetch(`${server.url}${pick(paths)}`, {
      method: pick(["POST", "POST", "POST", "PUT", "DELETE"]),
      headers: { "content-type": pick([type, type, type, "a/b", "application/json; charset=x"]) },
      body,
    });
    const text = await response.text();
    // Some are right by chance.
    if (response.status !== 200) v.parse(problemSchema, JSON.parse(text));
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  }
  const right = statuses.get(200) ?? 0;
  statuses.delete(200);
  expect(right).toBeLessThan(50);
  expect([...statuses.keys()].filter((status) => status < 400 || status > 499)).toEqual([]);
  // What is not HTTP.
  const { port } = new URL(server.url);
  for (const text of [
    "\0\0\0\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "POST /v1/models/gaussian/logprob HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: -1\r\n\r\n",
  ]) {
    const socket = connect(Number(port), "127.0.0.1").end(text);
    const replies = await socket.setEncoding("utf8").toArray();
    expect(replies.join("")).toMatch(/^HTTP\/1\.1 4\d\d /);
  }
  await answer("/v1/models/gaussian/logprob", { rows: [[1, 2]] });
  expect(log).toEqual([]);
});

it("takes a body in pieces up to its limit, and no longer than it may", async () => {
  const { port } = new URL(server.url);
  const send = (size: number) =>
    new Promise<number>((resolve, reject) => {
      const headers = { "content-type": "application/json" };
      const sent = request(
        { port, host: "127.0.0.1", method: "POST", path: "/v1/models/gaussian/logprob", headers },
        (response) => {
          response.resume();
          resolve(response.statusCode!);
        },
      );
      sent.on("error", reject);
      sent.write('{"rows":[[1,2]]');
      sent.end(`${" ".repeat(size)}}`);
    });
  expect([await send(100), await send(1_000_000)]).toEqual([200, 413]);
  const hurried = await started({ timeout: 1e-4 });
  const late = await ask("/v1/models/gaussian/logprob", { rows: Array(5000).fill([1, 2]) }, {}, hurried.url);
  expect([late.status, ((await late.json()) as { error: object }).error]).toMatchObject([
    504,
    { code: "timeout" },
  ]);
});

it("lets in who has the token, and of this machine alone where there is none", async () => {
  expect(() => checkServed({ host: "0.0.0.0", token: undefined })).toThrow(
    /can be reached from other machines/,
  );
  const guarded = await started({ token: "0123456789abcdef" });
  const status = async (headers: object, path = "/v1/models") =>
    (await ask(path, undefined, headers, guarded.url)).status;
  expect(await status({})).toBe(401);
  expect(await status({ authorization: "Bearer 0123456789abcdeF" })).toBe(401);
  expect(await status({ authorization: "Bearer 0123456789abcdef" })).toBe(200);
  expect(await status({}, "/health")).toBe(200);
  const misdirected = await new Promise<number | undefined>((resolve) => {
    get(`${server.url}/v1/models`, { headers: { host: "evil.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
  expect(misdirected).toBe(421);
});

it("loads a model anew without a gap, and goes on with the old one where it cannot", async () => {
  const path = join(folder, "changing.safetensors");
  const put = (bytes: Uint8Array): void => {
    writeFileSync(`${path}.new`, bytes);
    renameSync(`${path}.new`, path);
  };
  put(readFileSync(join(stored, "gaussian.safetensors")));
  const changing = await started({ models: [{ name: "changing", path }], watch: true });
  const version = async () =>
    (
      (await (await ask("/v1/models/changing/logprob", { rows: [[1, 2]] }, {}, changing.url)).json()) as {
        version: string;
      }
    ).version;
  const first = await version();
  put(new TextEncoder().encode("not a model"));
  await changing.reload();
  expect(await version()).toBe(first);
  expect(log.at(-1)).toMatch(/^changing: .*is not a safetensors file.* Version [0-9a-f]{16} goes on\.$/);
  put(readFileSync(join(stored, "gaussian-spread.safetensors")));
  // Its file is looked at twice a second; no request fails meanwhile.
  let last = first;
  for (let i = 0; i < 100 && last === first; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    last = await version();
  }
  expect(last).not.toBe(first);
  expect(await (await ask("/metrics", undefined, {}, changing.url)).text()).toContain(
    `pushforward_model_info{model="changing",version="${last}"} 1`,
  );
});

it("answers what has begun before it ends", async () => {
  const ending = await started();
  const open = ask("/v1/models/gaussian/sample", { n: 20_000 }, {}, ending.url);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const response = await open;
  const closed = ending.close(5);
  expect(((await response.json()) as { rows: object[] }).rows).toHaveLength(20_000);
  await closed;
  await expect(ask("/health", undefined, {}, ending.url)).rejects.toThrow();
});

it("describes itself", async () => {
  const document = await answer("/openapi.json");
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths)).toHaveLength(3 + 4 * Object.keys(paths).length);
  const { schema } =
    document.paths["/v1/models/gaussian/logprob"].post.requestBody.content["application/json"];
  expect(schema.required).toEqual(["rows"]);
  const [asArray, asObject] = schema.properties.rows.items.anyOf;
  expect([asObject.required, asArray.prefixItems.length]).toEqual([["x", "y"], 2]);
});

it("is a command, which ends well when it is told to", async () => {
  const run = await runCli(["serve", `g=${paths.gaussian}`, "--port", "0", "--no-watch"], {
    interruptAt: "version",
  });
  expect(run).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^listening on http:\/\/127\.0\.0\.1:\d+\n$/),
  });
  expect(run.stderr).toMatch(
    /^g: version [0-9a-f]{16}, Flow of x, y: .*\nSIGINT: what has begun is answered/,
  );
  const failing = async (...args: string[]) => {
    const { code, stderr } = await runInProcess(["serve", ...args], { cwd: folder });
    return `${code} ${stderr}`;
  };
  expect(await failing("gaussian.safetensors", "--host", "0.0.0.0")).toMatch(
    /^2 --host 0\.0\.0\.0 can be reached/,
  );
  expect(await failing("gaussian.safetensors", "./gaussian.safetensors")).toMatch(
    /^2 two models are called "gaussian"/,
  );
  expect(await failing("a b.safetensors")).toMatch(
    /^2 the model of "a b.safetensors" cannot be called "a b"/,
  );
  expect(await failing("none.safetensors")).toMatch(/^1 "none\.safetensors": /);
  const { port } = new URL(server.url);
  expect(await failing("gaussian.safetensors", "--port", port)).toMatch(
    /^1 cannot listen on 127\.0\.0\.1 port/,
  );
});

it("answers a rehearsal, and says how often", async () => {
  const { port } = new URL(server.url);
  const how = { port: Number(port), path: "/v1/models/gaussian/logprob", token: undefined, milliseconds: 50 };
  expect(await rehearse({ ...how, body: JSON.stringify({ rows: [[0, 0]] }) })).toBeGreaterThan(7);
  expect(await rehearse({ ...how, body: JSON.stringify({ rows: [[0]] }) })).toBe(0);
});

it("asks itself before it listens, and counts what others ask alone", async () => {
  const child = spawn(process.execPath, [cliPath, "serve", `g=${paths.gaussian}`, "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text));
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const url = /http:\S+/.exec(String(line))![0];
    // A rehearsal that was not answered would be told.
    expect(said).not.toContain("slow");
    const metrics = async (): Promise<string> => await (await fetch(`${url}/metrics`)).text();
    expect(await metrics()).not.toMatch(/^pushforward_(request|rows|batch)/m);
    expect((await ask("/v1/models/g/logprob", { rows: [[0, 0]] }, {}, url)).status).toBe(200);
    expect(await metrics()).toContain('pushforward_rows_total{model="g",verb="logprob"} 1\n');
  } finally {
    child.kill();
  }
});
