/** Version of the library, put in by the build. */
declare const libraryVersion: string;
/** Whether the page is built, and not served while it is written. */
declare const isBuilt: boolean;
