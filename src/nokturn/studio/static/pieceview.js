/**
 * A piece to be seen and heard: roll, score and text with their transport, tracks and exports.
 *
 *     const view = new PieceView(container, { player });
 *     await view.show("7f3a9c21");              // a piece of the library; the sound comes after
 *     view.setWriting(so_far);                  // or: notes of a tune that is being written
 *     view.close();
 *
 * Several pieces shown one after the other are takes of one player: going from one to another keeps
 * the bar, and has no gap where `prepare` has fetched it before. Everything moves by the player's
 * position and by nothing else.
 */

import { get, post, text } from "./api.js";
import { barAt, beatsOf, sameBar } from "./bars.js";
import { announce, clear, debounced, h, icon } from "./dom.js";
import { exportMenu } from "./exportmenu.js";
import { remember, remembered, t } from "./i18n.js";
import { register } from "./keys.js";
import { Player } from "./player.js";
import { popup } from "./popup.js";
import { notice, problem } from "./problem.js";
import { Roll } from "./roll.js";
import { go } from "./router.js";
import { ScoreView } from "./score.js";
import { Selection } from "./selection.js";
import { TextView } from "./textview.js";
import { inWords } from "./stagewords.js";
import { Tracks } from "./tracks.js";
import { Transport } from "./transport.js";

const VIEWS = ["roll", "score", "both", "text"];
const ICONS = { roll: "roll", score: "score", both: "both", text: "text" };
/** What goes on while its key is held down. */
const HELD = { beatBack: 1, beatOn: 1, barBack: 1, barOn: 1, selectBack: 1, selectOn: 1, zoomIn: 1, zoomOut: 1 };
const STORED = "nokturn.view";
const SAY_EVERY = 4; // bars between two words to a screen reader

/** @typedef {import("./rollscale.js").Stage} Stage */

export class PieceView {
  /** @type {Map<string, Promise<Stage>>} */
  #stages = new Map();
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  /** @type {Stage | null} */
  stage = null;
  id = "";
  /** @type {Stage | null} */
  #heard = null; // of the take that the player is at
  #frame = 0;
  #said = 0;
  #scoreFor = ""; // piece and width that the score was fetched for
  #asked = 0;
  #writing = false;
  /** @type {Array<() => void>} */
  #ends = [];

  /**
   * @param {HTMLElement} container
   * @param {{player?: Player, keys?: boolean, edits?: boolean, exports?: boolean, view?: string}} [how]
   *   `edits`: transpose, cut and go on from bars; `view`: what is shown first
   */
  constructor(container, { player, keys = true, edits = true, exports = true, view = "" } = {}) {
    this.player = player ?? new Player();
    this.own = !player;
    this.can = { edits, exports };
    this.#build(container);
    this.#wire();
    if (keys) this.#ends.push(register("piece", this.#keys()));
    this.setView(view || remembered(STORED) || (matchMedia("(max-width: 40rem)").matches ? "roll" : "both"));
  }

