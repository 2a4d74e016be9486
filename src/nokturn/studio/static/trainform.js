/**
 * What a training begins with: files looked through, a name, a model to begin with, a time.
 *
 *   const form = new TrainForm({models, onstart}); root.append(form.element); await form.open(id);
 *
 * Files go to the server as soon as they are dropped; the address keeps which they are, so that a
 * refresh loses nothing. Rows come while the rest is still being looked through.
 */

import { del, get, patch, post, upload } from "./api.js";
import { choice, field, select, stepper } from "./controls.js";
import { announce, clear, h, icon } from "./dom.js";
import { bytes, duration, number, t } from "./i18n.js";
import { keyName, meterName } from "./keyname.js";
import { notice, problem } from "./problem.js";
import { renew } from "./renew.js";
import { mark } from "./router.js";
import { phrase, words } from "./said.js";

const ENDINGS = /\.(abc|mid|midi|musicxml|xml|mxl|csv|chords|npz|json)$/i;
const ACCEPT = ".abc,.mid,.midi,.musicxml,.xml,.mxl";
const FILE_BYTES = 10 << 20;
const AT_ONCE = { files: 500, bytes: 64 << 20 }; // of one request
const LOOK_MS = 700;
const ROWS = 200;
const TIMES = ["120", "600", "3600"];
const MOST_MINUTES = 14 * 24 * 60;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/;
const CANNOT_LEARN = new Set(["mixture", "ngram", "hmm", "random_chords", "gan", "hybrid", "hybrid_tokens"]);
const MANY = 400; // tunes, from which a network learns well from nothing

export class TrainForm {
  #corpus = null;
  #shown = "all";
  #asked = null;
  #timer = 0;
  #looks = 0; // numbers the looks at what was found, so that a late answer to an old one is dropped
  #measured = ""; // what the estimate is for

  /** @param {{models: any[], onstart: (name: string) => void}} options */
  constructor({ models, onstart }) {
    Object.assign(this, { models: models.filter(learnsOn), onstart, renamed: false, based: false });
    this.troubles = h("div");
    this.bring = h("div", { class: "train-bring" });
    this.data = h("section", { class: "card stack train-data", hidden: true, aria: { label: t("train.check") } });
    this.settings = h("section", { class: "card stack train-settings", hidden: true, aria: { label: t("train.how") } });
    this.element = h("div", { class: "stack" }, this.bring, this.troubles, this.data, this.settings);
    this.#drawBring();
    this.#drawSettings();
  }

