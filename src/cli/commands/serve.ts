/**
 * `pushforward serve`: models behind HTTP.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { FormatError, reasonOf, UsageError } from "../../entries/errors.ts";
import { duration, positiveInteger, wholeNumberUpTo } from "../options.ts";
import { print, remark } from "../output.ts";

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string | undefined;
  readonly maxBody: number;
  readonly maxRows: number;
  readonly timeout: number;
  readonly grace: number;
  readonly watch: boolean;
}

/** `NAME=FILE`, or a file whose name without its extension is the model's. */
function namedModel(text: string): { readonly name: string; readonly path: string } {
  const [, given, file] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [];
  const path = file ?? text;
  const name = given ?? basename(path).replace(/\.safetensors$/i, "");
  if (/^[\w.-]{1,100}$/.test(name)) return { name, path };
  throw new UsageError({
    problem: `the model of "${path}" cannot be called ${JSON.stringify(name)}, which stands in the paths`,
    expected: "a name of letters, digits, dots, dashes and underscores",
    received: JSON.stringify(name),
    remedy: `name it, as in galaxies=${path}`,
  });
}

function namedModels(texts: readonly string[]): readonly { readonly name: string; readonly path: string }[] {
  const models = texts.map(namedModel);
  const twice = models.find(({ name }, i) => models.findIndex((other) => other.name === name) !== i);
  if (twice)
    throw new UsageError({
      problem: `two models are called "${twice.name}"`,
      expected: "another name for each",
      received: `"${twice.name}" twice`,
      remedy: `name one, as in other=${twice.path}`,
    });
  return models;
}

/** The token that whoever asks must have: of a file, or of the environment, where other users of the machine do not see it. */
function tokenOf(path: string | undefined): string | undefined {
  const fail = (received: string): never => {
    throw new FormatError({
      problem: `${path === undefined ? "PUSHFORWARD_TOKEN" : `--token-file "${path}"`}: ${received}`,
      expected: "a token of 16 printable characters or more",
      received,
    });
  };
  let token = process.env.PUSHFORWARD_TOKEN;
  if (path !== undefined)
    try {
      token = readFileSync(path, "utf8").trim();
    } catch (error) {
      fail(reasonOf(error));
    }
  if (token === undefined) return undefined;
  if (!/^[\x21-\x7e]{16,}$/.test(token)) fail("it is not a token of 16 printable characters or more");
  return token;
}

async function run(texts: readonly string[], flags: ServeFlags, command: Command): Promise<void> {
  const { host, port, tokenFile, maxBody, maxRows, timeout, grace, watch } = flags;
  const models = namedModels(texts);
  const token = tokenOf(tokenFile);
  const { startServer } = await import("../serve/server.ts");
  const server = await startServer({
    models,
    host,
    port,
    token,
    mostBytes: Math.round(1_000_000 * maxBody),
    mostRows: maxRows,
    timeout,
    watch,
    packageVersion: command.parent?.version() ?? "",
    ownsProcess: true,
    log: remark,
  });
  // Heard by the event loop, which long work leaves in between: requests are scored in blocks.
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve(name));
  });
  process.on("SIGHUP", () => void server.reload());
  for (const { name, current } of server.models)
    remark(`${name}: version ${current.version}, ${current.flow}`);
  await print(`listening on ${server.url}\n`);
  const signal = await ended;
  remark(`${signal}: what has begun is answered, within ${grace} s`);
  await server.close(grace);
}

/** Adds the command. */
export function addServe(program: Command): void {
  program
    .command("serve")
    .summary("answer requests over HTTP")
    .description(
      `Answer requests over HTTP: POST /v1/models/NAME/logprob, sample and anomalies, GET /v1/models/NAME/describe, /v1/models,
/health, /metrics (Prometheus) and /openapi.json.

Models are loaded anew when their files change, and on SIGHUP, while requests go on. SIGTERM and SIGINT end the server when what
has begun is answered. Without a token it listens to this machine alone.`,
    )
    .argument("<models...>", "models to serve (.safetensors), each also as NAME=FILE")
    .option("--host <address>", "address to listen on; others than the loopback need a token", "127.0.0.1")
    .option(
      "--port <n>",
      "port to listen on; 0 for any that is free",
      wholeNumberUpTo("--port", 65_535),
      8080,
    )
    .option(
      "--token-file <file>",
      "file with the token that requests must bear (or the variable PUSHFORWARD_TOKEN)",
    )
    .option("--max-body <MB>", "size of a request", positiveInteger("--max-body"), 16)
    .option("--max-rows <n>", "rows of a request or an answer", positiveInteger("--max-rows"), 1_000_000)
    .option("--timeout <time>", "time for a request: 30s, 2m", duration("--timeout"), 30)
    .option(
      "--grace <time>",
      "time to answer what has begun when the server is to end",
      duration("--grace"),
      10,
    )
    .option("--no-watch", "load models anew on SIGHUP alone")
    .addHelpText(
      "after",
      `
Example:
  pushforward serve galaxies.safetensors
  curl -s localhost:8080/v1/models/galaxies/logprob -H 'content-type: application/json' -d '{"rows": [{"x": 1, "y": 2}]}'`,
    )
    .action(run);
}
