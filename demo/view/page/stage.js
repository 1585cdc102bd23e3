/** The picture: before and after with a divider, fitted or enlarged, and what fingers, mouse and keys do to it. */

const MOST = 8;
const STEP = 1.5;
const PAN = 60;

export class Stage {
  /** `enlarged` is called when the size of the picture on the screen changes. */
  constructor(root, enlarged) {
    this.root = root;
    this.divider = root.querySelector("#divider");
    this.enlarged = enlarged;
    /** Of the photo, in its own pixels. */
    this.width = 0;
    this.height = 0;
    /** Screen pixels for one of the photo's, and where its upper left corner is. */
    this.scale = 1;
    this.left = 0;
    this.top = 0;
    this.fitted = true;
    /** Takes drags in place of the divider, if set: `begin(point)`, `move(points)`, `end()`, `cancel()`. */
    this.pen = null;
    this.pointers = new Map();
    this.drag = null;
    new ResizeObserver(() => this.#resized()).observe(root);
    this.divider.addEventListener("input", () => this.#divide(this.divider.value / 10));
    root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    root.addEventListener("dblclick", (event) => this.pen || this.toggle(this.#place(event)));
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, (event) => this.#up(event));
    root.addEventListener("keydown", (event) => this.#key(event));
    this.#divide(50);
  }

  /** Say how large the photo is; another photo is fitted. */
  size(width, height) {
    if (width === this.width && height === this.height) return;
    [this.width, this.height] = [width, height];
    this.root.style.setProperty("--ratio", String(width / height));
    this.fit();
  }

  /** Put a loaded picture in the place of an earlier one. */
  show(id, image) {
    const old = this.root.querySelector(`#${id}`);
    if (old === image) return;
    image.id = id;
    image.className = "sheet";
    image.draggable = false;
    image.alt = old.alt;
    old.replaceWith(image);
  }

  fit() {
    this.fitted = true;
    const { width, height } = this.#room();
    this.scale = Math.min(width / this.width, height / this.height) || 1;
    this.left = (width - this.width * this.scale) / 2;
    this.top = (height - this.height * this.scale) / 2;
    this.#draw();
  }

  /** Show the photo's own pixels around a point, or all of it. */
  toggle(point = this.#middle()) {
    if (this.fitted) this.zoomTo(1 / devicePixelRatio, point);
    else this.fit();
  }

  zoom(factor, point = this.#middle()) {
    this.zoomTo(this.scale * factor, point);
  }

  /** Enlarge so that one of the photo's pixels takes `scale` of the screen's, and a point stays where it is. */
  zoomTo(scale, [x, y] = this.#middle()) {
    const { width, height } = this.#room();
    const least = Math.min(width / this.width, height / this.height);
    const wanted = Math.min(Math.max(scale, least), Math.max(MOST / devicePixelRatio, least));
    const factor = wanted / this.scale;
    this.left = x - (x - this.left) * factor;
    this.top = y - (y - this.top) * factor;
    this.scale = wanted;
    this.fitted = wanted <= least * 1.0001;
    this.#keepInside();
    this.#draw();
  }

  pan(x, y) {
    this.left += x;
    this.top += y;
    this.#keepInside();
    this.#draw();
  }

  /** Percent of the photo's own pixels on this screen. */
  get percent() {
    return Math.round(100 * this.scale * devicePixelRatio);
  }

  /** A point of the stage in pixels of the photo. */
  toPhoto([x, y]) {
    return [Math.round((x - this.left) / this.scale), Math.round((y - this.top) / this.scale)];
  }

  #room() {
    return { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  #middle() {
    const { width, height } = this.#room();
    return [width / 2, height / 2];
  }

  #keepInside() {
    const { width, height } = this.#room();
    const within = (place, size, room) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, place)));
    this.left = within(this.left, this.width * this.scale, width);
    this.top = within(this.top, this.height * this.scale, height);
  }

  #draw() {
    const style = this.root.style;
    style.setProperty("--left", `${this.left}px`);
    style.setProperty("--top", `${this.top}px`);
    style.setProperty("--width", `${this.width * this.scale}px`);
    style.setProperty("--height", `${this.height * this.scale}px`);
    this.root.classList.toggle("enlarged", !this.fitted);
    this.root.classList.toggle("blocks", this.percent >= 300);
    this.enlarged();
  }

  #resized() {
    if (!this.width) return;
    if (this.fitted) this.fit();
    else this.zoomTo(this.scale);
  }

  #divide(percent) {
    this.divider.value = percent * 10;
    this.root.style.setProperty("--at", `${percent}%`);
  }

  #place(event) {
    const box = this.root.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // The browser reports the pinch of a touch pad as small turns of a wheel.
    const speed = event.ctrlKey ? 0.01 : 0.002;
    this.zoom(Math.exp(-event.deltaY * lines * speed), this.#place(event));
  }

  #down(event) {
    if (event.button > 0 || !this.width) return;
    this.root.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.#place(event));
    if (this.pointers.size > 1) {
      if (this.drag === "pen") this.pen.cancel();
      this.drag = "pinch";
      return;
    }
    const handle = event.target.closest("#handle");
    this.drag = handle ? "divide" : this.pen ? "pen" : this.fitted ? "divide" : "pan";
    if (this.drag === "pen") this.pen.begin(this.#place(event));
    else if (this.drag === "divide") this.#move(event);
  }

  #move(event) {
    const now = this.#place(event);
    this.pen?.hover(now);
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    if (this.drag === "pinch") this.#pinch(event.pointerId, before, now);
    else if (this.drag === "pen") this.pen.move((event.getCoalescedEvents?.() ?? [event]).map((one) => this.#place(one)));
    else if (this.drag === "pan") this.pan(now[0] - before[0], now[1] - before[1]);
    else this.#divide(Math.min(100, Math.max(0, (100 * now[0]) / this.#room().width)));
    this.pointers.set(event.pointerId, now);
  }

  #pinch(id, before, now) {
    const other = [...this.pointers].find(([one]) => one !== id)?.[1];
    if (!other) return;
    const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
    this.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    this.zoom(apart(now, other) / apart(before, other), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
  }

  #up(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.drag === "pen") event.type === "pointerup" ? this.pen.end() : this.pen.cancel();
    // The finger that is left after a pinch does nothing until it is lifted.
    if (!this.pointers.size || this.drag !== "pinch") this.drag = null;
  }

  #key(event) {
    const way = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.target !== this.root || !this.width) return;
    if (this.pen?.key(event) || (way && !this.pen)) {
      event.preventDefault();
      if (!this.pen) this.pan(way[0] * PAN, way[1] * PAN);
    }
  }

  /** The keys that zoom, from wherever they are pressed. Returns whether this was one. */
  shortcut(key) {
    if (!this.width) return false;
    if (key === "+" || key === "=") this.zoom(STEP);
    else if (key === "-") this.zoom(1 / STEP);
    else if (key === "0") this.fit();
    else if (key === "1") this.zoomTo(1 / devicePixelRatio);
    else return false;
    return true;
  }
}
