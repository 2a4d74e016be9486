/**
 * Compose: what is wished for on the left, what was made of it on the right.
 *
 * The takes A, B, C ... stand as cards above the music; a key switches between them at the same bar
 * without a gap, as all of them lie decoded in one player. While a tune is written the roll and the
 * score grow. The page never takes the ear or the eye away: what is heard goes on, and stays in
 * view, until a card is chosen.
 */

import { get, post } from "../api.js";
import { ComposeForm } from "../composeform.js";
import { announce, clear, h, icon } from "../dom.js";
import { duration, t } from "../i18n.js";
import { keyCaps, register } from "../keys.js";
import { PieceView } from "../pieceview.js";
import { Player } from "../player.js";
import { problem } from "../problem.js";
import { renew } from "../renew.js";
import { go, mark } from "../router.js";
import { Session } from "../session.js";
import { Takes, letterOf } from "../takes.js";
import { Writing } from "../writing.js";

const SURE = 0.08; // of the work: before that nobody knows how long it takes
const NARROW = "(max-width: 68rem)";

/** What stands of a piece before its first bar. */
const NOTHING = { bar: 0, seconds: 0, notes: { track: [], start_s: [], end_s: [], pitch: [], velocity: [], name: [], bar: [], beat: [] } };

/** Show the screen. */
export async function show(root, params) {
  const screen = new Compose(root, params.query);
  await screen.begin();
  return { leave: () => screen.leave() };
}

class Compose {
  picked = -1; // number of the take that is shown
  shown = null; // that take, or the one that was shown before there were new ones
  follow = true; // whether the music below is that of the cards
  sending = false; // whether what is wished for is on its way to the server
  view = null;
  writing = null;
  preparing = Promise.resolve();

  constructor(root, query) {
    Object.assign(this, { root, query });
    this.player = new Player();
    this.session = new Session();
    this.cards = new Takes({ onpick: (i) => this.pick(i), onstar: (i) => this.star(i) });
    this.stage = h("div", { class: "compose-stage" });
    this.troubles = h("div", { class: "compose-troubles" });
    this.tools = h("div", { class: "cluster tight compose-tools" });
    this.action = h("div", { class: "compose-action" });
    this.noted = h("p", { class: "compose-note small muted", hidden: true });
  }

  async begin() {
    if (this.query.size) mark("/");
    this.form = new ComposeForm({ query: this.query, onhear: (epoch) => this.hear(epoch), onchange: () => this.#folded() });
    this.root.append(this.#page());
    this.#fold();
    this.#button();
    this.#listen();
    this.off = this.#keys();
    this.action.querySelector("button")?.focus({ preventScroll: true });
    void this.#models();
    void this.session.begin();
  }

  async leave() {
    this.left = true;
    this.off?.();
    this.unfold?.();
    this.session.leave();
    this.writing?.close();
    this.view?.close();
    await this.player.close();
  }

  #page() {
    const music = h("div", { class: "compose-table" }, this.cards.element, this.tools);
    this.summary = h("span", { class: "compose-summary" });
    this.fold = h("details", { class: "compose-fold", open: true }, h("summary", icon("chevron"), this.summary), this.form.element);
    this.asking = h("section", { class: "card compose-form", aria: { label: t("compose.wishes") } }, h("h1", t("compose.title")), this.fold, this.action);
    this.music = h("section", { class: "compose-music", aria: { label: t("compose.music") } }, this.troubles, music, this.stage);
    return h("div", { class: "page compose" }, this.asking, this.music);
  }

  /** Where there is little room the wishes fold into a line, and the music is in view. */
  #fold() {
    const narrow = matchMedia(NARROW);
    const changed = () => {
      this.fold.open = !narrow.matches || this.query.has("from");
      (narrow.matches ? this.music : this.asking).append(this.noted); // never above the music there
    };
    narrow.addEventListener("change", changed);
    this.unfold = () => narrow.removeEventListener("change", changed);
    changed();
    this.#folded();
  }

  #folded() {
    this.summary.textContent = this.form.summary;
  }

