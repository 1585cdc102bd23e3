/** Building elements. Text is always set as text, never parsed as HTML: names of files come from strangers. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes and children. `on` holds event listeners; `null` children and attributes are left out.
 * @param {string} tag
 * @param {Record<string, unknown>} attributes
 * @param {...(Node|string|null)} children
 */
export function element(tag, { on = {}, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** An icon of icons.svg; decoration, so screen readers skip it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button with a label and, perhaps, an icon. */
export function button(label, press, { iconName = null, main = false, ...attributes } = {}) {
  const content = [iconName ? icon(iconName) : null, element("span", {}, label)];
  return element("button", { type: "button", class: main ? "main" : null, on: { click: press }, ...attributes }, ...content);
}

/** Set an attribute or remove it, touching the page only if that changes something. */
export function assign(target, name, value) {
  if (value === null || value === undefined || value === false) target.removeAttribute(name);
  else if (target.getAttribute(name) !== String(value)) target.setAttribute(name, String(value));
}

/** Replace an element's text only where it differs, so that screen readers are not told the same again. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
