/**
 * The errors of the library, which `pushforward` has too, and what errors of the system mean: for a program that tells them before it
 * has loaded anything else.
 *
 * @module pushforward/errors
 */

export {
  AbortedError,
  DataError,
  FormatError,
  NumericalError,
  oneLine,
  PushforwardError,
  plainLines,
  ShapeError,
  UsageError,
} from "../errors.ts";
export { checkAddressLimit } from "../platform/addressSpace.ts";
export { isOutOfMemory, reasonOf } from "../platform/systemErrors.ts";
