/** The owner's page: queue, counts, disk and temperature, after the PIN. */

import { element, say } from "./dom.js";

const POLL_MS = 3000;
const form = document.querySelector("#enter");
const inside = document.querySelector("#inside");
const refused = document.querySelector("#refused");
const rows = new Map();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const pin = document.querySelector("#pin");
  const answer = await post("enter", { pin: pin.value });
  pin.value = "";
  if (answer.ok) {
    form.hidden = true;
    inside.hidden = false;
    poll();
  } else say(refused, (await answer.json()).error);
});
for (const button of document.querySelectorAll("[data-action]")) {
  button.addEventListener("click", () => post(button.dataset.action, {}));
}

function post(action, body) {
  return fetch(`/api/owner/${action}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** The service names its figures and writes them with their units. */
async function poll() {
  const answer = await fetch("/api/owner/state").catch(() => null);
  if (answer && !answer.ok) {
    form.hidden = false;
    inside.hidden = true;
    return;
  }
  if (answer) {
    const { figures, failures } = await answer.json();
    for (const [name, value] of Object.entries(figures)) {
      if (!rows.has(name)) {
        const cell = element("td", {});
        rows.set(name, cell);
        document.querySelector("#figures").append(element("tr", {}, element("td", { class: "quiet" }, name), cell));
      }
      say(rows.get(name), String(value));
    }
    document.querySelector("#failures").replaceChildren(...failures.map((sentence) => element("li", {}, sentence)));
  }
  setTimeout(poll, POLL_MS);
}
