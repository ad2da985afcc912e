/** A page that evaluates a model of one kind: see bundle.mjs. */
export interface EvaluatedKind {
  readonly kind: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly gzip: number;
  readonly logProb: readonly number[];
  readonly sample: readonly number[];
}

export declare function bundleByKind(
  kinds: readonly string[],
  points: readonly (readonly number[])[],
): Promise<readonly EvaluatedKind[]>;
export declare function bundleSize(): Promise<{ readonly bytes: number; readonly gzip: number }>;
