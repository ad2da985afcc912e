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
  type VariationalKind,
} from "../architectures/kinds.ts";
