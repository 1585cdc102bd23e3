/** The visit's photos with their progress. */

import { picture } from "../api.js";
import { assign, button, element, say } from "../dom.js";
import { frame } from "./frame.js";

export function photos(app) {
  const strip = thumbnails(app);
  const slow = element("p", { class: "quiet", hidden: true }, app.text("photos.slow"));
  const ahead = element("p", { class: "quiet", role: "status" });
  const take = button(app.text("common.takeHome"), () => app.go("home"), { iconName: "home", main: true });
  const root = frame(app, app.text("photos.title"), {
    body: [strip.root],
    foot: [
      button(app.text("photos.add"), () => app.go("choose"), { iconName: "more" }),
      element("div", { class: "words" }, ahead, slow),
      take,
    ],
  });
  return {
    root,
    update(state) {
      if (!state.session) return;
      strip.update(state);
      slow.hidden = !state.slow;
      const waits = state.session.photos.some((photo) => photo.state === "waiting");
      say(ahead, waits && state.queue.ahead ? app.text("photos.ahead", { count: state.queue.ahead }) : "");
      take.disabled = !state.session.photos.some((photo) => photo.state === "done");
    },
  };
}

/** A grid of the visit's photos; elements are kept from state to state, so that nothing jumps under a finger. */
export function thumbnails(app) {
  const root = element("div", { class: "grid" });
  const made = new Map();

  function tile(photo, number) {
    const image = element("img", { alt: "" });
    const bar = element("progress", { max: 1, value: 0 });
    const text = element("span", {});
    const press = () => app.go("compare", { id: photo.id });
    const look = element("button", { type: "button", class: "thumb", on: { click: press } }, image, bar, text);
    assign(look, "aria-label", app.text("photos.look", { number }));
    root.append(look);
    return { look, image, bar, text, version: null };
  }

  function update(state) {
    const now = state.session?.photos ?? [];
    const kept = new Set(now.map((photo) => photo.id));
    for (const [id, one] of made) {
      if (!kept.has(id)) {
        one.look.remove();
        made.delete(id);
      }
    }
    now.forEach((photo, index) => {
      if (!made.has(photo.id)) made.set(photo.id, tile(photo, index + 1));
      const one = made.get(photo.id);
      const version = `${photo.version}${photo.state}`;
      if (one.version !== version) {
        one.version = version;
        one.image.src = picture(photo, "thumb.jpg", 320);
      }
      one.bar.value = photo.progress;
      one.bar.hidden = photo.state !== "working";
      one.look.disabled = photo.state !== "done";
      one.text.className = photo.error ? "bad" : "";
      say(one.text, photo.error ?? app.text(LABELS[photo.state]));
    });
  }
  return { root, update };
}

const LABELS = {
  waiting: "photos.waiting",
  working: "photos.working",
  done: "photos.finished",
  failed: "photos.failed",
  aside: "photos.failed",
};
