/**
 * One piece: seen, heard, changed into others, taken away.
 *
 * The address is all it needs: `/p/7f3a9c21`. What is changed becomes a new piece with an address of
 * its own, so that going back is undoing.
 */

import { del, get, patch, post } from "../api.js";
import { announce, clear, h, icon, sheet } from "../dom.js";
import { ago, clock, number, t } from "../i18n.js";
import { keyName, meterName } from "../keyname.js";
import { along } from "../libraryrow.js";
import { register } from "../keys.js";
import { PieceView } from "../pieceview.js";
import { notice, problem } from "../problem.js";
import { go, link } from "../router.js";

/** What of a recipe makes another piece like it. */
const LIKE = ["model", "key", "meter", "tempo", "bars", "temperature", "top_p", "top_k", "min_p"];

/** @param {HTMLElement} root @param {{id: string}} params */
export async function show(root, { id }) {
  await sheet("piece");
  const screen = new PieceScreen(root, id);
  await screen.load();
  return { leave: () => screen.close() };
}

class PieceScreen {
  /** @type {any} */
  #piece = null;
  /** @type {PieceView | null} */
  #view = null;
  /** @type {Array<() => void>} */
  #ends = [];

  /** @param {HTMLElement} root @param {string} id */
  constructor(root, id) {
    this.id = id;
    this.head = h("header", { class: "piece-head" });
    this.body = h("div");
    this.foot = h("div", { class: "piece-foot" });
    root.append(h("div", { class: "page" }, this.head, this.body, this.foot));
  }

  async load() {
    clear(this.body);
    try {
      this.#piece = await get(`/pieces/${encodeURIComponent(this.id)}`);
    } catch (error) {
      const { code } = /** @type {any} */ (error);
      const way = code === "missing" ? { label: t("piece.back"), run: () => go("/library") } : { label: t("common.again"), run: () => this.load() };
      clear(this.body, problem(/** @type {any} */ (error), way));
      return;
    }
    this.#ends.push(register("library", [{ keys: "S", label: t("piece.keys.star"), run: () => this.#star() }]));
    this.#draw();
    this.#view = new PieceView(this.body);
    void this.#view.show(this.id).then((stage) => this.#staged(stage));
  }

  close() {
    this.#ends.forEach((end) => end());
    this.#view?.close();
  }

