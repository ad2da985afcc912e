/** The built page, served as a static host does. */
export declare function serve(options?: { readonly isolated?: boolean }): Promise<{
  readonly address: string;
  /** Paths that were asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}>;
