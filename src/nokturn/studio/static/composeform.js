/**
 * What can be asked for in Compose: model and epoch, key, meter, tempo, bars, how bold, how it
 * begins, and the rest under Advanced.
 *
 *   const form = new ComposeForm({onhear, onchange, query}); form.setModels(models); form.wishes()
 *
 * What a model does not know is switched off, with the reason beside it. All of it is remembered for
 * the next visit, and an address may ask for anything: `/?model=folk&key=Ador&seed=7`.
 */

import { get } from "./api.js";
import { choice, field, select, stepper } from "./controls.js";
import { clear, h, icon } from "./dom.js";
import { number, parseNumber, remember, remembered, t } from "./i18n.js";
import { keyName } from "./keyname.js";
import { instrumentName } from "./stagewords.js";
import { StartFrom } from "./startfrom.js";

const STORED = "nokturn.wishes";
const MODELS = "nokturn.models"; // as they were at the last visit, until the server has told
const FIRST = [{ name: "folk", default: true, writes_abc: true, guessed: true }];
const MAX_SEED = 2 ** 31 - 1;
const MOODS = { cautious: 0.7, normal: 0.9, adventurous: 1.2 };
const USUAL = { model: "", epoch: "", key: "any", meter: "any", tempo: "", bars: 32, n: 4, temperature: 0.9, top_p: 1, top_k: 0, min_p: 0, instrument: "", seed: null };
const ALONE_NOT = new Set(["chords", "melody_over_chords", "rhythm", "drum_steps"]); // parts of a piece
const ADVANCED = { top_p: [0.01, 1, 0.05], top_k: [0, 1000, 5], min_p: [0, 0.99, 0.01] };

export class ComposeForm {
  /**
   * @param {{onhear: (epoch: number) => void, onchange: () => void, query: URLSearchParams}} options
   *   `onhear`: an epoch of the chosen model is to be heard
   */
  constructor({ onhear, onchange, query }) {
    Object.assign(this, { onhear, onchange });
    this.wish = { ...USUAL, ...kept(), ...asked(query) };
    this.models = stored(MODELS) ?? FIRST;
    this.wish.model ||= this.usual?.name ?? "";
    this.start = new StartFrom(query, () => this.#begun());
    this.boxes = { start: { open: query.has("from") }, advanced: { open: false } };
    this.tags = {};
    this.drafts = {}; // as it was typed, right or wrong, for when the form is drawn anew
    this.element = h("form", { class: "wishes", novalidate: true, aria: { label: t("compose.wishes") }, on: { submit: (event) => event.preventDefault() } });
    this.draw();
  }

  /** Take the models that there are. @param {Array<object>} models as the server lists them */
  setModels(models) {
    this.models = models.filter((model) => !model.damage && !ALONE_NOT.has(model.encoding));
    remember(MODELS, JSON.stringify(this.models.map(inShort)));
    if (!this.model) Object.assign(this.wish, { model: this.usual?.name ?? "", epoch: "" });
    const controls = () => [...this.element.querySelectorAll("input, select, textarea, button, summary")];
    const before = document.activeElement;
    const held = controls().indexOf(before);
    this.draw();
    const now = before.isConnected ? before : controls()[held]; // how it begins is not drawn anew
    now?.focus();
    if (now?.type === "text" && before.type === "text") now.setSelectionRange(before.selectionStart, before.selectionEnd);
    this.onchange();
  }

  /** The wishes in a line. */
  get summary() {
    const { key, meter, bars, n } = this.wish;
    const knows = this.#knows();
    return [
      this.#asked(),
      knows.key && key !== "any" ? keyName(key) : "",
      knows.meter && meter !== "any" ? meter : "",
      bars && knows.bars ? t("common.barsN", { n: bars }) : "",
      t("compose.variationsN", { n }),
    ].filter(Boolean).join(" · ");
  }

  /** The name of the model, with its epoch. */
  #asked() {
    const { model, epoch } = this.wish;
    return epoch ? `${model}@${epoch}` : model;
  }

  /** The model that is chosen, as the server tells it. */
  get model() {
    return this.models.find((model) => model.name === this.wish.model);
  }

  /** The model that is taken where none was chosen. */
  get usual() {
    return this.models.find((model) => model.default) ?? this.models[0];
  }

