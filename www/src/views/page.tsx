import { lesson } from "../course";
import { isEmbedded } from "../embed";
import { isOpen } from "../guide";
import { sheet } from "../lab";
import { isWorldOnly } from "../projector";
import { words } from "../words";
import { Banner } from "./banner";
import { Comparison } from "./comparison";
import { Editor } from "./editor";
import { Guide } from "./guide";
import { Header } from "./header";
import { Mistakes } from "./mistakes";
import { Output } from "./output";
import { Chooser, Tools } from "./script";
import { Strip } from "./strip";
import { Timeline } from "./timeline";
import { World } from "./world";

/** The guide, the script beside the world that it makes, and one strip that moves the run. */
export function Page() {
  return (
    <>
      {/* To where one writes, not to the card around it: what is typed next is the script. */}
      <button
        type="button"
        class="skip"
        onClick={() => document.querySelector<HTMLElement>("#script .cm-content")?.focus()}
      >
        {words.value.skip}
      </button>
      {!isEmbedded && <Header />}
      <Banner />
      <main class={isOpen.value ? "lab guided" : "lab"}>
        {/* Where the header is not seen, the page has its title all the same. */}
        {(isEmbedded || isWorldOnly.value) && <h1 class="hidden">Cachedojo</h1>}
        {(!isEmbedded || lesson.value) && <Guide />}
        <div class="column">
          <section class="card script" id="script" aria-labelledby="script-title" tabIndex={-1}>
            <div class="card-head">
              <h2 id="script-title">{words.value.script}</h2>
              <Tools />
              <Chooser />
            </div>
            <Editor key={sheet.value.id} />
            <Mistakes />
            <Comparison />
          </section>
          <Output />
        </div>
        <div class="column">
          <World />
          <Timeline />
        </div>
      </main>
      <Strip />
    </>
  );
}
