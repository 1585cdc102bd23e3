/** The page's server. A call that fails throws a `Refused` with one sentence. */

export class Refused extends Error {}

async function call(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("");
  }
  if (answer.status === 204) return null;
  const said = await answer.text();
  if (answer.ok) return JSON.parse(said);
  let sentence = said;
  try {
    sentence = JSON.parse(said).detail;
  } catch {
    // Uploads are refused in plain text.
  }
  throw new Refused(sentence);
}

function post(path, body) {
  return call(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
}

export const api = {
  /** The id that an uploaded photo is given. */
  async upload(file, signal) {
    const form = new FormData();
    form.append("files", file, file.name || "photo");
    const [path] = await call("/api/photos", { method: "POST", body: form, signal });
    return path.split("/")[1];
  },
  restore: (wish) => post("/api/restore", wish),
  photos: () => call("/api/photos"),
  stop: (ids) => post("/api/stop", { photos: ids }),
  forget: (ids) => post("/api/forget", { photos: ids }),
  /** The same while the page is being closed. */
  leave: (ids) => navigator.sendBeacon("/api/forget", JSON.stringify({ photos: ids })),
};

export const places = {
  before: (id) => `/photos/${id}/before.jpg`,
  made: (id, shown, name) => `/photos/${id}/${shown.number}/${name}`,
  restored: (id) => `/photos/${id}/restored`,
  beforeAfter: (id) => `/photos/${id}/before-after`,
  all: (ids) => `/api/restored.zip?${ids.map((id) => `photo=${id}`).join("&")}`,
};
