/**
 * The wishes for a lo-fi track: presets, music, band, beat and room.
 *
 *     const form = new LofiForm({ schema, presets, pieces, deck });
 *     form.wishes                    // {preset, settings, seed, source, model}: what a job is given
 *     form.onchange(() => ...);
 *
 * Controls show what the preset says until they are moved. `settings` holds what differs from it.
 */

import { del, post } from "./api.js";
import { spoken } from "./lofiwords.js";
import { field, select, stepper } from "./controls.js";
import { add, clear, h, icon, uid } from "./dom.js";
import { number, t } from "./i18n.js";
import { Layers } from "./layers.js";
import { slider } from "./mixer.js";
import { dialog } from "./popup.js";
import { notice, problem } from "./problem.js";
import { phrase, words } from "./said.js";

const MIXER = ["strips", "tone_hz", "wow", "saturation", "width"]; // heard at the mixer
const GROUPS = {
  music: ["key", "meter", "progression", "melody", "voicing"],
  band: ["chords", "bass", "lead", "comping", "bassline"],
  beat: ["drums", "kit", "groove", "swing", "human", "groove_amount", "density", "ghost", "fills"],
  room: ["space", "pump", "tape", "crush", "rain", "thunder", "vinyl", "hiss"],
};
const SHARES = { style: "percent", maximumFractionDigits: 0 };
const MAX_SEED = 2 ** 31 - 1;

export const dice = () => Math.floor(Math.random() * MAX_SEED);

export class LofiForm {
  #listeners = new Set();
  #controls = new Map();

  /** @param {{schema: any, presets: any[], pieces: any[], models: any[], player: any}} given */
  constructor({ schema, presets, pieces, models, player }) {
    Object.assign(this, { schema, presets, pieces, models, player, preset: "dusty", source: "", seed: dice() });
    this.usual = Object.fromEntries(Object.entries(schema.settings).map(([name, row]) => [name, row.usual]));
    this.usual.strips = {};
    this.values = { ...this.usual };
    this.chips = h("div", { class: "presets cluster tight", role: "group", aria: { label: t("lofi.presets.title") } });
    this.about = h("p", { class: "muted small presets-about" });
    this.body = h("div", { class: "lofi-wishes" });
    this.element = h("div", { class: "stack" }, this.chips, this.about, this.body);
    this.#build();
    this.#presets();
  }

  /** @param {() => void} fn */
  onchange(fn) {
    this.#listeners.add(fn);
  }

  /** Settings of the preset that is chosen, complete. */
  get base() {
    return { ...this.usual, ...this.presets.find(({ name }) => name === this.preset)?.settings };
  }

  /** What a job is given. */
  get wishes() {
    const { base } = this;
    const differs = ([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name]);
    const settings = Object.fromEntries(Object.entries(this.values).filter(differs));
    const model = this.source.startsWith("model:") ? this.source.slice(6) : "";
    return { preset: this.preset, settings, seed: this.seed, model, source: model ? "" : this.source };
  }

  /** Names of the settings in which a track is not what is wished. @param {any} track */
  differences(track) {
    const names = Object.keys(this.usual).filter((name) => !MIXER.includes(name) && JSON.stringify(this.values[name]) !== JSON.stringify(track.settings[name]));
    if (track.seed !== this.seed) names.push("seed");
    if ((track.parent || "") !== (this.wishes.source || "")) names.push("source");
    return names;
  }

  /** Show what a track was made with. @param {any} track */
  take(track) {
    this.values = { ...this.usual, ...track.settings };
    this.seed = track.seed;
    this.source = track.parent ?? "";
    this.#show();
  }

  /** Take over how the mixer stands. @param {any} mix */
  mixed(mix) {
    for (const name of MIXER) if (name in mix) this.values[name] = mix[name];
  }

  setSeed(seed) {
    this.seed = seed;
    this.seedBox.value = seed;
    this.#tell();
  }

  close() {
    this.layers.close();
  }

  #tell() {
    for (const fn of this.#listeners) fn();
  }

