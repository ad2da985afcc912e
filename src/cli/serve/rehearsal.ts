/**
 * Requests of a server to itself, before it takes those of others: the first thousand of a process take several times as long as those
 * after them, since its code is not compiled yet.
 *
 * @module
 */

import { once } from "node:events";
import { connect } from "node:net";

/** Connections at a time: passes of one row and of several are tried. */
const connections = 8;

/** What a server asks itself. */
export interface Rehearsal {
  /** Port on this machine. */
  readonly port: number;
  readonly path: string;
  /** Body in JSON. */
  readonly body: string;
  readonly token: string | undefined;
  /** Milliseconds to go on for. */
  readonly milliseconds: number;
}

/** Sends the same request again and again, over some connections. Returns how many were answered with status 200. */
export async function rehearse({ port, path, body, token, milliseconds }: Rehearsal): Promise<number> {
  const request = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    "",
    body,
  ].join("\r\n");
  const end = performance.now() + milliseconds;
  let answered = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(port, "127.0.0.1");
      // An answer comes in one piece: it is short.
      socket.on("data", (answer) => {
        if (answer.toString("latin1", 0, 12) === "HTTP/1.1 200") answered++;
        if (performance.now() < end) socket.write(request);
        else socket.end();
      });
      socket.on("error", () => socket.destroy());
      socket.write(request);
      await once(socket, "close").catch(() => undefined);
    }),
  );
  return answered;
}
