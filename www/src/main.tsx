import "./style/page.css";
import { render } from "preact";
import { startGuide } from "./guide";
import { start } from "./lab";
import { applySettings } from "./settings";
import { Page } from "./views/page";

applySettings();
const root = document.querySelector("#page");
if (root) {
  root.replaceChildren();
  render(<Page />, root);
}
start();
startGuide();
