/**
 * The engraved score: notes light up as they are heard, a line goes along, a click finds a note.
 *
 *     const view = new ScoreView(container);
 *     view.setSvg(await text(`/pieces/${id}/score.svg?width=${view.width}`));
 *     view.setStage(stage);                       // which sign sounds when
 *     view.setPosition(player.position);          // once a frame
 *
 * The picture comes from the server and is looked through before it is shown. Its look is that of
 * `css/score.css`, in the page's colours. The line goes on between onsets, and at the end of a system
 * to its right edge.
 */

import { h, still, svg } from "./dom.js";
import { drawing } from "./drawing.js";
import { t } from "./i18n.js";

const MARGIN = 24; // pixels left around the system that is played

/**
 * A moment and where it stands: seconds, x, the system's number, its top and bottom, and to where
 * the line goes if nothing follows in this system.
 * @typedef {{s: number, x: number, right: number, top: number, bottom: number, row: number}} Anchor
 * @typedef {{element: Element, left: number, right: number, top: number, bottom: number,
 *   row: number}} Measure
 */

export class ScoreView {
  /** @type {Map<string, Element>} */
  #signs = new Map();
  /** @type {Map<string, Measure>} */
  #measures = new Map();
  /** @type {Anchor[]} */
  #anchors = [];
  /** @type {Map<string, Element[]>} */
  #lit = new Map();
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  /** @type {import("./rollscale.js").Stage | null} */
  #stage = null;
  /** @type {string[]} */
  #selected = [];
  /** @type {SVGElement | null} */
  #under = null;
  /** From the drawing's units to pixels of the paper: scale and shift. */
  #pixel = { scale: 1, left: 0, top: 0 };
  #row = -1;
  #at = 0;
  #known = false;
  #dragged = "";

