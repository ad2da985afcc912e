/**
 * Sets of small whole numbers as bits, for the transitive order of thousands of units.
 *
 * @module
 */

/** A set of whole numbers from 0. */
export class IndexSet {
  #words = new Uint32Array(4);

  has(index: number): boolean {
    const words = this.#words;
    const place = index >>> 5;
    return place < words.length && (words[place]! & (1 << (index & 31))) !== 0;
  }

  add(index: number): void {
    if (index >>> 5 >= this.#words.length) this.#grow(Math.max((index >>> 5) + 1, 2 * this.#words.length));
    this.#words[index >>> 5]! |= 1 << (index & 31);
  }

  /** Takes a number out; whether it was in. */
  delete(index: number): boolean {
    const had = this.has(index);
    if (had) this.#words[index >>> 5]! &= ~(1 << (index & 31));
    return had;
  }

  addAll(other: IndexSet): void {
    const words = other.#words;
    // To that length and no further: sets that take in one another would else double again and again.
    if (words.length > this.#words.length) this.#grow(words.length);
    const targetWords = this.#words;
    for (let i = 0; i < words.length; i++) targetWords[i]! |= words[i]!;
  }

  /** The least member, from a number on, that is none of another set; undefined if there is none. */
  firstOutside(other: IndexSet, from: number = 0): number | undefined {
    const words = this.#words;
    const otherWords = other.#words;
    let wanted = -1 << (from & 31);
    for (let i = from >>> 5; i < words.length; i++) {
      const left = words[i]! & wanted & ~(i < otherWords.length ? otherWords[i]! : 0);
      if (left !== 0) return 32 * i + 31 - Math.clz32(left & -left);
      wanted = -1;
    }
    return undefined;
  }

  #grow(words: number): void {
    const grown = new Uint32Array(words);
    grown.set(this.#words);
    this.#words = grown;
  }
}
