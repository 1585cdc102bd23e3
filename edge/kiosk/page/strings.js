/** The page's texts, in the language that the visitor has chosen. */

export const LANGUAGES = ["en", "de"];

/**
 * Load a language; the returned function gives a text by its key, with values for `{names}` in it. A key that the
 * language lacks gives an empty text: the service's own sentences are in English.
 */
export async function load(language) {
  const texts = await (await fetch(`/static/strings/${language}.json`)).json();
  return (key, values = {}) =>
    (texts[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
