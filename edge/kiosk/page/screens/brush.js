/** Marking damage by hand: the mask that was found, painted in and rubbed out, and restored from again. */

import { api, picture } from "../api.js";
import { assign, button, element } from "../dom.js";
import { frame } from "./frame.js";

const SIDE = 1600;
const STEPS = 20;
const TINT = "#ff4d2e";
const SIZES = [0.01, 0.025, 0.06];

export function brush(app, { id }) {
  const photo = app.photo(id);
  const scale = Math.min(1, SIDE / Math.max(photo.width, photo.height));
  const width = Math.max(1, Math.round(photo.width * scale));
  const height = Math.max(1, Math.round(photo.height * scale));
  const canvas = element("canvas", { width, height, role: "img", "aria-label": app.text("brush.canvas") });
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  const under = element("img", { src: picture(photo, "before.jpg", SIDE), alt: "", draggable: "false" });
  const stage = element("div", { class: "stage painting" }, under, canvas);
  stage.style.setProperty("--ratio", String(width / height));
  const undone = [];
  let erasing = false;
  let size = SIZES[1];
  let last = null;

  const paint = button(app.text("brush.paint"), () => tool(false), { iconName: "brush" });
  const rub = button(app.text("brush.erase"), () => tool(true), { iconName: "eraser" });
  const back = button(app.text("brush.undo"), undo, { iconName: "undo", disabled: true });
  const sizes = SIZES.map((one, index) =>
    element(
      "button",
      { type: "button", class: `size size-${index}`, "aria-label": `${app.text("brush.size")} ${index + 1}`, on: { click: () => resize(one) } },
      element("i", {}),
    ),
  );
  const mend = button(app.text("brush.mend"), send, { iconName: "done", main: true });
  const root = frame(app, app.text("brush.title"), {
    back: () => app.go("compare", { id }),
    body: [stage, element("aside", {}, paint, rub, element("div", { class: "row" }, ...sizes), back, mend)],
  });
  root.classList.add("wide");
  tool(false);
  resize(size);
  found();

  /** Draw the mask that was found, white on transparent in the tint's colour. */
  async function found() {
    if (!photo.has_mask) return;
    const mask = new Image();
    mask.src = picture(photo, "mask.png", SIDE);
    await mask.decode().catch(() => {});
    if (!mask.naturalWidth) return;
    const sheet = new OffscreenCanvas(width, height);
    const levels = sheet.getContext("2d");
    levels.drawImage(mask, 0, 0, width, height);
    const pixels = levels.getImageData(0, 0, width, height);
    for (let at = 0; at < pixels.data.length; at += 4) pixels.data[at + 3] = pixels.data[at] > 127 ? 255 : 0;
    levels.putImageData(pixels, 0, 0);
    levels.globalCompositeOperation = "source-in";
    levels.fillStyle = TINT;
    levels.fillRect(0, 0, width, height);
    ink.drawImage(sheet, 0, 0);
  }

  function tool(erase) {
    erasing = erase;
    assign(paint, "aria-pressed", String(!erase));
    assign(rub, "aria-pressed", String(erase));
  }

  function resize(one) {
    size = one;
    sizes.forEach((made, index) => assign(made, "aria-pressed", String(SIZES[index] === one)));
  }

  function undo() {
    const earlier = undone.pop();
    if (earlier) ink.putImageData(earlier, 0, 0);
    back.disabled = undone.length === 0;
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * width) / box.width, ((event.clientY - box.top) * height) / box.height];
  }

  function stroke(from, to) {
    ink.globalCompositeOperation = erasing ? "destination-out" : "source-over";
    ink.strokeStyle = TINT;
    ink.lineWidth = size * Math.max(width, height);
    ink.lineCap = "round";
    ink.beginPath();
    ink.moveTo(...from);
    ink.lineTo(...to);
    ink.stroke();
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (undone.length === STEPS) undone.shift();
    undone.push(ink.getImageData(0, 0, width, height));
    back.disabled = false;
    last = at(event);
    stroke(last, last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    // A touch panel reports more places than frames: without them fast strokes have corners.
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const place = at(one);
      stroke(last, place);
      last = place;
    }
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (last = null));

  /** Send the mask, white where damaged, and go back to see the result. */
  async function send() {
    mend.disabled = true;
    const sheet = new OffscreenCanvas(width, height);
    const levels = sheet.getContext("2d");
    levels.drawImage(canvas, 0, 0);
    const pixels = levels.getImageData(0, 0, width, height);
    for (let place = 0; place < pixels.data.length; place += 4) {
      pixels.data.fill(pixels.data[place + 3] > 127 ? 255 : 0, place, place + 3);
      pixels.data[place + 3] = 255;
    }
    levels.putImageData(pixels, 0, 0);
    const png = await sheet.convertToBlob({ type: "image/png" });
    const went = await app.run(() => api.mask(id, png));
    mend.disabled = false;
    if (went) app.go("compare", { id });
  }
  return { root };
}
