/** One photo, before and after, with the switches that restore it again. */

import { api, picture } from "../api.js";
import { assign, button, element, say } from "../dom.js";
import { frame } from "./frame.js";

const SIDE = 1920;
const GENTLE = 0.5;

export function compare(app, { id }) {
  const before = element("img", { alt: app.text("compare.before"), draggable: "false" });
  const after = element("img", { alt: app.text("compare.after"), draggable: "false", class: "after" });
  const divider = element("input", {
    type: "range",
    min: 0,
    max: 1000,
    value: 500,
    "aria-label": app.text("compare.divider"),
    on: { input: place },
  });
  const stage = element(
    "div",
    { class: "stage" },
    before,
    after,
    element("i", {}),
    element("b", { class: "left" }, app.text("compare.before")),
    element("b", { class: "right" }, app.text("compare.after")),
    divider,
  );
  const found = element("p", { class: "quiet" });
  const bar = element("progress", { max: 1, hidden: true });
  const strengths = [GENTLE, 1].map((strength) =>
    button(app.text(strength === 1 ? "compare.full" : "compare.gentle"), () => set({ strength }), { "data-strength": strength }),
  );
  const faces = button(app.text("compare.faces"), () => set({ faces: !app.photo(id).faces }));
  const mark = button(app.text("compare.brush"), () => app.go("brush", { id }), { iconName: "brush" });
  const remove = button(app.text("compare.remove"), gone, { iconName: "delete" });
  const root = frame(app, app.text("compare.title"), {
    back: () => app.go("photos"),
    body: [
      stage,
      element("aside", {}, found, bar, element("div", { class: "row" }, ...strengths), faces, mark, remove),
    ],
    foot: [],
  });
  root.classList.add("wide");
  root.querySelector("aside").append(button(app.text("common.takeHome"), () => app.go("home"), { iconName: "home", main: true }));
  let version = null;
  place();

  function place() {
    stage.style.setProperty("--at", `${divider.value / 10}%`);
  }

  async function set(options) {
    await app.run(() => api.options(id, options));
  }

  async function gone() {
    if (await app.run(() => api.remove(id))) app.go("photos");
  }

  function update() {
    const photo = app.photo(id);
    if (!photo) return app.go("photos");
    const working = photo.state !== "done";
    bar.hidden = !working;
    if (photo.state === "working") bar.value = photo.progress;
    else bar.removeAttribute("value");
    for (const one of strengths) {
      assign(one, "aria-pressed", String(Number(one.dataset.strength) === photo.strength));
      one.disabled = working;
    }
    assign(faces, "aria-pressed", String(photo.faces));
    faces.disabled = working;
    mark.disabled = working;
    const percent = (100 * photo.filled).toFixed(photo.filled < 0.01 ? 1 : 0);
    say(found, photo.filled ? app.text("compare.filled", { percent }) : app.text("compare.nothing"));
    if (working || photo.version === version) return undefined;
    version = photo.version;
    stage.style.setProperty("--ratio", String(photo.width / photo.height));
    before.src = picture(photo, "before.jpg", SIDE);
    after.src = picture(photo, "after.jpg", SIDE);
    return undefined;
  }
  return { root, update };
}
