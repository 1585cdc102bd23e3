/** The kiosk's own service. Every call that fails throws a `Refused` with one sentence for the screen. */

export class Refused extends Error {
  /** `content`: the service's answer, with the name of a device's fault if there is one. */
  constructor(content) {
    super(content?.error ?? "");
    this.content = content ?? {};
  }
}

async function call(method, path, body, type) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.body = type ? body : JSON.stringify(body);
    options.headers["Content-Type"] = type ?? "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refused(null);
  }
  const isJson = (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
  const content = isJson ? await answer.json() : null;
  if (!answer.ok) throw new Refused(content);
  return content;
}

export const api = {
  begin: (language) => call("POST", "/api/session", { language }),
  end: () => call("DELETE", "/api/session"),
  touch: () => call("POST", "/api/touch"),
  state: () => call("GET", "/api/state"),
  scan: (source) => call("POST", "/api/scan", { source }),
  stopScan: () => call("POST", "/api/scan/cancel"),
  shoot: () => call("POST", "/api/camera/shoot"),
  stickPhotos: (stick) => call("GET", `/api/sticks/${encodeURIComponent(stick)}/photos`),
  importPhotos: (stick, photos) => call("POST", `/api/sticks/${encodeURIComponent(stick)}/import`, { photos }),
  options: (photo, options) => call("POST", `/api/photos/${photo}/options`, options),
  mask: (photo, png) => call("PUT", `/api/photos/${photo}/mask`, png, "image/png"),
  remove: (photo) => call("DELETE", `/api/photos/${photo}`),
  print: (photo, copies) => call("POST", `/api/photos/${photo}/print`, { copies }),
  toStick: (photo, stick) => call("POST", `/api/photos/${photo}/stick`, { stick }),
};

/** Where a picture of a photo is; `version` changes with the result, so that no old picture is shown. */
export function picture(photo, name, side) {
  return `/api/photos/${photo.id}/${name}?side=${side}&version=${photo.version}`;
}

/**
 * Call `changed` with each new state until the returned function is called. The server sends states as events; the
 * browser connects again by itself, and `lost` is told while it cannot.
 */
export function follow(changed, lost) {
  const source = new EventSource("/api/events");
  source.onmessage = (event) => changed(JSON.parse(event.data));
  source.onerror = () => lost();
  return () => source.close();
}
