/**
 * The music as text: ABC, or a table of bar, beat, note and length, to be read note by note.
 *
 *     const view = new TextView(container);
 *     view.setStage(stage);
 *     view.on("note", (i) => player.seek(stage.notes.start_s[i]));
 *
 * This is what a screen reader reads in place of roll and score. Arrow keys go from note to note,
 * Enter hears from there; while it plays the text goes along. Long music is shown `ROWS` notes at a
 * time.
 */

import { announce, clear, h } from "./dom.js";
import { number, t } from "./i18n.js";
import { mixed, noteWords, placeOf } from "./words.js";

const ROWS = 400;
const STEPS = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1, PageUp: -16, PageDown: 16 };

export class TextView {
  /** @type {import("./rollscale.js").Stage | null} */
  #stage = null;
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  /** @type {Map<number, Element[]>} */
  #places = new Map(); // elements that stand for a note
  /** @type {number[]} */
  #playing = [];
  #current = 0;
  #first = 0; // note of the first row
  #kind = "abc";

  /** @param {HTMLElement} container */
  constructor(container) {
    this.element = h("div", { class: "text-view" });
    container.append(this.element);
    this.element.addEventListener("click", (event) => this.#clicked(event));
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
    this.element.addEventListener("focusin", (event) => this.#focused(event));
  }

  /** Listen to `note` (its number was chosen) or `hear` (from there); returns what ends it. */
  on(/** @type {string} */ event, /** @type {Function} */ fn) {
    const fns = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, fns.add(fn));
    return () => fns.delete(fn);
  }

  /** @param {import("./rollscale.js").Stage} stage */
  setStage(stage) {
    this.#stage = stage;
    this.#current = 0;
    this.#first = 0;
    this.#playing = [];
    this.#draw();
  }

  /** Mark the notes that sound. @param {number[]} notes @param {boolean} follow */
  setPlaying(notes, follow) {
    const same = notes.length === this.#playing.length && notes.every((i, k) => i === this.#playing[k]);
    if (same || !this.#stage) return;
    for (const i of this.#playing) for (const el of this.#places.get(i) ?? []) el.removeAttribute("aria-current");
    this.#playing = notes;
    if (!notes.length) return;
    const shown = this.element.offsetParent !== null;
    if (shown && follow && this.#table && !this.#places.has(notes[0])) this.#page(notes[0]);
    for (const i of notes) for (const el of this.#places.get(i) ?? []) el.setAttribute("aria-current", "true");
    const [el] = this.#places.get(notes[notes.length - 1]) ?? [];
    if (shown && follow && el) within(el);
  }

  /** Go to a note without telling anyone. @param {number} i */
  setFocus(i) {
    if (i < 0 || !this.#stage) return;
    if (this.#table && !this.#places.has(i)) this.#page(i);
    this.#mark(i);
    const [el] = this.#places.get(i) ?? [];
    if (el && this.element.offsetParent) within(el);
  }

  get #table() {
    return this.#kind === "table" || !this.#stage?.text?.abc;
  }

  #draw() {
    const stage = /** @type {import("./rollscale.js").Stage} */ (this.#stage);
    this.#places.clear();
    const abc = stage.text?.abc;
    const parts = [abc && this.#choice(), this.#table ? this.#rows() : this.#abc(stage.text)];
    clear(this.element, ...parts);
    this.#mark(this.#current);
  }

  #choice() {
    const button = (/** @type {string} */ kind) =>
      h("button", { type: "button", aria: { pressed: String((this.#table ? "table" : "abc") === kind) }, on: { click: () => this.#choose(kind) } }, t(`piece.text.${kind}`));
    return h(
      "div",
      { class: "text-head" },
      h("div", { class: "segmented", role: "group", aria: { label: t("piece.views.text") } }, button("abc"), button("table")),
      h("p", { class: "muted small" }, t("piece.text.how")),
    );
  }

  #choose(/** @type {string} */ kind) {
    this.#kind = kind;
    this.#first = Math.max(0, this.#current - 8);
    this.#draw();
    /** @type {HTMLElement | null} */ (this.element.querySelector("[aria-pressed=true]"))?.focus();
  }

  /** The ABC, in which each written note can be found. */
  #abc(/** @type {any} */ { abc, places = {} }) {
    const stage = /** @type {import("./rollscale.js").Stage} */ (this.#stage);
    /** @type {Map<string, number[]>} */
    const notes = new Map();
    stage.notes.events?.forEach((events, i) => {
      for (const event of events) notes.set(event, [...(notes.get(event) ?? []), i]);
    });
    const text = h("pre", { class: "abc-text", tabindex: 0, aria: { label: t("piece.text.abc") } });
    let at = 0;
    const sorted = Object.entries(places).sort((a, b) => a[1][0] - b[1][0]);
    for (const [event, [from, to]] of sorted) {
      if (from < at || !notes.has(event)) continue;
      const span = h("span", { class: "abc-note", data: { note: notes.get(event)?.[0] } }, abc.slice(from, to));
      text.append(abc.slice(at, from), span);
      for (const i of notes.get(event) ?? []) this.#places.set(i, [...(this.#places.get(i) ?? []), span]);
      at = to;
    }
    text.append(abc.slice(at));
    return text;
  }

  #rows() {
    const stage = /** @type {import("./rollscale.js").Stage} */ (this.#stage);
    const count = stage.notes.pitch.length;
    const last = Math.min(count, this.#first + ROWS);
    const many = stage.tracks.length > 1;
    const heads = ["bar", "beat", "note", "length", ...(many ? ["track"] : [])];
    const rows = [];
    for (let i = this.#first; i < last; i += 1) rows.push(this.#row(stage, i, many));
    const table = h(
      "table",
      { aria: { label: stage.summary ?? "", rowcount: count + 1 } },
      h("thead", h("tr", heads.map((name) => h("th", { scope: "col" }, t(`piece.text.${name}`))))),
      h("tbody", rows),
    );
    const turn = (/** @type {string} */ key, /** @type {number} */ to) =>
      h("button", { class: "button quiet small", type: "button", on: { click: () => this.#page(to) } }, t(key));
    return [
      this.#first > 0 && turn("piece.text.earlier", this.#first - ROWS),
      h("div", { class: "table-wrap text-table" }, table),
      last < count && turn("piece.text.later", last),
    ];
  }

  #row(/** @type {import("./rollscale.js").Stage} */ stage, /** @type {number} */ i, /** @type {boolean} */ many) {
    const { name, bar, beat, length } = placeOf(stage, i);
    const cells = [String(bar), mixed(beat, number), name, mixed(length, number)];
    if (many) cells.push(called(stage.tracks[stage.notes.track[i]]));
    const row = h("tr", { tabindex: -1, data: { note: i }, aria: { rowindex: i + 2 } }, cells.map((cell) => h("td", cell)));
    this.#places.set(i, [row]);
    return row;
  }

  #page(/** @type {number} */ first) {
    this.#first = Math.max(0, first);
    this.#draw();
  }

  #mark(/** @type {number} */ i) {
    for (const el of this.#places.get(this.#current) ?? []) this.#chosen(el, false);
    this.#current = i;
    for (const el of this.#places.get(i) ?? []) this.#chosen(el, true);
    const rows = this.#table && !this.#places.has(i) ? this.#places.get(this.#first) : null;
    if (rows) /** @type {HTMLElement} */ (rows[0]).tabIndex = 0; // the keyboard finds its way in
  }

  #chosen(/** @type {Element} */ el, /** @type {boolean} */ on) {
    el.classList.toggle("chosen", on);
    if (el.tagName === "TR") /** @type {HTMLElement} */ (el).tabIndex = on ? 0 : -1;
  }

  #noteOf(/** @type {Event} */ event) {
    const el = /** @type {any} */ (event.target).closest("[data-note]");
    return el ? Number(el.dataset.note) : -1;
  }

  #clicked(/** @type {Event} */ event) {
    const i = this.#noteOf(event);
    if (i < 0) return;
    this.#mark(i);
    this.#tell("note", i);
  }

  #focused(/** @type {Event} */ event) {
    const i = this.#noteOf(event);
    if (i >= 0 && i !== this.#current) this.#mark(i);
  }

  #pressed(/** @type {KeyboardEvent} */ event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!target.matches("tr, pre") || !this.#stage || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const last = this.#stage.notes.pitch.length - 1;
    const { key } = event;
    if (key === "Enter") this.#tell("hear", this.#current);
    else if (key in STEPS) this.#go(Math.max(0, Math.min(last, this.#current + STEPS[/** @type {keyof STEPS} */ (key)])));
    else if (key === "Home") this.#go(0);
    else if (key === "End") this.#go(last);
    else return;
    event.preventDefault();
  }

  /** Go to a note by keyboard: it is read out, and shown in roll and score. */
  #go(/** @type {number} */ i) {
    const stage = /** @type {import("./rollscale.js").Stage} */ (this.#stage);
    this.setFocus(i);
    const [el] = this.#places.get(i) ?? [];
    if (el?.tagName === "TR") /** @type {HTMLElement} */ (el).focus({ preventScroll: true });
    else announce(noteWords(stage, i)); // the cells of a row are read by themselves
    this.#tell("note", i);
  }

  #tell(/** @type {string} */ event, /** @type {unknown} */ detail) {
    for (const fn of this.#listeners.get(event) ?? []) fn(detail);
  }
}

/** What a track is called. @param {{name: string, label?: string} | undefined} track */
const called = (track) => track?.label ?? track?.name ?? "";

/** Scroll a part into its own box, and never the page. @param {Element} el */
function within(el) {
  const box = /** @type {HTMLElement} */ (el.closest(".text-table, .abc-text"));
  const [inner, outer] = [el.getBoundingClientRect(), box.getBoundingClientRect()];
  const room = Math.min(48, outer.height * 0.2);
  if (inner.top < outer.top + room || inner.bottom > outer.bottom - room) {
    box.scrollTop += inner.top - outer.top - outer.height * 0.35;
  }
}
