/** Taking the results home: on paper, on a stick, or on the phone. */

import { api, picture } from "../api.js";
import { assign, button, element, say } from "../dom.js";
import { frame } from "./frame.js";

const MOST_COPIES = 9;

export function home(app) {
  const ready = () => (app.state.session?.photos ?? []).filter((photo) => photo.state === "done");
  const chosen = new Set(ready().map((photo) => photo.id));
  let copies = 1;

  const grid = element("div", { class: "grid small" }, ...ready().map(tile));
  const number = element("output", { "aria-label": app.text("home.copies") }, "1");
  const copiesRow = element(
    "div",
    { class: "row copies" },
    button("−", () => count(-1), { "aria-label": app.text("home.fewer") }),
    number,
    button("+", () => count(1), { "aria-label": app.text("home.more") }),
  );
  const paper = button(app.text("home.print"), () => each((photo) => api.print(photo, copies)), { iconName: "print", main: true });
  const printed = element("p", { class: "quiet", role: "status" });
  const sticks = element("div", { class: "column" });
  const code = element(
    "div",
    { class: "take" },
    element("img", { class: "code", src: "/api/qr.svg", alt: "" }),
    element("p", {}, app.text("home.phone")),
  );
  const root = frame(app, app.text("home.title"), {
    back: () => app.go("photos"),
    body: [element("div", { class: "left" }, grid, code), element("aside", {}, copiesRow, paper, printed, sticks)],
    foot: [
      button(app.text("home.another"), () => app.go("choose"), { iconName: "more" }),
      button(app.text("home.finish"), app.end, { iconName: "done", main: true }),
    ],
  });
  root.classList.add("wide");

  function tile(photo) {
    const press = () => {
      if (chosen.has(photo.id)) chosen.delete(photo.id);
      else chosen.add(photo.id);
      assign(made, "aria-pressed", String(chosen.has(photo.id)));
      update(app.state);
    };
    const made = element(
      "button",
      { type: "button", class: "thumb", "aria-pressed": "true", "aria-label": photo.name, on: { click: press } },
      element("img", { src: picture(photo, "thumb.jpg", 320), alt: "" }),
    );
    return made;
  }

  function count(change) {
    copies = Math.min(MOST_COPIES, Math.max(1, copies + change));
    say(number, String(copies));
  }

  async function each(action) {
    for (const photo of ready()) {
      if (chosen.has(photo.id) && !(await app.run(() => action(photo.id)))) return false;
    }
    return true;
  }

  function offer(stick) {
    const note = element("p", { class: "quiet", role: "status" });
    const copy = button(app.text("home.stick", { label: stick.label }), put, { iconName: "stick" });
    async function put() {
      copy.disabled = true;
      say(note, "");
      if (await each((photo) => api.toStick(photo, stick.id))) say(note, app.text("home.copied"));
      copy.disabled = false;
    }
    return element("div", { "data-stick": stick.id }, copy, note);
  }

  function update(state) {
    const { printer, sticks: present } = state.devices;
    copiesRow.hidden = paper.hidden = !printer;
    paper.disabled = chosen.size === 0;
    code.hidden = !state.session?.phone_url;
    const prints = (state.session?.photos ?? []).map((photo) => photo.print).filter(Boolean);
    const last = prints.find((print) => print.state === "failed") ?? prints.at(-1);
    say(printed, last?.sentence ?? "");
    printed.classList.toggle("bad", last?.state === "failed");
    const shown = [...sticks.children].map((one) => one.dataset.stick);
    for (const one of [...sticks.children]) {
      if (!present.some((stick) => stick.id === one.dataset.stick)) one.remove();
    }
    for (const stick of present) if (!shown.includes(stick.id)) sticks.append(offer(stick));
  }
  return { root, update };
}
