/**
 * Elements, made by script: no markup is ever parsed, so text from a file can only be text.
 *
 *   h("button", {class: "button", on: {click: save}, aria: {label: t("common.save")}}, icon("save"))
 *
 * A prop is an attribute; `on` holds listeners, `aria` and `data` attributes of those prefixes,
 * `style` properties set by script (the page's policy allows no style attributes), `value`,
 * `checked`, `selected`, `indeterminate`, `open` and `scrollTop` are set as properties. False, null
 * and undefined leave an attribute out.
 */

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "selected", "indeterminate", "scrollTop"]);

/**
 * Make an element.
 * @param {string} tag
 * @param {object|Node|string|Array|null} [props] left out where the first child stands
 * @param {...(Node|string|number|Array|null|false|undefined)} children text is text, never markup
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  return fill(el, props, children);
}

/**
 * Make an SVG element; otherwise as `h`.
 * @param {string} tag
 * @param {object} [props]
 * @param {...(Node|string|Array|null)} children
 * @returns {SVGElement}
 */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(el, props, children) {
  if (isChild(props)) {
    add(el, props);
  } else {
    const late = [];
    for (const [name, value] of Object.entries(props ?? {})) {
      if (PROPERTIES.has(name)) late.push([name, value]);
      else set(el, name, value);
    }
    add(el, children);
    for (const [name, value] of late) if (value !== undefined) el[name] = value;
    return el;
  }
  add(el, children);
  return el;
}

function isChild(given) {
  return typeof given === "string" || typeof given === "number" || Array.isArray(given) || given instanceof Node;
}

function set(el, name, value) {
  if (name === "on") {
    for (const [event, run] of Object.entries(value)) if (run) el.addEventListener(event, run);
  } else if (name === "aria" || name === "data") {
    for (const [key, one] of Object.entries(value)) attribute(el, `${name}-${key}`, one, name === "aria");
  } else if (name === "style") {
    for (const [key, one] of Object.entries(value)) {
      if (key.startsWith("--")) el.style.setProperty(key, one);
      else el.style[key] = one;
    }
  } else {
    attribute(el, name, value, false);
  }
}

function attribute(el, name, value, spelled) {
  if (value === null || value === undefined || (value === false && !spelled)) el.removeAttribute(name);
  else el.setAttribute(name, value === true && !spelled ? "" : String(value));
}

/** Put children at an element's end: nodes, texts, lists of them; nothing for null and false. */
export function add(el, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) {
      el.append(child instanceof Node ? child : String(child));
    }
  }
  return el;
}

/** Empty an element, and put children in. */
export function clear(el, ...children) {
  el.replaceChildren();
  return add(el, ...children);
}

/** Load a style sheet of `css/` once; what is shown after that has its looks. */
const sheets = new Map();
export function sheet(name) {
  if (!sheets.has(name)) {
    const made = h("link", { rel: "stylesheet", href: `/static/css/${name}.css` });
    const done = new Promise((settled) => {
      made.addEventListener("load", settled);
      made.addEventListener("error", settled); // a screen without looks is better than none
    });
    document.head.append(made);
    sheets.set(name, done);
  }
  return sheets.get(name);
}

/** A number for ids that must be unique on the page. */
let count = 0;
export function uid(prefix = "id") {
  count += 1;
  return `${prefix}-${count}`;
}

/** Tell a screen reader something, once, when it has finished its sentence. */
export function announce(text) {
  const region = document.getElementById("live");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => {
    region.textContent = text;
  }, 60); // an unchanged text is not read again, an emptied one is
}

/** Call a function at most once in so many milliseconds, and once more at the end. */
export function throttled(ms, run) {
  let timer = 0;
  let last = 0;
  return (...args) => {
    clearTimeout(timer);
    const left = last + ms - performance.now();
    const go = () => {
      last = performance.now();
      run(...args);
    };
    if (left <= 0) go();
    else timer = setTimeout(go, left);
  };
}

/** Call a function when nothing has come for so many milliseconds. */
export function debounced(ms, run) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), ms);
  };
}

