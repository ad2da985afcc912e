/**
 * A conditional bijection whose context goes through a network once, for all of its transforms.
 *
 *     h = W h_L + b,  h_l = max(W_l h_(l-1) + b_l, 0),  h_0 = the context         forward   y = f(x given h)     inverse   x = f^-1(y given h)
 *
 * Each transform has a conditioner of its own, of which each would have to learn anew what in a long context matters. Here the network learns it from
 * the gradients of all of them. Papamakarios and Murray (2016), "Fast epsilon-free inference of simulation models with Bayesian conditional density
 * estimation", call for such features; nflows and sbi name it `embedding_net`.
 *
 * The context is clamped to ten units, as that of conditioners is. The last layer starts at random: f starts as the identity whatever h is.
 *
 * @see https://arxiv.org/abs/1605.06376
 * @module
 */

import { ShapeError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, subtreeOf } from "../../graph/parameters.ts";
import { reach } from "../../networks/conditioner.ts";
import { network } from "../../networks/network.ts";
import { checkCount, checkedOptions, count, type OptionTable, required, sizes } from "../../options.ts";
import { aBijection, type Bijection, checkOneToOne } from "../bijection.ts";

/** Options of {@link embedded}. */
export interface EmbeddedOptions {
  /** A bijection with a context, of as many numbers as the last layer gives. */
  readonly inner: Bijection;
  /** Size of the context that the network is given, at least 1. */
  readonly context: number;
  /** Sizes of the layers of the network, at least one; all but the last are rectified. */
  readonly embedding: readonly number[];
}

/** A bijection that shows what it gives its inner one. */
export interface Embedded extends Bijection {
  /** The bijection that is given what comes out of the network. */
  readonly inner: Bijection;
  /** What the inner bijection is given, `[the last of embedding]`, for a context, `[context]`. */
  embed(parameters: Bound, context: Expr): Expr;
}

const embeddedOptionTable: OptionTable<EmbeddedOptions> = {
  inner: required(aBijection),
  context: required(count),
  embedding: required(sizes()),
};

/**
 * A bijection that is given what a network makes of the context: points `[features]` of the inner bijection, and a context `[context]` in standardized units,
 * of which the inner one sees `[the last of embedding]` numbers. The network is trained with it, and saved with it.
 * @throws UsageError for sizes that are not positive integers, ShapeError if the inner bijection has another context than the last layer gives, or
 *   several branches.
 * @cost forward that of the inner bijection and one pass of the network, inverse the same
 * @example
 * const bijection = embedded({ inner: planar({ features: 2, context: 3 }), context: 1, embedding: [8, 3] });
 */
export function embedded(options: EmbeddedOptions): Embedded {
  const { inner, context, embedding } = checkedOptions("embedded", options, embeddedOptionTable);
  checkCount("embedded", "the number of layers", embedding.length);
  const outputs = embedding.at(-1)!;
  if (inner.context !== outputs)
    throw new ShapeError({
      where: "embedded",
      subject: "the context of the inner bijection",
      expected: `${outputs} numbers, as the last layer gives`,
      received: `${inner.context}`,
    });
  checkOneToOne("embedded", inner, "put it behind the embedded bijection, in a chain");
  const net = network({ inputs: context, hidden: embedding.slice(0, -1), outputs });
  const embed = (p: Bound, c: Expr): Expr => net.run(g.clamp(c, -reach, reach), subtreeOf(p, "embedding"));
  const of = (p: Bound, c: Expr | undefined): [Bound, Expr] => [subtreeOf(p, "inner"), embed(p, c!)];
  return {
    type: "embedded",
    features: inner.features,
    context,
    inner,
    embed,
    domain: inner.domain,
    codomain: inner.codomain,
    domainRegion: inner.domainRegion,
    codomainRegion: inner.codomainRegion,
    passes: inner.passes,
    parameters: { embedding: net.parameters, inner: inner.parameters },
    forward: (x, p, c) => inner.forward(x, ...of(p, c)),
    inverse: (y, p, c) => inner.inverse(y, ...of(p, c)),
    toJSON: () => ({ type: "embedded", context, embedding, inner: inner.toJSON() }),
  };
}

/** Reads {@link embedded} back. */
export function embeddedFromJson(
  { context, embedding, inner }: { readonly [option: string]: unknown },
  read: (json: unknown) => Bijection,
): Bijection {
  return embedded({
    inner: read(inner),
    context: context as number,
    embedding: embedding as readonly number[],
  });
}
