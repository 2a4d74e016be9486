/**
 * Layers: more drums over the beat, each a Euclidean rhythm on its wheel, heard as it is turned.
 *
 *     const layers = new Layers(player, { drums, rows: [[70, 5, 16, 0]], beat: () => ({ bpm: 78, swing: 58, kit: "lofi", meter: "4/4" }) });
 *     layers.onchange((rows) => ...);
 *
 * What is turned is heard at once: the strokes are laid over the track that plays, in its time, or
 * sound alone for some bars. They are straight but for the swing; the track that is made anew has
 * them in its groove.
 */

import { clear, h, icon } from "./dom.js";
import { field, select } from "./controls.js";
import { t } from "./i18n.js";
import { drumName } from "./stagewords.js";
import { Wheel, strokes } from "./wheel.js";

const MOST = 4;
const AHEAD_S = 0.15; // that strokes are scheduled before they sound
const EVERY_MS = 40;
const ALONE_S = 14; // after the last turn, where nothing else plays
const LOUD = 0.35;
const FIRST = [70, 5, 16, 0];

export class Layers {
  #listeners = new Set();
  #sounds = new Map();
  #timer = 0;
  #alone = null; // when the strokes began to sound without a track
  #until = 0; // what is scheduled already, seconds of music
  #touched = 0;
  #hearing = false;
  #wheels = [];

  /**
   * @param {import("./player.js").Player} player
   * @param {{drums: Array<{pitch: number, name: string}>, rows: number[][], beat: () => {bpm: number, swing: number, kit: string, meter: string}}} given
   */
  constructor(player, { drums, rows, beat }) {
    Object.assign(this, { player, drums, beat, rows: rows.map((row) => [...row]) });
    this.list = h("div", { class: "layers-list" });
    this.more = h("button", { class: "button", type: "button", on: { click: () => this.#add() } }, icon("plus"), t("lofi.layers.add"));
    this.hear = h("button", { class: "chip", type: "button", aria: { pressed: "false" }, on: { click: () => this.#listen(!this.#hearing) } }, icon("volume"), t("lofi.layers.hear"));
    this.element = h("div", { class: "layers stack tight" }, this.list, h("div", { class: "cluster tight" }, this.more, this.hear));
    this.#draw();
  }

  /** @param {(rows: number[][]) => void} fn */
  onchange(fn) {
    this.#listeners.add(fn);
  }

  /** Show other layers, without telling. @param {number[][]} rows */
  set(rows) {
    this.rows = rows.map((row) => [...row]);
    this.#listen(false);
    this.#draw();
  }

  close() {
    this.#listen(false);
  }

  #add() {
    const taken = new Set(this.rows.map(([pitch]) => pitch));
    const pitch = taken.has(FIRST[0]) ? (this.drums.find((drum) => !taken.has(drum.pitch))?.pitch ?? FIRST[0]) : FIRST[0];
    this.rows.push([pitch, ...FIRST.slice(1)]);
    this.#draw();
    this.#changed();
    this.list.lastElementChild?.querySelector("select")?.focus();
  }

  #draw() {
    this.#wheels = this.rows.map((row, i) => this.#wheel(row, i));
    clear(this.list, this.rows.length ? this.rows.map((row, i) => this.#card(row, i)) : h("p", { class: "muted small" }, t("lofi.layers.none")));
    this.more.disabled = this.rows.length >= MOST;
    this.hear.hidden = !this.rows.length;
  }

  #wheel(row, i) {
    const [pitch, pulses, steps, rotate = 0] = row;
    const wheel = new Wheel({ pulses, steps, rotate, name: this.#named(pitch) });
    wheel.onchange((now) => {
      this.rows[i] = [this.rows[i][0], now.pulses, now.steps, now.rotate];
      this.#changed();
    });
    return wheel;
  }

  #card([pitch], i) {
    const drum = select(this.drums.map((one) => [String(one.pitch), this.#named(one.pitch)]), String(pitch), (value) => {
      this.rows[i][0] = Number(value);
      this.#changed();
    });
    const away = h("button", { class: "icon-button", type: "button", aria: { label: t("lofi.layers.remove", { name: this.#named(pitch) }) }, title: t("lofi.layers.remove", { name: this.#named(pitch) }), on: { click: () => this.#remove(i) } }, icon("close"));
    return h("div", { class: "layer" }, h("div", { class: "row tight layer-head" }, field(t("lofi.layers.drum"), drum), away), this.#wheels[i].element);
  }

  #remove(i) {
    this.rows.splice(i, 1);
    if (!this.rows.length) this.#listen(false);
    this.#draw();
    this.#changed(false);
    this.more.focus();
  }

  #named(pitch) {
    return drumName(this.drums.find((drum) => drum.pitch === pitch)?.name ?? String(pitch)).toLowerCase();
  }

  #changed(heard = true) {
    for (const fn of this.#listeners) fn(this.rows.map((row) => [...row]));
    this.#touched = performance.now();
    if (heard && this.rows.length) this.#listen(true);
  }

  #listen(on) {
    if (on === this.#hearing) return;
    this.#hearing = on;
    this.hear.setAttribute("aria-pressed", String(on));
    clearInterval(this.#timer);
    this.#alone = null;
    this.#until = 0;
    this.#wheels.forEach((wheel) => wheel.mark(-1));
    if (!on) return;
    void this.player.context.resume();
    this.#timer = window.setInterval(() => this.#tick(), EVERY_MS);
  }

  /** Lay down what sounds within the next moment. */
  #tick() {
    const { player } = this;
    const { context } = player;
    const now = context.currentTime;
    if (!player.playing && performance.now() - this.#touched > ALONE_S * 1000) return this.#listen(false);
    if (player.playing) this.#alone = null;
    else this.#alone ??= now + 0.05;
    const at = player.playing ? player.positionAt(now) : now - this.#alone;
    const jumped = this.#until > at + 2 * AHEAD_S || this.#until < at - 0.5;
    const from = jumped ? Math.max(0, at) : this.#until;
    const to = at + AHEAD_S;
    if (to <= from) return;
    this.rows.forEach((row, i) => this.#lay(row, i, from, to, (seconds) => now + seconds - at));
    this.#until = to;
  }

  #lay([pitch], i, from, to, when) {
    const beat = this.beat();
    const wheel = this.#wheels[i];
    for (const { seconds, step } of strokes(wheel.pattern, beat, from, to)) {
      const time = when(seconds);
      this.#stroke(pitch, beat.kit, time);
      const wait = (time - this.player.context.currentTime) * 1000;
      setTimeout(() => this.#hearing && wheel.mark(step), Math.max(0, wait));
    }
  }

  #stroke(pitch, kit, time) {
    const { context } = this.player;
    const sound = this.#sound(pitch, kit);
    if (!(sound instanceof AudioBuffer)) return; // on its way
    const source = new AudioBufferSourceNode(context, { buffer: sound });
    const gain = new GainNode(context, { gain: LOUD });
    source.connect(gain).connect(context.destination);
    source.start(Math.max(time, context.currentTime));
  }

  #sound(pitch, kit) {
    const key = `${kit}/${pitch}`;
    if (!this.#sounds.has(key)) {
      const fetched = fetch(`/api/lofi/drums/${key}`)
        .then((answer) => answer.arrayBuffer())
        .then((data) => this.player.context.decodeAudioData(data))
        .then((buffer) => this.#sounds.set(key, buffer))
        .catch(() => this.#sounds.delete(key));
      this.#sounds.set(key, fetched);
    }
    return this.#sounds.get(key);
  }
}
