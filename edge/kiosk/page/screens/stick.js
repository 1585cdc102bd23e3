/** The photos on a USB stick, to choose from. */

import { api } from "../api.js";
import { assign, button, element, say } from "../dom.js";
import { frame } from "./frame.js";

export function stick(app, { id, label }) {
  const chosen = new Set();
  const grid = element("div", { class: "grid" });
  const hint = element("p", { class: "quiet" }, app.text("stick.looking"));
  const take = button("", restore, { main: true });
  look();

  async function look() {
    await app.run(async () => {
      const found = await api.stickPhotos(id);
      say(hint, app.text(found.length ? "stick.pick" : "stick.empty"));
      grid.replaceChildren(...found.map(tile));
    });
    count();
  }

  function tile(photo) {
    const picture = element("img", { src: photo.thumbnail, alt: "", loading: "lazy" });
    const press = () => {
      if (chosen.has(photo.id)) chosen.delete(photo.id);
      else chosen.add(photo.id);
      assign(made, "aria-pressed", String(chosen.has(photo.id)));
      count();
    };
    const made = element(
      "button",
      { type: "button", class: "thumb", "aria-pressed": "false", on: { click: press } },
      picture,
      element("span", {}, photo.name),
    );
    return made;
  }

  function count() {
    say(take.querySelector("span"), app.text("stick.import", { count: chosen.size }));
    take.disabled = chosen.size === 0;
  }

  async function restore() {
    take.disabled = true;
    if (await app.run(() => api.importPhotos(id, [...chosen]))) app.go("photos");
    else count();
  }
  const root = frame(app, app.text("stick.title", { label }), {
    back: () => app.go("choose"),
    body: [grid],
    foot: [hint, take],
  });
  count();
  return {
    root,
    update(state) {
      if (!state.devices.sticks.some((one) => one.id === id)) app.go("choose");
    },
  };
}
