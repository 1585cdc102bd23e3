/** The visitor's photos: uploaded one after the other, wished for, and asked after until all is done. */

import { api, Refused } from "./api.js";

const EVERY = 150;
const LOST = 2000;

export class Photos {
  /** `changed` is called whenever something is known that was not, `refused` with sentences. */
  constructor(changed, refused) {
    this.all = [];
    this.chosen = null;
    this.changed = changed;
    this.refused = refused;
    this.uploading = Promise.resolve();
    this.timer = 0;
  }

  /** Take in files; the first one is looked at unless another is. */
  add(files, wish) {
    for (const file of files) {
      const photo = {
        id: null,
        name: file.name || "photo",
        url: URL.createObjectURL(file),
        wish: { ...wish },
        strokes: [],
        /** How many of them each wish had. */
        drawn: new Map(),
        asked: 0,
        asking: 0,
        calls: Promise.resolve(),
        told: null,
        sentence: "",
        upload: new AbortController(),
      };
      this.all.push(photo);
      this.chosen ??= photo;
      this.uploading = this.uploading.then(() => this.#send(photo, file));
    }
    this.changed();
  }

  async #send(photo, file) {
    if (!this.all.includes(photo)) return;
    try {
      photo.id = await api.upload(file, photo.upload.signal);
      // It was removed meanwhile.
      if (!this.all.includes(photo)) await api.forget([photo.id]);
      else await this.ask(photo);
    } catch (error) {
      if (error.name !== "AbortError") this.#fail(photo, error);
    }
  }

  /** Have a photo restored as it is wished for now. One call after the other: the last one holds. */
  async ask(photo) {
    if (!photo.id) return;
    photo.sentence = "";
    photo.asking += 1;
    this.changed();
    photo.calls = photo.calls.then(() => this.#call(photo));
    await photo.calls;
    this.#follow();
  }

  async #call(photo) {
    const wish = { photo: photo.id, ...photo.wish, strokes: photo.strokes, looked_at: photo === this.chosen };
    const strokes = photo.strokes.length;
    try {
      if (this.all.includes(photo)) photo.asked = (await api.restore(wish)).asked;
      photo.drawn.set(photo.asked, strokes);
    } catch (error) {
      this.#fail(photo, error);
    }
    photo.asking -= 1;
  }

  choose(photo) {
    this.chosen = photo;
    this.changed();
    if (["waiting", "working"].includes(this.state(photo))) this.ask(photo);
  }

  async stop(photo) {
    if (photo.id) await this.#try(() => api.stop([photo.id]));
    this.#follow();
  }

  async remove(photos) {
    this.all = this.all.filter((photo) => !photos.includes(photo));
    if (!this.all.includes(this.chosen)) this.chosen = this.all[0] ?? null;
    this.changed();
    for (const photo of photos) {
      photo.upload.abort();
      URL.revokeObjectURL(photo.url);
    }
    const ids = photos.map((photo) => photo.id).filter(Boolean);
    if (ids.length) await this.#try(() => api.forget(ids));
  }

  leave() {
    const ids = this.all.map((photo) => photo.id).filter(Boolean);
    if (ids.length) api.leave(ids);
  }

  /** uploading, waiting, working, done, failed or stopped */
  state(photo) {
    if (photo.sentence) return "failed";
    if (!photo.id) return "uploading";
    if (!this.isCurrent(photo)) return "waiting";
    return photo.told.state;
  }

  /** Whether what is told of a photo is about its latest wish. */
  isCurrent(photo) {
    return photo.told !== null && !photo.asking && photo.told.asked >= photo.asked;
  }

  /** Ask after the photos until none is under way. */
  async #follow() {
    clearTimeout(this.timer);
    let wait = EVERY;
    try {
      for (const told of await api.photos()) {
        const photo = this.all.find((one) => one.id === told.id);
        if (photo) photo.told = told;
      }
    } catch (error) {
      wait = LOST;
      this.refused(error.message);
    }
    for (const photo of this.all) if (photo.told?.sentence && this.isCurrent(photo)) photo.sentence = photo.told.sentence;
    this.changed();
    if (this.all.some((photo) => photo.id && ["waiting", "working"].includes(this.state(photo)))) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#follow(), wait);
    }
  }

  async #try(action) {
    try {
      await action();
    } catch (error) {
      this.#complain(error);
    }
  }

  #fail(photo, error) {
    this.#complain(error);
    photo.sentence = error.message || "…";
    this.changed();
  }

  #complain(error) {
    if (!(error instanceof Refused)) throw error;
    this.refused(error.message);
  }
}
