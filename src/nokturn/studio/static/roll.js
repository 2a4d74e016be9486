/**
 * The piano roll: what people look at while they listen.
 *
 *     const roll = new Roll(container);
 *     roll.setStage(stage);
 *     roll.on("seek", (seconds) => player.seek(seconds));
 *     roll.setPosition(player.position);          // once a frame
 *
 * A click hears from there, a drag selects whole bars (with Alt, beats), Ctrl and the wheel zoom, a
 * finger moves the picture and taps. While a tune is written, `setWriting` shows it growing. For a
 * screen reader it is one picture with a summary; the text view beside it can be walked through.
 */

import { beatsOf } from "./bars.js";
import { h, still } from "./dom.js";
import { t } from "./i18n.js";
import { common, empty, expected, growing, widened } from "./growing.js";
import { Painter } from "./rolldraw.js";
import { OVERVIEW, RULER, Scale } from "./rollscale.js";
import { noteWords } from "./words.js";

const AHEAD = 0.36; // of the width: where the playhead stays while the roll glides
const DRAG = 5; // pixels after which a press is a drag
const YOUNG = 900; // as long as a note just written is drawn apart

/** @typedef {import("./rollscale.js").Stage} Stage */

export class Roll {
  #painter = new Painter();
  /** @type {Scale} */
  #scale = new Scale(empty());
  /** @type {import("./rolldraw.js").Shown} */
  #shown = {
    position: 0, sounding: [], selection: null, loop: null, focus: -1, hover: -1,
    silent: new Set(), born: new Map(), still: still(), dragging: false,
  };
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  /** @type {Map<number, {x: number, y: number}>} */
  #pointers = new Map();
  /** @type {{x: number, y: number, seconds: number, kind: string, moved: boolean, scroll: number,
   *   alt: boolean} | null} */
  #press = null;
  #following = true;
  #writing = false;
  #frame = 0;
  #longest = 0; // seconds of the longest note: how far back a sounding one may begin
  #ratio = 0;

  /** @param {HTMLElement} container */
  constructor(container) {
    this.canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { class: "roll-canvas", role: "img", aria: { label: t("piece.views.roll") } }));
    this.tip = h("div", { class: "roll-tip", hidden: true, aria: { hidden: "true" } });
    this.element = h("div", { class: "roll" }, this.canvas, this.tip);
    container.append(this.element);
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
    this.#listen();
    this.restyle();
  }

  /** @type {CanvasRenderingContext2D} */
  #context;

  /** Whether the picture goes along with the playhead. */
  get following() {
    return this.#following;
  }

  set following(on) {
    if (on === this.#following) return;
    this.#following = on;
    this.#tell("follow", on);
    this.#soon();
  }

  /** The scale, for tests and for those who draw over the roll. */
  get scale() {
    return this.#scale;
  }

  get stage() {
    return this.#scale.stage;
  }

  /** Second of the music at which the playhead is drawn. */
  get position() {
    return this.#shown.position;
  }

  /** Numbers of the notes that sound where the playhead stands. */
  get sounding() {
    return this.#shown.sounding;
  }

  /** Listen to `seek`, `select`, `note`, `hover`, `follow` or `zoom`; returns what ends it. */
  on(/** @type {string} */ event, /** @type {Function} */ fn) {
    const fns = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, fns.add(fn));
    return () => fns.delete(fn);
  }

  /** Show a piece. @param {Stage} stage @param {{keep?: boolean}} [how] keep zoom and scroll */
  setStage(stage, { keep = false } = {}) {
    const before = this.#scale;
    this.#writing = false;
    this.#shown.born.clear();
    this.#take(new Scale(stage));
    this.#scale.fit();
    if (keep && before.stage.notes.pitch.length) {
      this.#scale.zoomTo(before.zoom);
      this.#scale.scrollTo(before.scroll);
    }
    Object.assign(this.#shown, { focus: -1, hover: -1, selection: null, loop: null });
    this.canvas.setAttribute("aria-label", stage.summary || stage.title || t("piece.views.roll"));
    this.setPosition(this.#shown.position);
  }

  /**
   * Show what is written so far; called again as it grows. Notes that were not there before glow.
   * @param {Partial<Stage> & {of?: number | null}} so_far notes, seconds, and what else is known
   */
  setWriting(so_far) {
    const before = this.#writing ? this.stage.notes.pitch : [];
    const stage = growing(so_far);
    const same = common(before, this.stage.notes, stage.notes);
    const scale = new Scale(stage);
    if (this.#writing) widened(scale, this.#scale);
    scale.expected = expected(stage, so_far.of ?? 0) || (this.#writing ? this.#scale.expected : 0);
    if (!this.#writing) this.#shown.born.clear();
    this.#writing = true;
    this.#born(same, stage.notes.pitch.length);
    this.#take(scale);
    this.#scale.fit();
    this.#scale.scrollTo(stage.seconds - this.#scale.shown * 0.85);
    this.#shown.sounding = [];
    this.#shown.position = -1;
    this.#painter.forget();
    this.#soon();
  }

  /** Move the playhead, and all that goes along. @param {number} seconds */
  setPosition(seconds) {
    this.#shown.position = seconds;
    this.#shown.sounding = this.#sounding(seconds);
    if (this.#following && !this.#press) this.#follow(seconds);
    this.#draw();
  }

  /**
   * Show a selection in seconds; null for none.
   * @param {number | null} from @param {number} [to]
   */
  setSelection(from, to = 0) {
    this.#shown.selection = from === null ? null : [from, to];
    if (from !== null && !this.#press) this.#reveal(from, to);
    this.#soon();
  }

  /** Show the loop. @param {[number, number] | null} loop seconds */
  setLoop(loop) {
    this.#shown.loop = loop;
    this.#soon();
  }

  /** Draw tracks that are not heard faintly. @param {Iterable<number>} silent their numbers */
  setSilent(silent) {
    this.#shown.silent = new Set(silent);
    this.#soon();
  }

  /** Mark a note. @param {number} i -1 for none */
  setFocus(i) {
    this.#shown.focus = i;
    if (i >= 0) this.#reveal(this.stage.notes.start_s[i], this.stage.notes.end_s[i]);
    this.#hint(i);
    this.#soon();
  }

  /** Zoom by a factor. @param {number} factor @param {number} [x] around this pixel */
  zoom(factor, x) {
    const around = x ?? this.#scale.x(Math.max(this.#shown.position, this.#scale.scroll));
    this.#scale.zoomBy(factor, around);
    this.#tell("zoom");
    this.#soon();
  }

  /** See the whole. */
  fit() {
    this.#scale.zoomTo(0);
    this.#scale.scrollTo(0);
    this.#tell("zoom");
    this.#soon();
  }

  /** Words for a note: "G4 · bar 5 beat 2½ · ½ beat". @param {number} i */
  words(i) {
    return noteWords(this.stage, i);
  }

  /** Read the colours anew, after the theme has changed. */
  restyle() {
    this.#shown.still = still();
    this.#painter.restyle(this.element);
    this.#soon();
  }

  /** Let go of what listens outside. */
  close() {
    cancelAnimationFrame(this.#frame);
    this.#watch.forEach((end) => end());
    this.element.remove();
  }

  /** @type {Array<() => void>} */
  #watch = [];

  #take(/** @type {Scale} */ scale) {
    const { start_s, end_s } = scale.stage.notes;
    this.#longest = start_s.reduce((most, start, i) => Math.max(most, end_s[i] - start), 0);
    this.#scale = scale;
    this.#painter.forget();
    this.#measure(true);
  }

  #listen() {
    const on = (/** @type {string} */ name, /** @type {any} */ fn, /** @type {any} */ how) =>
      this.canvas.addEventListener(name, fn.bind(this), how);
    on("pointerdown", this.#down);
    on("pointermove", this.#move);
    on("pointerup", this.#up);
    on("pointercancel", this.#cancel);
    on("pointerleave", this.#leave);
    on("wheel", this.#wheel, { passive: false });
    const sizes = new ResizeObserver(() => this.#measure());
    sizes.observe(this.element);
    const restyle = () => this.restyle();
    const medias = ["(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)"].map((m) => matchMedia(m));
    medias.forEach((media) => media.addEventListener("change", restyle));
    addEventListener("themechange", restyle);
    this.#watch = [
      () => sizes.disconnect(),
      () => medias.forEach((media) => media.removeEventListener("change", restyle)),
      () => removeEventListener("themechange", restyle),
    ];
  }

  #measure(anew = false) {
    const { clientWidth: width, clientHeight: height } = this.element;
    const ratio = devicePixelRatio || 1;
    if (!width || !height) return;
    const scale = this.#scale;
    if (!anew && scale.width === width && scale.height === height && ratio === this.#ratio) return;
    const fitted = !scale.width || !scale.wide;
    scale.resize(width, height);
    if (fitted) scale.fit();
    else scale.zoomBy(1);
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    this.#ratio = ratio;
    this.#soon();
  }

  /** Draw at the next frame. */
  #soon() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.#scale.width || this.element.hidden) return;
    this.#context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    this.#painter.paint(this.#context, this.#scale, this.#shown);
    if (this.#aging()) this.#soon();
  }

  /** Whether a note glows still; those that no longer do go down into the tiles. */
  #aging() {
    const { born, still: calm } = this.#shown;
    if (!born.size) return false;
    const now = performance.now();
    const last = Math.max(...born.values());
    if (calm || now - last > YOUNG) {
      born.clear();
      this.#painter.forget();
      this.#soon();
      return false;
    }
    return true;
  }

  #born(/** @type {number} */ from, /** @type {number} */ to) {
    const { born } = this.#shown;
    const now = performance.now();
    for (const [i, at] of born) if (i >= from || now - at > YOUNG) born.delete(i);
    for (let i = from; i < to && !this.#shown.still; i += 1) born.set(i, now);
  }

  /** Notes that sound at a second. @returns {number[]} */
  #sounding(/** @type {number} */ seconds) {
    const { start_s, end_s } = this.stage.notes;
    const found = [];
    let i = after(start_s, seconds);
    while (--i >= 0 && start_s[i] >= seconds - this.#longest) {
      const until = Math.max(end_s[i], start_s[i] + 0.09); // a drum's hit is seen, too
      if (until > seconds) found.push(i);
    }
    return found;
  }

  #follow(/** @type {number} */ seconds) {
    const scale = this.#scale;
    if (!scale.wide) return;
    const { shown } = scale;
    if (this.#shown.still) {
      if (seconds < scale.scroll || seconds > scale.scroll + shown * 0.94) scale.scrollTo(seconds - shown * 0.06);
    } else {
      const wanted = Math.max(0, Math.min(scale.farthest, seconds - shown * AHEAD));
      const away = wanted - scale.scroll;
      // a jump is glided to, playing is followed to the pixel
      scale.scrollTo(Math.abs(away) > shown * 0.08 ? scale.scroll + away * 0.16 : wanted);
    }
  }

  /** Bring a stretch into view. */
  #reveal(/** @type {number} */ from, /** @type {number} */ to) {
    const scale = this.#scale;
    if (from >= scale.scroll && to <= scale.scroll + scale.shown) return;
    this.following = false;
    scale.scrollTo(from - scale.shown * 0.2);
  }

  #point(/** @type {PointerEvent | WheelEvent} */ event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #down(/** @type {PointerEvent} */ event) {
    if (event.button) return;
    const { x, y } = this.#point(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { x, y });
    if (this.#pointers.size > 1) {
      this.#press = null;
      return;
    }
    const kind = this.#kind(event, x, y);
    const seconds = this.#scale.secondsAt(x);
    this.#press = { x, y, seconds, kind, moved: false, scroll: this.#scale.scroll, alt: event.altKey };
    if (kind === "overview") this.#overview(x);
    this.#hint(-1);
  }

  /** What a press at a point will do when it moves. */
  #kind(/** @type {PointerEvent} */ event, /** @type {number} */ x, /** @type {number} */ y) {
    if (this.#scale.wide && y > this.#scale.height - OVERVIEW) return "overview";
    if (this.#writing || x < this.#scale.gutter) return "pan";
    return event.pointerType === "touch" && y > RULER ? "pan" : "select";
  }

  #move(/** @type {PointerEvent} */ event) {
    const { x, y } = this.#point(event);
    if (this.#pointers.size === 2 && this.#pointers.has(event.pointerId)) {
      this.#pinch(event.pointerId, x, y);
      return;
    }
    const press = this.#press;
    if (!press) {
      if (event.pointerType === "mouse") this.#hover(x, y);
      return;
    }
    if (!press.moved && Math.hypot(x - press.x, y - press.y) < DRAG) return;
    press.moved = true;
    if (press.kind === "overview") this.#overview(x);
    if (press.kind === "pan") this.#pan(press, x);
    if (press.kind === "select") this.#select(press.seconds, this.#scale.secondsAt(x), press.alt);
  }

  #up(/** @type {PointerEvent} */ event) {
    const press = this.#press;
    this.#pointers.delete(event.pointerId);
    this.#press = null;
    this.#shown.dragging = false;
    if (!press || press.kind === "overview") return;
    if (!press.moved) this.#click(press, event);
    else if (press.kind === "select") this.#tell("selected", this.#shown.selection);
    this.#soon();
  }

  #cancel(/** @type {PointerEvent} */ event) {
    this.#pointers.delete(event.pointerId);
    this.#press = null;
    this.#shown.dragging = false;
    this.#soon();
  }

  #leave() {
    if (!this.#press) this.#hover(-1, -1);
  }

  #click(/** @type {{x: number, y: number, seconds: number}} */ { x, y, seconds }, /** @type {PointerEvent} */ event) {
    if (this.#writing || x < this.#scale.gutter) return;
    const touch = event.pointerType === "touch";
    if (y < RULER && (touch || event.shiftKey)) {
      this.#extend(seconds);
      return;
    }
    if (event.shiftKey) {
      this.#extend(seconds);
      return;
    }
    const note = y < RULER ? -1 : this.#scale.noteAt(x, y, touch ? 8 : 2);
    this.following = true;
    if (note >= 0) this.#tell("note", note);
    else this.#tell("seek", Math.max(0, Math.min(seconds, this.#scale.seconds)));
  }

  /** Select the bar at a second, or extend the selection to it. */
  #extend(/** @type {number} */ seconds) {
    const now = this.#shown.selection;
    const held = now ? (seconds < now[0] ? now[1] - 0.01 : now[0] + 0.01) : seconds;
    this.#select(held, seconds, false);
    this.#tell("selected", this.#shown.selection);
  }

  /** Select from one second to another: whole bars, or with Alt whole beats. */
  #select(/** @type {number} */ a, /** @type {number} */ b, /** @type {boolean} */ beats) {
    const [low, high] = a < b ? [a, b] : [b, a];
    const from = this.#snapped(low, beats)[0];
    const to = this.#snapped(high, beats)[1];
    this.#shown.selection = [from, to];
    this.#shown.dragging = Boolean(this.#press);
    this.#tell("select", this.#shown.selection);
    this.#soon();
  }

  /** The bar or beat around a second. @returns {[number, number]} */
  #snapped(/** @type {number} */ seconds, /** @type {boolean} */ beats) {
    const bar = this.stage.bars[this.#scale.barAt(Math.max(0, Math.min(seconds, this.#scale.seconds - 1e-3)))];
    if (!bar) return [0, this.#scale.seconds];
    if (!beats) return [bar.start_s, bar.end_s];
    const step = (bar.end_s - bar.start_s) / beatsOf(bar.meter ?? "4/4");
    const beat = Math.floor((seconds - bar.start_s) / step + 1e-6);
    return [bar.start_s + beat * step, bar.start_s + (beat + 1) * step];
  }

  #pan(/** @type {{x: number, scroll: number}} */ press, /** @type {number} */ x) {
    this.following = false;
    this.#scale.scrollTo(press.scroll - (x - press.x) / this.#scale.zoom);
    this.#soon();
  }

  #overview(/** @type {number} */ x) {
    this.following = false;
    const seconds = (x - this.#scale.gutter) / this.#scale.fitting;
    this.#scale.scrollTo(seconds - this.#scale.shown / 2);
    this.#soon();
  }

  #pinch(/** @type {number} */ id, /** @type {number} */ x, /** @type {number} */ y) {
    const other = [...this.#pointers].find(([key]) => key !== id)?.[1];
    const before = this.#pointers.get(id);
    this.#pointers.set(id, { x, y });
    if (!other || !before) return;
    const factor = Math.hypot(x - other.x, y - other.y) / Math.max(8, Math.hypot(before.x - other.x, before.y - other.y));
    this.zoom(factor, (x + other.x) / 2);
  }

  #wheel(/** @type {WheelEvent} */ event) {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 300), this.#point(event).x);
      return;
    }
    const across = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (!across || !this.#scale.wide || Math.abs(across) < Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
    event.preventDefault();
    this.following = false;
    this.#scale.scrollTo(this.#scale.scroll + across / this.#scale.zoom);
    this.#soon();
  }

  #hover(/** @type {number} */ x, /** @type {number} */ y) {
    const note = x < this.#scale.gutter ? -1 : this.#scale.noteAt(x, y);
    this.canvas.classList.toggle("over-note", note >= 0);
    if (note === this.#shown.hover) return;
    this.#shown.hover = note;
    this.#hint(note >= 0 ? note : this.#shown.focus);
    this.#tell("hover", note);
    this.#soon();
  }

  /** Say beside a note what it is. */
  #hint(/** @type {number} */ i) {
    this.tip.hidden = i < 0;
    if (i < 0) return;
    this.tip.textContent = this.words(i);
    const [left, top, , height] = this.#scale.box(i);
    const x = left + this.#scale.x(0);
    const room = this.#scale.width - this.tip.offsetWidth - 6;
    this.tip.style.left = `${Math.max(4, Math.min(x, room))}px`;
    const above = top - this.tip.offsetHeight - 6;
    this.tip.style.top = `${above < 2 ? top + height + 6 : above}px`;
  }

  #tell(/** @type {string} */ event, /** @type {unknown} */ detail) {
    for (const fn of this.#listeners.get(event) ?? []) fn(detail);
  }
}

/** How many of rising numbers are not above a value. */
function after(/** @type {number[]} */ rising, /** @type {number} */ value) {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
