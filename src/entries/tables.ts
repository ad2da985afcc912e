/**
 * What is recorded of tables: how columns were read, why some were left out, and what kinds they are of.
 *
 * @module pushforward/tables
 */

export type { ReadLimits } from "../formats/limits.ts";
export type { StoredType, TimeUnit } from "../formats/storedType.ts";
export { keptColumns } from "../models/keptColumns.ts";
export { describeBatches, sampleOfBatches } from "../tables/batches/describeBatches.ts";
export type { FirstPass } from "../tables/batches/firstPass.ts";
export { queryBatches } from "../tables/batches/queryBatches.ts";
export { type ReadBatchesOptions, readBatches } from "../tables/batches/readBatches.ts";
export { batchesOf, joinBatches, type TableBatches, tableOfBatches } from "../tables/batches/tableBatches.ts";
export { writeBatches } from "../tables/batches/writeBatches.ts";
export type { ColumnParse, ColumnRecord, LeftOut, LeftOutColumn } from "../tables/columnRecord.ts";
export type { DependentColumn } from "../tables/dependence.ts";
export { pickRows } from "../tables/picks.ts";
export { csvPieces } from "../tables/reading/csv.ts";
export type { TableFormat } from "../tables/reading/fileFormat.ts";
export { readingRemarks } from "../tables/reading/readingLines.ts";
export type { SingleForm } from "../tables/recording/singlePrecision.ts";
export {
  type ColumnKind,
  type ColumnSchema,
  columnKinds,
  type TableSchema,
} from "../tables/schema/columnSchema.ts";
export type { ColumnDescription, NumberSummary } from "../tables/schema/describe.ts";
export { descriptionText } from "../tables/schema/descriptionLines.ts";
export type { Determined, Duplicates, MissingDependence, Ordered } from "../tables/schema/findings.ts";
export { joinDraws } from "../tables/schema/joinTables.ts";
export { readSchema, writeSchema } from "../tables/schema/schemaFile.ts";
export type { TailIndex } from "../tables/schema/tailIndex.ts";
export { allColumns } from "../tables/table.ts";
export type { TextColumn } from "../tables/textColumn.ts";
