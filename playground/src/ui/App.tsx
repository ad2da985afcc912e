/** The page. */

import { runs, state } from "../store.ts";
import { switchTheme, theme } from "../theme.ts";
import { Beside } from "./Beside.tsx";
import { Controls } from "./Controls.tsx";
import { Picture } from "./Picture.tsx";
import { Probe } from "./Probe.tsx";
import { Slider } from "./Slider.tsx";
import { TakeAlong } from "./TakeAlong.tsx";

export function App() {
  const isCompared = state.value.other !== undefined;
  return (
    <>
      <header class="top">
        <div>
          <h1>
            pushforward <span>playground</span>
          </h1>
          <p>
            A normalizing flow bends a <b class="base">bell curve</b> until it becomes a{" "}
            <b class="model">density</b> that fits your <b class="data">points</b>. Watch one learn; then drag
            the slider to see how it does it.
          </p>
        </div>
        <button type="button" class="quiet" onClick={switchTheme}>
          {theme.value === "dark" ? "Light" : "Dark"}
        </button>
      </header>
      <main class={isCompared ? "compared" : ""}>
        <Controls />
        <section class="stage" aria-label="Picture">
          <div class="pictures">
            <Picture run={runs[0]} isFirst />
            {isCompared && <Picture run={runs[1]} />}
          </div>
          <Slider />
        </section>
        <aside class="beside" aria-label="Numbers">
          <Beside run={runs[0]} />
          {isCompared && <Beside run={runs[1]} />}
        </aside>
        <Probe />
        <TakeAlong />
      </main>
      <footer class="bottom">
        <p>
          Everything is computed on your machine, by the library <code>pushforward</code> {libraryVersion}.
          The page asks no server for anything but its own files.
        </p>
      </footer>
    </>
  );
}
