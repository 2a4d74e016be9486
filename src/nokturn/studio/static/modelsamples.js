/**
 * What a model writes: tunes from seeds that are the same for every model, heard on its page.
 *
 *   const samples = new Samples(model); page.append(samples.element); samples.close();
 *
 * A sample is a piece of the library like any other; what was heard once is not written again.
 */

import { events, get, post } from "./api.js";
import { clear, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { PieceView } from "./pieceview.js";
import { problem } from "./problem.js";

const SEEDS = [1, 2, 3];
const BARS = 16;

export class Samples {
  #pieces = new Map(); // seed -> promise of a piece's id
  #view = null;
  #wanted = 0;

  /** @param {any} model as the server tells it */
  constructor(model) {
    this.model = model;
    this.buttons = SEEDS.map((seed) => h("button", { class: "button", type: "button", aria: { pressed: "false" }, on: { click: () => this.hear(seed) } }, icon("play"), t("models.sample", { n: String(seed) })));
    this.said = h("p", { class: "muted small", role: "status" });
    this.heard = h("div");
    this.element = h("section", { class: "stack", aria: { label: t("models.samples") } },
      h("h2", t("models.samples")), h("p", { class: "muted small" }, t("models.samplesWhy")),
      h("div", { class: "cluster tight" }, this.buttons), this.said, this.heard);
  }

  close() {
    this.closed = true;
    this.#view?.close();
  }

  /** Hear what it writes from a seed. @param {number} seed */
  async hear(seed) {
    this.#wanted = seed;
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(SEEDS[i] === seed)));
    this.said.textContent = t("models.sampling");
    try {
      if (!this.#pieces.has(seed)) this.#pieces.set(seed, this.#piece(seed));
      const id = await this.#pieces.get(seed);
      if (this.closed || this.#wanted !== seed) return;
      this.said.textContent = "";
      if (!this.#view) clear(this.heard);
      this.#view ??= new PieceView(this.heard, { edits: false });
      const { playing } = this.#view.player;
      if ((await this.#view.show(id)) && !playing && this.#wanted === seed) await this.#view.player.play();
    } catch (error) {
      this.#pieces.delete(seed);
      this.said.textContent = "";
      if (!this.#view) clear(this.heard, problem(error, { label: t("common.again"), run: () => this.hear(seed) }));
    }
  }

  /** The piece that it wrote from a seed before, else one that it writes now. */
  async #piece(seed) {
    const { name, knows } = this.model;
    const { items } = await get(`/pieces?kind=tune&model=${encodeURIComponent(name)}&limit=500`);
    const known = items.find((item) => item.seed === seed && !item.parent);
    if (known) return known.id;
    const job = await post("/jobs/generate", { model: name, n: 1, seed, bars: knows?.bars === false ? null : BARS });
    return new Promise((done, refuse) => {
      const close = events(`/jobs/${job.id}/events`, {
        result: ({ pieces }) => (close(), pieces.length ? done(pieces[0]) : refuse({ code: "internal", what: t("models.noSample") })),
        error: (error) => (close(), refuse(error)),
        lost: (error) => (close(), refuse(error)),
      });
    });
  }
}
