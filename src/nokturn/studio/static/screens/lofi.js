/**
 * Lo-fi: a track made from wishes, heard within seconds, mixed at strips, taken away; or without end.
 *
 * `/lofi` waits for wishes, `/lofi/ID` shows a track of the library. What is being made goes on when
 * the page is closed, and is found again. How the mixer stands is kept by the browser with the track.
 */

import { events, get, patch, post } from "../api.js";
import { announce, clear, h, icon, sheet } from "../dom.js";
import { Endless, endlessPanel } from "../endless.js";
import { exportMenu } from "../exportmenu.js";
import { ago, clock, duration, remember, remembered, t } from "../i18n.js";
import { register } from "../keys.js";
import { Deck } from "../lofideck.js";
import { LofiForm, dice } from "../lofiform.js";
import { Mixer } from "../mixer.js";
import { problem } from "../problem.js";
import { Roll } from "../roll.js";
import { mark } from "../router.js";
import { Transport } from "../transport.js";

const RECENT = 6;
const LOOP_BARS = 8;
const KEPT = "nokturn.lofi.mix.";

/** Show the screen. */
export async function show(root, params) {
  await Promise.all([sheet("lofi"), sheet("player"), sheet("roll"), sheet("compose")]);
  const [schema, presets, recent, pieces, models] = await Promise.all([
    get("/lofi/schema"), get("/lofi/presets"), get(`/pieces?kind=lofi&limit=${RECENT}`), get("/pieces?limit=60"), get("/models").catch(() => []),
  ]);
  const screen = new Screen(root, {
    schema, presets, recent: recent.items, pieces: pieces.items.filter(({ kind }) => kind !== "lofi"), models: models.filter((model) => model.writes_abc && !model.damage),
  });
  if (params.query.get("source")) screen.form.source = params.query.get("source");
  if (params.id) await screen.reopen(params.id);
  return { leave: () => screen.close() };
}

class Screen {
  #frame = 0;
  #ends = [];
  #job = null;
  #stage = null;
  #made = ""; // id of the track that is being made

  constructor(root, given) {
    this.given = given;
    this.deck = new Deck();
    this.form = new LofiForm({ ...given, player: this.deck.player });
    this.mixer = new Mixer(this.deck);
    this.endless = new Endless(() => {
      const { preset, settings, seed } = this.form.wishes;
      return { preset, settings, seed };
    });
    this.#build(root);
    this.#wire();
    this.#draw();
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#stopFollowing?.();
    this.#ends.forEach((end) => end());
    this.form.close();
    this.roll.close();
    this.transport.close();
    void this.endless.close();
    void this.deck.close();
  }

  /** Show a track of the library. @param {string} id */
  async reopen(id) {
    try {
      const track = await get(`/lofi/tracks/${id}`);
      this.#stage = await get(`/pieces/${id}/stage`);
      this.#showStage(track.title);
      if (track.settings) this.form.take(track);
      if (track.ready) return await this.#open(track, {});
      const running = (await get("/jobs")).find((job) => job.verb === "lofi" && job.pieces.includes(id) && ["running", "waiting"].includes(job.state));
      this.#follow(running ?? (await post("/jobs/lofi", { piece: id })), id);
    } catch (error) {
      this.#problem(error, { label: t("lofi.makeNew"), run: () => this.make() });
    }
  }

  /** Make a track of the wishes. */
  async make() {
    if (this.working) return;
    clear(this.trouble);
    this.endless.stop();
    void this.deck.player.unblock(); // while the click counts
    if (this.deck.track && !this.form.differences(this.deck.track).length) this.form.setSeed(dice());
    try {
      this.#follow(await post("/jobs/lofi", this.form.wishes), "");
    } catch (error) {
      this.#problem(error);
    }
  }

