/**
 * A piece while it is being written: its notes on a roll that grows, and below it the score, which
 * is engraved anew for each bar that stands.
 *
 *   const writing = new Writing(place); writing.show(take.written, {keys: "A dorian"});
 */

import { postText } from "./api.js";
import { drawing } from "./drawing.js";
import { announce, clear, h } from "./dom.js";
import { t } from "./i18n.js";
import { Roll } from "./roll.js";

const EVERY_BARS = 4; // that a screen reader is told of
const MIN_WIDTH = 300;

export class Writing {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.rollPlace = h("div", { class: "writing-roll" });
    this.paper = h("div", { class: "writing-score score-paper score", aria: { hidden: "true" } });
    this.element = h("section", { class: "writing", aria: { label: t("compose.writing") } }, this.rollPlace, this.paper);
    place.append(this.element);
    this.roll = new Roll(this.rollPlace);
    this.abc = "";
    this.told = 0;
    this.engraving = false;
  }

  /** Show what stands so far. */
  show(written) {
    this.roll.setWriting(written);
    if (written.bar >= this.told + EVERY_BARS) {
      this.told = written.bar;
      announce(t("compose.bar", { bar: written.bar }));
    }
    if (written.abc && written.abc !== this.abc) this.#engrave(written.abc);
  }

  /** Engrave the bars so far, one request at a time: what came meanwhile is next. */
  async #engrave(abc) {
    this.abc = abc;
    if (this.engraving) return;
    this.engraving = true;
    const width = Math.max(MIN_WIDTH, Math.round(this.paper.clientWidth - 32));
    const svg = await postText("/engrave", { abc, width }).then(drawing).catch(() => null); // a bar that cannot be drawn yet
    this.engraving = false;
    if (!this.element.isConnected) return;
    if (svg) {
      clear(this.paper, svg);
      this.paper.scrollTop = this.paper.scrollHeight;
    }
    if (this.abc !== abc) this.#engrave(this.abc);
  }

  close() {
    this.roll.close?.();
    this.element.remove();
  }
}
