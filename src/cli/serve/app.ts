/**
 * The routes of the server, and who may use them.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import type { GenericSchema } from "valibot";
import { strictObject } from "valibot";
import { arrowTypes, contentTypes, streamOf, wantedFormat } from "./answers.ts";
import type { HostedModel, ModelVersion } from "./hostedModel.ts";
import type { Metrics } from "./metrics.ts";
import { openApi } from "./openApi.ts";
import { Problem, problem, problemOf } from "./problem.ts";
import { anomalyChoices, checkedBody, orderedCells, scoreChoices } from "./rowSchemas.ts";
import {
  type Answer,
  type Answering,
  type AskedRows,
  answerAnomalies,
  answerDescribe,
  answerLogprob,
  answerSample,
} from "./verbs.ts";

/** What the routes are made of. */
export interface AppOptions {
  readonly models: ReadonlyMap<string, HostedModel>;
  readonly metrics: Metrics;
  /** Whoever has it may ask; undefined where anybody on this machine may. */
  readonly token: string | undefined;
  /** Names of this machine by which it is asked where there is no token. */
  readonly hostNames: readonly string[];
  readonly mostBytes: number;
  readonly mostRows: number;
  /** Milliseconds that a request may take. */
  readonly timeout: number;
  readonly packageVersion: string;
  /** Whether the server goes on taking requests. */
  readonly isOpen: () => boolean;
  /** Says what has failed. */
  readonly log: (line: string) => void;
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** What a request is counted as. */
interface Counted {
  model: string;
  verb: string;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** The routes. */
export function makeApp(options: AppOptions): Hono {
  const { models, metrics, token, hostNames, mostBytes, mostRows, timeout, log } = options;
  const tokenDigest = token === undefined ? undefined : digest(`Bearer ${token}`);
  const app = new Hono();
  const counted = new WeakMap<Request, Counted>();

  const checkAccess = (c: Context): void => {
    if (tokenDigest) {
      if (timingSafeEqual(digest(c.req.header("authorization") ?? ""), tokenDigest)) return;
      throw problem(401, "unauthorized", "a token is needed: authorization: Bearer TOKEN");
    }
    // A page that has its name point to this machine is no user of it.
    const host = (c.req.header("host") ?? "").replace(/:\d+$/, "").toLowerCase();
    if (!hostNames.includes(host))
      throw problem(421, "misdirected", "the server answers to the names of this machine alone");
  };

  const modelOf = (c: Context): ModelVersion => {
    const name = c.req.param("name") ?? "";
    const model = models.get(name);
    if (!model)
      throw problem(
        404,
        "no such model",
        `there is no model ${JSON.stringify(name.slice(0, 80))}; the models are ${[...models.keys()].join(", ")}`,
      );
    return model.current;
  };

  /** The bytes of the body. */
  const bodyOf = async (c: Context): Promise<Uint8Array> => {
    if (c.req.header("content-encoding") !== undefined)
      throw problem(415, "unsupported encoding", "the body must not be compressed");
    const tooLarge = (): Problem => problem(413, "too large", `the body must be at most ${mostBytes} bytes`);
    if (Number(c.req.header("content-length") ?? 0) > mostBytes) throw tooLarge();
    if (c.req.header("transfer-encoding") === undefined) return new Uint8Array(await c.req.arrayBuffer());
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of c.req.raw.body ?? []) {
      size += piece.length;
      if (size > mostBytes) throw tooLarge();
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  };

  const jsonOf = async (c: Context): Promise<unknown> => {
    let text: string;
    try {
      text = decoder.decode(await bodyOf(c));
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw problem(400, "bad body", "the body is not UTF-8");
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw problem(400, "bad body", `the body is not JSON: ${(error as Error).message.slice(0, 200)}`);
    }
  };

  const typeOf = (c: Context): string =>
    (c.req.header("content-type") ?? "").split(";")[0]!.trim().toLowerCase();

  /** Rows and options of a request: JSON has both, a table of Arrow has the options in the query. */
  const asked = async <Choices>(
    c: Context,
    model: ModelVersion,
    schema: GenericSchema<
      unknown,
      Choices & { readonly rows: readonly Parameters<typeof orderedCells>[0][] }
    >,
    choices: Record<string, GenericSchema>,
  ): Promise<{ readonly rows: AskedRows; readonly choices: Choices }> => {
    const type = typeOf(c);
    if (arrowTypes.includes(type)) {
      const query = Object.fromEntries(
        Object.entries(c.req.query()).map(([name, value]) => [name, queryValue(value)]),
      );
      const { readTable } = await import("../../index.ts");
      const checked = checkedBody(strictObject(choices), query, model.columns) as Choices;
      const table = await readTable(await bodyOf(c), { format: "arrow", name: "the body" });
      if (table.rows > mostRows)
        throw problem(
          400,
          "bad request",
          `the body has ${table.rows} rows, and at most ${mostRows} are taken`,
        );
      return { rows: table, choices: checked };
    }
    checkJson(type);
    const { rows, ...others } = checkedBody(schema, await jsonOf(c), model.columns);
    return {
      rows: rows.map((row) => orderedCells(row, model.columns)),
      choices: others as unknown as Choices,
    };
  };

  const checkJson = (type: string): void => {
    if (type !== "application/json")
      throw problem(
        415,
        "unsupported type",
        `the type of the body must be application/json or ${arrowTypes.join(" or ")}, got ${JSON.stringify(type)}`,
      );
  };

  const answering = (c: Context): Answering => ({
    format: wantedFormat(c.req.header("accept")),
    deadline: performance.now() + timeout,
    signal: () => AbortSignal.timeout(timeout),
  });

  const respond = (
    c: Context,
    model: ModelVersion,
    answer: Answer,
    format = "application/json",
  ): Response => {
    const headers = { "content-type": format, "model-version": model.version };
    if (typeof answer === "string" || answer instanceof Uint8Array)
      return c.body(answer as string, 200, headers);
    const pieces = answer;
    const logged = (async function* () {
      try {
        yield* pieces;
      } catch (error) {
        log(`${c.req.path}: an answer ended early: ${(error as Error).message}`);
        throw error;
      }
    })();
    return c.body(streamOf(logged), 200, headers);
  };

  app.use("*", async (c, next) => {
    const began = performance.now();
    const labels: Counted = { model: "", verb: "other" };
    counted.set(c.req.raw, labels);
    // Before the answer is made: an answer whose headers change is made once more.
    c.header("cache-control", "no-store");
    await next();
    metrics.requests.add({ ...labels, status: String(c.res.status) });
    metrics.seconds.add({ ...labels }, (performance.now() - began) / 1000);
  });
  const counting = (c: Context, model: string, verb: string): void => {
    Object.assign(counted.get(c.req.raw) ?? {}, { model, verb });
  };

  app.get("/health", (c) => {
    const isOpen = options.isOpen();
    return c.json({ status: isOpen ? "ok" : "ending" }, isOpen ? 200 : 503);
  });
  app.use("*", async (c, next) => {
    checkAccess(c);
    await next();
  });
  app.get("/metrics", (c) =>
    c.body(metrics.text(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  );
  app.get("/openapi.json", (c) =>
    c.json(
      openApi(
        [...models.values()].map(({ current }) => current),
        options,
      ) as object,
    ),
  );
  app.get("/v1/models", (c) =>
    c.json({
      models: [...models.values()].map(({ current: { name, version, description } }) => ({
        name,
        version,
        kind: description.kind,
        columns: description.columns,
        given: description.given,
      })),
    }),
  );
  app.get("/v1/models/:name/describe", (c) => {
    const model = modelOf(c);
    counting(c, model.name, "describe");
    return respond(c, model, answerDescribe(model));
  });
  app.post("/v1/models/:name/logprob", async (c) => {
    const model = modelOf(c);
    counting(c, model.name, "logprob");
    const how = answering(c);
    const { rows, choices } = await asked(c, model, model.schemas.logprob, scoreChoices);
    metrics.rows.add({ model: model.name, verb: "logprob" }, "length" in rows ? rows.length : rows.rows);
    const answer = await answerLogprob(model, rows, choices, how);
    return respond(c, model, answer, contentTypes[how.format]);
  });
  app.post("/v1/models/:name/sample", async (c) => {
    const model = modelOf(c);
    counting(c, model.name, "sample");
    const how = answering(c);
    checkJson(typeOf(c));
    const request = checkedBody(model.schemas.sample, await jsonOf(c), model.columns);
    metrics.rows.add({ model: model.name, verb: "sample" }, request.n);
    return respond(c, model, await answerSample(model, request, how), contentTypes[how.format]);
  });
  app.post("/v1/models/:name/anomalies", async (c) => {
    const model = modelOf(c);
    counting(c, model.name, "anomalies");
    const { rows, choices } = await asked(c, model, model.schemas.anomalies, anomalyChoices);
    metrics.rows.add({ model: model.name, verb: "anomalies" }, "length" in rows ? rows.length : rows.rows);
    return respond(c, model, await answerAnomalies(model, rows, choices));
  });
  for (const [path, allowed] of [
    ["/health", "GET"],
    ["/metrics", "GET"],
    ["/openapi.json", "GET"],
    ["/v1/models", "GET"],
    ["/v1/models/:name/describe", "GET"],
    // One by one: a pattern beside names that it also fits would have every request looked up in the slower of two routers.
    ["/v1/models/:name/logprob", "POST"],
    ["/v1/models/:name/sample", "POST"],
    ["/v1/models/:name/anomalies", "POST"],
  ] as const)
    app.all(path, (c) => {
      c.header("allow", allowed);
      return c.json(problem(405, "wrong method", `the method of ${c.req.path} is ${allowed}`).body, 405);
    });
  app.notFound((c) =>
    c.json(problem(404, "no such path", "there is nothing here; /openapi.json says what there is").body, 404),
  );
  app.onError((error, c) => {
    const found = problemOf(error);
    if (found.status === 500) log(`${c.req.path}: ${error.stack ?? error.message}`);
    return c.json(found.body, found.status as 400);
  });
  return app;
}

/** A value of a query: true, false and numbers are what they look like. */
function queryValue(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