  /** Return what to ask the server for, or null where a field is wrong; that one has the focus. */
  wishes() {
    const wrong = this.element.querySelector("[aria-invalid=true]:not(:disabled)");
    if (wrong) {
      wrong.closest("details")?.setAttribute("open", "");
      wrong.focus();
      return null;
    }
    const { epoch: _epoch, ...wish } = this.wish;
    const knows = this.#knows();
    return {
      ...wish,
      model: this.#asked(),
      key: knows.key ? wish.key : "any",
      meter: knows.meter ? wish.meter : "any",
      bars: knows.bars ? wish.bars : null,
      ...this.start.wishes(),
    };
  }

  /** What the chosen model can be asked for. */
  #knows() {
    const { keys = [], meters = [], guessed } = this.model ?? {};
    if (guessed) return { key: true, meter: true, bars: true };
    return { key: keys.length > 0, meter: meters.length > 0, bars: true, ...this.model?.knows };
  }

  draw() {
    const knows = this.#knows();
    clear(
      this.element,
      this.#modelField(),
      this.#epochs(),
      h("div", { class: "wishes-grid" }, this.#keyField(knows), this.#meterField(knows), this.#tempoField(), this.#barsField(knows)),
      this.#mood(),
      this.#details("start", t("compose.startFrom"), this.start.element, this.start.active),
      this.#details("advanced", t("compose.advanced"), this.#advanced(), this.wish.seed !== null),
    );
    requestAnimationFrame(() => this.#reveal());
  }

  /** Wish for something else. */
  change(wishes) {
    Object.assign(this.wish, wishes);
    for (const name of Object.keys(wishes)) delete this.drafts[name];
    this.#keep();
    this.draw();
  }

  /** Bring the chosen epoch into view. */
  #reveal() {
    const chosen = this.element.querySelector(".epoch [aria-pressed=true]")?.parentElement;
    const row = chosen?.parentElement;
    if (row) row.scrollLeft = chosen.offsetLeft - row.offsetLeft - (row.clientWidth - chosen.offsetWidth) / 2;
  }

  #set(name, value) {
    this.wish[name] = value;
    delete this.drafts[name];
    this.#keep();
  }

  #keep() {
    remember(STORED, JSON.stringify(this.wish));
    this.onchange();
  }

  #modelField() {
    const options = (of) => of.map((m) => [m.name, m.title && m.title !== m.name ? `${m.title} (${m.name})` : m.name]);
    const tunes = this.models.filter((m) => m.writes_abc);
    const others = this.models.filter((m) => !m.writes_abc);
    const groups = [
      { label: t("compose.models.tunes"), options: options(tunes) },
      { label: t("compose.models.others"), options: options(others) },
    ].filter((group) => group.options.length);
    const control = select(groups.length > 1 ? groups : (groups[0]?.options ?? []), this.wish.model, (name) => {
      this.wish.epoch = "";
      this.#set("model", name);
      this.draw();
      this.element.querySelector("select").focus();
    });
    const about = h("a", { class: "small", href: `/models/${encodeURIComponent(this.wish.model)}` }, t("compose.aboutModel"));
    const box = field(t("common.model"), control);
    box.querySelector("label").after(about);
    box.classList.add("field-linked");
    return box;
  }

  /** The epochs of the model's training, each to be heard with the same seed. */
  #epochs() {
    const epochs = this.model?.epochs ?? [];
    if (epochs.length < 2) return null;
    const best = epochs.find((one) => one.best);
    const one = ({ epoch, valid, best: isBest }) => {
      const chosen = String(epoch) === this.wish.epoch || (!this.wish.epoch && isBest);
      const name = isBest ? t("compose.epochBest", { n: epoch }) : t("compose.epoch", { n: epoch });
      const pick = () => {
        this.#set("epoch", isBest ? "" : String(epoch));
        this.draw();
      };
      return h(
        "li",
        { class: "epoch" },
        h("button", { class: "chip num", type: "button", aria: { pressed: String(chosen), label: name }, title: name, on: { click: pick } }, isBest ? icon("starred") : null, number(epoch)),
        h("span", { class: "small muted num" }, valid ? number(valid, { minimumFractionDigits: 3, maximumFractionDigits: 3 }) : ""),
        h("button", { class: "icon-button", type: "button", aria: { label: t("compose.hearEpoch", { n: epoch }) }, on: { click: () => this.onhear(epoch) } }, icon("play")),
      );
    };
    return h(
      "fieldset",
      { class: "field" },
      h("legend", t("compose.epochs")),
      h("ul", { class: "epochs", tabindex: 0, aria: { label: t("compose.epochs") } }, epochs.map(one)),
      h("span", { class: "hint" }, best ? t("compose.epochsWhy") : ""),
    );
  }

  #keyField(knows) {
    const keys = this.model?.keys ?? [];
    const named = [["any", t("common.any")], ...withWish(keys, this.wish.key).map((key) => [key, keyName(key)])];
    const control = select(named, this.wish.key, (key) => this.#set("key", key));
    return this.#limited(field(t("common.key"), control), control, knows.key, t("compose.unknown.key"));
  }

  #meterField(knows) {
    const meters = this.model?.meters ?? [];
    const named = [["any", t("common.any")], ...withWish(meters, this.wish.meter).map((meter) => [meter, meter])];
    const control = select(named, this.wish.meter, (meter) => this.#set("meter", meter));
    return this.#limited(field(t("common.meter"), control), control, knows.meter, t("compose.unknown.meter"));
  }

  #limited(box, control, known, reason) {
    control.disabled = !known;
    if (!known) box.hint(reason);
    return box;
  }

  /** A number of the wishes; what is not allowed is kept as it was typed, and not wished for. */
  #number(name, { then, ...options }) {
    const control = stepper({
      value: this.wish[name], ...options,
      onchange: (value) => {
        if (control.valid) this.#set(name, value);
        else this.drafts[name] = control.input.value;
        then?.();
      },
    });
    if (name in this.drafts) {
      control.input.value = this.drafts[name];
      control.input.setAttribute("aria-invalid", "true");
    }
    return control;
  }

  #tempoField() {
    const control = h("input", { type: "text", class: "num", autocomplete: "off", placeholder: t("common.auto"), value: this.drafts.tempo ?? this.wish.tempo });
    const box = field(t("common.tempo"), control);
    const check = () => {
      const said = control.value.trim();
      const tempo = tempoOf(said);
      box.hint(tempo.text, tempo.bad);
      if (!tempo.bad) this.#set("tempo", tempo.value);
      this.drafts.tempo = said;
    };
    control.addEventListener("input", check);
    if (control.value) check();
    return box;
  }

  #barsField(knows) {
    const control = this.#number("bars", { min: 1, max: 256, step: 4, whole: true, label: t("common.bars"), empty: t("common.auto") });
    control.disabled = !knows.bars;
    const box = field(t("common.bars"), control, { input: control.input });
    if (!knows.bars) box.hint(t("compose.unknown.bars"));
    return box;
  }

  /** Variations, and how bold: three words and the number they stand for. */
  #mood() {
    const near = () => Object.keys(MOODS).find((mood) => MOODS[mood] === this.wish.temperature) ?? "";
    const exact = this.#number("temperature", { min: 0.05, max: 3, step: 0.05, label: t("compose.temperature"), then: () => (words.value = near()) });
    const words = choice(t("compose.mood"), Object.keys(MOODS).map((mood) => [mood, t(`compose.moods.${mood}`)]), near(), (mood) => {
      exact.value = MOODS[mood];
      this.#set("temperature", MOODS[mood]);
    });
    const many = this.#number("n", { min: 1, max: 16, step: 1, whole: true, label: t("compose.variations") });
    return h(
      "div",
      { class: "wishes-mood" },
      words,
      h("div", { class: "wishes-grid" }, field(t("compose.temperature"), exact, { input: exact.input }), field(t("compose.variations"), many, { input: many.input })),
    );
  }

  #advanced() {
    const seed = this.#number("seed", { min: 0, max: MAX_SEED, step: 1, whole: true, label: t("common.seed"), empty: t("compose.seedAny") });
    const throwDice = () => {
      seed.value = Math.floor(Math.random() * MAX_SEED);
      this.#set("seed", seed.value);
    };
    const dice = h("button", { class: "icon-button", type: "button", aria: { label: t("compose.dice") }, title: t("compose.dice"), on: { click: throwDice } }, icon("dice"));
    const rest = Object.entries(ADVANCED).map(([name, [min, max, step]]) => {
      const control = this.#number(name, { min, max, step, whole: step > 1, label: t(`compose.${name}`) });
      return field(t(`compose.${name}`), control, { hint: t(`compose.${name}Why`), input: control.input });
    });
    const usual = () => this.change({ top_p: 1, top_k: 0, min_p: 0, instrument: "", seed: null });
    return h(
      "div",
      { class: "stack" },
      field(t("common.seed"), h("div", { class: "row tight" }, seed, dice), { hint: t("compose.seedWhy"), input: seed.input }),
      h("div", { class: "wishes-rest" }, rest),
      this.#instrument(),
      h("button", { class: "button small quiet", type: "button", on: { click: usual } }, icon("restore"), t("compose.usual")),
    );
  }

  /** What plays it; the names come from the server when they are first wanted. */
  #instrument() {
    const own = this.wish.instrument;
    const control = select([["", t("compose.asWritten")], ...(own ? [[own, instrumentName(own)]] : [])], own, (name) => this.#set("instrument", name));
    const fill = async () => {
      control.removeEventListener("focus", fill);
      const { instruments } = await get("/about");
      const chosen = control.value;
      control.replaceChildren(...select([["", t("compose.asWritten")], ...instruments.map((name) => [name, instrumentName(name)])], chosen).children);
      control.value = chosen;
    };
    control.addEventListener("focus", fill);
    return field(t("compose.instrument"), control);
  }

  /** Another beginning was chosen. */
  #begun() {
    if (this.tags.start) this.tags.start.hidden = !this.start.active;
    this.onchange();
  }

  #details(name, title, body, active) {
    this.tags[name] = h("span", { class: "tag lamp", hidden: !active }, t("compose.inUse"));
    const { open } = this.boxes[name]; // as it stood before the form was drawn anew
    this.boxes[name] = h("details", { class: "wishes-more", open }, h("summary", icon("chevron"), title, this.tags[name]), body);
    return this.boxes[name];
  }
}

