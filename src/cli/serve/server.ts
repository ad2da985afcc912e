/**
 * The server: it listens, loads models anew, and ends when what it has begun is done.
 *
 * @module
 */

import { unwatchFile, watchFile } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { FormatError, reasonOf, UsageError } from "../../entries/errors.ts";
import { makeApp } from "./app.ts";
import { HostedModel } from "./hostedModel.ts";
import { Metrics } from "./metrics.ts";
import { rehearse } from "./rehearsal.ts";

/** What a server is made of. */
export interface ServerOptions {
  /** Names, which stand in the paths, and files. */
  readonly models: readonly { readonly name: string; readonly path: string }[];
  /** Address to listen on. */
  readonly host: string;
  /** Port; 0 for any that is free. */
  readonly port: number;
  /** Whoever has it may ask; needed off the loopback. */
  readonly token?: string | undefined;
  /** Bytes of a body at most. */
  readonly mostBytes: number;
  /** Rows of a request at most. */
  readonly mostRows: number;
  /** Seconds that a request may take. */
  readonly timeout: number;
  /** Whether a model is loaded anew when its file changes. */
  readonly watch: boolean;
  readonly packageVersion: string;
  /**
   * Whether nothing else in the process makes requests and answers: then the server may make them of lighter classes, and asks itself some
   * before it listens (default false).
   */
  readonly ownsProcess?: boolean | undefined;
  /** Says what happens, a line each. */
  readonly log: (line: string) => void;
}

/** A server that listens. */
export interface RunningServer {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly models: readonly HostedModel[];
  /** Loads all models anew. */
  reload(): Promise<void>;
  /** Takes no more requests, and ends when those that it has are answered, at the latest after so many seconds. */
  close(grace: number): Promise<void>;
}

/**
 * Milliseconds that a server of a process of its own asks itself before it takes requests. Afterwards the p99 of the first second's
 * requests, a thousand, was 5 to 30 ms, and without them 70 to 118.
 */
const rehearsalTime = 800;

/** Milliseconds between two looks at the files of the models. */
const watchInterval = 500;

/** Whether an address is that of this machine alone. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

/** @throws UsageError for an address that others reach, without a token. */
export function checkServed({ host, token }: Pick<ServerOptions, "host" | "token">): void {
  if (token !== undefined || isLoopback(host)) return;
  throw new UsageError({
    problem: `--host ${host} can be reached from other machines, and there is no token`,
    expected: "a token, or an address of this machine alone",
    received: "neither",
    remedy: "put one into the variable PUSHFORWARD_TOKEN or name its file by --token-file",
  });
}

/**
 * Loads the models and listens.
 * @throws UsageError for an address off the loopback without a token; FormatError for a file that is not a model, and a port that cannot be
 *   had.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port, token, mostBytes, mostRows, timeout, log } = options;
  checkServed(options);
  const metrics = new Metrics();
  const models = options.models.map(
    ({ name, path }) => new HostedModel(name, path, { metrics, mostRows, log }),
  );
  for (const model of models) await model.load();
  let isOpen = true;
  const app = makeApp({
    models: new Map(models.map((model) => [model.name, model])),
    metrics,
    token,
    hostNames: ["localhost", "127.0.0.1", "[::1]", host],
    mostBytes,
    mostRows,
    timeout: 1000 * timeout,
    packageVersion: options.packageVersion,
    isOpen: () => isOpen,
    log,
  });
  const server = createAdaptorServer({
    fetch: app.fetch,
    // Where the process is the server's own, answers need no stream: others, such as tests, keep the Request and Response that they have.
    overrideGlobalObjects: options.ownsProcess ?? false,
    serverOptions: {
      // Slow bodies, and headers.
      requestTimeout: Math.max(1000, Math.ceil(1000 * timeout)),
      headersTimeout: Math.max(1000, Math.min(Math.ceil(1000 * timeout), 10_000)),
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 1000,
    },
  }) as Server;
  const listen = (atPort: number, atHost: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const refuse = (error: Error): void =>
        reject(
          new FormatError({
            problem: `cannot listen on ${atHost} port ${atPort}: ${reasonOf(error)}`,
            expected: "an address and a port that are free",
            received: reasonOf(error),
            remedy: "choose another by --port",
          }),
        );
      server.once("error", refuse);
      server.listen(atPort, atHost, () => {
        server.off("error", refuse);
        resolve();
      });
    });
  const pause = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  await listen(port, host);
  if (options.ownsProcess) {
    // At a port that nobody knows: the first request of others finds code that is compiled, and is the first that is counted.
    await pause();
    try {
      await listen(0, "127.0.0.1");
      const { port: rehearsalPort } = server.address() as AddressInfo;
      const milliseconds = rehearsalTime / models.length;
      for (const { name, current } of models) {
        if (!current.example) continue;
        const body = JSON.stringify({ rows: [current.example] });
        const path = `/v1/models/${name}/logprob`;
        const answered = await rehearse({ port: rehearsalPort, path, body, token, milliseconds });
        if (answered === 0)
          log(`${name}: its first requests may be slow, since the server's own were not answered`);
      }
      await pause();
    } catch (error) {
      log(`The first requests may be slow: the server ${(error as Error).message}`);
    }
    metrics.forgetRequests();
    await listen(port, host);
  }
  const reload = async (): Promise<void> => {
    await Promise.all(models.map((model) => model.reload()));
  };
  if (options.watch)
    for (const model of models)
      watchFile(model.path, { interval: watchInterval, persistent: false }, () => void model.reload());
  const { address, family, port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${boundPort}`,
    models,
    reload,
    async close(grace) {
      isOpen = false;
      for (const model of models) unwatchFile(model.path);
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // A connection that is kept alive is idle when its answer is done.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const late = setTimeout(() => server.closeAllConnections(), 1000 * grace);
      await ended;
      clearInterval(idle);
      clearTimeout(late);
    },
  };
}
