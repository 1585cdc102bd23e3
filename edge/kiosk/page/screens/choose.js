/** Where the photo comes from: only what is connected is offered. */

import { button, element } from "../dom.js";
import { frame } from "./frame.js";

export function choose(app) {
  const tiles = element("div", { class: "tiles" });
  let shown = "";

  function update(state) {
    const { scanner, camera, sticks } = state.devices;
    const offered = [
      scanner ? ["scan", app.text("choose.scan"), () => app.go("scan")] : null,
      camera ? ["camera", app.text("choose.camera"), () => app.go("camera")] : null,
      ...sticks.map(({ id, label }) => [
        "stick",
        `${app.text("choose.stick")} ${label}`,
        () => app.go("stick", { id, label }),
      ]),
      state.session?.phone_url ? ["phone", app.text("choose.phone"), () => app.go("phone")] : null,
    ].filter(Boolean);
    // Rebuilt only when a device comes or goes, so that a finger never loses its target.
    const now = JSON.stringify(offered.map(([name, label]) => [name, label]));
    if (now === shown) return;
    shown = now;
    tiles.replaceChildren(
      ...offered.map(([name, label, press]) => button(label, press, { iconName: name, class: "tile" })),
    );
    if (!offered.length) tiles.append(element("p", {}, app.text("choose.none")));
  }
  const hasPhotos = app.state.session?.photos.length > 0;
  const root = frame(app, app.text("choose.title"), {
    back: hasPhotos ? () => app.go("photos") : null,
    body: [tiles],
  });
  return { root, update };
}
