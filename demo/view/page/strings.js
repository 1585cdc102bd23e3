/** The page's texts, in the visitor's language. Sentences of the server are in English. */

const LANGUAGES = ["en", "de"];

let texts = {};

/** The language of the browser, if there are texts in it. */
export function preferred() {
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2));
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? LANGUAGES[0];
}

/** Load a language and put its texts wherever the page names one. */
export async function speak(language) {
  texts = await (await fetch(`/view/strings/${language}.json`)).json();
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = text(one.dataset.text);
  for (const one of document.querySelectorAll("[data-name]")) one.setAttribute("aria-label", text(one.dataset.name));
  for (const one of document.querySelectorAll("[data-hint]")) one.title = text(one.dataset.hint);
}

/** A text by its key, with values for the `{names}` in it. */
export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Set an element's text only where it differs, so that screen readers are not told the same again. */
export function say(target, said) {
  if (target.textContent !== said) target.textContent = said;
}
