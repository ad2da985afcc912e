import type { Browser, Page } from "playwright-core";

export declare const remedy: string;
export declare function findChromium(): string | undefined;
export declare function launchChromium(): Promise<Browser>;
export declare function startBrowser(files?: Readonly<Record<string, Uint8Array>>): Promise<{
  open(options?: { readonly isolated?: boolean; readonly policy?: string }): Promise<Page>;
  close(): Promise<void>;
}>;
