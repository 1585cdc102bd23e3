/** Brush and eraser over the found damage. Strokes are in pixels of the photo; the server draws the same ones. */

const SIDE = 2048;
const APART = 2;
const POINTS = 800;
const RADIUS = 512;
const STEP = 8;

export class Brush {
  /** `drawn` is called with each finished stroke. */
  constructor(stage, drawn) {
    this.stage = stage;
    this.drawn = drawn;
    this.ring = stage.root.querySelector("#ring");
    /** The damage of the result that is shown, and strokes that it does not know yet. */
    this.found = stage.root.querySelector("#found").getContext("2d");
    this.fresh = stage.root.querySelector("#fresh").getContext("2d");
    this.erases = false;
    this.diameter = 28;
    this.stroke = null;
    this.at = null;
    this.byKey = false;
  }

  /** Begin with another photo. */
  reset(width, height) {
    this.cancel();
    this.unit = Math.min(1, SIDE / Math.max(width, height));
    for (const { canvas } of [this.found, this.fresh]) {
      canvas.width = Math.max(1, Math.round(width * this.unit));
      canvas.height = Math.max(1, Math.round(height * this.unit));
    }
  }

  /** Show the damage that a result has filled, `image` or none, and the strokes that came after it. */
  settle(image, later) {
    const { canvas } = this.found;
    this.found.globalCompositeOperation = "source-over";
    this.found.clearRect(0, 0, canvas.width, canvas.height);
    if (image) {
      this.found.drawImage(image, 0, 0, canvas.width, canvas.height);
      this.found.globalCompositeOperation = "source-in";
      this.found.fillStyle = this.#colour("--tint");
      this.found.fillRect(0, 0, canvas.width, canvas.height);
    }
    this.fresh.clearRect(0, 0, canvas.width, canvas.height);
    for (const stroke of later) this.#paint(stroke);
  }

  use(tool) {
    this.erases = tool === "erase";
    this.#circle();
  }

  resize(diameter) {
    this.diameter = diameter;
    this.#circle();
  }

  show(shown) {
    if (!shown) this.cancel();
    this.ring.hidden = true;
    this.stage.root.classList.toggle("marking", shown);
    this.stage.pen = shown ? this : null;
  }

  hover(point) {
    this.at = point;
    this.ring.hidden = false;
    this.#circle();
  }

  begin(point) {
    const radius = Math.min(RADIUS, Math.max(1, Math.round(this.diameter / 2 / this.stage.scale)));
    this.stroke = { points: [this.stage.toPhoto(point)], radius, erases: this.erases };
    this.last = point;
    this.hover(point);
    this.#paint(this.stroke);
  }

  move(points) {
    for (const point of points) {
      if (!this.stroke || Math.hypot(point[0] - this.last[0], point[1] - this.last[1]) < APART) continue;
      this.stroke.points.push(this.stage.toPhoto(point));
      this.#paint({ ...this.stroke, points: this.stroke.points.slice(-2) });
      this.last = point;
      if (this.stroke.points.length === POINTS) {
        this.end();
        this.begin(point);
      }
    }
  }

  end() {
    const { stroke } = this;
    this.stroke = null;
    if (stroke) this.drawn(stroke);
  }

  /** Leave a stroke undone. */
  cancel() {
    if (this.stroke) this.fresh.clearRect(0, 0, this.fresh.canvas.width, this.fresh.canvas.height);
    this.stroke = null;
    this.byKey = false;
  }

  /** Arrow keys move the brush, the space bar sets it down and lifts it. Returns whether the key was one of these. */
  key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const { clientWidth, clientHeight } = this.stage.root;
    this.at ??= [clientWidth / 2, clientHeight / 2];
    if (way) {
      const step = event.shiftKey ? 1 : STEP;
      this.hover([
        Math.min(clientWidth, Math.max(0, this.at[0] + way[0] * step)),
        Math.min(clientHeight, Math.max(0, this.at[1] + way[1] * step)),
      ]);
      if (this.byKey) this.move([this.at]);
    } else if (event.key === " ") {
      this.byKey = !this.byKey;
      if (this.byKey) this.begin(this.at);
      else this.end();
    } else return false;
    return true;
  }

  #paint({ points, radius, erases }) {
    const ink = this.fresh;
    ink.strokeStyle = this.#colour(erases ? "--rubbed" : "--tint");
    ink.lineWidth = 2 * radius * this.unit;
    ink.lineCap = ink.lineJoin = "round";
    ink.beginPath();
    ink.moveTo(points[0][0] * this.unit, points[0][1] * this.unit);
    for (const [x, y] of points.length > 1 ? points.slice(1) : points) ink.lineTo(x * this.unit, y * this.unit);
    ink.stroke();
  }

  #circle() {
    if (!this.at) return;
    this.ring.style.width = this.ring.style.height = `${this.diameter}px`;
    this.ring.style.transform = `translate(${this.at[0]}px, ${this.at[1]}px) translate(-50%, -50%)`;
    this.ring.classList.toggle("erases", this.erases);
  }

  #colour(name) {
    return getComputedStyle(this.stage.root).getPropertyValue(name);
  }
}