  #build(root) {
    this.makeButton = h("button", { class: "button primary lofi-make", type: "button", on: { click: () => this.make() } });
    this.stopButton = h("button", { class: "button quiet", type: "button", hidden: true, on: { click: () => post(`/jobs/${this.#job.id}/cancel`) } }, t("common.cancel"));
    this.status = h("p", { class: "small muted lofi-status", role: "status" });
    this.bar = h("progress", { class: "progress", max: 1, value: 0, hidden: true, aria: { label: t("lofi.making") } });
    this.trouble = h("div");
    this.title = h("h2", { class: "serif lofi-title" });
    this.exports = exportMenu(() => ({ id: this.deck.track.id, path: `/lofi/tracks/${this.deck.track.id}`, mix: this.deck.key }));
    this.notes = h("a", { class: "button quiet", hidden: true }, icon("note"), t("lofi.asPiece"));
    this.rollPlace = h("div", { class: "lofi-roll" });
    this.starButton = h("button", { class: "icon-button", type: "button", on: { click: () => this.#star() } });
    this.player = h("section", { class: "card stack tight lofi-deck", hidden: true, aria: { label: t("lofi.track") } },
      h("div", { class: "spread" }, this.title, h("div", { class: "cluster tight" }, this.starButton, this.notes, this.exports)), this.rollPlace);
    this.desk = h("section", { class: "card stack tight", hidden: true, aria: { label: t("lofi.mixer.title") } }, h("h2", t("lofi.mixer.title")), this.mixer.element);
    this.recent = h("section", { class: "stack lofi-before" });
    const making = h("div", { class: "lofi-making" }, h("div", { class: "row" }, this.makeButton, this.stopButton), this.bar, this.status);
    const wishes = h("section", { class: "card lofi-form", aria: { label: t("lofi.wishes") } }, h("h2", t("lofi.wishes")), this.form.element, making);
    this.ownChords = h("p", { class: "small muted", role: "status", hidden: true }, t("lofi.endless.own"));
    const endless = h("section", { class: "card stack tight", aria: { label: t("lofi.endless.title") } }, endlessPanel(this.endless, () => this.deck.player.pause()), this.ownChords);
    this.columns = h("div", { class: "lofi-columns" }, wishes, h("div", { class: "lofi-main" }, this.trouble, this.player, this.desk, endless, this.recent));
    root.append(h("div", { class: "page lofi" },
      h("div", { class: "lofi-head" }, h("h1", t("lofi.title")), h("p", { class: "muted" }, t("lofi.lead"))),
      this.columns));
    this.roll = new Roll(this.rollPlace);
    this.transport = new Transport(this.player, this.deck.player, { loop: () => (this.#loop(), true) });
    // a track has its own tempo, and its drums are metronome enough
    for (const one of [this.transport.click, this.transport.count, this.transport.tempoButton.parentElement]) one.remove();
    this.#drawRecent();
  }

  #wire() {
    const { deck, form, mixer, roll } = this;
    form.onchange(() => this.#draw());
    mixer.onchange((mix) => {
      form.mixed({ ...deck.track.settings, ...mix });
      remember(KEPT + deck.track.id, Object.keys(mix).length ? JSON.stringify(mix) : "");
      deck.moved(mix);
    });
    deck.onchange(() => this.#moved());
    deck.onproblem((error) => this.#problem(error));
    deck.player.on("seek", () => this.#moved());
    deck.player.on("state", () => deck.player.playing && this.endless.stop());
    roll.on("seek", (seconds) => deck.player.seek(seconds));
    this.#ends.push(register("lofi", [
      { keys: "Mod+Enter", label: t("lofi.make"), run: () => this.make() },
      { keys: "Space", label: t("lofi.keys.play"), run: () => this.transport.toggle() },
      { keys: "Enter", label: t("lofi.toStart"), run: () => deck.player.stop() },
      { keys: ["ArrowLeft"], label: t("lofi.keys.back"), run: () => this.#bars(-1) },
      { keys: ["ArrowRight"], label: t("lofi.keys.on"), run: () => this.#bars(1) },
      { keys: "L", label: t("lofi.loopBars", { n: LOOP_BARS }), run: () => this.#loop() },
      { keys: "D", label: t("lofi.dice"), run: () => form.setSeed(dice()) },
      { keys: "E", label: t("lofi.endless.title"), run: () => (this.endless.playing ? this.endless.stop() : (deck.player.pause(), void this.endless.start())) },
    ]));
  }

  #drawRecent() {
    const recent = this.given.recent.filter(({ id }) => id !== this.deck.track?.id);
    if (!recent.length && (this.#stage || this.working)) return clear(this.recent);
    const row = (item) => h("li", h("a", { class: "lofi-recent", href: `/lofi/${item.id}` }, h("span", { class: "serif" }, item.title), h("span", { class: "muted small num" }, `${clock(item.seconds)} · ${Math.round(item.tempo_qpm)} · ${ago(item.created)}`)));
    clear(this.recent, recent.length
      ? [h("h2", t("lofi.recent")), h("ul", { class: "grid-auto" }, recent.map(row))]
      : h("div", { class: "empty" }, icon("moon"), h("p", t("lofi.empty.track")), h("button", { class: "button primary", type: "button", on: { click: () => this.make() } }, t("lofi.make"))));
  }

  /** Follow the work on a track. @param {any} job @param {string} id of a track that is there */
  #follow(job, id) {
    this.#stopFollowing?.();
    this.#job = job;
    this.#made = id;
    this.staging = null; // asked for by this page's own click, when it comes
    const before = this.deck.track;
    this.#working(true);
    this.#stopFollowing = events(`/jobs/${job.id}/events`, {
      piece: (piece) => this.#isNew(piece),
      opening: ({ seconds }) => this.#opening(seconds, before),
      progress: ({ done, eta_s }) => this.#progress(done, eta_s),
      result: () => this.#whole(before),
      error: (error) => this.#failed(error),
      lost: (error) => this.#failed(error),
      state: ({ state, place }) => this.#state(state, place),
    });
  }

  #stopFollowing = null;

  #state(state, place) {
    if (state === "waiting") this.status.textContent = t("lofi.waiting", { n: place });
    if (["cancelled", "interrupted", "failed", "done"].includes(state)) this.#working(false);
    if (state === "cancelled") this.status.textContent = t("lofi.cancelled");
  }

  #progress(done, eta_s) {
    this.bar.value = done;
    if (this.deck.heard !== "opening" && eta_s) this.status.textContent = t("lofi.left", { time: duration(eta_s) });
  }

  #isNew({ id, title, seed }) {
    this.#made = id;
    this.form.seed = seed;
    mark(`/lofi/${id}`);
    this.staging = get(`/pieces/${id}/stage`).then((stage) => {
      this.#stage = stage;
      this.#showStage(title);
    });
  }

  /** The beginning can be heard: play it, but not in the place of what sounds further on. */
  async #opening(seconds, before) {
    await this.staging;
    const { player } = this.deck;
    const again = before && before.seed === this.form.seed && player.playing && player.position > seconds - 4;
    if (again || !this.#stage) return;
    try {
      await this.deck.opening(this.#made, { seconds, bars: this.#stage.bars }, Boolean(this.staging));
      this.transport.setLoading(false);
      this.status.textContent = t("lofi.opening");
    } catch (error) {
      this.#failed(error);
    }
  }

  async #whole(before) {
    try {
      await this.staging;
      const track = await get(`/lofi/tracks/${this.#made}`);
      const { player } = this.deck;
      const goesOn = this.deck.heard === "opening" || (player.playing && before?.seed === track.seed);
      await this.#open(track, { play: !goesOn && Boolean(this.staging), from: goesOn ? null : 0 });
      announce(t("lofi.done", { title: track.title }));
      this.status.textContent = "";
      this.given.recent = (await get(`/pieces?kind=lofi&limit=${RECENT}`)).items;
      this.#drawRecent();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #open(track, how) {
    const mix = kept(track.id);
    await this.deck.open(track, this.#stage, mix, how);
    this.transport.setLoading(false);
    this.form.take(track);
    this.form.mixed(mix);
    this.mixer.show(track, mix);
    this.#starred(track.starred);
    this.#drawRecent();
    this.#draw();
  }

  #failed(error) {
    this.#working(false);
    this.#problem(error, { label: t("common.again"), run: () => this.make() });
  }

  /** Show what went wrong, where it is seen. */
  #problem(error, ...actions) {
    clear(this.trouble, problem(error, ...actions));
    this.trouble.scrollIntoView({ block: "nearest" });
  }

  #working(on) {
    this.working = on;
    this.bar.hidden = this.stopButton.hidden = !on;
    if (on) {
      this.bar.value = 0;
      this.status.textContent = t("lofi.writing");
    } else if (this.status.textContent === t("lofi.writing")) this.status.textContent = "";
    this.#draw();
    this.#drawRecent();
  }

  #showStage(title) {
    this.player.hidden = false;
    this.title.textContent = title;
    this.roll.setStage(this.#stage);
    this.transport.setStage(this.#stage);
    this.transport.setLoading(!this.deck.player.key);
    this.roll.fit();
    this.#moved();
  }

  /** What the large button says, and what is on the page. */
  #draw() {
    const { track } = this.deck;
    const changes = track && !this.working ? this.form.differences(track) : [];
    const words = this.working ? t("lofi.making") : changes.length ? t("lofi.makeChanged", { n: changes.length }) : t(track ? "lofi.makeAnother" : "lofi.make");
    clear(this.makeButton, icon(this.working ? "work" : "moon"), words);
    this.makeButton.disabled = Boolean(this.working);
    this.makeButton.title = "Ctrl+Enter";
    this.columns.classList.toggle("with-track", Boolean(this.#stage));
    this.desk.hidden = !track;
    this.exports.hidden = this.starButton.hidden = !track;
    this.notes.hidden = !track;
    this.ownChords.hidden = !this.form.source;
    if (track) this.notes.href = `/p/${track.id}`;
  }

  async #star() {
    const { id } = this.deck.track;
    try {
      this.#starred((await patch(`/pieces/${id}`, { starred: this.starButton.ariaPressed !== "true" })).starred);
    } catch (error) {
      this.#problem(error);
    }
  }

  #starred(on) {
    const label = t(on ? "common.unstar" : "common.star");
    this.starButton.ariaPressed = String(on);
    this.starButton.ariaLabel = label;
    this.starButton.title = label;
    clear(this.starButton, icon(on ? "starred" : "star"));
  }

  #bars(step) {
    const bars = this.#stage?.bars ?? [];
    const { position } = this.deck.player;
    const at = bars.findIndex((bar) => position + 0.05 < bar.end_s);
    const to = bars[Math.max(0, Math.min(bars.length - 1, at + step))];
    if (to) this.deck.player.seek(to.start_s);
  }

  /** Let the eight bars go round in which it plays; or no longer. */
  #loop() {
    const { player } = this.deck;
    const bars = this.#stage?.bars ?? [];
    if (player.loop) player.setLoop(null);
    else if (bars.length) {
      const at = Math.max(0, bars.findIndex((bar) => player.position + 0.05 < bar.end_s));
      const first = at - (at % LOOP_BARS);
      player.setLoop(bars[first].start_s, bars[Math.min(bars.length, first + LOOP_BARS) - 1].end_s);
    }
    this.roll.setLoop(player.loop);
    this.#moved();
  }

  /** Draw where we are; while it plays, again at each frame. */
  #moved() {
    cancelAnimationFrame(this.#frame);
    const { player } = this.deck;
    const { position, playing } = player;
    this.roll.setPosition(position);
    this.transport.setPosition(position);
    this.mixer.meter();
    if (playing) this.#frame = requestAnimationFrame(() => this.#moved());
  }
}

/** How the mixer of a track stood, when it was last here. */
function kept(id) {
  try {
    return JSON.parse(remembered(KEPT + id) || "{}");
  } catch {
    return {};
  }
}
