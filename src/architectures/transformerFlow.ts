/**
 * Flows of one transformer: chains of couplings, or of masked autoregressive maps.
 *
 * @module
 */

import { coupling } from "../bijections/autoregressive/coupling.ts";
import { elementwise } from "../bijections/autoregressive/elementwise.ts";
import { maskedAutoregressive } from "../bijections/autoregressive/maskedAutoregressive.ts";
import type { Bijection } from "../bijections/bijection.ts";
import { chain } from "../bijections/combinators/chain.ts";
import { UsageError } from "../errors.ts";
import type { Conditioner } from "../networks/conditionerContract.ts";
import { type Interval, isWithin, realLine, writtenInterval } from "../transformers/interval.ts";
import type { Transformer, TransformerJson } from "../transformers/transformer.ts";
import type { Architecture, TransformerFlowOptions } from "./architecture.ts";
import { baseOf, checkArchitecture, makers } from "./checkedParts.ts";
import { madeAs } from "./kindOf.ts";
import type { FittedKind, FlowKind } from "./kinds.ts";

const defaultHidden: readonly number[] = [64, 64];

/** Which named architecture has this transformer, in couplings or in masked autoregressive maps. */
function kindFor(isAutoregressive: boolean, { type, parts }: TransformerJson): FittedKind {
  const types = Array.isArray(parts) ? (parts as TransformerJson[]).map((part) => part.type).join() : type;
  if (types === "affine") return isAutoregressive ? "maf" : "realnvp";
  if (types === "rationalQuadratic" || types === "rationalQuadratic,affine")
    return isAutoregressive ? "nsf-ar" : "nsf";
  return isAutoregressive ? "autoregressive" : "coupling";
}

/** What a flow of one transformer is, beside its options. */
export interface TransformerFlowParts {
  /** Name by which messages call the architecture. */
  readonly named: FlowKind;
  /** Kind that its models are saved under (default: the one that its layers and transformer are). */
  readonly kind?: FlowKind | undefined;
  /** Masked autoregressive maps, or couplings. */
  readonly isAutoregressive: boolean;
  readonly transformer: Transformer;
  /** Transforms unless a number is given. */
  readonly usualTransforms: number;
  /** The numbers that it maps onto each other (default: all). */
  readonly interval?: Interval | undefined;
  /** What conditions more than one feature, with hidden layers of these sizes (default: dense layers). */
  conditioner?(hidden: readonly number[]): Conditioner;
  /** What becomes of the transforms (default: they are the chain). */
  arranged?(parts: readonly Bijection[]): readonly Bijection[];
}

/** A chain of couplings or autoregressive maps, each of the same transformer. */
export function transformerFlow(options: TransformerFlowOptions, parts: TransformerFlowParts): Architecture {
  const { named, kind, isAutoregressive, transformer, usualTransforms } = parts;
  const { features, context = 0, transforms = usualTransforms, conditioner } = options;
  if (conditioner && options.hidden)
    throw new UsageError({
      where: makers[named],
      problem: "hidden must be left out where a conditioner is given, which has its own layers",
      expected: "no hidden beside a conditioner",
      received: "both",
      remedy: "leave hidden out",
    });
  checkOnto(makers[named], transformer, parts.interval);
  const hidden = options.hidden ?? defaultHidden;
  checkArchitecture(named, { features, context, transforms, hidden });
  const own = conditioner ?? (features > 1 ? parts.conditioner?.(hidden) : undefined);
  const network = own ? { conditioner: own } : { hidden };
  const chained = Array.from({ length: transforms }, (_, t): Bijection => {
    // With one feature there is nothing to couple: every architecture is a chain of element-wise maps.
    if (features === 1) return elementwise({ features, context, transformer, ...network });
    if (isAutoregressive)
      return maskedAutoregressive({
        features,
        context,
        order: inTurn(features, t),
        transformer,
        ...network,
      });
    return coupling({ features, context, transformed: splitOf(features, t), transformer, ...network });
  });
  return madeAs({
    kind: kind ?? kindFor(isAutoregressive, transformer.toJSON()),
    features,
    context,
    transforms,
    hidden: conditioner ? [] : hidden,
    base: baseOf(named, options),
    bijection: chain(parts.arranged?.(chained) ?? chained),
  });
}

/**
 * Refuses a transformer that does not take, or not give, any number: standardized data may be any.
 * @throws UsageError that names the numbers.
 */
function checkOnto(
  where: string,
  { type, domain = realLine, codomain = realLine }: Transformer,
  interval: Interval = realLine,
): void {
  if (isWithin(interval, domain) && isWithin(interval, codomain)) return;
  throw new UsageError({
    where,
    problem: `the transformer "${type}" takes ${writtenInterval(domain)} and gives ${writtenInterval(codomain)}`,
    expected: "a transformer of all numbers onto all numbers, as standardized data may be any",
    received: type,
    remedy: "put its map into a chain of your own, or give bounds to the fit",
  });
}

/** Features in turn, forwards and backwards. */
export function inTurn(features: number, transform: number): number[] {
  const order = Array.from({ length: features }, (_, i) => i);
  return transform % 2 === 0 ? order : order.reverse();
}

/**
 * The features that a coupling transforms: those whose number has a certain bit set, then those that have not, then
 * the next bit, so that after two rounds of bits every two features have conditioned each other.
 */
function splitOf(features: number, transform: number): number[] {
  const bits = Math.ceil(Math.log2(features));
  const bit = Math.floor(transform / 2) % bits;
  return Array.from({ length: features }, (_, i) => i).filter((i) => ((i >> bit) & 1) === transform % 2);
}
