import { render } from "preact";
import { App } from "./ui/App.tsx";

// In a task of its own, behind that which reads the script: the workers are on their way meanwhile.
setTimeout(() => render(<App />, document.getElementById("app")!));
if (isBuilt && "serviceWorker" in navigator)
  addEventListener("load", () => {
    // Without it the page works, but not without a network, and on most hosts with one thread.
    navigator.serviceWorker.register("./sw.js").catch(() => undefined);
  });