  /** @param {HTMLElement} container */
  constructor(container) {
    this.paper = h("div", { class: "score-paper" });
    this.line = h("div", { class: "score-line", hidden: true }); // apart: the drawing stays as it is
    this.element = h("div", { class: "score", role: "img", tabindex: 0, aria: { label: t("piece.score") } }, this.paper, this.line);
    container.append(this.element);
    const on = (/** @type {string} */ name, /** @type {any} */ fn) =>
      this.paper.addEventListener(name, fn.bind(this));
    on("pointerdown", this.#down);
    on("pointermove", this.#move);
    on("pointerup", this.#up);
    on("pointercancel", () => (this.#dragged = ""));
    on("pointerover", this.#over);
    new ResizeObserver(() => this.#resized()).observe(this.paper);
  }

  /** CSS pixels that the score may be wide. */
  get width() {
    const style = getComputedStyle(this.element);
    const inside = this.element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return Math.max(200, Math.round(inside));
  }

  get empty() {
    return !this.paper.firstElementChild;
  }

  /** Where the line is seen, in the drawing's units, and what stands where; for tests. */
  get cursor() {
    const [line, paper] = [this.line, this.paper].map((el) => el.getBoundingClientRect());
    const x = (line.left + line.width / 2 - paper.left - this.#pixel.left) / this.#pixel.scale;
    return { x, row: this.#row, anchors: this.#anchors };
  }

  /** Listen to `note` (a sign's id), `bar` (a measure's id), `select` (two ids), `selected`, `hover`. */
  on(/** @type {string} */ event, /** @type {Function} */ fn) {
    const fns = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, fns.add(fn));
    return () => fns.delete(fn);
  }

  /**
   * Show a score.
   * @param {string} text SVG of the server
   * @throws {Error} it is no picture, or more than a picture
   */
  setSvg(text) {
    const picture = drawing(text);
    own(picture, `s${(pictures += 1)}-`);
    this.#signs.clear();
    this.#measures.clear();
    this.#lit.clear();
    for (const one of picture.querySelectorAll("[id]")) this.#named(one);
    this.paper.replaceChildren(picture);
    this.#under = svg("g", { class: "score-under" });
    (picture.querySelector("g.page-margin") ?? picture).prepend(this.#under);
    this.#known = false;
    this.#row = -1;
    this.setSelection(this.#selected);
    this.setPosition(this.#at);
  }

  /** Take which sign sounds when. @param {import("./rollscale.js").Stage | null} stage */
  setStage(stage) {
    this.#stage = stage;
    this.#known = false;
    this.#selected = [];
    this.element.setAttribute("aria-label", `${t("piece.score")}. ${stage?.summary ?? ""}`);
  }

  /** Take everything away. */
  clear() {
    this.paper.replaceChildren();
    this.#signs.clear();
    this.#measures.clear();
    this.#anchors = [];
    this.#under = null;
    this.line.hidden = true;
    this.#stage = null;
  }

  /** Give signs a look, and take it from those that had it. @param {Iterable<string>} ids @param {string} kind */
  highlight(ids, kind) {
    const now = [];
    for (const id of ids) {
      const sign = this.#signs.get(id);
      if (sign) now.push(sign);
    }
    for (const sign of this.#lit.get(kind) ?? []) if (!now.includes(sign)) sign.classList.remove(kind);
    for (const sign of now) sign.classList.add(kind);
    this.#lit.set(kind, now);
  }

  /** Mark measures. @param {string[]} ids */
  setSelection(ids) {
    this.#selected = ids;
    if (!this.#under || !this.#seen()) return;
    this.#measure();
    const boxes = ids.flatMap((id) => this.#measures.get(id) ?? []);
    this.#under.replaceChildren(...boxes.map(({ left, right, top, bottom }) => {
      const room = (bottom - top) * 0.18;
      return svg("rect", { x: left, y: top - room, width: right - left, height: bottom - top + 2 * room, class: "score-selection" });
    }));
  }

  /** Move the line to a second of the music. @param {number} seconds @param {boolean} [follow] */
  setPosition(seconds, follow = false) {
    this.#at = seconds;
    if (!this.#under || !this.#stage || !this.#seen()) return;
    this.#measure();
    const place = this.#place(seconds);
    this.line.hidden = !place;
    if (!place) return;
    const { x, anchor } = place;
    const { scale, left, top } = this.#pixel;
    const reach = Math.max(300, (anchor.bottom - anchor.top) * 0.2);
    const height = (anchor.bottom - anchor.top + 2 * reach) * scale;
    const [right, down] = [x * scale + left, (anchor.top - reach) * scale + top];
    this.line.style.height = `${height.toFixed(1)}px`;
    this.line.style.transform = `translate(${right.toFixed(2)}px, ${down.toFixed(1)}px)`;
    if (anchor.row !== this.#row) {
      this.#row = anchor.row;
      if (follow) this.#show(anchor);
    }
  }

  /** Bring a sign into view. @param {string} id */
  reveal(id) {
    this.#measure();
    const sign = this.#signs.get(id)?.closest("g.measure");
    const found = [...this.#measures.values()].find(({ element }) => element === sign);
    if (found) this.#show(found);
  }

  /** Whether it can be measured: what is not displayed has no size. */
  #seen() {
    return this.element.offsetParent !== null || this.element.getClientRects().length > 0;
  }

  /** Names of signs are kept apart, so that two scores in a page do not share them. */
  #named(/** @type {Element} */ one) {
    const id = one.id;
    if (!/^[mn]\d/.test(id)) return; // a glyph, which others point to
    one.removeAttribute("id");
    /** @type {any} */ (one).dataset.id = id;
    this.#signs.set(id, one);
  }

  #measure() {
    if (this.#known) return;
    this.#known = true;
    this.#scaled();
    const systems = [...this.paper.querySelectorAll("g.system")];
    for (const element of this.paper.querySelectorAll("g.measure[data-id]")) {
      const system = element.closest("g.system");
      const box = staves(element);
      const row = system ? systems.indexOf(system) : 0;
      if (box) this.#measures.set(/** @type {any} */ (element).dataset.id, { element, row, ...box });
    }
    for (const [row] of systems.entries()) evened([...this.#measures.values()].filter((m) => m.row === row));
    this.#anchors = this.#stage ? this.#anchored(this.#stage) : [];
  }

  /** The paper has another size: the drawing too, and the line stands elsewhere. */
  #resized() {
    if (!this.#under || !this.#seen()) return;
    this.#scaled();
    this.setPosition(this.#at);
  }

  #scaled() {
    const matrix = /** @type {any} */ (this.#under)?.getScreenCTM();
    const paper = this.paper.getBoundingClientRect();
    if (matrix) this.#pixel = { scale: matrix.a, left: matrix.e - paper.left, top: matrix.f - paper.top };
  }

  /** Where each onset and each beginning of a bar stands. @returns {Anchor[]} */
  #anchored(/** @type {import("./rollscale.js").Stage} */ { notes, bars }) {
    /** @type {Map<number, Anchor>} */
    const found = new Map();
    notes.start_s.forEach((s, i) => {
      const sign = notes.svg[i]?.map((id) => this.#signs.get(id)).find(Boolean);
      const measure = sign && this.#measures.get(/** @type {any} */ (sign.closest("g.measure"))?.dataset.id);
      if (!sign || !measure) return;
      const x = /** @type {any} */ (sign.querySelector(".notehead") ?? sign).getBBox().x;
      const known = found.get(s);
      if (!known || x < known.x) found.set(s, { s, x, ...edges(measure) });
    });
    for (const bar of bars) {
      const measure = [bar.svg ?? []].flat().map((id) => this.#measures.get(id)).find(Boolean);
      if (measure && !found.has(bar.start_s)) {
        const x = measure.left + (measure.right - measure.left) * 0.04;
        found.set(bar.start_s, { s: bar.start_s, x, ...edges(measure) });
      }
    }
    const anchors = [...found.values()].sort((a, b) => a.s - b.s);
    const last = anchors[anchors.length - 1];
    const end = bars[bars.length - 1]?.end_s ?? 0;
    if (last && end > last.s) anchors.push({ ...last, s: end, x: last.right });
    return anchors;
  }

  #place(/** @type {number} */ seconds) {
    const anchors = this.#anchors;
    let [low, high] = [0, anchors.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (anchors[middle].s <= seconds + 1e-9) low = middle + 1;
      else high = middle;
    }
    const anchor = anchors[Math.max(0, low - 1)];
    if (!anchor) return null;
    const next = anchors[low];
    if (!next || low === 0) return { x: anchor.x, anchor };
    const to = next.row === anchor.row && next.x > anchor.x ? next.x : anchor.right;
    const part = (seconds - anchor.s) / Math.max(1e-9, next.s - anchor.s);
    return { x: anchor.x + part * (to - anchor.x), anchor };
  }

  /** Scroll so that a system is seen whole. */
  #show(/** @type {{top: number, bottom: number}} */ { top, bottom }) {
    const box = this.element;
    const [from, to] = [this.#pixels(top), this.#pixels(bottom)];
    const [begin, end] = [box.scrollTop, box.scrollTop + box.clientHeight];
    if (from - MARGIN >= begin && to + MARGIN <= end) return;
    box.scrollTo({ top: from - Math.min(60, box.clientHeight * 0.15), behavior: still() ? "auto" : "smooth" });
  }

  /** Pixels from the upper edge of the paper. @param {number} y of the drawing */
  #pixels(y) {
    const matrix = /** @type {any} */ (this.#under)?.getScreenCTM();
    if (!matrix) return 0;
    return matrix.d * y + matrix.f - this.element.getBoundingClientRect().top + this.element.scrollTop;
  }

  #bar(/** @type {PointerEvent} */ event) {
    const target = document.elementFromPoint(event.clientX, event.clientY);
    const inside = /** @type {any} */ (target)?.closest?.("g.measure[data-id]");
    if (inside && this.paper.contains(inside)) return inside.dataset.id;
    return this.#nearest(event.clientX, event.clientY);
  }

  /** The measure whose box holds a point: between the lines of a staff there is nothing to hit. */
  #nearest(/** @type {number} */ x, /** @type {number} */ y) {
    const matrix = /** @type {any} */ (this.#under)?.getScreenCTM();
    if (!matrix) return "";
    this.#measure();
    const point = new DOMPoint(x, y).matrixTransform(matrix.inverse());
    for (const [id, { left, right, top, bottom }] of this.#measures) {
      const room = (bottom - top) * 0.6;
      if (point.x >= left && point.x < right && point.y > top - room && point.y < bottom + room) return id;
    }
    return "";
  }

  #down(/** @type {PointerEvent} */ event) {
    if (event.button || event.pointerType === "touch") return;
    this.#dragged = this.#bar(event);
    event.preventDefault(); // no text is marked while bars are
  }

  #move(/** @type {PointerEvent} */ event) {
    if (!this.#dragged || !(event.buttons & 1)) return;
    const bar = this.#bar(event);
    if (bar && (bar !== this.#dragged || this.paper.classList.contains("dragging"))) {
      this.paper.classList.add("dragging");
      this.#tell("select", [this.#dragged, bar]);
    }
  }

  #up(/** @type {PointerEvent} */ event) {
    const dragged = this.paper.classList.contains("dragging");
    this.paper.classList.remove("dragging");
    const from = this.#dragged;
    this.#dragged = "";
    if (dragged) {
      this.#tell("selected", from);
      return;
    }
    const note = /** @type {any} */ (event.target).closest?.("g.note[data-id]");
    const bar = this.#bar(event);
    if (event.shiftKey && bar) this.#tell("select", ["", bar]);
    else if (note) this.#tell("note", note.dataset.id);
    else if (bar) this.#tell("bar", bar);
  }

  #over(/** @type {PointerEvent} */ event) {
    const note = /** @type {any} */ (event.target).closest?.("g.note[data-id]");
    this.highlight(note ? [note.dataset.id] : [], "hovered");
    this.#tell("hover", note?.dataset.id ?? "");
  }

  #tell(/** @type {string} */ event, /** @type {unknown} */ detail) {
    for (const fn of this.#listeners.get(event) ?? []) fn(detail);
  }
}

let pictures = 0;

/** Give glyphs names of their own, as the page may hold several scores. */
function own(/** @type {Element} */ root, /** @type {string} */ prefix) {
  for (const glyph of root.querySelectorAll("defs [id]")) glyph.id = prefix + glyph.id;
  for (const use of root.querySelectorAll("use")) {
    const href = use.getAttribute("href") ?? use.getAttributeNS("http://www.w3.org/1999/xlink", "href") ?? "";
    use.removeAttributeNS("http://www.w3.org/1999/xlink", "href");
    use.setAttribute("href", `#${prefix}${href.slice(1)}`);
  }
}

/** The box of a measure's staff lines, in the drawing's units. */
function staves(/** @type {Element} */ measure) {
  const lines = [...measure.querySelectorAll(":scope > g.staff > path")].map((line) => /** @type {any} */ (line).getBBox());
  if (!lines.length) return null;
  const left = Math.min(...lines.map((box) => box.x));
  const right = Math.max(...lines.map((box) => box.x + box.width));
  const top = Math.min(...lines.map((box) => box.y));
  const bottom = Math.max(...lines.map((box) => box.y + box.height));
  return { left, right, top, bottom };
}

/** Measures of a system are equally high. */
function evened(/** @type {Measure[]} */ row) {
  const top = Math.min(...row.map((m) => m.top));
  const bottom = Math.max(...row.map((m) => m.bottom));
  for (const measure of row) Object.assign(measure, { top, bottom });
}

function edges(/** @type {Measure} */ { right, top, bottom, row }) {
  return { right, top, bottom, row };
}
