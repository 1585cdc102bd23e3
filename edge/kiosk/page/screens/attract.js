/** The first view: what the kiosk does, in one picture that uncovers itself. */

import { button, element } from "../dom.js";
import { LANGUAGES, load } from "../strings.js";

export function attract(app) {
  const title = element("h1", {});
  const text = element("p", {});
  const mine = element("p", { class: "quiet" });
  const choices = element("div", { class: "choices" });
  const root = element(
    "section",
    { class: "attract" },
    element(
      "div",
      { class: "example", "aria-hidden": "true" },
      element("img", { src: "/static/example-before.jpg", alt: "" }),
      element("img", { src: "/static/example-after.jpg", alt: "", class: "after" }),
      element("i", {}),
    ),
    element("div", { class: "words" }, title, text, choices, mine),
  );
  title.textContent = app.text("attract.title");
  text.textContent = app.text("attract.text");
  mine.textContent = app.text("attract.private");
  languages();

  async function languages() {
    for (const language of LANGUAGES) {
      const texts = await load(language);
      choices.append(
        button(`${texts("attract.begin")} · ${texts("language")}`, () => app.begin(language), { main: true, lang: language }),
      );
    }
  }
  return { root };
}