  /** Listen to `stage`, `view`, `select` or `made` (a new piece; its id); returns what ends it. */
  on(/** @type {string} */ event, /** @type {Function} */ fn) {
    const fns = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, fns.add(fn));
    return () => fns.delete(fn);
  }

  /**
   * Show a piece of the library; what plays goes on in it at the same bar.
   * @param {string | Stage} piece its id, or its stage where that is at hand
   * @returns {Promise<Stage | null>} null where it could not be had, which is shown
   */
  async show(piece) {
    const id = this.#known(piece);
    this.id = id;
    this.#problem(null);
    const asked = (this.#asked += 1);
    try {
      const stage = await this.#stage(id);
      if (asked !== this.#asked) return null;
      this.setStage(stage);
      await this.#sound(id, stage);
      return stage;
    } catch (error) {
      if (asked === this.#asked) this.#problem(error, () => this.show(piece));
      return null;
    }
  }

  /**
   * Fetch a piece's notes and sound, so that it can be gone over to without a gap.
   * @param {string | Stage} piece
   */
  async prepare(piece) {
    const id = this.#known(piece);
    await hearable(this.player, id, await this.#stage(id));
  }

  /** Show a stage that is at hand. @param {Stage} stage */
  setStage(stage) {
    this.stage = stage;
    const written = this.#writing;
    this.#writing = false;
    this.element.classList.remove("writing");
    this.roll.setStage(stage, { keep: !written });
    this.score.setStage(stage);
    this.text.setStage(stage);
    this.tracks.setStage(stage);
    this.transport.setStage(stage);
    this.selection.setStage(stage);
    this.summary.textContent = stage.summary ?? "";
    this.#scoreFor = "";
    this.#viewed();
    this.#moved();
    this.#tell("stage", stage);
  }

  /** Show what is written so far. @param {any} so_far notes, seconds, tracks …; see `Roll.setWriting` */
  setWriting(so_far) {
    if (!this.#writing) {
      this.#writing = true;
      this.#asked += 1; // what was being fetched is no longer wanted
      this.#scoreFor = "";
      this.player.pause();
      this.score.clear();
      this.element.classList.add("writing");
    }
    this.roll.setWriting(so_far);
  }

  /** Show an engraving that is at hand, such as that of the bars so far. @param {string} svg */
  setScore(svg) {
    this.score.setSvg(svg);
  }

  /** Choose what is seen. @param {string} view roll, score, both or text */
  setView(view) {
    this.view = VIEWS.includes(view) ? view : "roll";
    remember(STORED, this.view);
    for (const button of this.tabs.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === this.view));
    }
    this.roll.element.hidden = !["roll", "both"].includes(this.view);
    this.score.element.hidden = !["score", "both"].includes(this.view);
    this.text.element.hidden = this.view !== "text";
    this.zoom.hidden = this.roll.element.hidden;
    this.element.dataset.view = this.view;
    this.#viewed();
    this.#moved();
    this.#tell("view", this.view);
  }

  /** Let go of everything. */
  close() {
    cancelAnimationFrame(this.#frame);
    this.#ends.forEach((end) => end());
    this.transport.close();
    this.tracks.close();
    this.roll.close();
    if (this.own) void this.player.close();
    else this.player.pause();
    this.element.remove();
  }

  #build(/** @type {HTMLElement} */ container) {
    const tab = (/** @type {string} */ view) =>
      h("button", { type: "button", data: { view }, title: t(`piece.views.${view}`), on: { click: () => this.setView(view) } }, icon(ICONS[/** @type {keyof ICONS} */ (view)]), h("span", t(`piece.views.${view}`)));
    this.tabs = h("div", { class: "segmented views", role: "group", aria: { label: t("piece.views.label") } }, VIEWS.map(tab));
    this.tools = h("div", { class: "view-tools" });
    this.summary = h("p", { class: "visually-hidden" });
    this.trouble = h("div");
    this.body = h("div", { class: "view-body" });
    this.element = h("section", { class: "piece-view", aria: { label: t("piece.label") } });
    this.zoom = this.#zoomTools();
    this.head = h("div", { class: "view-head" }, this.tabs, this.zoom, this.tools);
    this.element.append(this.summary, this.head, this.trouble, this.body);
    container.append(this.element);
    this.roll = new Roll(this.body);
    this.score = new ScoreView(this.body);
    this.text = new TextView(this.body);
    const dock = h("div", { class: "dock" });
    this.element.append(dock);
    this.selection = new Selection(dock, () => this.#actions());
    this.transport = new Transport(dock, this.player, { loop: () => (this.loop(), true) });
    this.tracks = new Tracks(this.element, this.player);
    if (this.can.edits) this.tools.append(this.#transposing());
    if (this.can.exports) this.tools.append(this.exports = exportMenu(() => this.#wanted(null)));
  }

  #zoomTools() {
    const tool = (/** @type {string} */ key, /** @type {string} */ sign, /** @type {() => void} */ run) =>
      h("button", { class: "icon-button", type: "button", aria: { label: t(`piece.${key}`) }, title: t(`piece.${key}`), on: { click: run } }, icon(sign));
    this.follow = h("button", { class: "chip", type: "button", aria: { pressed: "true" }, on: { click: () => this.#follow() } }, t("piece.follow"));
    return h("div", { class: "zoom-tools", role: "group", aria: { label: t("piece.zoom") } },
      this.follow, tool("zoomOut", "zoomout", () => this.roll.zoom(1 / 1.4)), tool("zoomIn", "zoomin", () => this.roll.zoom(1.4)),
      h("button", { class: "chip", type: "button", on: { click: () => this.roll.fit() } }, t("piece.fit")));
  }

  #follow() {
    this.roll.following = !this.roll.following;
    this.#moved();
  }

  /** What can be done with the bars that are chosen. */
  #actions() {
    const act = (/** @type {string} */ key, /** @type {string} */ sign, /** @type {() => void} */ run) =>
      h("button", { class: "button small quiet", type: "button", data: { does: key }, title: t(`piece.${key}`), on: { click: run } }, icon(sign), h("span", t(`piece.${key}`)));
    return [
      act("loop", "loop", () => this.loop()),
      this.can.edits && act("cut", "cut", () => this.cut()),
      this.can.edits && act("goOn", "next", () => this.goOn()),
      this.can.exports && exportMenu(() => this.#wanted(this.selection.now?.bars ?? null), { label: t("piece.exportSelection"), quiet: true }),
    ];
  }

  #wanted(/** @type {[number, number] | null} */ bars) {
    const { tempo } = this.player;
    return { id: this.id, bars, bpm: tempo === 1 ? null : Math.round((this.stage?.tempo_qpm ?? 120) * tempo * 100) / 100 };
  }

  #transposing() {
    const button = /** @type {HTMLButtonElement} */ (h("button", { class: "button quiet", type: "button", data: { does: "transpose" } }, icon("note"), h("span", t("piece.transpose"))));
    const steps = [-12, -7, -5, -2, -1, 1, 2, 5, 7, 12];
    return popup(button, (close) =>
      h("div", { class: "transpose-panel" },
        h("p", { class: "panel-title" }, t("piece.transposeHow")),
        h("div", { class: "transpose-steps" }, steps.map((step) =>
          h("button", { class: "chip num", type: "button", aria: { label: t("piece.semitones", { n: step }) }, on: { click: () => (close(), this.#edit({ transpose: step }, "transposed")) } }, (step > 0 ? "+" : "−") + Math.abs(step))))),
    { label: t("piece.transpose"), end: true });
  }

  #wire() {
    const { player, roll, score, text: words, selection } = this;
    const moved = () => this.#moved();
    for (const event of ["state", "seek", "switch", "ended", "loaded"]) this.#ends.push(player.on(event, moved));
    this.#ends.push(player.on("loop", () => (this.roll.setLoop(player.loop), this.#moved())));
    this.#ends.push(player.on("switch", () => this.roll.setLoop(player.loop)));
    this.#ends.push(player.on("strip", () => this.roll.setSilent(this.tracks.silent)));
    this.#ends.push(player.on("problem", () => notice(t("piece.noTempo"))));
    roll.on("seek", (/** @type {number} */ s) => player.seek(s));
    roll.on("note", (/** @type {number} */ i) => this.#note(i, true));
    roll.on("select", (/** @type {[number, number]} */ [from, to]) => selection.choose(from, to));
    roll.on("selected", () => selection.say());
    roll.on("hover", (/** @type {number} */ i) => score.highlight(i < 0 ? [] : (this.stage?.notes.svg[i] ?? []), "hovered"));
    roll.on("follow", (/** @type {boolean} */ on) => (this.follow.ariaPressed = String(on)));
    score.on("note", (/** @type {string} */ id) => this.#note(this.#nearest(id), true));
    score.on("bar", (/** @type {string} */ id) => player.seek(this.stage?.bars[this.#barOf(id)]?.start_s ?? 0));
    score.on("select", (/** @type {[string, string]} */ [a, b]) => this.#drag(a, b));
    score.on("selected", () => selection.say());
    words.on("note", (/** @type {number} */ i) => this.#note(i, !player.playing));
    words.on("hear", (/** @type {number} */ i) => (this.#note(i, true), player.play()));
    selection.onchange((now) => {
      roll.setSelection(now ? now.from : null, now?.to);
      score.setSelection(now ? this.#measures(now.first, now.last) : []);
      this.#tell("select", now);
    });
    this.element.addEventListener("click", unfocused);
    const resized = new ResizeObserver(debounced(250, () => this.#viewed()));
    resized.observe(this.body);
    this.#ends.push(() => resized.disconnect());
  }

  /** The id of a piece, whose stage is kept where it came along. */
  #known(/** @type {string | Stage} */ piece) {
    if (typeof piece === "string") return piece;
    const id = piece.id ?? "";
    this.#stages.set(id, Promise.resolve(piece));
    return id;
  }

  /** @param {string} id @returns {Promise<Stage>} */
  #stage(id) {
    let found = this.#stages.get(id);
    if (!found) {
      found = get(`/pieces/${id}/stage`).then(inWords);
      found.catch(() => this.#stages.delete(id)); // asked again, it is fetched again
      this.#stages.set(id, found);
    }
    return found;
  }

  async #sound(/** @type {string} */ id, /** @type {Stage} */ stage) {
    this.transport.setLoading(!this.player.has(id));
    try {
      await hearable(this.player, id, stage);
      if (this.id !== id) return;
      await this.player.switchTo(id);
      this.#heard = stage;
      this.tracks.setStage(stage);
      this.transport.setProblem(null, () => {});
      this.transport.setLoading(false);
    } catch (error) {
      if (this.id === id) this.transport.setProblem(error, () => this.#sound(id, stage));
    }
  }

  /** Fetch the score for this width, where it is seen. */
  #viewed() {
    if (this.score.element.hidden || !this.element.isConnected || !this.stage || !this.id || this.#writing) return;
    const { width } = this.score;
    const wanted = `${this.id} ${Math.round(width / 40)}`; // engraved anew where it changes much
    if (wanted === this.#scoreFor) return this.score.setPosition(this.player.position);
    this.#scoreFor = wanted;
    void this.#engrave(this.id, width, wanted);
  }

  async #engrave(/** @type {string} */ id, /** @type {number} */ width, /** @type {string} */ wanted) {
    try {
      const svg = await text(`/pieces/${id}/score.svg?width=${width}`);
      if (wanted !== this.#scoreFor) return;
      this.score.setSvg(svg);
      const { now } = this.selection;
      if (now) this.score.setSelection(this.#measures(now.first, now.last));
      this.#moved();
    } catch (error) {
      if (wanted !== this.#scoreFor) return;
      this.#scoreFor = "";
      clear(this.score.paper, problem(/** @type {any} */ (error), { label: t("common.again"), run: () => this.#viewed() }));
    }
  }

  /** Draw where we are; while it plays, again at each frame. */
  #moved() {
    cancelAnimationFrame(this.#frame);
    if (this.#writing) return;
    const { player } = this;
    const seconds = this.#now();
    this.roll.setPosition(seconds);
    this.score.setPosition(seconds, player.playing && this.roll.following);
    const heard = player.playing && !player.counting ? this.roll.sounding : [];
    this.score.highlight(heard.flatMap((i) => this.stage?.notes.svg[i] ?? []), "playing");
    this.text.setPlaying(heard, this.roll.following);
    this.transport.setPosition(seconds);
    if (!player.playing) return;
    this.tracks.meter();
    this.#say(seconds);
    this.#frame = requestAnimationFrame(() => this.#moved());
  }

  /** Where we are in what is shown; while another piece is still heard, at its bar. */
  #now() {
    const { player, stage } = this;
    if (!stage || !player.key || player.key === this.id) return player.position;
    return this.#heard ? sameBar(this.#heard, stage, player.position) : 0;
  }

  /** A word to a screen reader every few bars. */
  #say(/** @type {number} */ seconds) {
    const bars = this.stage?.bars ?? [];
    const bar = bars[barAt(bars, seconds)]?.number ?? 0;
    const now = Math.floor((bar - 1) / SAY_EVERY);
    if (now === this.#said) return;
    this.#said = now;
    if (bar > 1) announce(t("piece.bar", { n: bar }));
  }

  /** Choose a note everywhere. @param {number} i @param {boolean} seek */
  #note(i, seek) {
    if (i < 0 || !this.stage) return;
    this.roll.setFocus(i);
    this.text.setFocus(i);
    const ids = this.stage.notes.svg[i] ?? [];
    this.score.highlight(ids, "focused");
    if (ids.length && !this.score.element.hidden) this.score.reveal(ids[0]);
    if (seek) this.player.seek(this.stage.notes.start_s[i]);
  }

  /** Of the notes that a sign stands for, in repeats, the one nearest to where we are. */
  #nearest(/** @type {string} */ id) {
    const { notes } = /** @type {Stage} */ (this.stage);
    const now = this.player.position;
    let best = -1;
    notes.svg.forEach((ids, i) => {
      if (!ids.includes(id)) return;
      if (best < 0 || Math.abs(notes.start_s[i] - now) < Math.abs(notes.start_s[best] - now)) best = i;
    });
    return best;
  }

  /** The bar, as played, that a measure stands for and that is nearest. */
  #barOf(/** @type {string} */ id) {
    const bars = this.stage?.bars ?? [];
    const now = this.player.position;
    const places = bars.flatMap((bar, i) => ([bar.svg ?? []].flat().includes(id) ? [i] : []));
    const away = (/** @type {number} */ i) => Math.max(bars[i].start_s - now, now - bars[i].end_s, 0);
    return places.sort((a, b) => away(a) - away(b))[0] ?? -1;
  }

  #drag(/** @type {string} */ a, /** @type {string} */ b) {
    const to = this.#barOf(b);
    const from = a ? this.#barOf(a) : (this.selection.now?.first ?? to);
    if (from >= 0 && to >= 0) this.selection.chooseBars(from, to);
  }

  #measures(/** @type {number} */ first, /** @type {number} */ last) {
    return (this.stage?.bars ?? []).slice(first, last + 1).flatMap((bar) => bar.svg ?? []);
  }

  /** Loop the selection, or all; again: no loop. */
  loop() {
    const { now } = this.selection;
    const { loop } = this.player;
    const same = now && loop && Math.abs(loop[0] - now.from) < 0.01 && Math.abs(loop[1] - now.to) < 0.01;
    if (now && !same) this.player.setLoop(now.from, now.to);
    else if (loop) this.player.setLoop(null);
    else this.player.setLoop(0, this.stage?.seconds ?? 0);
    announce(t(this.player.loop ? "piece.loopOn" : "piece.loopOff"));
  }

  /** Make a new piece of the bars that are chosen. */
  cut() {
    const bars = this.selection.now?.bars;
    if (bars) void this.#edit({ bars }, "wasCut");
  }

  /** Compose on from the end of the bars that are chosen, or from here. */
  goOn() {
    const bars = this.stage?.bars ?? [];
    const last = this.selection.now?.bars[1] ?? bars[barAt(bars, this.player.position)]?.number ?? 1;
    void go(`/?from=${encodeURIComponent(this.id)}&from_bars=${last}`);
  }

  async #edit(/** @type {object} */ change, /** @type {string} */ told) {
    const before = this.id;
    try {
      const { id } = await post(`/pieces/${this.id}/edits`, change);
      if (this.#listeners.get("made")?.size) this.#tell("made", id);
      else await go(`/p/${id}`);
      notice(t(`piece.${told}`), { label: t("common.undo"), run: () => go(`/p/${before}`) });
    } catch (error) {
      this.#problem(error);
    }
  }

  #problem(/** @type {unknown} */ error, /** @type {(() => void) | undefined} */ again = undefined) {
    const actions = again ? [{ label: t("common.again"), run: again }] : [];
    clear(this.trouble, error ? problem(/** @type {any} */ (error), ...actions) : null);
  }

  /** Go by beats. @param {number} step */
  beat(step) {
    const bars = this.stage?.bars ?? [];
    const now = this.player.position + 0.02;
    const bar = bars[barAt(bars, now)];
    if (!bar) return;
    const length = (bar.end_s - bar.start_s) / beatsOf(bar.meter ?? "4/4");
    const beat = Math.floor((now - bar.start_s) / length);
    this.player.seek(bar.start_s + (beat + step) * length + (step < 0 && beat === 0 ? 0.001 : 0));
  }

  /** Go by bars; back goes to the beginning of this one first. @param {number} step */
  bar(step) {
    const bars = this.stage?.bars ?? [];
    const now = this.player.position;
    const at = barAt(bars, now);
    const inside = step < 0 && bars[at] && now - bars[at].start_s > 0.4 ? at : at + step;
    this.player.seek(bars[Math.max(0, Math.min(bars.length - 1, inside))]?.start_s ?? 0);
  }

  #keys() {
    const { player, roll, selection } = this;
    const key = (/** @type {string | string[]} */ keys, /** @type {string} */ label, /** @type {() => void} */ run) => ({
      keys, label: t(`piece.keys.${label}`), run: (/** @type {KeyboardEvent} */ event) => (label in HELD || !event.repeat) && run(),
    });
    const press = (/** @type {string} */ does) => /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-does=${does}]`))?.click();
    return [
      key("Space", "play", () => this.transport.toggle()),
      key("Enter", "stop", () => player.stop()),
      key("ArrowLeft", "beatBack", () => this.beat(-1)),
      key("ArrowRight", "beatOn", () => this.beat(1)),
      key("Shift+ArrowLeft", "selectBack", () => selection.extend(-1, player.position)),
      key("Shift+ArrowRight", "selectOn", () => selection.extend(1, player.position)),
      key("A", "barBack", () => this.bar(-1)),
      key("D", "barOn", () => this.bar(1)),
      key("Home", "first", () => player.seek(0)),
      key("End", "last", () => player.seek(this.stage?.bars.at(-1)?.start_s ?? 0)),
      key("L", "loop", () => this.loop()),
      key("Escape", "escape", () => (selection.now ? selection.clear() : player.pause())),
      ...(this.can.edits ? [key("C", "goOn", () => this.goOn()), key("X", "cut", () => this.cut()), key("T", "transpose", () => press("transpose"))] : []),
      key("M", "mute", () => this.tracks.mute()),
      key("N", "solo", () => this.tracks.solo()),
      key("[", "trackUp", () => this.tracks.choose(-1)),
      key("]", "trackDown", () => this.tracks.choose(1)),
      key(["+", "="], "zoomIn", () => roll.zoom(1.4)),
      key("-", "zoomOut", () => roll.zoom(1 / 1.4)),
      key("V", "view", () => this.setView(VIEWS[(VIEWS.indexOf(this.view ?? "roll") + 1) % VIEWS.length])),
      ...(this.can.exports ? [key("E", "export", () => press("export"))] : []),
    ];
  }

  #tell(/** @type {string} */ event, /** @type {unknown} */ detail) {
    for (const fn of this.#listeners.get(event) ?? []) fn(detail);
  }
}

/** A button that was pressed by pointer gives the keyboard back: Space is to play, not to press it. */
function unfocused(/** @type {MouseEvent} */ event) {
  const button = /** @type {any} */ (event.target).closest?.("button");
  if (event.detail > 0 && button && !button.ariaExpanded && !button.closest(".panel")) button.blur();
}

/**
 * Have the sound of a piece ready in a player; at another tempo it asks the server again.
 * @param {Player} player
 * @param {string} id
 * @param {Stage} stage
 */
export async function hearable(player, id, stage) {
  if (player.has(id)) return;
  const at = (/** @type {number} */ tempo) => get(`/pieces/${id}/stems?tempo=${tempo}`);
  const sound = await at(1);
  await player.load(id, { ...sound, seconds: stage.seconds, bars: stage.bars, at });
}
