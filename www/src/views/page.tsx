import { run, sheet } from "../lab";
import { words } from "../words";
import { Banner } from "./banner";
import { Cache } from "./cache";
import { Editor } from "./editor";
import { Header } from "./header";
import { Mistakes } from "./mistakes";
import { Output } from "./output";
import { Ring } from "./ring";
import { Chooser, Controls, Status } from "./script";
import { Timeline } from "./timeline";

export function Page() {
  // The protocols know no ring: its place is the cache's then.
  const hasRing = sheet.value.dialect === "lab" || run.value.view?.ring !== undefined;
  return (
    <>
      <a class="skip" href="#script">
        {words.value.skip}
      </a>
      <Header />
      <Banner />
      <main class={hasRing ? "lab" : "lab no-ring"}>
        <section class="card script" id="script" aria-labelledby="script-title">
          <div class="card-head">
            <h2 id="script-title">{words.value.script}</h2>
            <Chooser />
          </div>
          <Editor key={sheet.value.id} />
          <Mistakes />
          <Controls />
          <Status />
        </section>
        <Output />
        <Timeline />
        <Ring isHidden={!hasRing} />
        <Cache />
      </main>
    </>
  );
}
