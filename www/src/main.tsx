import "./style/page.css";
import { render } from "preact";
import { offerPrograms } from "./course";
import { startEmbed } from "./embed";
import { resume } from "./grading";
import { startGuide } from "./guide";
import { start } from "./lab";
import { keepOffline } from "./offline";
import { startProjector } from "./projector";
import { applySettings } from "./settings";
import { settleOnceReady } from "./settled";
import { Page } from "./views/page";

applySettings();
const root = document.querySelector("#page");
if (root) {
  root.replaceChildren();
  render(<Page />, root);
}
offerPrograms();
start();
startGuide();
startEmbed();
startProjector();
settleOnceReady(resume);
keepOffline();
