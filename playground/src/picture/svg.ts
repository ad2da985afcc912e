/**
 * A scene as SVG, by the same drawing as on the canvas. The density is a small picture in it; all else is lines, circles and letters.
 *
 * @module
 */

import { type Colors, drawScene, type Pen, rimOfDots, type Scene, type Sheet } from "./draw.ts";

const short = (value: number): string => String(Number(value.toFixed(2)));
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** Takes what a pen is told as elements of SVG. */
class SvgPen implements Pen {
  globalAlpha = 1;
  lineWidth = 1;
  strokeStyle: Pen["strokeStyle"] = "";
  fillStyle: Pen["fillStyle"] = "";
  font = "";
  textAlign: CanvasTextAlign = "left";
  textBaseline: CanvasTextBaseline = "middle";
  readonly elements: string[] = [];
  #path = "";

  beginPath(): void {
    this.#path = "";
  }
  moveTo(x: number, y: number): void {
    this.#path += `M${short(x)} ${short(y)}`;
  }
  lineTo(x: number, y: number): void {
    this.#path += `${this.#path === "" ? "M" : "L"}${short(x)} ${short(y)}`;
  }
  quadraticCurveTo(atX: number, atY: number, x: number, y: number): void {
    this.#path += `Q${short(atX)} ${short(atY)} ${short(x)} ${short(y)}`;
  }
  /** A whole circle: the scene has no other arcs. */
  arc(x: number, y: number, radius: number): void {
    const [r, left] = [short(radius), short(x - radius)];
    this.#path += `M${left} ${short(y)}a${r} ${r} 0 1 0 ${short(2 * radius)} 0a${r} ${r} 0 1 0 ${short(-2 * radius)} 0`;
  }
  closePath(): void {
    this.#path += "Z";
  }
  stroke(): void {
    this.#add(`<path d="${this.#path}" fill="none" ${this.#strokes()}/>`);
  }
  fill(): void {
    this.#add(`<path d="${this.#path}" fill="${this.fillStyle}" fill-opacity="${short(this.globalAlpha)}"/>`);
  }
  fillRect(x: number, y: number, width: number, height: number): void {
    this.#add(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${this.fillStyle}"/>`);
  }
  fillText(text: string, x: number, y: number): void {
    this.#add(this.#text(text, x, y, `fill="${this.fillStyle}"`));
  }
  #strokes(): string {
    return `stroke="${this.strokeStyle}" stroke-width="${short(this.lineWidth)}" stroke-opacity="${short(this.globalAlpha)}" stroke-linejoin="round"`;
  }
  #text(text: string, x: number, y: number, paint: string): string {
    const anchor = this.textAlign === "center" ? "middle" : "start";
    const [, weight = "400", size = "11"] = this.font.match(/^(?:(\d+) )?(\d+)px/) ?? [];
    // Not every program that reads SVG knows its baselines.
    const down = this.textBaseline === "middle" ? 0.35 * Number(size) : 0;
    return `<text x="${short(x)}" y="${short(y + down)}" text-anchor="${anchor}" font-family="system-ui, sans-serif" font-weight="${weight}" font-size="${size}" ${paint}>${escaped(text)}</text>`;
  }
  #add(element: string): void {
    this.elements.push(element);
  }
}

/** Scenes beside each other, each a square of so many pixels. */
export function svgOf(scenes: readonly Scene[], side: number, colors: Colors): string {
  const gap = 16;
  const width = scenes.length * (side + gap) - gap;
  const parts = scenes.map((scene, i) => {
    const pen = new SvgPen();
    const sheet: Sheet = {
      pen,
      image(picture) {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [picture.width, picture.height];
        canvas.getContext("2d")!.drawImage(picture, 0, 0);
        pen.elements.push(`<image width="${side}" height="${side}" href="${canvas.toDataURL()}"/>`);
      },
      dots(points, toScreen, radius, color, opacity, rim) {
        let circles = "";
        for (let at = 0; at + 1 < points.length; at += 2) {
          const [x, y] = toScreen(points[at]!, points[at + 1]!);
          if (x > -radius && y > -radius && x < side + radius && y < side + radius)
            circles += `<circle cx="${short(x)}" cy="${short(y)}" r="${short(radius)}"/>`;
        }
        const edge = rim ? ` stroke="${rim}" stroke-width="${2 * rimOfDots}" paint-order="stroke"` : "";
        pen.elements.push(`<g fill="${color}" fill-opacity="${opacity}"${edge}>${circles}</g>`);
      },
    };
    drawScene(sheet, new OffscreenCanvas(1, 1), scene, side, colors);
    return `<svg x="${i * (side + gap)}" width="${side}" height="${side}">${pen.elements.join("")}</svg>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${side}" width="${width}" height="${side}">${parts.join("")}</svg>\n`;
}
