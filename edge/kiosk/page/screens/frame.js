/** The frame of a view: a heading with the way back, the body, and the row of buttons below. */

import { button, element } from "../dom.js";

/**
 * @param {object} app
 * @param {string} title
 * @param {{back?: Function, body: (Node|null)[], foot?: (Node|null)[]}} content
 */
export function frame(app, title, { back = null, body, foot = [] }) {
  return element(
    "section",
    { class: "frame" },
    element(
      "header",
      {},
      back ? button(app.text("common.back"), back, { iconName: "back" }) : null,
      element("h1", {}, title),
      button(app.text("common.finish"), app.end, { iconName: "close", class: "end" }),
    ),
    element("div", { class: "body" }, ...body),
    foot.length ? element("footer", {}, ...foot) : null,
  );
}
