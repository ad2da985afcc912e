/**
 * Has a picture drawn by a worker, so that the page stays free: the last scene counts, and one is drawn at a time.
 *
 * @module
 */

import { workerOf } from "../workers.ts";
import type { Colors, Scene } from "./draw.ts";
import type { PainterRequest, Sheet } from "./painterWorker.ts";

/** What paints a canvas. */
export interface Painter {
  /** Draws a scene onto the canvas, a square of `side` pixels of the page and `pixels` of the screen. */
  paint(scene: Scene, side: number, pixels: number, colors: Colors): void;
  /** Ends the worker. */
  dispose(): void;
}

/** Hands a canvas over to a painter. */
export function painterOf(canvas: HTMLCanvasElement): Painter {
  const worker = workerOf("painter");
  const post = (request: PainterRequest, transfer: Transferable[] = []): void =>
    worker.postMessage(request, transfer);
  const offscreen = canvas.transferControlToOffscreen();
  post({ canvas: offscreen }, [offscreen]);
  let sent: Partial<Scene> = {};
  let isBusy = false;
  let next: (Omit<Sheet, "scene"> & { readonly scene: Scene }) | undefined;
  const send = (): void => {
    if (isBusy || !next) return;
    const { scene } = next;
    // A snapshot is a megabyte: it is told once.
    const changed = Object.fromEntries(
      Object.entries(scene).filter(([name, value]) => sent[name as keyof Scene] !== value),
    );
    post({ ...next, scene: changed });
    sent = scene;
    next = undefined;
    isBusy = true;
  };
  worker.onmessage = () => {
    isBusy = false;
    send();
  };
  return {
    paint(scene, side, pixels, colors) {
      next = { scene, side, pixels, colors };
      send();
    },
    dispose: () => worker.terminate(),
  };
}
