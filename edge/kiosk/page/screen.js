/** The kiosk's screen: which view is shown, the state that the service sends, notices and the idle question. */

import { api, follow, Refused } from "./api.js";
import { element, say } from "./dom.js";
import { watchIdle } from "./idle.js";
import { LANGUAGES, load } from "./strings.js";
import { attract } from "./screens/attract.js";
import { brush } from "./screens/brush.js";
import { camera, scan } from "./screens/capture.js";
import { choose } from "./screens/choose.js";
import { compare } from "./screens/compare.js";
import { home } from "./screens/home.js";
import { phone } from "./screens/phone.js";
import { photos } from "./screens/photos.js";
import { stick } from "./screens/stick.js";
import { thanks } from "./screens/thanks.js";

const VIEWS = { attract, brush, camera, choose, compare, home, phone, photos, scan, stick, thanks };
const OUTSIDE = new Set(["attract", "thanks"]);
const NOTICE_SECONDS = 8;

/**
 * What every view is given. A view is a function of the app and its parameters that returns its root element, and if it
 * needs them `update(state)`, called with every new state, and `leave()`.
 */
const app = {
  state: null,
  text: null,
  /** The photo with an id, or undefined once it is gone. */
  photo: (id) => app.state.session?.photos.find((photo) => photo.id === id),
  go,
  run,
  begin,
  end,
};

const main = document.querySelector("#screen");
const notice = document.querySelector("#notice");
let view = { name: "", leave: null, update: null };
let noticeTimer = 0;

function go(name, parameters = {}) {
  view.leave?.();
  const made = VIEWS[name](app, parameters);
  view = { name, ...made };
  main.replaceChildren(made.root);
  main.dataset.view = name;
  // A keyboard or screen reader goes on at the top of the new view.
  const heading = made.root.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
  view.update?.(app.state);
}

/** Run a call of the service; what it refuses is shown as a sentence. Returns whether it went well. */
async function run(action) {
  try {
    await action();
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { fault, name } = error.content;
    tell((fault && app.text(`fault.${fault}`, { name })) || error.message || app.text("error.refused"));
    return false;
  }
}

function tell(sentence) {
  clearTimeout(noticeTimer);
  say(notice, sentence);
  notice.hidden = false;
  noticeTimer = setTimeout(() => (notice.hidden = true), NOTICE_SECONDS * 1000);
}

async function begin(language) {
  document.documentElement.lang = language;
  app.text = await load(language);
  await run(async () => {
    await api.begin(language);
    app.state = await api.state();
    go("choose");
  });
}

async function end() {
  await run(api.end);
  go("thanks");
}

function changed(state) {
  const told = app.state?.notice;
  app.state = state;
  document.body.classList.toggle("lost", false);
  if (state.notice && state.notice !== told) tell(state.notice);
  if (!state.session && !OUTSIDE.has(view.name)) go("attract");
  else view.update?.(state);
  idle.update(state);
}

function lost() {
  document.body.classList.toggle("lost", true);
  tell(app.text("error.lost"));
}

app.text = await load(LANGUAGES[0]);
app.state = await api.state();
const idle = watchIdle(app);
document.body.append(idle.root, element("div", { id: "veil" }));
go("attract");
follow(changed, lost);
