/**
 * What the workers have in common: one session at a time, and the last request counts.
 *
 * @module
 */

import { messageOf } from "../messages.ts";
import { learnsEnergies } from "../state.ts";
import type { Reply, Request } from "./protocol.ts";
import { type Beginning, EnergyError, OfTableError, type Send, type Session } from "./session.ts";

declare const self: DedicatedWorkerGlobalScope;

/** A kind of session. */
type SessionMaker = new (request: Beginning, send: Send) => Session;

const send = (reply: Reply, transfer: Transferable[] = []): void => self.postMessage(reply, transfer);

/** The flow that is shown, and one that has nothing to show yet. */
let session: Session | undefined;
let coming: Session | undefined;
let point: readonly [number, number] | undefined;

async function begin(Maker: SessionMaker, request: Beginning): Promise<void> {
  coming?.stop();
  // What is under way waits: should the new one fail, it goes on.
  session?.wait(true);
  const current = new Maker(request, (reply, transfer) => {
    if (current === coming && reply.type === "stops") {
      session?.stop();
      session = current;
      coming = undefined;
    }
    if (current === session || current === coming) send(reply, transfer);
  });
  coming = current;
  try {
    if (request.type === "train" && request.energy !== undefined && !learnsEnergies(request.flow.kind))
      throw new Error(
        "This kind is fitted to points, and cannot learn an energy: choose another, such as RealNVP, or points.",
      );
    if (point) await current.probe(point);
    await current.begin();
  } catch (error) {
    // A training that another has taken the place of has nothing to say.
    if (current !== session && current !== coming) return;
    if (current === coming) {
      coming = undefined;
      current.stop();
      session?.wait(false);
    }
    const place = request.type === "open" ? "model" : error instanceof EnergyError ? "energy" : "flow";
    const isOfTable = error instanceof OfTableError;
    send({ type: "failed", run: request.run, message: messageOf(error), place, isOfTable });
  }
}

/** Answers the page by sessions of one kind. */
export function answerBy(Maker: SessionMaker): void {
  self.onmessage = async ({ data: request }: MessageEvent<Request>): Promise<void> => {
    switch (request.type) {
      case "beat":
        return send(request);
      case "train":
      case "open":
        return await begin(Maker, request);
      case "hold":
        return (coming ?? session)?.hold(request.isHeld);
      case "probe":
        point = request.point;
        // One that is still coming begins with it.
        await coming?.probe(point).catch(() => undefined);
        return await session?.probe(point).catch(() => undefined);
      case "take":
        try {
          if (!session) throw new Error("There is no flow yet.");
          const bytes = await session.bytes();
          send({ type: "model", run: request.run, bytes }, [bytes.buffer as ArrayBuffer]);
        } catch (error) {
          send({
            type: "failed",
            run: request.run,
            message: messageOf(error),
            place: "model",
            isOfTake: true,
          });
        }
    }
  };
}
