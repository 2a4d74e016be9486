/**
 * The tracks of a piece: colour and pattern as on the roll, loudness, mute, solo, level.
 *
 *     const tracks = new Tracks(container, player);
 *     tracks.setStage(stage);
 */

import { clear, h } from "./dom.js";
import { t } from "./i18n.js";
import { decibels } from "./transport.js";

const QUIETEST = -36; // dB at which a fader is down

export class Tracks {
  /** @type {import("./rollscale.js").Stage | null} */
  #stage = null;
  /** @type {Array<{stem: string, mute: HTMLElement, solo: HTMLElement, row: HTMLElement, level: HTMLElement}>} */
  #rows = [];
  #chosen = 0;
  /** @type {Float32Array<ArrayBuffer>} */
  #samples = new Float32Array(1024);

  /** @param {HTMLElement} container @param {import("./player.js").Player} player */
  constructor(container, player) {
    this.player = player;
    this.element = h("ul", { class: "tracks", aria: { label: t("piece.tracks") } });
    container.append(this.element);
    this.end = player.on("strip", () => this.#redraw());
  }

  /** @param {import("./rollscale.js").Stage} stage */
  setStage(stage) {
    this.#stage = stage;
    this.#chosen = Math.min(this.#chosen, Math.max(0, stage.tracks.length - 1));
    this.#rows = [];
    clear(this.element, stage.tracks.map((track, i) => this.#row(track, i)));
    this.element.hidden = stage.tracks.length < 2; // one track is as loud as the whole
    this.#redraw();
  }

  /** Numbers of the tracks that are not heard. */
  get silent() {
    return this.#rows.flatMap(({ stem }, i) => (this.player.strip(stem).audible ? [] : [i]));
  }

  /** The stem of a track: of its name, or the one in its place. @param {number} i */
  stem(i) {
    const name = this.#stage?.tracks[i]?.name ?? "";
    const { stems } = this.player;
    return stems.includes(name) ? name : (stems[i] ?? name);
  }

  /** Choose the track that keys go to. @param {number} step */
  choose(step) {
    const count = this.#rows.length;
    if (!count) return;
    this.#chosen = (this.#chosen + step + count) % count;
    this.#redraw();
    /** @type {HTMLElement | null} */ (this.#rows[this.#chosen].row.querySelector("button"))?.focus();
  }

  mute(i = this.#chosen) {
    const stem = this.stem(i);
    this.player.mute(stem, !this.player.strip(stem).muted);
  }

  solo(i = this.#chosen) {
    const stem = this.stem(i);
    this.player.solo(stem, !this.player.strip(stem).soloed);
  }

  /** Show how loud each track is now. */
  meter() {
    for (const { stem, level } of this.#rows) {
      const analyser = this.player.meters(stem);
      analyser.getFloatTimeDomainData(this.#samples);
      const sum = this.#samples.reduce((all, x) => all + x * x, 0) / this.#samples.length;
      const db = 10 * Math.log10(sum + 1e-9);
      level.style.transform = `scaleX(${Math.min(1, Math.max(0, (db + 54) / 48)).toFixed(3)})`;
    }
  }

  close() {
    this.end();
    this.element.remove();
  }

  #row(/** @type {{name: string, label?: string, instrument?: string}} */ track, /** @type {number} */ i) {
    const stem = this.stem(i);
    const name = track.label || track.name || t("piece.track", { n: i + 1 });
    const toggle = (/** @type {string} */ key, /** @type {() => void} */ run) =>
      h("button", { class: `icon-button track-${key}`, type: "button", aria: { label: t(`piece.${key}Track`, { name }) }, title: t(`piece.${key}Track`, { name }), on: { click: run } }, t(`piece.${key}Sign`));
    const mute = toggle("mute", () => this.mute(i));
    const solo = toggle("solo", () => this.solo(i));
    const volume = 20 * Math.log10(Math.max(1e-3, this.player.strip(stem).volume));
    const fader = /** @type {HTMLInputElement} */ (
      h("input", { type: "range", min: QUIETEST, max: 6, step: 1, value: Math.round(Math.max(QUIETEST, volume)), aria: { label: t("piece.volumeOf", { name }) } })
    );
    const told = () => fader.setAttribute("aria-valuetext", decibels(Number(fader.value), QUIETEST));
    fader.addEventListener("input", () => {
      const db = Number(fader.value);
      this.player.setVolume(stem, db <= QUIETEST ? -60 : db);
      told();
    });
    fader.addEventListener("dblclick", () => {
      fader.value = "0";
      fader.dispatchEvent(new Event("input"));
    });
    told();
    const level = h("span", { class: "track-level-now" });
    const about = track.instrument && track.instrument !== name ? track.instrument : "";
    const row = h(
      "li",
      { class: "track" },
      h("span", { class: `swatch swatch-${(i % 8) + 1}`, aria: { hidden: "true" } }),
      h("span", { class: "track-name" }, name, about && h("span", { class: "muted small" }, ` ${about}`)),
      h("span", { class: "track-level", aria: { hidden: "true" } }, level),
      fader, mute, solo,
    );
    this.#rows.push({ stem, mute, solo, row, level });
    return row;
  }

  #redraw() {
    this.#rows.forEach((row, i) => {
      row.stem = this.stem(i);
      const { muted, soloed, audible } = this.player.strip(row.stem);
      row.mute.ariaPressed = String(muted);
      row.solo.ariaPressed = String(soloed);
      row.row.classList.toggle("unheard", !audible);
      row.row.classList.toggle("chosen", i === this.#chosen && this.#rows.length > 1);
    });
  }
}
