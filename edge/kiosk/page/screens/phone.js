/** The code that a phone scans to send photos. */

import { button, element } from "../dom.js";
import { frame } from "./frame.js";
import { thumbnails } from "./photos.js";

export function phone(app) {
  const strip = thumbnails(app);
  const next = button(app.text("photos.title"), () => app.go("photos"), { main: true, hidden: true });
  const root = frame(app, app.text("phone.title"), {
    back: () => app.go("choose"),
    body: [
      element(
        "div",
        { class: "phone" },
        element("img", { class: "code", src: "/api/qr.svg", alt: app.state.session.phone_url }),
        element(
          "div",
          {},
          element("p", {}, app.text("phone.text")),
          element("p", { class: "quiet address" }, app.state.session.phone_url),
          element("p", {}, app.text("phone.arriving")),
          strip.root,
        ),
      ),
    ],
    foot: [next],
  });
  return {
    root,
    update(state) {
      strip.update(state);
      next.hidden = !state.session?.photos.length;
    },
  };
}
