/** The page as it is seen. */

import { render } from "preact";
import { App } from "./ui/App.tsx";

// In a task of its own, behind that which reads the script.
setTimeout(() => render(<App />, document.getElementById("app")!));