  #draw() {
    document.title = `${this.#piece.title} · Nokturn`;
    const { starred } = this.#piece;
    const star = h(
      "button",
      { class: "icon-button piece-star", type: "button", aria: { pressed: String(starred), label: t("common.star") }, title: `${t(starred ? "common.unstar" : "common.star")} (S)`, on: { click: () => this.#star() } },
      icon(starred ? "starred" : "star"),
    );
    const edit = h("button", { class: "icon-button", type: "button", aria: { label: t("piece.rename") }, title: t("piece.rename"), on: { click: () => this.#rename() } }, icon("edit"));
    const bin = h("button", { class: "icon-button", type: "button", aria: { label: t("piece.bin") }, title: t("piece.bin"), on: { click: () => this.#bin() } }, icon("bin"));
    this.title = h("div", { class: "piece-title" }, h("h1", this.#piece.title), edit, star, bin);
    clear(this.head, this.title, this.#facts());
  }

  #facts() {
    const { key, meter, bars, seconds, model, seed, created, kind, parent } = this.#piece;
    const facts = [
      key && keyName(key), meter && meterName(meter), bars && t("common.barsN", { n: bars }), seconds && clock(seconds),
      kind === "lofi"
        ? link(`/lofi/${encodeURIComponent(this.id)}`, t("piece.atMixer"))
        : model && link(`/models/${encodeURIComponent(model.split("@")[0])}`, t("piece.model", { name: model })),
      seed !== null && seed !== undefined && t("piece.seed", { seed: String(seed) }),
      kind === "import" && t("piece.imported"),
      created && t("piece.made", { when: ago(created) }),
    ];
    const line = h("p", { class: "piece-facts" }, facts.filter(Boolean).map((fact) => h("span", fact)));
    if (parent) void this.#parent(parent, line);
    return line;
  }

  /** Say what it was made from, where that is still there. */
  async #parent(/** @type {string} */ parent, /** @type {HTMLElement} */ line) {
    const from = await get(`/pieces/${encodeURIComponent(parent)}`).catch(() => null);
    if (from) line.append(h("span", link(`/p/${parent}`, t("piece.from", { title: from.title }))));
  }

  #staged(/** @type {any} */ stage) {
    if (!stage) return;
    const recipe = this.#piece.recipe ?? stage.recipe;
    const abc = stage.text?.abc;
    clear(
      this.foot,
      h("div", { class: "cluster" },
        recipe?.model && this.#piece.kind === "tune" && h("button", { class: "button", type: "button", on: { click: () => this.#another(recipe) } }, icon("dice"), t("piece.another")),
        abc && h("button", { class: "button quiet", type: "button", on: { click: () => this.#copy(abc) } }, icon("copy"), t("piece.copyAbc")),
        this.#keepTempo()),
      this.#likeness(recipe?.likeness ?? this.#piece.likeness),
      this.#recipe(recipe),
    );
  }

  /** A button that makes a copy at the tempo that is heard, while that is another. */
  #keepTempo() {
    const view = /** @type {PieceView} */ (this.#view);
    const button = h("button", { class: "button quiet", type: "button", hidden: true, on: { click: () => this.#atTempo() } }, icon("timer"), t("piece.keepTempo"));
    view.player.on("tempo", () => (button.hidden = view.player.tempo === 1));
    return button;
  }

  async #atTempo() {
    const view = /** @type {PieceView} */ (this.#view);
    const qpm = Math.round((view.stage?.tempo_qpm ?? 120) * view.player.tempo * 100) / 100;
    await this.#tried(async () => {
      const { id } = await post(`/pieces/${this.id}/edits`, { tempo: qpm });
      await go(`/p/${id}`);
      notice(t("piece.atTempo"), { label: t("common.undo"), run: () => go(`/p/${this.id}`) });
    });
  }

  /** What it shares with the music that the model learned from, where that was looked up. */
  #likeness(/** @type {{notes?: number, title?: string} | undefined} */ likeness) {
    if (!likeness?.notes) return null;
    const { notes: n, title } = likeness;
    return h("p", { class: "small muted" }, title ? t("piece.copied", { title, n }) : t("piece.original", { n }));
  }

  #recipe(/** @type {any} */ recipe) {
    const rows = Object.entries(recipe ?? {}).filter(([, value]) => value !== null && value !== "");
    const inside = rows.length
      ? [h("p", { class: "small muted" }, t("piece.recipeWhy")), h("dl", rows.map(([name, value]) => [h("dt", name), h("dd", shown(value))]))]
      : h("p", { class: "small muted" }, t("piece.noRecipe"));
    return h("details", { class: "recipe" }, h("summary", icon("chevron"), t("piece.recipe")), inside);
  }

  async #star() {
    const starred = !this.#piece.starred;
    await this.#tried(async () => {
      this.#piece = { ...this.#piece, ...(await patch(`/pieces/${this.id}`, { starred })) };
      this.#draw();
      /** @type {HTMLElement | null} */ (this.head.querySelector(".piece-star"))?.focus();
      announce(t(starred ? "common.starred" : "common.unstar"));
    });
  }

  #rename() {
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "text", name: "title", maxlength: 300, required: true, value: this.#piece.title, aria: { label: t("common.title") } }));
    const done = () => {
      this.#draw();
      /** @type {HTMLElement | null} */ (this.head.querySelector("button"))?.focus();
    };
    const save = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const title = input.value.trim();
      if (!title || title === this.#piece.title) return done();
      await this.#tried(async () => {
        this.#piece = { ...this.#piece, ...(await patch(`/pieces/${this.id}`, { title })) };
        done();
      });
    };
    const form = h(
      "form",
      { on: { submit: save, keydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && (event.preventDefault(), done()) } },
      input,
      h("button", { class: "button primary", type: "submit" }, t("common.save")),
      h("button", { class: "button quiet", type: "button", on: { click: done } }, t("common.cancel")),
    );
    clear(/** @type {HTMLElement} */ (this.title), form);
    input.select();
  }

  async #bin() {
    const { id } = this;
    await this.#tried(async () => {
      const gone = await del(`/pieces/${id}`);
      await go("/library");
      const back = () => post(`/bin/${id}/restore`).then(() => go(`/p/${id}`));
      notice(t("piece.binned", { title: gone.title }) + along([gone]), { label: t("common.undo"), run: back });
    });
  }

  async #copy(/** @type {string} */ abc) {
    await navigator.clipboard.writeText(abc);
    notice(t("common.copied"));
  }

  /** Compose with the wishes of this one's recipe, but for its seed. */
  #another(/** @type {Record<string, unknown>} */ recipe) {
    const wished = LIKE.filter((name) => ![undefined, null, "", "any"].includes(/** @type {any} */ (recipe[name])));
    const asked = new URLSearchParams(wished.map((name) => [name, String(recipe[name])]));
    void go(`/?${asked}`);
  }

  /** Do something that the server may refuse, and show why it did. */
  async #tried(/** @type {() => Promise<void>} */ run) {
    this.head.querySelector(".problem")?.remove();
    try {
      await run();
    } catch (error) {
      this.head.append(problem(/** @type {any} */ (error)));
    }
  }
}

/** A value of a recipe in words. @param {unknown} value */
function shown(value) {
  if (typeof value === "number") return number(value, { maximumFractionDigits: 6, useGrouping: false });
  return typeof value === "string" ? value : JSON.stringify(value);
}
