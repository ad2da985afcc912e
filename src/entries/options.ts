/**
 * What can be chosen: the kinds of flow.
 *
 * @module pushforward/options
 */

export {
  comparedKinds,
  type FittedKind,
  flowKinds,
  modelKinds,
  type OtherKind,
  type StatisticalKind,
} from "../architectures/kinds.ts";
export type { VariationalKind } from "../fitting/variational/variationalArchitecture.ts";
