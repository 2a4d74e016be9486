/**
 * The transport: play, place, loop, tempo, count-in, metronome, loudness.
 *
 *     const transport = new Transport(container, player);
 *     transport.setStage(stage);
 *     transport.setPosition(player.position);      // once a frame
 *
 * It shows what the player does and tells the player what is wished; it keeps no state of its own.
 * On a narrow page it stays at the lower edge.
 */

import { barAt, beatQuarters } from "./bars.js";
import { add, clear, h, icon } from "./dom.js";
import { clock, number, parseNumber, t } from "./i18n.js";
import { TEMPI } from "./player.js";
import { popup } from "./popup.js";
import { problem } from "./problem.js";

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }; // seconds

export class Transport {
  /** @type {import("./rollscale.js").Stage | null} */
  #stage = null;
  /** @type {Array<() => void>} */
  #ends = [];
  #said = "";
  #loading = false;
  /** @type {(() => void) | null} */
  #wanted = null;

  /**
   * @param {HTMLElement} container
   * @param {import("./player.js").Player} player
   * @param {{loop?: () => void}} [actions] what the loop button does, if not simply on and off
   */
  constructor(container, player, actions = {}) {
    this.player = player;
    this.actions = actions;
    this.#build();
    container.append(this.element);
    const redraw = () => this.#redraw();
    const events = ["state", "loaded", "tempo", "switch", "loop", "strip", "ended"];
    this.#ends = events.map((event) => player.on(event, redraw));
    this.#ends.push(player.on("seek", () => this.setPosition(player.position)));
    this.#ends.push(player.on("blocked", () => this.#blocked()));
    redraw();
  }

  /** @param {import("./rollscale.js").Stage | null} stage */
  setStage(stage) {
    this.#stage = stage;
    this.place.max = String(stage?.seconds ?? 1);
    this.#redraw();
    this.setPosition(this.player.position);
  }

  /** Say whether the sound is still being made. @param {boolean} loading */
  setLoading(loading) {
    this.#loading = loading;
    if (!loading && this.#wanted) {
      this.#wanted();
      this.#wanted = null;
    }
    this.#redraw();
  }

