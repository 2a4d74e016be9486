/**
 * A piece while it is being written: its notes grow on the roll, and the score is engraved anew for
 * each bar that stands.
 *
 *   const writing = new Writing(view); writing.show(take.written); writing.close();
 */

import { postText } from "./api.js";
import { announce } from "./dom.js";
import { t } from "./i18n.js";

const EVERY_BARS = 4; // that a screen reader is told of

export class Writing {
  #abc = "";
  #told = 0;
  #engraving = false;
  #closed = false;

  /** @param {import("./pieceview.js").PieceView} view */
  constructor(view) {
    this.view = view;
  }

  /** Show what stands so far. */
  show(written) {
    this.view.setWriting(written);
    if (written.bar >= this.#told + EVERY_BARS) {
      this.#told = written.bar;
      announce(t("compose.bar", { bar: written.bar }));
    }
    if (written.abc && written.abc !== this.#abc) this.#engrave(written.abc);
  }

  /** Show no more: another piece is shown, or this one is finished. */
  close() {
    this.#closed = true;
  }

  /** Engrave the bars so far, one request at a time: what came meanwhile is next. */
  async #engrave(abc) {
    this.#abc = abc;
    if (this.#engraving) return;
    this.#engraving = true;
    const svg = await postText("/engrave", { abc, width: this.view.score.width }).catch(() => ""); // a bar that cannot be drawn yet
    this.#engraving = false;
    if (this.#closed) return;
    if (svg) this.view.setScore(svg);
    if (this.#abc !== abc) this.#engrave(this.#abc);
  }
}
