/** The panel beside the picture: switches, progress in words, and downloads. */

import { places } from "./api.js";
import { say, text } from "./strings.js";

const SWITCHES = { faces: "faces", damage: "damage", keepGray: "keep_gray" };

const get = (id) => document.querySelector(`#${id}`);

/** What the switches wish for. */
export function wish() {
  const wished = { strength: get("strength").value / 100 };
  for (const [id, name] of Object.entries(SWITCHES)) wished[name] = get(id).checked;
  return wished;
}

/** Set the switches to what is wished for a photo. */
export function reflect(wished) {
  get("strength").value = 100 * wished.strength;
  for (const [id, name] of Object.entries(SWITCHES)) get(id).checked = wished[name];
  say(get("strengthShown"), text("panel.percent", { percent: get("strength").value }));
}

/** Call `wished` when a switch has been set, `blended` while the strength is being moved. */
export function watch(wished, blended) {
  for (const id of Object.keys(SWITCHES)) get(id).addEventListener("change", wished);
  get("strength").addEventListener("change", wished);
  get("strength").addEventListener("input", () => {
    say(get("strengthShown"), text("panel.percent", { percent: get("strength").value }));
    blended(get("strength").value / 100);
  });
}

/** Show how far the chosen photo is, and what can be taken home. */
export function update(photos) {
  const photo = photos.chosen;
  if (!photo) return;
  const state = photos.state(photo);
  const busy = state === "waiting" || state === "working";
  say(get("status"), sentence(photo, state));
  get("status").classList.toggle("bad", state === "failed");
  get("share").hidden = !busy && state !== "uploading";
  if (state === "working") get("share").value = photo.told.share;
  else get("share").removeAttribute("value");
  get("stop").hidden = !busy;
  get("undo").disabled = photo.strokes.length === 0;

  const ready = photos.isCurrent(photo) && photo.told.file !== null;
  link(get("save"), ready ? places.restored(photo.id) : null);
  link(get("saveBoth"), ready ? places.beforeAfter(photo.id) : null);
  const done = photos.all.filter((one) => photos.isCurrent(one) && one.told.file !== null);
  get("saveAll").hidden = photos.all.length < 2;
  say(get("saveAll"), text("take.all", { count: done.length }));
  link(get("saveAll"), done.length ? places.all(done.map((one) => one.id)) : null);
}

function sentence(photo, state) {
  const shown = photo.told?.shown;
  if (state === "failed") return photo.sentence;
  if (state === "working" && shown?.current && !shown.preview) return text("status.file");
  if (state !== "done") return text(`status.${state}`);
  const said = [];
  const percent = (100 * shown.filled).toFixed(shown.filled < 0.1 ? 1 : 0);
  if (shown.filled) said.push(text("status.filled", { percent }));
  else if (photo.wish.damage) said.push(text("status.nothing"));
  if (shown.faces) said.push(text(shown.faces === 1 ? "status.oneFace" : "status.faces", { count: shown.faces }));
  return said.join(" ");
}

/** A link that leads nowhere yet stays in its place, and says so. */
function link(anchor, place) {
  if (place) anchor.setAttribute("href", place);
  else anchor.removeAttribute("href");
  anchor.setAttribute("aria-disabled", String(!place));
}