const withWish = (names, wish) => (wish === "any" || names.includes(wish) ? names : [...names, wish]);

/** Read a tempo: quarters a minute, or a beat and how many: "96", "3/8=120". */
export function tempoOf(said) {
  if (!said || /^auto$/i.test(said)) return { value: "", text: "", bad: false };
  const beat = /^(\d+)\/(\d+)\s*=\s*([\d.,]+)$/.exec(said);
  const count = parseNumber(beat ? beat[3] : said);
  const quarters = beat ? (count * 4 * Number(beat[1])) / Number(beat[2]) : count;
  if (!(quarters >= 20 && quarters <= 400)) return { value: "", text: t("compose.tempoBad"), bad: true };
  const value = beat ? `${beat[1]}/${beat[2]}=${count}` : String(count);
  return { value, text: t("compose.tempoSaid", { n: Math.round(quarters) }), bad: false };
}

/** Return what was wished for at the last visit. */
function kept() {
  const read = Object.entries(stored(STORED) ?? {});
  return Object.fromEntries(read.filter(([name]) => name in USUAL && name !== "seed"));
}

/** Return what the browser keeps under a name, or null. */
function stored(name) {
  try {
    return JSON.parse(remembered(name) || "null");
  } catch {
    return null; // somebody else's words under our name
  }
}

/** What the form needs to know of a model. */
const inShort = ({ name, title, default: usual, writes_abc, keys, meters, epochs }) => ({ name, title, default: usual, writes_abc, keys, meters, epochs });

/** Return what an address asks for. */
function asked(query) {
  const wish = {};
  for (const name of ["key", "meter", "tempo"]) if (query.get(name)) wish[name] = query.get(name);
  for (const name of ["bars", "n", "temperature", "top_p", "top_k", "min_p", "seed"]) {
    const value = parseNumber(query.get(name) ?? "");
    if (Number.isFinite(value)) wish[name] = value;
  }
  const [model, epoch = ""] = (query.get("model") ?? "").split("@");
  return model ? { ...wish, model, epoch: epoch === "best" ? "" : epoch } : wish;
}
