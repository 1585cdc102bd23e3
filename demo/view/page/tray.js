/** The row of all photos: which one is looked at, how far each is, and a way to stop or remove it. */

import { places } from "./api.js";
import { say, text } from "./strings.js";

export class Tray {
  constructor(list, photos) {
    this.list = list;
    this.photos = photos;
    this.items = new Map();
    this.template = document.querySelector("#thumbnail");
  }

  update() {
    const { all, chosen } = this.photos;
    this.list.hidden = all.length < 2;
    for (const [photo, item] of this.items) {
      if (!all.includes(photo)) {
        item.root.remove();
        this.items.delete(photo);
      }
    }
    for (const photo of all) {
      if (!this.items.has(photo)) this.items.set(photo, this.#made(photo));
      this.#show(photo, this.items.get(photo), photo === chosen);
    }
  }

  #made(photo) {
    const root = this.template.content.cloneNode(true).firstElementChild;
    const [pick, picture, said, bar, remove] = ["button", "img", "span", "progress", ".remove"].map((one) => root.querySelector(one));
    picture.src = photo.url;
    // Kinds that browsers do not show have a thumbnail once they are restored.
    picture.addEventListener("error", () => root.classList.add("blank"));
    picture.addEventListener("load", () => root.classList.remove("blank"));
    pick.addEventListener("click", () => this.photos.choose(photo));
    remove.addEventListener("click", () => {
      if (["waiting", "working"].includes(this.photos.state(photo))) this.photos.stop(photo);
      else this.photos.remove([photo]);
    });
    this.list.append(root);
    return { root, pick, picture, said, bar, remove, number: 0 };
  }

  #show(photo, item, chosen) {
    const state = this.photos.state(photo);
    const busy = state === "waiting" || state === "working";
    item.root.dataset.state = state;
    item.pick.setAttribute("aria-current", String(chosen));
    item.bar.hidden = !busy && state !== "uploading";
    if (state === "working") item.bar.value = photo.told.share;
    else item.bar.removeAttribute("value");
    item.bar.setAttribute("aria-label", photo.name);
    say(item.said, text(`tray.${state === "uploading" ? "waiting" : state}`, { name: photo.name }));
    item.pick.title = photo.sentence || photo.name;
    item.remove.setAttribute("aria-label", text(busy ? "tray.stop" : "tray.remove", { name: photo.name }));
    item.remove.title = item.remove.getAttribute("aria-label");
    const shown = photo.told?.shown;
    if (shown && shown.number !== item.number) {
      item.number = shown.number;
      item.picture.src = places.made(photo.id, shown, "thumbnail.jpg");
    }
  }
}
