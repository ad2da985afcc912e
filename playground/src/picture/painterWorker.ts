/**
 * The worker of a picture: it draws onto the canvas that the page has handed over, one scene after the other.
 *
 * @module
 */

import { type Colors, draw, type Scene } from "./draw.ts";

declare const self: DedicatedWorkerGlobalScope;

/** A scene, without what has not changed since the one before. */
export interface Sheet {
  readonly scene: Partial<Scene>;
  /** Side of the canvas in pixels of the page, and of the screen. */
  readonly side: number;
  readonly pixels: number;
  readonly colors: Colors;
}

/** What the page says: the canvas comes first, and once. */
export type PainterRequest = { readonly canvas: OffscreenCanvas } | Sheet;

let context: OffscreenCanvasRenderingContext2D;
let scene: Partial<Scene> = {};

self.onmessage = ({ data: request }: MessageEvent<PainterRequest>): void => {
  if ("canvas" in request) {
    context = request.canvas.getContext("2d")!;
    return;
  }
  const { side, pixels, colors } = request;
  scene = { ...scene, ...request.scene };
  if (context.canvas.width !== pixels) context.canvas.width = context.canvas.height = pixels;
  draw(context, scene as Scene, side, colors);
  // Drawn before this is answered; what comes next waits until then.
  self.postMessage("drawn");
};
