/**
 * Endless: section after section without a gap, until it is stopped or the timer lets it sleep.
 *
 *     const endless = new Endless(() => ({ preset: "dusty", settings: {}, seed: 7 }));
 *     endless.start();  endless.sleepIn(30);  endless.stop();
 *
 * Sections come from the server as sound of 44.1 kHz and are laid end to end, to the sample, on the
 * clock of an audio context of that rate. The next is asked for when the present one has twelve
 * seconds left, so that settings that change are heard from the next section on. Should the server
 * be late, the last eight seconds go round until it is there: it is never silent.
 */

import { connection } from "./api.js";
import { h, icon } from "./dom.js";
import { choice } from "./controls.js";
import { clock, t } from "./i18n.js";

const RATE = 44100;
const AHEAD_S = 12; // before the end, when the next section is asked for
const HURRY_S = 1.5; // before the end, when what is there goes round
const ROUND_S = 8; // that go round then: the last seconds
const JOIN_S = 0.25; // of a cross-fade
const FADE_S = 30; // of the sleep timer
const STOP_S = 0.4;
const PATIENCE_MS = 3000; // until the server is asked again
const SLEEP = [0, 15, 30, 60, 120];

export class Endless {
  playing = false;
  /** What sounds: the name of the section. */
  name = "";
  /** Blocks as they were laid down: first sample of each on the time line; for tests. */
  laid = [];
  #context = null;
  #gain = null;
  #stream = "";
  #number = 0;
  #begun = 0;
  #samples = 0; // laid down so far
  #round = null; // what goes round while the server is late
  #timer = 0;
  #asking = false;
  #left = new AbortController(); // of the section that is on its way when it stops
  #notBefore = 0; // of performance.now(): when the server may be asked again
  #sleepAt = 0;
  #minutes = 0; // after which it is to sleep
  #last = null; // the section that was laid down last
  #source = null;
  #listeners = new Set();

  /** @param {() => {preset: string, settings: any, seed: number}} wanted */
  constructor(wanted) {
    this.wanted = wanted;
  }

  /** @param {() => void} fn */
  onchange(fn) {
    this.#listeners.add(fn);
  }

  /** The audio context and what everything goes through, for meters and for tests. */
  get context() {
    return this.#context;
  }

  get output() {
    return this.#gain;
  }

  /** Seconds that have been heard. */
  get seconds() {
    return this.playing && this.#begun ? Math.max(0, this.#context.currentTime - this.#begun) : 0;
  }

  /** Seconds until it sleeps; 0 where no timer runs. */
  get left() {
    return this.#sleepAt ? Math.max(0, (this.#sleepAt - Date.now()) / 1000) : 0;
  }

  /** Seconds of sound that lie ready. */
  get ahead() {
    return this.#begun ? this.#begun + this.#samples / RATE - this.#context.currentTime : 0;
  }

