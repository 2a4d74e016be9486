/**
 * The bars that are chosen, and what can be done with them.
 *
 *     const selection = new Selection(container, { loop, cut, go, save });
 *     selection.setStage(stage);
 *     selection.extend(1);                 // a bar further, as Shift+→ does
 *
 * A selection is whole bars as they are played; with Alt on the roll it begins and ends on beats, for
 * the loop, and what is cut or exported are the bars that hold them.
 */

import { barAt } from "./bars.js";
import { announce, clear, h, icon } from "./dom.js";
import { t } from "./i18n.js";

/** @typedef {{from: number, to: number, first: number, last: number, bars: [number, number]}} Chosen */

export class Selection {
  /** @type {Chosen | null} */
  now = null;
  /** @type {Set<(now: Chosen | null) => void>} */
  #listeners = new Set();
  /** @type {import("./rollscale.js").Bar[]} */
  #bars = [];
  #anchor = 0; // the bar where it was begun

  /**
   * @param {HTMLElement} container
   * @param {() => Array<Node | false | null>} actions what can be done with it
   */
  constructor(container, actions) {
    this.actions = actions;
    this.element = h("div", { class: "selection-bar", role: "group", aria: { label: t("piece.selection") }, hidden: true });
    container.append(this.element);
  }

  /** Be told of every change. @param {(now: Chosen | null) => void} fn */
  onchange(fn) {
    this.#listeners.add(fn);
  }

  /** @param {import("./rollscale.js").Stage | null} stage */
  setStage(stage) {
    this.#bars = stage?.bars ?? [];
    this.clear();
  }

  clear() {
    if (this.now) announce(t("piece.selectedNone"));
    this.#take(null);
  }

  /** Choose from one second to another. @param {number} from @param {number} to */
  choose(from, to) {
    const first = barAt(this.#bars, from);
    const last = barAt(this.#bars, Math.max(from, to - 1e-4));
    if (!this.#bars[first]) return;
    this.#take({ from, to, first, last, bars: [this.#bars[first].number, this.#bars[last].number] });
  }

  /** Choose bars by their places. @param {number} a @param {number} b */
  chooseBars(a, b) {
    const [first, last] = [Math.max(0, Math.min(a, b)), Math.min(this.#bars.length - 1, Math.max(a, b))];
    if (this.#bars[first]) this.choose(this.#bars[first].start_s, this.#bars[last].end_s);
  }

  /** Extend or shrink by bars, from where the music stands if nothing is chosen. */
  extend(/** @type {number} */ step, /** @type {number} */ position) {
    if (!this.now) {
      this.#anchor = barAt(this.#bars, position);
      this.chooseBars(this.#anchor, this.#anchor);
    } else {
      const { first, last } = this.now;
      if (this.#anchor < first || this.#anchor > last) this.#anchor = first;
      const moving = (this.#anchor === first ? last : first) + step;
      this.chooseBars(this.#anchor, Math.max(0, Math.min(this.#bars.length - 1, moving)));
    }
    this.say();
  }

  /** Read out what is chosen. */
  say() {
    if (this.now) announce(this.#words());
  }

  #take(/** @type {Chosen | null} */ chosen) {
    const shown = this.#words();
    this.now = chosen;
    for (const fn of this.#listeners) fn(chosen);
    if (chosen && this.element.hidden) this.#fill();
    this.element.hidden = !chosen;
    if (chosen && shown !== this.#words()) {
      /** @type {HTMLElement} */ (this.element.firstElementChild).textContent = this.#words();
    }
  }

  #words() {
    if (!this.now) return "";
    const [from, to] = this.now.bars;
    return from === to ? t("piece.selectedOne", { bar: String(from) }) : t("piece.selected", { from: String(from), to: String(to) });
  }

  #fill() {
    const close = h("button", { class: "icon-button", type: "button", aria: { label: t("piece.deselect") }, title: `${t("piece.deselect")} (Esc)`, on: { click: () => this.clear() } }, icon("close"));
    clear(this.element, h("strong", { class: "num" }, this.#words()), h("div", { class: "cluster tight" }, this.actions()), close);
  }
}