/** Whether the user wants things to keep still. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/* Icons: 24 x 24, drawn in the text's colour. A path beginning with "f" is filled, else a line. */
const ICONS = {
  play: ["fM8 5.2v13.6a.7.7 0 0 0 1.1.6l10.4-6.8a.7.7 0 0 0 0-1.2L9.1 4.6A.7.7 0 0 0 8 5.2z"],
  pause: ["fM7.5 5h2.6v14H7.5zM13.9 5h2.6v14h-2.6z"],
  stop: ["fM7 7h10v10H7z"],
  start: ["M6 5v14", "fM19 5.5v13a.6.6 0 0 1-.95.5L9 12.5a.6.6 0 0 1 0-1L18.05 5a.6.6 0 0 1 .95.5z"],
  previous: ["M15 5l-7 7 7 7"],
  next: ["M9 5l7 7-7 7"],
  loop: ["M17 3l3 3-3 3", "M4 11V9a3 3 0 0 1 3-3h13", "M7 21l-3-3 3-3", "M20 13v2a3 3 0 0 1-3 3H4"],
  metronome: ["M9 3.5h6L18.5 20.5h-13z", "M12 16L18 6", "M6.5 16h11"],
  volume: ["M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z", "M15.5 9a4.5 4.5 0 0 1 0 6", "M18 6.5a8 8 0 0 1 0 11"],
  muted: ["M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z", "M16 9.5l5 5", "M21 9.5l-5 5"],
  star: ["M12 3.7l2.5 5.3 5.8.7-4.3 4 1.15 5.7L12 16.5l-5.15 2.9L8 13.7l-4.3-4 5.8-.7z"],
  starred: ["fM12 3.2l2.7 5.6 6.2.8-4.55 4.25 1.2 6.15L12 17l-5.55 3 1.2-6.15L3.1 9.6l6.2-.8z"],
  dice: ["M5 5h14v14H5z", "fM9 8a1 1 0 1 0 0 2 1 1 0 0 0 0-2zM15 14a1 1 0 1 0 0 2 1 1 0 0 0 0-2zM12 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2z"],
  plus: ["M12 5v14", "M5 12h14"],
  minus: ["M5 12h14"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  chevron: ["M6 9.5l6 6 6-6"],
  menu: ["M4 7h16", "M4 12h16", "M4 17h16"],
  search: ["M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12z", "M15 15l5 5"],
  bin: ["M4.5 7h15", "M9.5 7V4.5h5V7", "M6.5 7l.8 12.5h9.4L17.5 7", "M10 10.5v5.5", "M14 10.5v5.5"],
  restore: ["M4.5 5v5h5", "M5 10a7.5 7.5 0 1 1-.5 4.5"],
  undo: ["M8.5 5L4.5 9l4 4", "M5 9h9a5 5 0 0 1 0 10h-3"],
  redo: ["M15.5 5l4 4-4 4", "M19 9h-9a5 5 0 0 0 0 10h3"],
  download: ["M12 4v11", "M7.5 11l4.5 4.5 4.5-4.5", "M5 19.5h14"],
  upload: ["M12 16V5", "M7.5 9L12 4.5 16.5 9", "M5 19.5h14"],
  copy: ["M9 9h10v11H9z", "M15 9V4.5H5v11h4"],
  edit: ["M5 19l.8-3.8L16 5l3 3L8.8 18.2z", "M13.5 7.5l3 3"],
  info: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", "M12 11v5", "M12 7.9v.2"],
  warning: ["M12 4.5L3.5 19.5h17z", "M12 10v4.5", "M12 16.9v.2"],
  help: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", "M9.7 9.8a2.4 2.4 0 1 1 3.5 2.2c-.8.4-1.2.9-1.2 1.8", "M12 16.3v.2"],
  keyboard: ["M3.5 7h17v10h-17z", "M7 10.3v.2M10.3 10.3v.2M13.7 10.3v.2M17 10.3v.2M8 13.8h8"],
  moon: ["M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"],
  sun: ["M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6L7 7M17 17l1.4 1.4M18.4 5.6L17 7M7 17l-1.4 1.4"],
  auto: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", "fM12 4a8 8 0 0 1 0 16z"],
  language: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", "M4 12h16", "M12 4c-2.6 2.3-3.8 5-3.8 8s1.2 5.7 3.8 8c2.6-2.3 3.8-5 3.8-8s-1.2-5.7-3.8-8z"],
  work: ["M5 12h3l2-6 4 12 2-6h3"],
  note: ["M9.5 17.5V6l9-2v11.5", "fM7 15.2a2.5 2.3 0 1 0 0 4.6 2.5 2.3 0 0 0 0-4.6zM16 13.2a2.5 2.3 0 1 0 0 4.6 2.5 2.3 0 0 0 0-4.6z"],
  score: ["M4 6.5h16M4 9.8h16M4 13.1h16M4 16.4h16", "fM9.5 13.2a2.1 1.7 0 1 0 0 3.3 2.1 1.7 0 0 0 0-3.3z"],
  roll: ["M4 6h6M12 10h5M7 14h6M14 18h6"],
  text: ["M5 6.5h14M5 11h14M5 15.5h9"],
  both: ["M4.5 5h15v14h-15z", "M4.5 12h15"],
  folder: ["M4 6.5h5.5l2 2.5H20v10H4z"],
  record: ["fM12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z"],
  timer: ["M12 6.5a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "M12 10v3.5l2 2", "M9.5 3.5h5"],
  solo: ["M5 14v-2a7 7 0 0 1 14 0v2", "fM4.5 13.5h3v6h-3zM16.5 13.5h3v6h-3z"],
  zoomin: ["M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12z", "M15 15l5 5", "M10.5 8v5M8 10.5h5"],
  zoomout: ["M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12z", "M15 15l5 5", "M8 10.5h5"],
  cut: ["M7 4.5l10 11", "M17 4.5l-10 11", "M6 15.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM18 15.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4z"],
  more: ["fM6 10.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM12 10.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM18 10.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z"],
};

/**
 * Draw an icon, for the eye only: what it is on tells its name.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const paths = (ICONS[name] ?? ICONS.info).map((d) =>
    d.startsWith("f")
      ? svg("path", { d: d.slice(1), fill: "currentColor" })
      : svg("path", { d, fill: "none", stroke: "currentColor", "stroke-width": 1.75, "stroke-linecap": "round", "stroke-linejoin": "round" }),
  );
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", width: 20, height: 20, focusable: "false", aria: { hidden: "true" } }, ...paths);
}