  async start() {
    if (this.playing) return;
    this.#context ??= new AudioContext({ sampleRate: RATE });
    void this.#context.resume();
    this.#gain = new GainNode(this.#context, { gain: 1 });
    this.#gain.connect(this.#context.destination);
    Object.assign(this, { playing: true, name: "", laid: [], trouble: null });
    this.#left = new AbortController();
    this.#stream = number();
    this.#number = this.#begun = this.#samples = this.#notBefore = 0;
    this.#round = this.#last = null;
    this.seed = this.wanted().seed;
    this.#session(true);
    this.#timer = window.setInterval(() => this.#tick(), 250);
    if (this.#minutes) this.sleepIn(this.#minutes);
    this.#tell();
    await this.#ask();
  }

  /** @param {number} [seconds] of the fade */
  stop(seconds = STOP_S) {
    if (!this.playing) return;
    const { currentTime } = this.#context;
    const gain = this.#gain;
    gain.gain.cancelScheduledValues(currentTime);
    gain.gain.setTargetAtTime(0, currentTime, seconds / 4);
    const context = this.#context;
    setTimeout(() => {
      gain.disconnect(); // and what was laid down with it
      if (!this.playing && context.state === "running") void context.suspend();
    }, seconds * 1000 + 200);
    clearInterval(this.#timer);
    this.#left.abort();
    this.playing = false;
    this.#sleepAt = 0;
    this.#session(false);
    this.#tell();
  }

  /** Let it fade away and stop. @param {number} minutes 0 = never */
  sleepIn(minutes) {
    this.#minutes = minutes;
    if (!this.playing) return;
    this.#sleepAt = minutes ? Date.now() + minutes * 60_000 : 0;
    const now = this.#context.currentTime;
    this.#gain.gain.cancelScheduledValues(now);
    this.#gain.gain.setTargetAtTime(1, now, 0.1);
    if (minutes) {
      const fade = Math.min(FADE_S, minutes * 60);
      this.#gain.gain.setTargetAtTime(0, now + minutes * 60 - fade, fade / 4);
    }
    this.#tell();
  }

  async close() {
    this.stop(0.05);
    this.#listeners.clear();
    await this.#context?.close();
    this.#context = null;
  }

  #tick() {
    if (this.#sleepAt && Date.now() >= this.#sleepAt) return this.stop();
    if (this.#begun && this.ahead < HURRY_S) this.#goRound();
    if (!this.#asking && this.ahead < AHEAD_S && performance.now() > this.#notBefore) void this.#ask();
    const now = this.laid.find((block) => this.seconds < block.end);
    if (now && now.name !== this.name) {
      this.name = now.name;
      this.#session(true);
    }
    this.#tell();
  }

  /** Ask for the next section and lay it down. */
  async #ask() {
    this.#asking = true;
    const { signal } = this.#left;
    try {
      const { preset, settings } = this.wanted();
      const answer = await fetch("/api/lofi/section", {
        method: "POST", cache: "no-store", signal, headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ stream: this.#stream, number: this.#number, preset, settings, seed: this.seed }),
      });
      if (!answer.ok) return await this.#refused(answer, signal);
      const buffer = await this.#context.decodeAudioData(await answer.arrayBuffer());
      if (signal.aborted) return;
      this.trouble = null;
      this.#number += 1;
      this.#lay(buffer, answer.headers.get("X-Section") ?? "");
    } catch {
      if (signal.aborted) return;
      void connection.lost(); // what is there goes round until it is back
      this.#notBefore = performance.now() + PATIENCE_MS;
    } finally {
      if (signal === this.#left.signal) this.#asking = false; // else it has begun anew
    }
  }

  async #refused(answer, signal) {
    const told = (await answer.json().catch(() => null))?.error;
    if (signal.aborted) return;
    this.#notBefore = performance.now() + PATIENCE_MS;
    if (answer.status === 503) return;
    if (told?.code === "missing") { // its state is gone: a new stream goes on from here
      this.#stream = number();
      this.#number = 0;
      return;
    }
    this.trouble = told;
    if (!this.#begun) this.stop(); // else the last seconds go round until the wishes are mended
  }

  /** Lay a section down at the end of what is there. */
  #lay(buffer, name) {
    const { currentTime } = this.#context;
    if (!this.#begun) this.#begun = currentTime + 0.1;
    const late = this.#round ? this.#endRound() : 0;
    const when = this.#begun + this.#samples / RATE;
    const gain = this.#play(buffer, when);
    if (late) ramp(gain, when, 0, 1);
    this.laid.push({ start: this.#samples, length: buffer.length, end: (this.#samples + buffer.length) / RATE, name });
    this.#samples += buffer.length;
    this.#last = { buffer, gain };
  }

  /** @returns {AudioParam} its loudness */
  #play(buffer, when, loop = {}) {
    const source = new AudioBufferSourceNode(this.#context, { buffer, ...loop });
    const gain = new GainNode(this.#context);
    source.connect(gain).connect(this.#gain);
    source.start(when);
    this.#source = source;
    return gain.gain;
  }

  /** Where the sound ends that has been laid down, on the clock. */
  get #end() {
    return this.#begun + this.#samples / RATE;
  }

  /** Stop what goes round, softly where it is heard; returns whether it was. */
  #endRound() {
    const { source, gain } = this.#round;
    this.#round = null;
    const soon = this.#context.currentTime + 0.05;
    if (this.#end - JOIN_S > soon) { // just in time: the section follows exactly
      source.stop();
      source.disconnect();
      this.#last.gain.cancelScheduledValues(0);
      this.#last.gain.setValueAtTime(1, this.#context.currentTime);
      return false;
    }
    const when = Math.max(soon, this.#end);
    ramp(gain, when, 1, 0);
    source.stop(when + JOIN_S);
    this.#samples = Math.round((when - this.#begun) * RATE);
    return true;
  }

  /** The server is late: go over from the end of what there is to its last seconds, round and round. */
  #goRound() {
    if (this.#round || !this.#last) return;
    const { buffer, gain } = this.#last;
    const when = this.#end - JOIN_S;
    const loop = { loop: true, loopStart: JOIN_S, loopEnd: JOIN_S + ROUND_S };
    ramp(gain, when, 1, 0);
    const round = this.#play(circle(this.#context, buffer), when, loop);
    ramp(round, when, 0, 1);
    this.#round = { source: this.#source, gain: round };
  }

  /** Media keys and the lock screen; they need an element that plays, so a silent one does. */
  #session(on) {
    const session = navigator.mediaSession;
    if (!session) return;
    this.silence ??= h("audio", { loop: true, src: silence() });
    if (on) void this.silence.play().catch(() => {}); // without it only the keys are missing
    else this.silence.pause();
    session.playbackState = on ? "playing" : "paused";
    if (on) session.metadata = new MediaMetadata({ title: this.name || t("lofi.endless.title"), artist: "Nokturn" });
    session.setActionHandler("play", () => this.start());
    session.setActionHandler("pause", () => this.stop());
    session.setActionHandler("stop", () => this.stop());
  }

  #tell() {
    for (const fn of this.#listeners) fn();
  }
}

/** A number that no other stream has. */
const number = () => Array.from(crypto.getRandomValues(new Uint8Array(6)), (x) => x.toString(16).padStart(2, "0")).join("");

/** Go from one loudness to another within a cross-fade. */
function ramp(gain, when, from, to) {
  gain.setValueAtTime(from, when);
  gain.linearRampToValueAtTime(to, when + JOIN_S);
}

/**
 * The last seconds of a sound so that they go round without a click: they begin with a little of
 * what is before them, and end by turning into that.
 */
function circle(context, buffer) {
  const join = Math.round(JOIN_S * RATE);
  const length = Math.min(Math.round(ROUND_S * RATE), buffer.length - join);
  const made = context.createBuffer(buffer.numberOfChannels, join + length, RATE);
  for (let side = 0; side < buffer.numberOfChannels; side += 1) {
    const from = buffer.getChannelData(side).subarray(buffer.length - length - join);
    const to = made.getChannelData(side);
    to.set(from);
    for (let i = 0; i < join; i += 1) {
      const share = (i + 1) / join;
      to[length + i] = (1 - share) * from[length + i] + share * from[i];
    }
  }
  return made;
}

/** The address of ten seconds of silence. */
function silence() {
  const count = 80000;
  const view = new DataView(new ArrayBuffer(44 + count));
  const text = (at, word) => [...word].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + count, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8000, true);
  view.setUint32(28, 8000, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, count, true);
  for (let i = 0; i < count; i += 1) view.setUint8(44 + i, 128);
  return URL.createObjectURL(new Blob([view.buffer], { type: "audio/wav" }));
}

/** The panel of endless mode. @param {Endless} endless @param {() => void} onstart */
export function endlessPanel(endless, onstart) {
  const button = h("button", { class: "play-button", type: "button", on: { click: () => (endless.playing ? endless.stop() : (onstart(), void endless.start())) } });
  const name = h("p", { class: "endless-name" });
  const told = h("p", { class: "small muted num" });
  const sleep = choice(t("lofi.endless.sleep"), SLEEP.map((m) => [String(m), m ? t("lofi.endless.minutes", { n: m }) : t("lofi.endless.never")]), "0", (value) => endless.sleepIn(Number(value)));
  const draw = () => {
    const { playing, ahead } = endless;
    const label = t(playing ? "lofi.endless.stop" : "lofi.endless.start");
    if (button.ariaLabel !== label) {
      button.ariaLabel = label;
      button.title = label;
      button.replaceChildren(icon(playing ? "pause" : "play"));
    }
    name.textContent = playing ? (endless.name ? section(endless.name) : t("lofi.endless.writing")) : t("lofi.endless.title");
    const left = endless.left ? ` · ${t("lofi.endless.left", { time: clock(endless.left) })}` : "";
    told.textContent = endless.trouble ? endless.trouble.what : playing ? `${clock(endless.seconds)} · ${t("lofi.endless.ahead", { n: Math.max(0, Math.round(ahead)) })}${left}` : t("lofi.endless.about");
  };
  endless.onchange(draw);
  draw();
  return h("div", { class: "endless" }, h("div", { class: "row" }, button, h("div", { class: "grow" }, name, told)), sleep);
}

/** The name of a section in the language of the page. */
function section(name) {
  const [part, key] = name.split(" in ");
  return t("lofi.endless.section", { part: part === "break" ? t("lofi.endless.break") : part, key: key ?? "" });
}
