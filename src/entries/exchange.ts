/**
 * Models from and for other software.
 *
 * @module pushforward/exchange
 */

export { clickHouseStatements, exportModel, writeExport } from "../exchange/exportModel.ts";
export type {
  ExportFunction,
  ExportOptions,
  ExportTarget,
  VerifyOptions,
} from "../exchange/exportOptions.ts";
export { importModel } from "../exchange/importModel.ts";
export type { ImportedLibrary, ImportOptions } from "../exchange/importOptions.ts";
export { type Verification, verifyExport } from "../exchange/verify/verifyExport.ts";
