/** What the page begins with: the workers are on their way before all that is seen is loaded. */

import { isLive, readLink } from "./state.ts";
import { sendFor } from "./workers.ts";

sendFor(isLive(readLink(location.hash).state.flow.kind) ? "live" : "verb");
sendFor("painter");
void import("./app.tsx");
if (isBuilt && "serviceWorker" in navigator)
  addEventListener("load", () => {
    // Without it the page works, but not without a network, and on most hosts with one thread.
    navigator.serviceWorker.register("./sw.js").catch(() => undefined);
  });
