import { sheet } from "../lab";
import { words } from "../words";
import { Banner } from "./banner";
import { Cache } from "./cache";
import { Editor } from "./editor";
import { Header } from "./header";
import { Output } from "./output";
import { Ring } from "./ring";
import { Chooser, Controls, Status } from "./script";
import { Timeline } from "./timeline";

export function Page() {
  return (
    <>
      <a class="skip" href="#script">
        {words.value.skip}
      </a>
      <Header />
      <Banner />
      <main class="lab">
        <section class="card script" id="script" aria-labelledby="script-title">
          <div class="card-head">
            <h2 id="script-title">{words.value.script}</h2>
            <Chooser />
          </div>
          <Editor key={sheet.value.id} />
          <Controls />
          <Status />
        </section>
        <Output />
        <Timeline />
        <Ring />
        <Cache />
      </main>
    </>
  );
}
