"use strict";
// Elements that are kept from one drawing to the next, so that animations go on and nothing
// flickers. Everything from the server is set as text or as an attribute, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Draws into `root`: element(key, …) gives the same element for the same key each time, and those
 *  that were not asked for since begin() are gone after end(). */
class Drawing {
  constructor(root) {
    this.root = root;
    this.known = new Map();
  }

  begin() {
    this.used = new Set();
    this.last = null;
  }

  element(key, name, attributes = {}, parent = this.root) {
    let element = this.known.get(key);
    if (!element) {
      element = document.createElementNS(SVG, name);
      this.known.set(key, element);
    }
    if (element.parentNode !== parent) parent.append(element);
    this.used.add(key);
    for (const [attribute, value] of Object.entries(attributes)) {
      const text = String(value);
      if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
    }
    return element;
  }

  text(key, content, attributes, parent) {
    const element = this.element(key, "text", attributes, parent);
    if (element.textContent !== content) element.textContent = content;
    return element;
  }

  end() {
    for (const [key, element] of this.known) {
      if (this.used.has(key)) continue;
      element.remove();
      this.known.delete(key);
    }
  }
}

/** As much of `text` as has room in `width` pixels of characters about `size` wide. */
function fitting(text, width, size = 7) {
  const room = Math.max(1, Math.floor(width / size));
  return text.length <= room ? text : text.slice(0, room - 1) + "…";
}

function counted(count, one, many = one + "s") {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

function bytesText(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit + 1 < units.length) {
    bytes /= 1000;
    ++unit;
  }
  return `${unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

function clockText(when, withSeconds = true) {
  const time = new Date(when).toTimeString();
  return time.slice(0, withSeconds ? 8 : 5);
}
