/**
 * Train: a model of one's own music. `/train` begins one and lists those there are, `/train/NAME`
 * shows one while it learns and afterwards.
 *
 * Everything lies on the server: closing the page, or the computer, loses nothing.
 */

import { connection, get } from "../api.js";
import { clear, h, icon, sheet, throttled } from "../dom.js";
import { dropzone } from "../dropzone.js";
import { ago, bytes, duration, percent, t } from "../i18n.js";
import { problem } from "../problem.js";
import { renew } from "../renew.js";
import { go } from "../router.js";
import { phrase } from "../said.js";
import { TrainForm } from "../trainform.js";
import { Training, stateTag } from "../training.js";

const LIST_MS = 3000;
const ACTIVE = new Set(["waiting", "running"]);

/** Show the screen. */
export async function show(root, params) {
  await sheet("train");
  if (params.name) {
    document.title = `${params.name} · Nokturn`;
    const training = new Training(root, params.name);
    await training.load();
    return { leave: () => training.close() };
  }
  const screen = new Start(root);
  await screen.load(params.query.get("corpus") ?? "", params.query.get("base") ?? "");
  return { leave: () => screen.close() };
}

class Start {
  constructor(root) {
    this.place = h("div", { class: "stack" });
    this.list = h("section", { class: "stack", aria: { label: t("train.trainings") } });
    root.append(
      h("div", { class: "page stack loose train" }, h("div", { class: "train-head" }, h("h1", t("train.heading")), h("p", { class: "muted" }, t("train.lead"))), this.place, this.list),
    );
    this.refresh = throttled(LIST_MS, () => this.#list());
    this.back = () => this.#list();
    connection.addEventListener("back", this.back);
  }

  /**
   * @param {string} corpus id of files that were brought before
   * @param {string} base name of the model to begin with; empty = what suits the files
   */
  async load(corpus, base) {
    void this.#list();
    const models = await get("/models").catch(() => []);
    this.form = new TrainForm({ models, onstart: (name) => go(`/train/${encodeURIComponent(name)}`) });
    clear(this.place, this.form.element);
    this.off = dropzone({ label: t("train.dropHere"), take: (files) => this.form.take(files) });
    if (base) this.form.setBase(base);
    if (corpus) await this.form.open(corpus);
  }

  close() {
    clearTimeout(this.timer);
    connection.removeEventListener("back", this.back);
    this.form?.close();
    this.off?.();
    this.closed = true;
  }

  async #list() {
    clearTimeout(this.timer);
    try {
      const trainings = await get("/trainings");
      if (this.closed) return;
      this.#drawList(trainings);
      if (trainings.some(({ state }) => ACTIVE.has(state))) this.timer = setTimeout(() => this.#list(), LIST_MS);
    } catch (error) {
      if (!this.closed) clear(this.list, h("h2", t("train.trainings")), problem(error, { label: t("common.again"), run: () => this.#list() }));
    }
  }

  #drawList(trainings) {
    if (!trainings.length) return clear(this.list);
    return renew(this.list, h("h2", t("train.trainings")), h("ul", { class: "grid-auto" }, trainings.map(card)));
  }
}

/** A training in short. */
function card(one) {
  const active = ACTIVE.has(one.state);
  const said = [
    one.epoch === null ? "" : t("train.epoch", { n: one.epoch }),
    one.pieces ? t("train.pieces", { n: one.pieces + one.held_out }) : "",
    one.bytes ? bytes(one.bytes) : "",
    ago(one.modified),
  ];
  return h(
    "li",
    { class: "card train-card", data: { state: one.state } },
    h("div", { class: "spread tight" }, h("h3", h("a", { class: "train-name", href: `/train/${encodeURIComponent(one.name)}` }, one.name)), stateTag(one.state)),
    h("p", { class: "muted small num" }, said.filter(Boolean).join(" · ")),
    active ? h("progress", { class: "progress", max: 1, value: one.job?.progress ?? 0, aria: { label: one.name } }) : null,
    active && one.job?.eta_s ? h("p", { class: "small num" }, `${percent(one.job.progress)} · ${t("jobs.left", { time: duration(one.job.eta_s) })}`) : null,
    one.state === "failed" && one.job?.error ? h("p", { class: "small bad" }, phrase(one.job.error, "what")) : null,
    one.state === "interrupted" && one.can_resume ? h("p", { class: "small" }, icon("pause"), " ", t("train.canResume")) : null,
  );
}
