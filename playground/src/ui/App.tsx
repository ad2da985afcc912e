/** The page. */

import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { runs, state } from "../store.ts";
import { openModel, openTable, openText, stage, table, trouble } from "../table/tableStore.ts";
import { switchTheme, theme, wantsStillness } from "../theme.ts";
import { threadsFor } from "../threads.ts";
import { Beside } from "./Beside.tsx";
import { Controls } from "./Controls.tsx";
import { isAwaited, LinkRemark, Picture, Toggles } from "./Picture.tsx";
import { Probe } from "./Probe.tsx";
import { Slider } from "./Slider.tsx";
import { TakeAlong } from "./TakeAlong.tsx";

/** What stands around the picture, in the order in which it comes. */
const parts = ["controls", "beside", "probe", "take", "article"] as const;
/** How many of them say something before there is a flow. */
const early = 1;

/**
 * The picture comes before what stands around it, and each part of that in a task of its own: a page in one piece keeps the main thread
 * for too long, and the workers, which begin there, wait for it.
 */
function useParts(): (part: (typeof parts)[number]) => boolean {
  const [count, setCount] = useState(0);
  const due = isAwaited(runs[0]) ? early : parts.length;
  // Behind the frame that shows the part before.
  useEffect(() => {
    if (count < due) setCount(count + 1);
  }, [count, due]);
  return (part) => parts.indexOf(part) < count;
}

/** What a table is seen in; loaded when there is one. */
function Table() {
  const [view, setView] = useState<{ readonly View: ComponentType } | undefined>(undefined);
  useEffect(() => {
    void import("../table/TableView.tsx").then(({ TableView }) => setView({ View: TableView }));
  }, []);
  return view ? <view.View /> : <main />;
}

/** The address holds the state of the page, so that what leads to the article is no link to a place. */
const showArticle = (): void =>
  document.getElementById("name-title")?.scrollIntoView({ behavior: wantsStillness() ? "auto" : "smooth" });

/** The article, loaded when somebody comes near it. */
function Article() {
  const place = useRef<HTMLElement>(null);
  const [view, setView] = useState<{ readonly View: ComponentType } | undefined>(undefined);
  useEffect(() => {
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry!.isIntersecting) return;
        observer.disconnect();
        void import("../article/Article.tsx").then(({ default: View }) => setView({ View }));
      },
      { rootMargin: "400px" },
    );
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <section class="article" aria-labelledby="name-title" ref={place}>
      <h2 id="name-title">Why the name?</h2>
      {view ? <view.View /> : null}
    </section>
  );
}

/** Files that are dropped are tables or models, and text that is pasted is a table. */
function useTables(): void {
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      if (!/\.safetensors$/i.test(file.name)) void openTable(file);
      else if (table.peek()) void openModel(file);
      else void runs[0].open(file);
    };
    const paste = (event: ClipboardEvent): void => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (isTyping || !text.includes("\n")) return;
      void openText(text);
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, []);
}

/** A table that could not be read is no matter any more when other points are chosen. */
function useTroubleOver(): void {
  const { data } = state.value;
  useEffect(() => {
    if (!table.peek()) trouble.value = "";
  }, [data]);
}

/** What is wrong with a table is said in sight, wherever the page has been scrolled to, and moves nothing; so is what becomes of one that is not there yet. */
function TableLine() {
  if (trouble.value)
    return (
      <div class="banner">
        <p role="alert">{trouble.value}</p>
        <button type="button" class="as-link" onClick={() => (trouble.value = "")}>
          Close
        </button>
      </div>
    );
  return stage.value && !table.value ? <p class="banner">{stage.value}</p> : null;
}

export function App() {
  useTables();
  useTroubleOver();
  const isThere = useParts();
  const isCompared = state.value.other !== undefined;
  const threads = threadsFor(table.value ? "table" : "points");
  return (
    <>
      <header class="top">
        <h1>
          pushforward <span>playground</span>
        </h1>
        <button type="button" class="quiet" onClick={switchTheme}>
          {theme.value === "dark" ? "Light" : "Dark"}
        </button>
        <p>
          A normalizing flow bends a <b class="base">bell curve</b> into a <b class="model">density</b>, high
          where your <b class="data">points</b> lie close together.{" "}
          {table.value
            ? "Fit one to your table, and see what it finds."
            : wantsStillness()
              ? "It learns, with a new picture at each quarter; drag the slider to see how."
              : "Watch it learn; the slider shows how."}{" "}
          {!table.value && (
            <button type="button" class="as-link" onClick={showArticle}>
              Why the name?
            </button>
          )}
        </p>
      </header>
      <TableLine />
      <div class="whole">
        {table.value ? (
          <Table />
        ) : (
          <main class={isCompared ? "compared" : ""}>
            <div class="column">
              {isThere("controls") && <Controls />}
              {isThere("take") && <TakeAlong />}
            </div>
            <div class="column middle">
              <section class="stage" aria-label="Picture">
                <div class="pictures">
                  <Picture run={runs[0]} isFirst />
                  {isCompared && <Picture run={runs[1]} />}
                </div>
                <Toggles />
                <LinkRemark part="picture" />
                <Slider />
              </section>
              {isThere("probe") && <Probe />}
            </div>
            {isThere("beside") && (
              <aside class="beside" aria-label="Numbers">
                <Beside />
              </aside>
            )}
          </main>
        )}
      </div>
      {/* Above it stands all that there is: nobody has come near it before. */}
      {!table.value && isThere("article") && <Article />}
      <footer class="bottom">
        <p>
          Everything is computed on your machine, by the library <code>pushforward</code> {libraryVersion}.
          The page asks no server for anything but its own files.{" "}
          {crossOriginIsolated
            ? `Threads share memory here: ${threads === 1 ? "one trains" : `${threads} train`}, of ${navigator.hardwareConcurrency} cores.`
            : "One thread trains: this page may not share memory between threads. Where its host sets no headers for that, a second visit has them."}
        </p>
      </footer>
    </>
  );
}
