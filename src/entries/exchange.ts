/**
 * Models from and for other software.
 *
 * @module pushforward/exchange
 */

export { importModel } from "../exchange/importModel.ts";
export type { ImportedLibrary, ImportOptions } from "../exchange/importOptions.ts";
