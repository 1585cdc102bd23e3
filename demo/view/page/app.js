/** The first view: puts photos, picture, brush and panel together. */

import { places } from "./api.js";
import { Brush } from "./brush.js";
import { offerExamples, watch as watchIntake } from "./intake.js";
import * as panel from "./panel.js";
import { Photos } from "./photos.js";
import { Stage } from "./stage.js";
import { preferred, say, speak, text } from "./strings.js";
import { Tray } from "./tray.js";

const NOTICE_SECONDS = 8;

const get = (id) => document.querySelector(`#${id}`);

const photos = new Photos(changed, refused);
const tray = new Tray(get("tray"), photos);
const stage = new Stage(get("stage"), () => say(get("fit"), text("stage.zoom", { percent: stage.percent })));
const brush = new Brush(stage, (stroke) => {
  photos.chosen.strokes.push(stroke);
  photos.ask(photos.chosen);
});

/** What is on the stage: the photo, and of which result. */
let staged = { photo: null, number: 0, before: "" };
let noticeTimer = 0;

function changed() {
  const { chosen } = photos;
  get("start").hidden = chosen !== null;
  get("work").hidden = chosen === null;
  if (chosen !== staged.photo) begin(chosen);
  tray.update();
  panel.update(photos);
  if (!chosen) return;
  const shown = chosen.told?.shown;
  if (shown && shown.number !== staged.number) reveal(chosen, shown);
  const preview = Boolean(shown?.preview);
  say(get("note"), preview ? text("stage.preview") : stage.width ? "" : text("stage.reading"));
}

/** Put another photo on the stage, as it was until something is made of it. */
function begin(photo) {
  staged = { photo, number: 0, before: "" };
  marking(false);
  stage.width = 0;
  for (const id of ["before", "after"]) stage.show(id, new Image());
  if (!photo) return;
  panel.reflect(photo.wish);
  blend(photo.wish.strength);
  named(photo);
  loaded(photo.url).then((image) => {
    // Not every kind that can be restored can be shown by a browser.
    if (!image || staged.photo !== photo || staged.before) return;
    stage.show("before", image);
    sized(photo, image.naturalWidth, image.naturalHeight);
    changed();
  });
}

/** Show a result once its pictures are there: nothing flickers. */
async function reveal(photo, shown) {
  staged.number = shown.number;
  const drawn = photo.drawn.get(photo.told.asked) ?? 0;
  const [before, after, damage] = await Promise.all([
    staged.before ? null : loaded(places.before(photo.id)),
    loaded(places.made(photo.id, shown, "after.jpg")),
    shown.damage ? loaded(places.made(photo.id, shown, "damage.png")) : null,
  ]);
  if (staged.photo !== photo || staged.number !== shown.number || !after) return;
  if (before) {
    stage.show("before", before);
    staged.before = before.src;
  }
  stage.show("after", after);
  named(photo);
  sized(photo, shown.width, shown.height);
  // Strokes that were made meanwhile stay to be seen until their own result comes.
  if (shown.current && !brush.stroke) brush.settle(damage, photo.strokes.slice(drawn));
  stage.root.dataset.shown = shown.preview ? "preview" : "whole";
  stage.root.dataset.number = shown.number;
}

function sized(photo, width, height) {
  if (width === stage.width && height === stage.height) return;
  stage.size(width, height);
  brush.reset(width, height);
}

function named(photo) {
  for (const side of ["before", "after"]) get(side).alt = text(`stage.${side}Alt`, { name: photo.name });
}

/** A picture that can be shown at once; null if it can't be shown. */
async function loaded(place) {
  const image = new Image();
  image.src = place;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}

function blend(strength) {
  stage.root.style.setProperty("--strength", String(strength));
}

function marking(on) {
  get("mark").setAttribute("aria-pressed", String(on));
  get("tools").hidden = !on;
  brush.show(on);
}

function tool(name) {
  for (const one of ["paint", "erase"]) get(one).setAttribute("aria-pressed", String(one === name));
  brush.use(name);
}

function undo() {
  const photo = photos.chosen;
  if (!photo?.strokes.length) return;
  photo.strokes.pop();
  photos.ask(photo);
}

function peek(on) {
  stage.root.classList.toggle("peeking", on);
  get("peek").setAttribute("aria-pressed", String(on));
}

function refused(sentence) {
  clearTimeout(noticeTimer);
  say(get("notice"), sentence || text("error.lost"));
  get("notice").hidden = false;
  noticeTimer = setTimeout(() => (get("notice").hidden = true), NOTICE_SECONDS * 1000);
}

function take(files) {
  if (!files.length) return;
  get("notice").hidden = true;
  photos.add(files, { ...panel.wish(), strength: 1 });
}

async function language(name) {
  await speak(name);
  get("language").value = name;
  offerExamples(get("examples"), text, take);
  say(get("sizeShown"), `${get("size").value}`);
  panel.reflect(photos.chosen?.wish ?? panel.wish());
  changed();
}

watchIntake(take);
panel.watch(() => {
  const photo = photos.chosen;
  photo.wish = panel.wish();
  blend(photo.wish.strength);
  photos.ask(photo);
}, blend);
get("language").addEventListener("change", (event) => language(event.target.value));
get("mark").addEventListener("click", () => marking(get("tools").hidden));
get("paint").addEventListener("click", () => tool("paint"));
get("erase").addEventListener("click", () => tool("erase"));
get("undo").addEventListener("click", undo);
get("size").addEventListener("input", (event) => {
  brush.resize(Number(event.target.value));
  say(get("sizeShown"), event.target.value);
});
get("peek").addEventListener("click", () => peek(!stage.root.classList.contains("peeking")));
get("smaller").addEventListener("click", () => stage.shortcut("-"));
get("larger").addEventListener("click", () => stage.shortcut("+"));
get("fit").addEventListener("click", () => stage.toggle());
get("stop").addEventListener("click", () => photos.stop(photos.chosen));
get("clear").addEventListener("click", () => photos.remove(photos.all));
document.addEventListener("keydown", (event) => {
  if (get("work").hidden || event.altKey) return;
  const withControl = event.ctrlKey || event.metaKey;
  if (withControl && event.key === "z") undo();
  else if (withControl) return;
  else if (event.key === "b" || event.key === "B") peek(true);
  else if (event.key === "Escape" && stage.pen) marking(false);
  else if (!stage.shortcut(event.key)) return;
  event.preventDefault();
});
document.addEventListener("keyup", (event) => {
  if (event.key === "b" || event.key === "B") peek(false);
});
addEventListener("blur", () => peek(false));
addEventListener("pagehide", (event) => {
  if (!event.persisted) photos.leave();
});

await language(preferred());
