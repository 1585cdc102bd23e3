/** The question whether somebody is still there, asked before the service ends a session by itself. */

import { api } from "./api.js";
import { button, element, say } from "./dom.js";

const ASKED_SECONDS = 20;
const TOUCH_EVERY_MS = 5000;

/** Watch touches and keys; returns the dialog and what to call with each new state. */
export function watchIdle(app) {
  const title = element("h1", { id: "idle-title" });
  const left = element("p", { id: "idle-text" });
  const stay = button("", touched, { main: true });
  const root = element(
    "div",
    { id: "idle", hidden: true, role: "alertdialog", "aria-labelledby": "idle-title", "aria-describedby": "idle-text" },
    element("div", { class: "panel" }, title, left, stay),
  );
  let told = 0;

  function touched() {
    const now = performance.now();
    if (!app.state?.session || (now - told < TOUCH_EVERY_MS && root.hidden)) return;
    told = now;
    root.hidden = true;
    // A failed call shows itself: the connection for states is lost as well.
    api.touch().catch(() => {});
  }
  for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, touched);

  return {
    root,
    update(state) {
      const seconds = state.session?.idle_seconds_left ?? Infinity;
      const asked = seconds <= ASKED_SECONDS;
      if (asked) {
        say(title, app.text("idle.title"));
        say(left, app.text("idle.text", { seconds: Math.max(0, Math.round(seconds)) }));
        say(stay.querySelector("span"), app.text("idle.stay"));
        if (root.hidden) {
          root.hidden = false;
          stay.focus();
        }
      } else root.hidden = true;
    },
  };
}