  /** Ask which models there are; what the page shows until then is from the last visit. */
  async #models() {
    try {
      this.form.setModels(await get("/models"));
      if (!this.form.models.length) this.#noModels();
    } catch (error) {
      this.trouble(error);
    }
  }

  #noModels() {
    const error = { code: "model", what: t("compose.noModels"), fix: t("compose.noModelsFix") };
    clear(this.troubles, problem(error, { label: t("screens.models"), run: () => go("/models") }, { label: t("screens.train"), run: () => go("/train") }));
  }

  #listen() {
    const on = (type, run) => this.session.addEventListener(type, (event) => run(event.detail));
    on("takes", () => this.#takes());
    on("job", () => this.#button());
    on("writing", (take) => this.#grew(take));
    on("piece", (take) => announce(t("compose.finished", { name: letterOf(take, this.session.takes.indexOf(take)) })));
    on("notice", (text) => this.#note(text));
    on("error", (error) => this.trouble(error));
  }

  #keys() {
    return register("compose", [
      { keys: "Mod+Enter", label: t("compose.go"), run: () => this.compose() },
      { keys: "Escape", label: t("compose.stop"), run: () => (this.session.busy ? this.session.stop() : false) },
      { keys: ["1", "2", "3", "4"], label: t("compose.keys.switch"), run: (event) => this.pick(Number(event.key) - 1) },
      { keys: "S", label: t("compose.keys.star"), run: () => this.star(this.picked) },
      { keys: "Mod+Z", label: t("compose.keys.undo"), run: () => this.session.undo() },
      { keys: ["Mod+Shift+Z", "Mod+Y"], label: t("common.redo"), run: () => this.session.redo() },
    ]);
  }

  /** Begin to write what is wished for. */
  compose() {
    return this.#ask((wishes) => this.session.compose(wishes));
  }

  /** Write new takes in the place of those without a star. */
  replace() {
    return this.#ask((wishes) => this.session.replace(wishes));
  }

  async #ask(begin) {
    const wishes = this.session.busy || this.sending ? null : this.form.wishes();
    if (!wishes) return;
    this.sending = true; // a second press is none
    clear(this.troubles);
    this.follow = !this.player.playing;
    this.picked = -1;
    this.#note("");
    try {
      await begin(wishes);
      announce(t("compose.begun"));
    } catch (error) {
      this.trouble(error);
    }
    this.sending = false;
  }

  /** Show what went wrong, with what helps. */
  trouble(error) {
    const again = { label: t("common.again"), run: () => this.compose() };
    const fewer = { label: t("compose.fewer"), run: () => this.#fewer() };
    const loose = { label: t("compose.loosen"), run: () => this.#loosen() };
    const helps = { busy: [again], gone: [again], internal: [again], resource: [fewer], constraint: [loose, again], usage: [loose] };
    const close = { label: t("common.close"), run: () => clear(this.troubles) };
    clear(this.troubles, problem(error, ...(helps[error.code] ?? []), close));
  }

  #fewer() {
    this.form.change({ n: 1 });
    this.compose();
  }

  #loosen() {
    this.form.change({ key: "any", meter: "any", bars: null });
    this.compose();
  }

  /** Say something about what was written. */
  #note(text) {
    this.noted.textContent = text;
    this.noted.hidden = !text;
    if (text) announce(text);
  }

  /** The button that composes; while something is written, how far it is and what stops it. */
  #button() {
    const { job, busy } = this.session;
    const kind = busy ? "busy" : "idle";
    if (this.action.dataset.kind !== kind) {
      const focused = this.action.contains(document.activeElement);
      this.action.dataset.kind = kind;
      clear(this.action, busy ? this.#stopping() : this.#composing());
      if (focused) this.action.querySelector("button").focus({ preventScroll: true });
    }
    if (!busy) return;
    this.bar.value = job.progress || 0;
    this.said.textContent = progressed(job);
    this.stopButton.disabled = Boolean(job.stopping);
  }

  /** The button that has the focus when the page opens: Enter presses it, Space plays as anywhere. */
  #composing() {
    const still = (event) => event.key === " " && event.preventDefault(); // of a button that comes up
    return h(
      "button",
      { class: "button primary compose-button", type: "button", data: { space: "plays" }, on: { click: () => this.compose(), keyup: still } },
      h("span", t("compose.go")),
      h("span", { class: "compose-key", aria: { hidden: "true" } }, keyCaps("Mod+Enter")),
    );
  }

  #stopping() {
    this.bar = h("progress", { class: "progress", max: 1, value: 0, aria: { label: t("compose.writing") } });
    this.said = h("p", { class: "small num" });
    this.stopButton = h("button", { class: "button grow", type: "button", title: t("compose.stopWhy"), on: { click: () => this.session.stop() } }, icon("stop"), t("compose.stop"));
    const cancel = h("button", { class: "button quiet", type: "button", on: { click: () => this.session.cancel() } }, t("compose.cancel"));
    return h("div", { class: "compose-busy" }, this.bar, this.said, h("div", { class: "row tight" }, this.stopButton, cancel));
  }

  #takes() {
    if (this.left) return; // what comes late belongs to a screen that is gone
    const { takes } = this.session;
    if (this.follow && !takes[this.picked]) this.picked = firstToShow(takes);
    this.#draw();
    this.#button();
    takes.forEach((take) => this.#ready(take));
    this.#show();
  }

  #draw() {
    const { takes, busy, undoable, redoable } = this.session;
    this.cards.draw(takes, this.picked);
    const open = takes.filter((take) => !take.starred).length;
    const button = (name, text, run, off) =>
      h("button", { class: "button small quiet", type: "button", disabled: off, title: text, on: { click: run } }, icon(name), h("span", text));
    renew(
      this.tools,
      this.#opener(takes[this.picked]),
      takes.length > 1 ? button("dice", t("compose.replace"), () => this.replace(), busy || open === 0) : null,
      undoable ? button("undo", t("common.undo"), () => this.session.undo(), false) : null,
      redoable ? button("redo", t("common.redo"), () => this.session.redo(), false) : null,
    );
  }

  /** The title of the take that is shown, which leads to its own page. */
  #opener(take) {
    if (!take?.id || !take.piece?.title) return null;
    return h("a", { class: "compose-title", href: `/p/${take.id}` }, take.piece.title);
  }

  #empty() {
    this.writing?.close();
    this.shown = null;
    const box = h("div", { class: "empty" }, icon("note"), h("h2", t("compose.empty")), h("p", { class: "muted" }, t("compose.emptyWhy")));
    clear(this.stage, box);
    this.view?.close();
    this.view = null;
  }

  /** The place where a take is seen and heard; made when there is one. */
  #viewing() {
    if (this.view) return this.view;
    clear(this.stage);
    this.view = new PieceView(this.stage, { player: this.player });
    this.view.on("made", (id) => this.#made(id));
    this.off = this.#keys(); // asked before those of the view
    return this.view;
  }

  /** What was made of a take, by transposing or cutting, lies beside it. */
  async #made(id) {
    const take = await this.session.add(id);
    if (take) this.pick(this.session.takes.indexOf(take));
  }

  /** Have a finished take's notes and sound at hand, so that a switch is heard at once. */
  async #ready(take) {
    if (!take.id || take.loading) return;
    take.loading = true;
    try {
      take.stage = await get(`/pieces/${take.id}/stage`);
      if (this.left) return;
      this.#draw();
      this.#prepare(take);
    } catch {
      take.loading = false; // it is asked for again, and told of, when it is picked
    }
  }

  /** Fetch the sound of a take after that of the others: a browser has six connections in all. */
  #prepare(take) {
    const fetched = () => (this.left || take === this.shown ? null : this.view?.prepare(take.id));
    this.preparing = this.preparing.then(fetched).catch(() => null); // told of when it is picked
  }

  /** Choose a take: at the same bar, without a gap, where one is heard. */
  pick(i) {
    const take = this.session.takes[i];
    if (!take) return;
    this.picked = i;
    this.follow = true;
    this.#draw();
    this.#show();
    announce(letterOf(take, i));
  }

  async star(i) {
    const take = this.session.takes[i];
    if (take?.id) await this.session.star(take);
  }

  /** Show the take that is picked: as it grows, or whole. */
  #show() {
    if (!this.follow) return;
    const take = this.session.takes[this.picked];
    if (!take) this.#empty();
    else if (this.shown !== take || (take.id && this.writing)) this.#view(take);
  }

  #view(take) {
    const view = this.#viewing();
    this.writing?.close();
    this.writing = null;
    this.shown = take;
    if (take.id) return void view.show(take.id);
    this.writing = new Writing(view);
    this.writing.show(take.written ?? NOTHING);
  }

  #grew(take) {
    this.cards.grow(take);
    if (this.shown === take) this.writing?.show(take.written);
  }

  /** Hear what an epoch of the chosen model writes, with the same seed for all of them. */
  async hear(epoch) {
    try {
      const model = encodeURIComponent(this.form.wish.model);
      const { id } = await post(`/trainings/${model}/epochs/${epoch}/sample`);
      const take = await this.session.add(id, t("compose.epoch", { n: epoch }));
      if (take) this.pick(this.session.takes.indexOf(take));
    } catch (error) {
      this.trouble(error);
    }
  }
}

/** The first take that is finished, else the first that is being written. */
function firstToShow(takes) {
  const done = takes.findIndex((take) => take.id);
  return done >= 0 ? done : Math.max(0, takes.findIndex((take) => take.state === "writing"));
}

function progressed(job) {
  if (job.stopping) return t("compose.stopping");
  if (job.state === "waiting") return t("compose.waiting", { n: job.place || 1 });
  const left = job.eta_s && job.progress > SURE ? t("jobs.left", { time: duration(job.eta_s) }) : "";
  return [job.text, left].filter(Boolean).join(" · ") || t("compose.begun");
}