  /** Show why there is no sound, and a button that tries again. @param {unknown} error @param {() => void} again */
  setProblem(error, again) {
    if (error) [this.#loading, this.#wanted] = [false, null];
    const shown = error && problem(/** @type {any} */ (error), { label: t("common.again"), run: again });
    clear(this.trouble, shown || null);
    this.#redraw();
  }

  /** Play, at once or as soon as there is sound; or pause. */
  toggle() {
    if (!this.#loading) this.player.toggle();
    else this.#wanted = this.#wanted ? null : () => this.player.play();
    this.#redraw();
  }

  /** @param {number} seconds */
  setPosition(seconds) {
    const stage = this.#stage;
    if (document.activeElement !== this.place || !this.place.matches(":active")) this.place.value = String(seconds);
    const share = stage?.seconds ? Math.min(1, seconds / stage.seconds) : 0;
    this.place.style.setProperty("--share", `${(share * 100).toFixed(2)}%`);
    const bar = stage?.bars[barAt(stage.bars, seconds)];
    const { counting } = this.player;
    if (counting) this.#count(counting);
    const told = `${clock(seconds)} ${bar?.number ?? ""} ${counting}`;
    if (told === this.#said) return;
    this.#said = told;
    this.now.textContent = clock(seconds);
    this.bar.textContent = bar ? t(bar.number ? "piece.bar" : "piece.pickup", { n: bar.number }) : "";
    this.place.setAttribute("aria-valuetext", `${this.bar.textContent}, ${clock(seconds)}`);
    if (!counting) this.#face();
  }

  close() {
    this.#ends.forEach((end) => end());
    this.element.remove();
  }

  #build() {
    const { player } = this;
    const button = (/** @type {string} */ name, /** @type {string} */ sign, /** @type {() => void} */ run, key = "") =>
      h("button", { class: "icon-button", type: "button", aria: { label: t(name) }, title: key ? `${t(name)} (${key})` : t(name), on: { click: run } }, icon(sign));
    this.playButton = h("button", { class: "play-button", type: "button", on: { click: () => this.toggle() } });
    this.start = button("piece.start", "start", () => player.stop(), t("piece.keys.enter"));
    this.loop = button("piece.loop", "loop", () => this.actions.loop?.() ?? this.#loop(), "L");
    this.click = button("piece.metronome", "metronome", () => player.metronome(this.click.ariaPressed !== "true"));
    this.count = button("piece.countIn", "timer", () => player.countIn(this.count.ariaPressed !== "true"));
    this.place = /** @type {HTMLInputElement} */ (
      h("input", { type: "range", class: "place", min: 0, max: 1, step: 0.01, value: 0, aria: { label: t("piece.place") }, on: { input: () => player.seek(Number(this.place.value)), keydown: (/** @type {KeyboardEvent} */ event) => this.#stepped(event) } })
    );
    this.now = h("span", { class: "num transport-now" }, "0:00");
    this.all = h("span", { class: "num muted transport-all" });
    this.bar = h("span", { class: "num muted transport-bar" });
    this.note = h("p", { class: "transport-note muted small", hidden: true });
    this.trouble = h("div", { class: "transport-trouble" });
    this.tempoButton = /** @type {HTMLButtonElement} */ (h("button", { class: "button quiet num tempo-button", type: "button" }));
    this.volumeButton = /** @type {HTMLButtonElement} */ (button("piece.volume", "volume", () => {}));
    this.element = h(
      "div",
      { class: "transport", role: "group", aria: { label: t("piece.transport") } },
      this.trouble,
      h("div", { class: "transport-row" },
        h("div", { class: "transport-play" }, this.start, this.playButton),
        h("div", { class: "transport-place" }, h("div", { class: "transport-times" }, this.now, this.bar, this.all), this.place),
        h("div", { class: "transport-tools" },
          this.loop, this.click, this.count,
          popup(this.tempoButton, () => this.#tempo(), { label: t("common.tempo"), end: true }),
          popup(this.volumeButton, () => this.#volume(), { label: t("piece.volume"), end: true }))),
      this.note,
    );
  }

  /** Arrow keys on the slider go by seconds: its own steps are too small to hear. */
  #stepped(/** @type {KeyboardEvent} */ event) {
    const by = STEPS[/** @type {keyof STEPS} */ (event.key)];
    if (!by || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    this.player.seek(this.player.position + by);
  }

  #loop() {
    const { player } = this;
    if (player.loop) player.setLoop(null);
    else player.setLoop(0, player.seconds);
  }

  #redraw() {
    const { player } = this;
    const ready = player.key !== "" || this.#loading;
    for (const control of [this.start, this.loop, this.playButton, this.place]) control.toggleAttribute("disabled", !ready);
    this.loop.ariaPressed = String(player.loop !== null);
    this.click.ariaPressed = String(!player.strip("click").muted);
    this.count.ariaPressed = String(player.countsIn);
    const whole = clock(this.#stage?.seconds ?? player.seconds);
    this.all.textContent = this.#loading ? t("piece.sounding") : whole;
    this.#face();
    clear(this.tempoButton, ...this.#tempoWords());
    const bent = !player.exact && player.tempo !== 1;
    this.note.hidden = !bent;
    this.note.textContent = bent ? t("piece.bent") : "";
  }

  /** What the large button shows. */
  #face() {
    const on = this.player.playing || Boolean(this.#wanted);
    const name = on ? "common.pause" : "common.play";
    this.playButton.classList.toggle("waiting", Boolean(this.#wanted));
    if (this.playButton.dataset.face === name && !this.player.counting) return;
    this.playButton.dataset.face = name;
    this.playButton.setAttribute("aria-label", t(name));
    this.playButton.title = `${t(name)} (${t("piece.keys.space")})`;
    clear(this.playButton, icon(on ? "pause" : "play"));
  }

  #count(/** @type {number} */ beat) {
    this.playButton.dataset.face = "";
    clear(this.playButton, h("span", { class: "num" }, String(beat)));
  }

  /** Beats a minute that are felt, and of which note. */
  #beats() {
    const quarters = beatQuarters(this.#stage?.meter ?? "4/4");
    const sign = quarters === 1.5 ? "♩." : quarters === 2 ? "𝅗𝅥" : quarters === 0.5 ? "♪" : "♩";
    return { sign, beats: (this.#stage?.tempo_qpm ?? 120) / quarters };
  }

  #tempoWords() {
    const { beats } = this.#beats();
    const { tempo } = this.player;
    const words = [h("span", t("piece.bpm", { n: Math.round(beats * tempo) }))];
    if (tempo !== 1) words.push(h("span", { class: "tag lamp" }, number(tempo, { style: "percent" })));
    return words;
  }

  #tempo() {
    const { beats } = this.#beats();
    const { player } = this;
    const slider = /** @type {HTMLInputElement} */ (
      h("input", { type: "range", min: TEMPI[0] * 100, max: TEMPI[1] * 100, step: 1, value: Math.round(player.tempo * 100), aria: { label: t("common.tempo") } })
    );
    const typed = /** @type {HTMLInputElement} */ (
      h("input", { type: "text", inputmode: "decimal", class: "num tempo-typed", value: number(Math.round(beats * player.tempo)), aria: { label: t("piece.beatsAMinute") } })
    );
    const told = () => {
      slider.setAttribute("aria-valuetext", `${t("piece.bpm", { n: Math.round(beats * player.tempo) })}, ${number(player.tempo, { style: "percent" })}`);
      if (document.activeElement !== typed) typed.value = number(Math.round(beats * player.tempo));
      slider.value = String(Math.round(player.tempo * 100));
    };
    const set = (/** @type {number} */ factor) => {
      if (Number.isFinite(factor)) player.setTempo(Math.abs(factor - 1) < 0.004 ? 1 : factor);
      told();
    };
    slider.addEventListener("input", () => set(Number(slider.value) / 100));
    typed.addEventListener("change", () => set(parseNumber(typed.value) / beats));
    told();
    return h(
      "div",
      { class: "tempo-panel stack tight" },
      h("label", { class: "row" }, typed, h("span", t("piece.beatsAMinute"))),
      slider,
      h("div", { class: "cluster tight" }, [0.5, 0.75, 1, 1.25].map((factor) =>
        h("button", { class: "chip num", type: "button", on: { click: () => set(factor) } }, number(factor, { style: "percent" })))),
    );
  }

  #volume() {
    const { player } = this;
    const slider = /** @type {HTMLInputElement} */ (
      h("input", { type: "range", min: -40, max: 0, step: 1, value: Math.max(-40, player.master), aria: { label: t("piece.volume") } })
    );
    const told = () => slider.setAttribute("aria-valuetext", decibels(Number(slider.value), -40));
    slider.addEventListener("input", () => {
      const db = Number(slider.value);
      player.setMaster(db <= -40 ? -60 : db);
      told();
    });
    told();
    return h("div", { class: "volume-panel" }, slider);
  }

  /** The browser wants a click before there may be sound. */
  #blocked() {
    const allow = async () => {
      await this.player.unblock();
      clear(this.trouble);
    };
    const shown = h("div", { class: "banner blocked", role: "alert" }, icon("muted"), h("p", t("piece.blocked")), h("button", { class: "button primary", type: "button", on: { click: allow } }, t("piece.unblock")));
    clear(this.trouble);
    add(this.trouble, shown);
  }
}

/** Loudness in words. @param {number} db @param {number} [silent] from where there is nothing to hear */
export function decibels(db, silent = -60) {
  return db <= silent ? t("piece.silent") : `${db > 0 ? "+" : ""}${number(db)} dB`;
}