  close() {
    clearTimeout(this.#timer);
    this.#looks += 1;
    this.#asked?.abort();
  }

  /** Go on with files that were brought before. @param {string} id */
  async open(id) {
    try {
      this.#take(await get(`/corpora/${encodeURIComponent(id)}?limit=${ROWS}`));
    } catch (error) {
      if (error.code !== "missing") throw error;
      mark("/train");
    }
  }

  /** Begin with a model, where there is one of that name. @param {string} name */
  setBase(name) {
    this.base.value = name;
    this.based = this.base.value === name;
    if (this.based) this.name.value = next(name);
    else this.base.value = "";
  }

  /** Bring files. @param {File[]} files */
  async take(files) {
    const fit = files.filter((file) => ENDINGS.test(file.name) && file.size <= FILE_BYTES && file.size > 0);
    const large = files.filter((file) => ENDINGS.test(file.name) && file.size > FILE_BYTES);
    clear(this.troubles);
    if (!fit.length) {
      const what = large.length ? t("train.tooLarge", { name: large[0].name, size: bytes(large[0].size) }) : t("train.noMusic", { n: files.length });
      clear(this.troubles, problem({ code: large.length ? "limit" : "input", what, fix: t("train.noMusicFix") }, { label: t("train.choose"), run: () => this.input.click() }));
      return;
    }
    if (!this.#corpus) this.#suggest(fit[0]);
    this.progress.hidden = false;
    try {
      const portions = divided(fit);
      let sent = 0;
      for (const portion of portions) {
        const fields = this.#corpus ? { corpus: this.#corpus.id } : {};
        const share = portion.length / fit.length;
        const told = await upload("/corpora", portion, { fields, onprogress: (part) => { this.progress.value = sent + part * share; } });
        sent += share;
        this.#take(told);
      }
      if (large.length) notice(t("train.leftOutLarge", { n: large.length }));
      else if (fit.length < files.length) notice(t("train.leftOutOthers", { n: files.length - fit.length }));
    } catch (error) {
      clear(this.troubles, problem(error, { label: t("train.choose"), run: () => this.input.click() }));
    }
    this.progress.hidden = true;
    this.progress.value = 0;
  }

  // ---- bringing files

  #drawBring() {
    const taken = (input) => () => {
      const files = [...input.files];
      input.value = "";
      if (files.length) this.take(files);
    };
    const input = (more) => h("input", { type: "file", multiple: true, hidden: true, ...more });
    this.input = input({ accept: ACCEPT });
    const folder = input({ webkitdirectory: true });
    this.input.addEventListener("change", taken(this.input));
    folder.addEventListener("change", taken(folder));
    const button = (sign, text, where, primary) => h("button", { class: primary ? "button primary" : "button", type: "button", on: { click: () => where.click() } }, icon(sign), text);
    this.progress = h("progress", { class: "progress", max: 1, value: 0, hidden: true, aria: { label: t("train.bringing") } });
    this.buttons = h("div", { class: "cluster" }, button("upload", t("train.chooseFiles"), this.input, true), button("folder", t("train.chooseFolder"), folder), this.input, folder);
    clear(this.bring, h("div", { class: "empty train-drop" }, icon("folder"), h("p", { class: "train-drop-text" }, t("train.drop")), this.buttons, h("p", { class: "muted small" }, t("train.private")), this.progress));
  }

  /** A name after the folder or the first file. */
  #suggest(file) {
    if (this.renamed) return;
    const path = (file.webkitRelativePath || file.name).split("/");
    const stem = (path.length > 1 ? path[0] : path[0].replace(/\.[^.]+$/, "")).normalize("NFKD");
    this.name.value = stem.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[-_]+|-+$/g, "").slice(0, 40).toLowerCase() || "my-tunes";
    this.title.value ||= path.length > 1 ? path[0] : "";
  }

  // ---- what is in them

  #take(told) {
    const first = !this.#corpus;
    this.#corpus = { ...told };
    mark(`/train?corpus=${told.id}`);
    if (first && !this.name.value) this.name.value = "my-tunes";
    this.data.hidden = this.settings.hidden = false;
    this.bring.classList.add("small");
    this.#drawData();
    this.#counted();
    clearTimeout(this.#timer);
    if (told.summary.left) this.#timer = setTimeout(() => this.#again(), LOOK_MS);
    else if (first || told.summary.files) this.#checked();
  }

  /** Look again at what was found in the meantime. */
  async #again(limit = Math.max(ROWS, this.#corpus.rows.length)) {
    const look = (this.#looks += 1);
    try {
      const told = await get(`/corpora/${this.#corpus.id}?show=${this.#shown}&limit=${Math.min(2000, limit)}`);
      if (look === this.#looks) this.#take(told);
    } catch (error) {
      clear(this.troubles, problem(error, { label: t("common.again"), run: () => this.#again() }));
    }
  }

  #checked() {
    const { use } = this.#corpus.summary;
    if (!this.based) {
      const usual = this.models.find((model) => model.default);
      this.base.value = use < MANY && usual ? usual.name : "";
    }
    this.#based();
    this.#measure();
  }

  #drawData() {
    const { rows, total, summary } = this.#corpus;
    const place = this.data.querySelector(".train-rows")?.scrollTop ?? 0;
    const filter = h("div", { class: "segmented", role: "group", aria: { label: t("train.show") } }, ["all", "used", "problems"].map((one) => h("button", { type: "button", aria: { pressed: String(one === this.#shown) }, on: { click: () => ((this.#shown = one), this.#again(ROWS)) } }, t(`train.shown.${one}`))));
    const table = h("table", h("thead", h("tr", ["use", "file", "title", "notes", "bars", "key", "meter", "remark"].map((one) => h("th", { scope: "col", class: one }, t(`train.columns.${one}`))))), h("tbody", rows.map((row) => this.#row(row))));
    this.counts = h("p", { class: "num", role: "status" });
    renew(
      this.data,
      h("div", { class: "spread" }, h("h2", t("train.check")), h("button", { class: "button quiet small", type: "button", on: { click: () => this.#forget() } }, icon("bin"), t("train.forget"))),
      this.counts,
      summary.left ? h("progress", { class: "progress", max: summary.files, value: summary.files - summary.left, aria: { label: t("train.looking") } }) : null,
      filter,
      rows.length
        ? h("div", { class: "table-wrap train-rows", tabindex: 0, role: "region", aria: { label: t("train.check") } }, table)
        : h("p", { class: "muted" }, t(summary.left ? "train.looking" : "train.noRows")),
      total > rows.length ? h("button", { class: "button small", type: "button", on: { click: () => this.#again(rows.length + ROWS * 2) } }, t("train.moreRows", { n: Math.min(total - rows.length, ROWS * 2) })) : null,
    );
    const box = this.data.querySelector(".train-rows");
    if (box) box.scrollTop = place;
  }

  #row(row) {
    const label = t("train.use", { name: row.title || row.file });
    const able = row.usable || row.off;
    const box = h("input", { type: "checkbox", checked: row.use, disabled: !able, data: { focus: row.id }, aria: { label }, on: { change: () => this.#use(row, box.checked) } });
    const name = row.file.split("/").at(-1);
    const cell = (kind, text) => h("td", { class: kind, data: { label: t(`train.columns.${kind.split(" ")[0]}`) } }, text);
    const value = (n) => (row.number ? number(n) : "");
    return h(
      "tr",
      { data: { use: row.use ? "yes" : "no" } },
      h("td", { class: "use" }, h("label", { class: "check" }, box)),
      h("td", { class: "file", title: row.file }, row.number > 1 ? `${name}:${row.number}` : name),
      h("td", { class: "title", data: { file: row.file } }, row.title), cell("notes num", value(row.notes)), cell("bars num", value(row.bars)), cell("key", row.key === "none" ? "" : keyName(row.key)), cell("meter num", meterName(row.meter)),
      h("td", { class: `remark${row.use ? "" : " bad"}` }, phrase(row, "problem")),
    );
  }

  async #use(row, wanted) {
    try {
      await patch(`/corpora/${this.#corpus.id}`, { use: { [row.id]: wanted } });
      await this.#again();
    } catch (error) {
      clear(this.troubles, problem(error));
    }
  }

  async #forget() {
    const { id } = this.#corpus;
    this.close();
    this.#corpus = null;
    this.data.hidden = this.settings.hidden = true;
    this.bring.classList.remove("small");
    mark("/train");
    await del(`/corpora/${id}`).catch((error) => clear(this.troubles, problem(error)));
  }

  /** Say how much can be used. */
  #counted() {
    const { files, left, use, copies, refused, few } = this.#corpus.summary;
    const words = [
      left ? t("train.lookedAt", { done: files - left, n: files }) : t("train.files", { n: files }),
      t("train.pieces", { n: use }),
      copies ? t("train.copies", { n: copies }) : "",
      refused ? t("train.refused", { n: refused }) : "",
    ];
    this.counts.textContent = words.filter(Boolean).join(" · ");
    this.start.disabled = !use;
    const tooFew = !left && use < few;
    this.few.hidden = !tooFew || !use;
    const nothing = !left && !use;
    if (nothing && !this.nothing.hasChildNodes()) this.nothing.append(problem({ code: "input", what: t("train.nothing"), fix: t("train.nothingFix") }, { label: t("train.choose"), run: () => this.input.click() }));
    if (!nothing) clear(this.nothing);
    if (!left && use) announce(this.counts.textContent);
  }

  // ---- how

  #drawSettings() {
    this.name = h("input", { type: "text", maxlength: 64, autocomplete: "off", spellcheck: "false", on: { input: () => { this.renamed = true; this.#named(); } } });
    this.title = h("input", { type: "text", maxlength: 200, autocomplete: "off" });
    this.licence = h("input", { type: "text", maxlength: 200, autocomplete: "off", placeholder: t("train.licenceEmpty") });
    this.nameField = field(t("train.name"), this.name, { hint: t("train.nameHint") });
    const own = this.models.filter((model) => !model.built_in).map((model) => [model.name, model.name]);
    const built = this.models.filter((model) => model.built_in).map((model) => [model.name, model.name]);
    const groups = [["", t("train.scratch")]];
    if (built.length) groups.push({ label: t("models.builtIn"), options: built });
    if (own.length) groups.push({ label: t("models.own"), options: own });
    this.base = select(groups, "", () => { this.based = true; this.#based(); this.#measure(); });
    this.baseField = field(t("train.base"), this.base);
    this.minutes = stepper({ value: 30, min: 1, max: MOST_MINUTES, step: 5, label: t("train.minutes"), onchange: () => this.#estimated() });
    this.minutesField = field(t("train.minutes"), this.minutes, { input: this.minutes.input });
    this.minutesField.hidden = true;
    this.time = choice(t("train.time"), [["120", t("train.times.2")], ["600", t("train.times.10")], ["3600", t("train.times.60")], ["own", t("train.times.own")]], "600", (value) => {
      this.minutesField.hidden = value !== "own";
      this.#estimated();
    });
    this.estimate = h("p", { class: "train-estimate", role: "status" });
    this.few = h("p", { class: "train-few", hidden: true }, icon("info"), h("span", t("train.few")));
    this.nothing = h("div");
    this.start = h("button", { class: "button primary train-start", type: "button", on: { click: () => this.#start() } }, icon("play"), t("train.start"));
    this.refused = h("div");
    clear(
      this.settings,
      h("h2", t("train.how")),
      this.nothing,
      h("div", { class: "train-fields" }, this.nameField, this.baseField, field(t("train.title"), this.title, { hint: t("train.titleHint") }), field(t("train.licence"), this.licence, { hint: t("train.licenceHint") })),
      h("div", { class: "cluster train-time" }, this.time, this.minutesField),
      this.few, this.estimate, this.refused,
      h("div", { class: "cluster" }, this.start, h("p", { class: "muted small grow" }, t("train.startHint"))),
    );
  }

  get #seconds() {
    return TIMES.includes(this.time.value) ? Number(this.time.value) : (this.minutes.value ?? 0) * 60;
  }

  #named() {
    const wrong = this.name.value !== "" && !NAME.test(this.name.value);
    this.nameField.hint(wrong ? t("train.nameWrong") : t("train.nameHint"), wrong);
    return NAME.test(this.name.value);
  }

  #based() {
    this.baseField.hint(this.base.value ? t("train.baseHint", { name: this.base.value }) : t("train.scratchHint"));
  }

  /** Measure how fast this machine would learn. */
  async #measure() {
    const { id, summary } = this.#corpus;
    const wanted = `${id} ${this.base.value} ${summary.use} ${summary.files}`;
    if (wanted === this.#measured || !summary.use) return this.#estimated();
    this.#measured = wanted;
    this.#asked?.abort();
    this.#asked = new AbortController();
    this.told = null;
    this.estimate.textContent = t("train.measuring");
    try {
      const told = await post(`/corpora/${id}/estimate`, { base: this.base.value }, { signal: this.#asked.signal });
      if (wanted !== this.#measured) return;
      this.told = told;
      this.#estimated();
    } catch (error) {
      if (error.name === "AbortError" || wanted !== this.#measured) return;
      this.#measured = "";
      this.estimate.textContent = t("train.notMeasured", { why: words(error, "what") });
    }
  }

  #estimated() {
    if (!this.told || !this.#seconds) return;
    const { epoch_s: epoch, pieces, held_out: out } = this.told;
    const epochs = Math.max(0, this.#seconds / epoch);
    const n = epochs < 10 ? Math.round(epochs * 10) / 10 : Math.round(epochs);
    const sentences = [t("train.epochTakes", { time: epoch < 1 ? t("train.underASecond") : duration(epoch) }), t("train.epochsFit", { n, time: duration(this.#seconds) }), `${t("train.heldOut", { pieces, n: out })}.`];
    if (epochs < 3) sentences.push(t("train.tooShort"));
    this.estimate.textContent = sentences.join(" ");
  }

  async #start() {
    if (!this.#named() || !this.minutes.valid) return (this.minutes.valid ? this.name : this.minutes.input).focus();
    clear(this.refused);
    this.start.disabled = true;
    const card = { title: this.title.value.trim(), licence: this.licence.value.trim(), corpus: "" };
    const name = this.name.value;
    try {
      await post("/jobs/train", { name, corpus: this.#corpus.id, base: this.base.value, seconds: this.#seconds, card });
      this.onstart(name);
    } catch (error) {
      const actions = error.code === "usage" ? [{ label: t("train.otherName", { name: next(name) }), run: () => { this.name.value = next(name); this.#start(); } }] : [{ label: t("common.again"), run: () => this.#start() }];
      clear(this.refused, problem(error, ...actions));
      this.start.disabled = false;
    }
  }
}

/** Whether a training can begin with a model. */
const learnsOn = (model) => !model.damage && model.writes_abc && !CANNOT_LEARN.has(model.model);

/** The name after a name: tunes, tunes-2, tunes-3. */
function next(name) {
  const [, stem, count] = /^(.*?)(?:-(\d+))?$/.exec(name);
  return `${stem}-${Number(count ?? 1) + 1}`;
}

/** Divide files into what one request may hold. */
function divided(files) {
  const portions = [[]];
  let size = 0;
  for (const file of files) {
    if (portions.at(-1).length >= AT_ONCE.files || (size + file.size > AT_ONCE.bytes && portions.at(-1).length)) {
      portions.push([]);
      size = 0;
    }
    portions.at(-1).push(file);
    size += file.size;
  }
  return portions;
}
