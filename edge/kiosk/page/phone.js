/** A visitor's phone: sends photos to the visit whose link it has, and saves its results. */

import { element, say } from "./dom.js";
import { LANGUAGES, load } from "./strings.js";

const POLL_MS = 1500;
const FINISHED = new Set(["done", "failed", "aside"]);
const LABELS = { waiting: "photos.waiting", working: "photos.working", done: "photos.finished" };

const base = location.pathname.replace(/\/$/, "");
const mine = navigator.languages.map((name) => name.slice(0, 2)).find((name) => LANGUAGES.includes(name));
const text = await load(mine ?? LANGUAGES[0]);
document.documentElement.lang = mine ?? LANGUAGES[0];

const sending = document.querySelector("#sending");
const list = document.querySelector("#photos");
const all = document.querySelector("#all");
const pick = document.querySelector("#pick");
const rows = new Map();

document.querySelector("#title").textContent = text("sent.title");
document.querySelector("#private").textContent = text("sent.private");
pick.querySelector("span").textContent = text("sent.choose");
all.textContent = text("sent.all");
all.href = `${base}/all.zip`;
pick.querySelector("input").addEventListener("change", async (event) => {
  const files = [...event.target.files];
  event.target.value = "";
  for (const file of files) if (!(await send(file))) return;
});
poll();

/** Send one photo; returns whether it arrived. */
async function send(file) {
  say(sending, text("sent.sending", { name: file.name }));
  try {
    const answer = await fetch(`${base}/photos?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
    const content = await answer.json().catch(() => ({}));
    say(sending, answer.ok ? "" : (content.error ?? text("error.refused")));
    return answer.ok;
  } catch {
    say(sending, text("error.lost"));
    return false;
  }
}

async function poll() {
  try {
    const answer = await fetch(`${base}/state`);
    if (answer.status === 404) return ended();
    if (answer.ok) show(await answer.json());
  } catch {
    say(sending, text("error.lost"));
  }
  setTimeout(poll, POLL_MS);
  return undefined;
}

function ended() {
  say(sending, text("sent.ended"));
  pick.hidden = all.hidden = true;
  list.replaceChildren();
}

function show({ photos }) {
  all.hidden = photos.filter((photo) => photo.state === "done").length < 2;
  for (const photo of photos) {
    if (!rows.has(photo.id)) rows.set(photo.id, row(photo));
    const { item, image, note, bar, save, version } = rows.get(photo.id);
    say(note, photo.error ?? text(LABELS[photo.state] ?? "photos.failed"));
    note.className = photo.error ? "bad" : "";
    bar.value = photo.progress;
    bar.hidden = FINISHED.has(photo.state);
    save.hidden = photo.state !== "done";
    const now = `${photo.state}${photo.version}`;
    if (now !== version) {
      rows.get(photo.id).version = now;
      image.src = `${base}/photos/${photo.id}/thumb.jpg?version=${encodeURIComponent(now)}`;
    }
    if (!item.isConnected) list.append(item);
  }
  for (const [id, { item }] of rows) {
    if (!photos.some((photo) => photo.id === id)) {
      item.remove();
      rows.delete(id);
    }
  }
}

function row(photo) {
  const image = element("img", { alt: "" });
  const note = element("p", {});
  const bar = element("progress", { max: 1, value: 0 });
  const save = element("a", { class: "button main", href: `${base}/photos/${photo.id}/restored`, download: photo.name, hidden: true }, text("sent.save"));
  const item = element("li", {}, image, element("div", {}, element("p", {}, photo.name), note, bar), save);
  return { item, image, note, bar, save, version: "" };
}
