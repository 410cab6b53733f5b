import { jsx as _jsx } from "preact/jsx-runtime";
import "./style/page.css";
import { render } from "preact";
import { startEmbed } from "./embed";
import { startGuide } from "./guide";
import { start } from "./lab";
import { keepOffline } from "./offline";
import { applySettings } from "./settings";
import { Page } from "./views/page";

applySettings();
const root = document.querySelector("#page");
if (root) {
  root.replaceChildren();
  render(_jsx(Page, {}), root);
}
start();
startGuide();
startEmbed();
keepOffline();