  #set(name, value) {
    this.values[name] = value;
    this.#tell();
  }

  #presets() {
    const chip = (preset) => h("button", { class: "chip", type: "button", title: about(preset), aria: { pressed: String(preset.name === this.preset) }, disabled: Boolean(preset.problem), on: { click: () => this.choose(preset.name) } }, title(preset));
    const more = h("button", { class: "button quiet small", type: "button", on: { click: () => this.#keeping() } }, icon("plus"), t("lofi.presets.save"));
    const own = this.presets.some(({ built_in }) => !built_in);
    const manage = h("button", { class: "button quiet small", type: "button", on: { click: () => this.#managing() } }, icon("folder"), t(own ? "lofi.presets.manage" : "lofi.presets.bring"));
    clear(this.chips, this.presets.map(chip), more, manage);
    const now = this.presets.find(({ name }) => name === this.preset);
    this.about.textContent = now ? about(now) : "";
  }

  /** Take a preset, whole. @param {string} name */
  choose(name) {
    this.preset = name;
    const { minutes } = this.values;
    this.values = { ...this.base, minutes };
    this.#presets();
    this.#show();
    this.#tell();
  }

  #show() {
    for (const [name, control] of this.#controls) control.set(this.values[name]);
    this.layers.set(this.values.layers);
    this.seedBox.value = this.seed;
    this.sources.value = this.source;
    if (this.sources.selectedIndex < 0) this.sources.selectedIndex = 0;
  }

  #build() {
    const seedLabel = t("common.seed");
    this.seedBox = stepper({ value: this.seed, min: 0, max: MAX_SEED, step: 1, label: seedLabel, onchange: (value) => {
      if (Number.isInteger(value)) this.seed = value;
      this.#tell();
    } });
    const roll = h("button", { class: "icon-button", type: "button", aria: { label: t("lofi.dice") }, title: t("lofi.dice"), on: { click: () => this.setSeed(dice()) } }, icon("dice"));
    this.sources = select(this.#sourceOptions(), this.source, (value) => {
      this.source = value;
      this.#tell();
    });
    this.layers = new Layers(this.player, {
      drums: this.schema.drums, rows: [], beat: () => ({ bpm: this.values.bpm, swing: this.values.swing, kit: this.values.kit, meter: this.values.meter }),
    });
    this.layers.onchange((rows) => this.#set("layers", rows));
    const top = h("div", { class: "lofi-top" },
      this.#number("bpm", 1), this.#number("minutes", 0.5, { max: 10 }),
      field(seedLabel, h("div", { class: "row tight" }, this.seedBox, roll), { input: this.seedBox.input }),
      field(t("lofi.source"), this.sources));
    const group = (name, open, ...more) => h("details", { class: "lofi-group", open }, h("summary", icon("chevron"), t(`lofi.groups.${name}`)), h("div", { class: "lofi-fields" }, GROUPS[name].map((one) => this.#control(one))), more);
    add(this.body, top,
      group("music", true), group("band", false),
      group("beat", false, h("h3", { class: "small muted" }, t("lofi.layers.title")), this.layers.element), group("room", false));
  }

  #sourceOptions() {
    const options = [["", t("lofi.fromNothing")]];
    const groups = [];
    if (this.pieces.length) groups.push({ label: t("lofi.fromPiece"), options: this.pieces.map(({ id, title: name }) => [id, name]) });
    if (this.models.length) groups.push({ label: t("lofi.fromModel"), options: this.models.map(({ name, title: told }) => [`model:${name}`, told || name]) });
    return [...options, ...groups];
  }

  #control(name) {
    const row = this.schema.settings[name];
    if (row.kind === "choice") return this.#select(name, row);
    if (row.kind === "boolean") return this.#check(name);
    if (row.kind === "string") return this.#text(name);
    return this.#slider(name, row);
  }

  #number(name, step, { max } = {}) {
    const { low, high } = this.schema.settings[name];
    const box = stepper({ value: this.values[name], min: low, max: max ?? high, step, label: t(`lofi.settings.${name}`), onchange: (value) => box.valid && value !== null && this.#set(name, value) });
    this.#controls.set(name, { set: (value) => { box.value = value; } });
    return field(t(`lofi.settings.${name}`), box, { input: box.input });
  }

  #select(name, { choices }) {
    const made = select(choices.map((value) => [value, spoken(name, value)]), this.values[name], (value) => this.#set(name, value));
    this.#controls.set(name, { set: (value) => { made.value = value; } });
    return field(t(`lofi.settings.${name}`), made);
  }

  #check(name) {
    const box = h("input", { type: "checkbox", checked: this.values[name], on: { change: () => this.#set(name, box.checked) } });
    this.#controls.set(name, { set: (value) => { box.checked = value; } });
    return h("label", { class: "check" }, box, h("span", t(`lofi.settings.${name}`)));
  }

  #text(name) {
    const box = h("input", { type: "text", autocomplete: "off", spellcheck: "false", value: this.values[name], placeholder: t(`lofi.examples.${name}`), on: { input: () => this.#set(name, box.value.trim()) } });
    this.#controls.set(name, { set: (value) => { box.value = value; } });
    const made = field(t(`lofi.settings.${name}`), box);
    made.classList.add("wide");
    return made;
  }

  #slider(name, { low, high, kind, usual }) {
    const share = low === 0 && high === 1;
    const label = t(`lofi.settings.${name}`);
    const ways = { swing: (x) => `${number(x)} %`, fills: (x) => (x ? t("lofi.everyBars", { n: x }) : t("common.none")) };
    const told = ways[name] ?? ((x) => (share ? number(x, SHARES) : number(x)));
    const top = name === "fills" ? 16 : high;
    const made = slider({ label, value: this.values[name] ?? usual, low, high: top, step: kind === "integer" ? (name === "fills" ? 4 : 1) : share ? 0.05 : 0.5, usual, told, name, oninput: (x) => this.#set(name, x) });
    this.#controls.set(name, { set: (value) => made.set(value ?? usual) });
    return h("div", { class: "knob" }, h("div", { class: "spread tight" }, h("span", { class: "small knob-name" }, label), made.said), made.input);
  }

  /** Keep what stands here as a preset. */
  #keeping() {
    dialog(t("lofi.presets.save"), (close) => {
      const name = h("input", { type: "text", maxlength: 60, id: uid("name"), required: true });
      const trouble = h("div");
      const keep = async (event) => {
        event.preventDefault();
        const { key, minutes, ...settings } = this.values;
        await this.#kept({ title: name.value.trim(), settings: key ? { ...settings, key } : settings }, trouble, close);
      };
      return h("form", { class: "stack", on: { submit: keep } }, field(t("lofi.presets.name"), name), h("p", { class: "muted small" }, t("lofi.presets.saveWhy")), trouble, h("button", { class: "button primary", type: "submit" }, t("common.save")));
    }, { closeLabel: t("common.close") });
  }

  async #kept(body, trouble, close) {
    try {
      const preset = await post("/lofi/presets", body);
      this.presets = [...this.presets.filter(({ name }) => name !== preset.name), preset];
      close();
      this.choose(preset.name);
      notice(t("lofi.presets.saved", { name: title(preset) }));
    } catch (error) {
      clear(trouble, problem(error));
    }
  }

  /** Own presets: share, delete, bring one from a file. */
  #managing() {
    dialog(t("lofi.presets.manage"), (close) => {
      const trouble = h("div");
      const list = h("ul", { class: "menu stack tight" });
      const draw = () => clear(list, this.presets.filter(({ built_in }) => !built_in).map((preset) => h("li", { class: "spread" },
        h("span", title(preset), preset.problem ? h("span", { class: "bad small" }, " ", phrase(preset, "problem")) : null),
        h("span", { class: "row tight" },
          h("a", { class: "icon-button", href: `/api/lofi/presets/${preset.name}/file`, download: `${preset.name}.toml`, aria: { label: t("lofi.presets.share", { name: title(preset) }) }, title: t("lofi.presets.share", { name: title(preset) }) }, icon("download")),
          h("button", { class: "icon-button", type: "button", aria: { label: t("lofi.presets.remove", { name: title(preset) }) }, title: t("lofi.presets.remove", { name: title(preset) }), on: { click: () => this.#forget(preset, draw, trouble) } }, icon("bin"))))));
      draw();
      const input = h("input", { type: "file", accept: ".toml", class: "visually-hidden", tabindex: -1, aria: { hidden: "true" } });
      input.addEventListener("change", async () => {
        const [file] = input.files;
        if (file) await this.#kept({ title: file.name.replace(/\.toml$/i, "").slice(0, 60) || "preset", text: await file.slice(0, 20_000).text() }, trouble, close);
        input.value = "";
      });
      return h("div", { class: "stack" }, list, trouble, input, h("button", { class: "button", type: "button", on: { click: () => input.click() } }, icon("upload"), t("lofi.presets.bring")), h("p", { class: "muted small" }, t("lofi.presets.bringWhy")));
    }, { closeLabel: t("common.close") });
  }

  async #forget(preset, draw, trouble) {
    try {
      await del(`/lofi/presets/${preset.name}`);
      this.presets = this.presets.filter(({ name }) => name !== preset.name);
      if (this.preset === preset.name) this.choose("dusty");
      else this.#presets();
      draw();
    } catch (error) {
      clear(trouble, problem(error));
    }
  }
}

const title = (preset) => (preset.built_in ? spoken("preset", preset.name, preset.title) : preset.title);
const about = (preset) => (preset.built_in ? spoken("presetAbout", preset.name, preset.about) : words(preset, "problem"));
