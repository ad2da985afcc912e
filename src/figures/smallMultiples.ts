/**
 * Columns one by one: a small picture of each, in a grid.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import type { ColumnSchema } from "../tables/schema/columnSchema.ts";
import { marginal } from "./columnMarks.ts";
import { drawnColumn, type RowSet } from "./drawnColumn.ts";
import { shortened } from "./plotAxis.ts";
import { faint, ink, letterWidth, panel, text } from "./plotPanel.ts";

/** A column and what stands above its picture. */
export interface SmallPicture {
  readonly schema: ColumnSchema;
  /** Beside the name, such as its kind. */
  readonly kind: string;
  /** A line below the name. */
  readonly note: string;
  /** Whether there is nothing to draw; the note says why. */
  readonly isEmpty?: boolean | undefined;
}

/** Lengths in pixels of one picture with its title, and the number in a row. */
const tile = { width: 290, height: 196, perRow: 4, panelWidth: 258, panelHeight: 112, top: 40 } as const;
/** Room for the names of levels. */
const nameRoom = 96;
const mostLevels = 8;

/** Width of all pictures. */
export const multiplesWidth: number = tile.width * tile.perRow;

/** The pictures, from the point (left, top) on, and the height that they take. */
export function smallMultiples(
  pictures: readonly SmallPicture[],
  sets: readonly RowSet[],
  left: number,
  top: number,
): { readonly body: string[]; readonly height: number } {
  const body = pictures.flatMap((picture, i) =>
    smallPicture(
      picture,
      sets,
      left + tile.width * (i % tile.perRow),
      top + tile.height * Math.floor(i / tile.perRow),
    ),
  );
  return { body, height: tile.height * Math.ceil(pictures.length / tile.perRow) };
}

function smallPicture(
  { schema, kind, note, isEmpty = false }: SmallPicture,
  sets: readonly RowSet[],
  left: number,
  top: number,
): string[] {
  const letters = Math.floor((tile.panelWidth - 10) / (12.5 * letterWidth));
  const title = [
    text(left, top + 12, shortened(schema.name, letters - Math.ceil(0.8 * kind.length) - 1), { size: 12.5 }),
    text(left + tile.panelWidth, top + 12, kind, { size: 10.5, color: faint, anchor: "end" }),
    text(left, top + 28, shortened(note, Math.floor(tile.panelWidth / (9.5 * letterWidth * 0.86))), {
      size: 9.5,
      color: faint,
    }),
  ];
  const frame = { left, top: top + tile.top, width: tile.panelWidth, height: tile.panelHeight };
  if (isEmpty)
    return [
      ...title,
      `<rect x="${frame.left}" y="${frame.top}" width="${frame.width}" height="${frame.height}" fill="#f6f7f9"/>`,
    ];
  const column = drawnColumn(schema, sets, { ticks: 5, levels: mostLevels, pixels: tile.panelWidth });
  const { axis } = column;
  if (axis.levels !== undefined) {
    const { marks, heightAxis } = marginal(column, sets, "sideways");
    return [
      ...title,
      panel(left + nameRoom, frame.top, {
        x: heightAxis,
        y: axis,
        width: tile.panelWidth - nameRoom,
        height: tile.panelHeight,
        ticks: { left: true },
        gridX: false,
        gridY: false,
        marks,
      }),
    ];
  }
  const { marks, heightAxis } = marginal(column, sets, "upright");
  const bounds = [schema.lower, schema.upper].filter(
    (bound) => bound !== undefined && schema.kind !== "angle" && bound >= axis.low && bound <= axis.high,
  );
  return [
    ...title,
    panel(left, frame.top, {
      x: axis,
      y: heightAxis,
      width: tile.panelWidth,
      height: tile.panelHeight,
      ticks: { bottom: true },
      gridY: false,
      marks: [...marks, Plot.ruleX(bounds, { stroke: ink, strokeDasharray: "2,3" })],
    }),
    ...(axis.unit === ""
      ? []
      : [
          text(left + tile.panelWidth, frame.top + tile.panelHeight + 32, `${axis.name}${axis.unit}`, {
            size: 9.5,
            color: faint,
            anchor: "end",
          }),
        ]),
  ];
}
