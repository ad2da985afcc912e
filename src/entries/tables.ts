/**
 * What is recorded of tables: how columns were read, and why some were left out.
 *
 * @module pushforward/tables
 */

export type { ReadLimits } from "../formats/limits.ts";
export type { ColumnParse, ColumnRecord, LeftOut, LeftOutColumn } from "../tables/columnRecord.ts";
export type { DependentColumn } from "../tables/dependence.ts";
export type { TableFormat } from "../tables/reading/fileFormat.ts";
