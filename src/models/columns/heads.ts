/**
 * The head that a description stands for.
 *
 * @module
 */

import { FormatError } from "../../errors.ts";
import { type AngleHeadOptions, angleHead } from "./angleHead.ts";
import type { ColumnDescription } from "./column.ts";
import type { ColumnHead, ColumnHeadJson } from "./columnHead.ts";
import { type LevelsHeadOptions, levelsHead } from "./levelsHead.ts";
import { type CellsHeadOptions, cellsHead, type MixtureHeadOptions, pointHead } from "./mixtureHead.ts";

/** @throws FormatError for an unknown type. */
export function headFromJson(column: ColumnDescription, json: ColumnHeadJson): ColumnHead {
  const { type, ...options } = json;
  switch (type) {
    case "levels":
      return levelsHead(options as unknown as LevelsHeadOptions);
    case "point":
      return pointHead(column, options as unknown as MixtureHeadOptions);
    case "cells":
      return cellsHead(column, options as unknown as CellsHeadOptions);
    case "angle":
      return angleHead(column, options as unknown as AngleHeadOptions);
    default:
      throw new FormatError(`column ${JSON.stringify(column.name)}: there is no head of the type "${type}".`);
  }
}
