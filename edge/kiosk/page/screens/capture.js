/** Taking a print: with the scanner, from its glass or feeder, or with the camera. */

import { api } from "../api.js";
import { assign, button, element } from "../dom.js";
import { frame } from "./frame.js";

const PREVIEW_MS = 300;

/** Scan one print from the glass, or several by the feeder; each appears among the photos as it is finished. */
export function scan(app) {
  const sources = app.state.devices.scanner?.sources ?? ["flatbed"];
  let source = sources[0];
  const how = element("p", { class: "how" });
  const working = element("p", { role: "status", hidden: true }, app.text("scan.working"));
  const begin = button(app.text("scan.begin"), start, { iconName: "scan", main: true, class: "big main" });
  const stop = button(app.text("common.stop"), () => app.run(api.stopScan), { iconName: "close", hidden: true });
  const labels = { flatbed: "scan.glass", feeder: "scan.several" };
  const choices = sources.map((one) => button(app.text(labels[one]), () => choose(one), { "data-source": one }));
  choose(source);

  function choose(one) {
    source = one;
    how.textContent = app.text(`scan.${one}`);
    for (const choice of choices) assign(choice, "aria-pressed", String(choice.dataset.source === one));
  }

  async function start() {
    busy(true);
    const went = await app.run(() => api.scan(source));
    busy(false);
    if (went) app.go("photos");
  }

  function busy(yes) {
    working.hidden = !yes;
    stop.hidden = !yes;
    begin.hidden = yes;
    for (const choice of choices) choice.disabled = yes;
  }
  const root = frame(app, app.text("scan.title"), {
    back: () => app.go("choose"),
    body: [
      element("div", { class: "centred" }, how, choices.length > 1 ? element("div", { class: "row" }, ...choices) : null, begin, working, stop),
    ],
  });
  return { root };
}

/** Photograph a print under the camera, which is seen all the time. */
export function camera(app) {
  const live = element("img", { class: "preview", alt: "" });
  let left = false;
  let timer = 0;
  const next = () => {
    if (!left) live.src = `/api/camera/preview?at=${Date.now()}`;
  };
  // The next picture is asked for when one has come, so that a slow camera is never asked twice at once.
  live.addEventListener("load", () => (timer = setTimeout(next, PREVIEW_MS)));
  live.addEventListener("error", () => (timer = setTimeout(next, PREVIEW_MS * 5)));
  next();
  const shoot = button(app.text("camera.shoot"), take, { iconName: "camera", main: true });

  async function take() {
    shoot.disabled = true;
    const went = await app.run(api.shoot);
    shoot.disabled = false;
    if (went) app.go("photos");
  }
  const root = frame(app, app.text("camera.title"), {
    back: () => app.go("choose"),
    body: [live],
    foot: [element("p", { class: "quiet" }, app.text("camera.text")), shoot],
  });
  return {
    root,
    leave() {
      left = true;
      clearTimeout(timer);
    },
  };
}
