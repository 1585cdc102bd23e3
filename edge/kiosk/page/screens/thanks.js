/** The last view: the photos are erased; after a while the first view comes back. */

import { button, element } from "../dom.js";

const SECONDS = 8;

export function thanks(app) {
  const timer = setTimeout(() => app.go("attract"), SECONDS * 1000);
  const root = element(
    "section",
    { class: "thanks" },
    element("h1", {}, app.text("thanks.title")),
    element("p", {}, app.text("thanks.text")),
    button(app.text("thanks.again"), () => app.go("attract"), { main: true }),
  );
  return { root, leave: () => clearTimeout(timer) };
}
