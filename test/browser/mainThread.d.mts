import type { Page } from "playwright-core";

export declare function mainThreadOf<Result>(
  page: Page,
  act: () => Promise<Result>,
): Promise<{
  readonly result: Result;
  readonly tasks: readonly { readonly clock: number; readonly processor: number }[];
  untilMark(name: string): number;
}>;
