/**
 * One training: its course as charts, what it writes after each epoch, what that means, and its end.
 *
 *   const training = new Training(root, "my-tunes"); await training.load(); training.close();
 *
 * What has happened is read from the disk, what happens now from the events of its job; both say the
 * same, so the page may be opened, closed and refreshed at any time.
 */

import { del, events, get, patch, post } from "./api.js";
import { Chart } from "./chart.js";
import { field } from "./controls.js";
import { announce, clear, h, icon } from "./dom.js";
import { bytes, clock, duration, number, percent, remember, remembered, t } from "./i18n.js";
import { PieceView } from "./pieceview.js";
import { dialog } from "./popup.js";
import { notice, problem } from "./problem.js";
import { renew } from "./renew.js";
import { phrase, words } from "./said.js";
import { go } from "./router.js";

const ACTIVE = new Set(["waiting", "running"]);
const LOSS = { minimumFractionDigits: 3, maximumFractionDigits: 3 }; // epochs differ in the third
const SMOOTH = "nokturn.train.smoothing";
const LOG = "nokturn.train.log";
const RATE = { scratch: 2.5e-3, base: 5e-4 }; // what a training begins with
const FEW_PIECES = 20; // from which more tunes would help most
const MANY_COPIES = 0.3; // of what it writes
const EARLY = 0.9; // of its time
const CARD = ["title", "corpus", "licence"];

export class Training {
  #told = null;
  #rows = new Map();
  #stop = null;
  #view = null;
  #samples = new Map(); // epoch -> promise of a piece's id
  #chosen = null;

  constructor(root, name) {
    this.name = name;
    this.path = `/trainings/${encodeURIComponent(name)}`;
    this.head = h("header", { class: "stack tight" });
    this.state = h("div", { class: "train-state", role: "status" });
    this.troubles = h("div");
    this.advice = h("section", { class: "card train-advice", hidden: true, aria: { label: t("train.advice") } });
    this.charts = h("section", { class: "train-charts", aria: { label: t("train.course") } });
    this.strip = h("section", { class: "card stack train-listen", hidden: true, aria: { label: t("train.listen") } });
    this.heard = h("div", { class: "train-heard" });
    this.foot = h("div", { class: "train-foot" });
    root.append(h("div", { class: "page stack train training" }, this.head, this.state, this.troubles, this.advice, this.charts, this.strip, this.heard, this.foot));
    this.#drawCharts();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.#stop?.();
    this.#view?.close();
    this.loss.close();
    this.rates.close();
  }

  async load() {
    try {
      this.#take(await get(this.path));
    } catch (error) {
      const way = { label: t("train.toAll"), run: () => go("/train") };
      clear(this.head, h("h1", this.name));
      clear(this.troubles, problem(error, way));
    }
  }

  #take(told) {
    if (this.closed) return;
    this.#told = told;
    for (const row of told.epochs ?? []) this.#rows.set(row.epoch, row);
    this.#drawHead();
    this.#drawRows();
    this.#drawAdvice(told.advice ?? []);
    this.#drawFoot();
    this.#failed();
    this.#follow();
  }

  // ---- what happens now

  #follow() {
    const { job } = this.#told;
    this.#stop?.();
    this.#stop = null;
    if (!job || !ACTIVE.has(this.#told.state)) return;
    let seen = "";
    this.#stop = events(`/jobs/${job.id}/events`, {
      state: ({ state, place, stopping }) => {
        if (!ACTIVE.has(state)) return this.#ended();
        this.#told.state = state;
        this.#told.job = { ...this.#told.job, state, place, stopping };
        const now = `${state} ${stopping}`;
        if (now !== seen) this.#drawHead();
        seen = now;
      },
      forecast: (forecast) => {
        this.forecast = forecast;
        this.#drawState();
      },
      step: (step) => {
        this.step = step;
        this.#drawState();
      },
      epoch: (row) => {
        this.#told.best_epoch = row.best_epoch;
        this.#rows.set(row.epoch, row);
        this.#drawRows();
        this.#drawHead();
        this.#drawAdvice(this.sentences ?? []);
      },
      advice: ({ sentences }) => this.#drawAdvice(sentences),
      notice: (told) => notice(words(told, "text")),
      lost: () => this.load(),
    });
  }

  /** Its job has ended; whether it is done or rests, its folder says. */
  #ended() {
    this.step = null;
    this.#told.job = { ...this.#told.job, stopping: true }; // nothing can be asked of it any more
    this.#drawHead();
    this.timer = setTimeout(async () => {
      await this.load();
      if (!this.closed && !ACTIVE.has(this.#told.state)) announce(t(`train.said.${this.#told.state}`, { name: this.name }));
    }, 400); // the last words come with the state
  }

  async #do(run) {
    clear(this.troubles);
    try {
      await run();
    } catch (error) {
      clear(this.troubles, problem(error));
    }
  }

  #pause() {
    return this.#do(async () => {
      await post(`${this.path}/pause`);
      this.#told.job = { ...this.#told.job, stopping: true };
      this.#drawHead();
    });
  }

  #finish() {
    return this.#do(async () => {
      await post(`/jobs/${this.#told.job.id}/stop`);
      this.#told.job = { ...this.#told.job, stopping: true };
      this.#drawHead();
    });
  }

  #resume() {
    return this.#do(async () => {
      await post("/jobs/train", { name: this.name, resume: true });
      await this.load();
    });
  }

  #publish(epoch) {
    return this.#do(async () => {
      this.#take(await post(`${this.path}/publish`, { epoch }));
      notice(t("train.published", { name: this.name, n: epoch ?? this.#told.best_epoch }), { label: t("models.compose"), run: () => go(`/?model=${encodeURIComponent(this.name)}`) });
    });
  }

  // ---- head

  #drawHead() {
    const { state, job, best_epoch: best, can_resume: can } = this.#told;
    const active = ACTIVE.has(state);
    const button = (sign, text, run, { look = "button", off = false } = {}) => h("button", { class: look, type: "button", disabled: off || (active && job?.stopping), on: { click: run } }, icon(sign), text);
    const use = !best || !this.#rows.get(best)?.kept ? null : h("a", { class: state === "done" ? "button primary" : "button", href: `/?model=${encodeURIComponent(`${this.name}@${best}`)}` }, icon("starred"), t("train.useEpoch", { n: best }));
    renew(
      this.head,
      h("a", { class: "back", href: "/train" }, icon("previous"), t("train.toAll")),
      h("div", { class: "spread" },
        h("div", { class: "cluster" }, h("h1", this.name), stateTag(job?.stopping && active ? "stopping" : state)),
        h("div", { class: "cluster tight" },
          use, // first, so that what stands at the right does not move when there is one
          active ? [button("pause", t("train.pause"), () => this.#pause()), button("stop", t("train.stop"), () => this.#finish(), { off: state === "waiting" })] : null,
          !active && can ? button("play", t("train.resume"), () => this.#resume(), { look: state === "done" ? "button" : "button primary" }) : null,
          !active && state !== "done" && best !== null ? button("check", t("train.publish"), () => this.#publish(null)) : null,
        ),
      ),
    );
    this.#drawState();
  }

  #drawState() {
    const { state, pieces, held_out: out, base } = this.#told;
    const facts = [
      pieces ? t("train.heldOut", { pieces, n: out }) : "",
      base ? t("train.from", { name: base }) : "",
      this.forecast ? `${this.forecast.device}, ${t("train.threads", { n: this.forecast.threads })}` : "",
      this.forecast?.parameters ? t("models.weights", { n: this.forecast.parameters }) : "",
    ].filter(Boolean);
    const lines = [h("p", { class: "muted small num" }, facts.join(" · "))];
    if (state === "waiting") lines.unshift(h("p", t("train.waits")));
    if (state === "running" && !this.step) lines.unshift(h("p", t(this.forecast ? "train.begins" : "train.reads")));
    if (state === "running" && this.step) {
      const { epoch, step, steps, loss, eta_s: left } = this.step;
      const words = [t("train.epoch", { n: epoch }), loss ? `${t("train.series.train")} ${number(loss, LOSS)}` : "", t("jobs.left", { time: duration(left) })];
      lines.unshift(
        h("progress", { class: "progress", max: steps, value: step, aria: { label: t("train.progress") } }),
        h("p", { class: "num" }, h("strong", percent(Math.min(1, step / steps))), ` · ${words.filter(Boolean).join(" · ")}`),
      );
    }
    if (state === "interrupted") lines.unshift(h("p", t(this.#told.can_resume ? "train.interrupted" : "train.empty")));
    if (state === "done") lines.unshift(h("p", [t("train.done", { name: this.name }), this.#early()].filter(Boolean).join(" ")));
    if (ACTIVE.has(state)) lines.push(h("p", { class: "muted small" }, t("train.goesOn")));
    this.state.setAttribute("aria-busy", String(ACTIVE.has(state)));
    this.state.setAttribute("aria-live", "off"); // it changes twice a second
    clear(this.state, lines);

  }

  /** Why it took less time than it was given, where it did by itself. */
  #early() {
    const { job, best_epoch: best } = this.#told;
    const last = this.#last();
    if (!last || !job || job.arguments.resume || job.result?.stopped) return "";
    const short = last.elapsed_s < EARLY * job.arguments.seconds && best < last.epoch;
    return short ? t("train.early") : "";
  }

  /** Say what went wrong, with what may help. */
  #failed() {
    const { state, job } = this.#told;
    if (state !== "failed" || !job?.error) return;
    const again = this.#told.can_resume ? { label: t("train.resume"), run: () => this.#resume() } : { label: t("train.beginAgain"), run: () => go(this.#told.corpus ? `/train?corpus=${this.#told.corpus}` : "/train") };
    const slower = { label: t("train.slower"), run: () => this.#slower() };
    clear(this.troubles, problem(job.error, ...(/diverged/.test(job.error.what) ? [slower] : [again])));
  }

  /** Begin again with half the learning rate. */
  #slower() {
    const { job, corpus } = this.#told;
    const { base, seconds, learning_rate: rate, card } = job.arguments;
    return this.#do(async () => {
      await del(this.path);
      await post("/jobs/train", { name: this.name, corpus, base, seconds, card: { title: card.title ?? "", licence: card.licence ?? "", corpus: "" }, learning_rate: (rate ?? RATE[base ? "base" : "scratch"]) / 2 });
      await this.load();
    });
  }

  #drawAdvice(sentences) {
    this.sentences = sentences;
    this.advice.hidden = !sentences.length;
    const helps = this.#helps();
    const text = [...sentences.map((one) => one.text), ...helps.map(({ label }) => label)].join(" ");
    if (this.advised === text) return;
    this.advised = text;
    const button = ({ label, sign, run }) => h("button", { class: "button small", type: "button", on: { click: run } }, icon(sign), label);
    renew(this.advice, icon("info"), h("div", { class: "grow" }, h("h2", t("train.advice")), sentences.map((one) => h("p", phrase(one, "text"))), helps.length ? h("div", { class: "cluster tight" }, helps.map(button)) : null));
  }

  /** What can be done about what the figures show, beside what stands above. */
  #helps() {
    const { state, best_epoch: best, pieces, corpus } = this.#told;
    const last = this.#last();
    if (ACTIVE.has(state) || !last) return [];
    const files = corpus ? `/train?corpus=${corpus}` : "/train";
    const on = `${files}&base=${encodeURIComponent(this.name)}`;
    const helps = [];
    if (state === "done" && corpus && best === last.epoch) helps.push({ label: t("train.learnOn"), sign: "play", run: () => go(on) });
    if ((pieces && pieces < FEW_PIECES) || last.copied >= MANY_COPIES) helps.push({ label: t("train.moreTunes"), sign: "upload", run: () => go(files) });
    return helps;
  }

  #last() {
    return [...this.#rows.values()].sort((a, b) => b.epoch - a.epoch)[0];
  }

  // ---- charts

  #drawCharts() {
    const series = (key, track, dashed) => ({ key, track, dashed, name: t(`train.series.${key}`) });
    this.loss = new Chart({ label: t("train.loss"), series: [series("valid", 1), series("train", 2, true)] });
    this.rates = new Chart({ label: t("train.rates"), shares: true, write: (value) => percent(value), series: [series("valid_bars", 3), series("copied", 4, true)] });
    this.loss.log = remembered(LOG) !== "off";
    this.loss.smoothing = Number(remembered(SMOOTH)) || 0;
    const log = h("label", { class: "check" }, h("input", { type: "checkbox", checked: this.loss.log, on: { change: (event) => this.#scale(event.target.checked) } }), t("train.log"));
    const smoothing = h("input", { type: "range", min: 0, max: 0.9, step: 0.1, value: this.loss.smoothing, on: { input: () => this.#smooth(smoothing) } });
    smoothing.setAttribute("aria-valuetext", percent(this.loss.smoothing));
    const columns = ["epoch", "train", "valid", "valid_bars", "copied", "elapsed"].map((one) => h("th", { scope: "col" }, t(`train.series.${one}`)));
    this.values = h("tbody");
    const table = h("table", h("thead", h("tr", columns)), this.values);
    this.table = h("details", { class: "train-table" },
      h("summary", icon("chevron"), t("train.table")),
      h("div", { class: "table-wrap train-values", tabindex: 0, role: "region", aria: { label: t("train.table") } }, table));
    clear(
      this.charts,
      h("div", { class: "card stack" }, h("div", { class: "spread" }, h("h2", t("train.loss")), h("div", { class: "cluster train-chart-tools" }, log, h("label", { class: "check train-smooth" }, t("train.smoothing"), smoothing))), this.loss.element, h("p", { class: "muted small" }, t("train.lossWhy"))),
      h("div", { class: "card stack" }, h("h2", t("train.rates")), this.rates.element, h("p", { class: "muted small" }, t("train.ratesWhy"))),
      this.table,
    );
  }

  #scale(on) {
    this.loss.log = on;
    remember(LOG, on ? "on" : "off");
    this.loss.draw();
  }

  #smooth(range) {
    const memory = Number(range.value);
    range.setAttribute("aria-valuetext", percent(memory));
    remember(SMOOTH, range.value);
    this.loss.smoothing = this.rates.smoothing = memory;
    this.loss.draw();
    this.rates.draw();
  }

  #drawRows() {
    const rows = [...this.#rows.values()].sort((a, b) => a.epoch - b.epoch);
    const best = this.#told.best_epoch;
    this.charts.hidden = !rows.length;
    this.loss.mark = this.rates.mark = best;
    this.loss.set(rows);
    this.rates.set(rows);
    this.rates.element.parentElement.hidden = !rows.some((row) => row.valid_bars !== null || row.copied !== null);
    this.#drawTable(rows, best);
    this.#drawStrip(rows, best);
  }

  /** The same values as a table. */
  #drawTable(rows, best) {
    const loss = (value) => (value === null || value === undefined ? "" : number(value, LOSS));
    const share = (value) => (value === null || value === undefined ? "" : percent(value));
    const cells = (row) => [loss(row.train), loss(row.valid), share(row.valid_bars), share(row.copied), clock(row.elapsed_s ?? 0)];
    const star = () => h("span", { class: "tag lamp" }, icon("starred"), t("models.best"));
    const one = (row) => h("tr", h("th", { scope: "row", class: "num" }, number(row.epoch), row.epoch === best ? star() : null), cells(row).map((text) => h("td", { class: "num" }, text)));
    clear(this.values, rows.map(one));
  }

  // ---- listening

  #drawStrip(rows, best) {
    this.strip.hidden = !rows.length;
    const place = this.strip.querySelector(".train-epochs")?.scrollLeft;
    const one = (row) => {
      const label = `${t("train.hear", { n: row.epoch })}${row.epoch === best ? ` (${t("models.best")})` : ""}`;
      return h("li", h("button", { class: "train-epoch", type: "button", disabled: !row.sample, title: row.sample ? "" : t("train.noTune"), aria: { pressed: String(row.epoch === this.#chosen), label }, data: { focus: `epoch-${row.epoch}`, best: row.epoch === best ? "yes" : null }, on: { click: () => this.hear(row.epoch) } },
        h("span", { class: "num train-epoch-number" }, row.epoch === best ? icon("starred") : null, number(row.epoch)), icon("play"), h("span", { class: "num small muted" }, row.valid ? number(row.valid, LOSS) : "")));
    };
    const list = h("ul", { class: "train-epochs" }, rows.map(one));
    renew(this.strip, h("div", { class: "stack tight" }, h("h2", t("train.listen")), h("p", { class: "muted small" }, t("train.listenWhy"))), list, this.#picked(rows.find((row) => row.epoch === this.#chosen)));
    if (place !== undefined) list.scrollLeft = this.follows ? list.scrollWidth : place;
    else list.scrollLeft = list.scrollWidth;
    this.follows = list.scrollLeft + list.clientWidth > list.scrollWidth - 8;
    list.addEventListener("scroll", () => { this.follows = list.scrollLeft + list.clientWidth > list.scrollWidth - 8; }, { passive: true });
  }

  /** What can be done with the epoch that is heard. */
  #picked(row) {
    if (!row) return null;
    const name = encodeURIComponent(`${this.name}@${row.epoch}`);
    const active = ACTIVE.has(this.#told.state);
    const kept = this.#told.kept?.includes(row.epoch) || row.kept;
    return h("div", { class: "cluster train-picked" },
      h("strong", { class: "num" }, t("train.epoch", { n: row.epoch })),
      kept ? h("a", { class: "button small", href: `/?model=${name}` }, t("train.useEpoch", { n: row.epoch })) : h("span", { class: "muted small" }, t("train.thinned")),
      kept && !active ? h("button", { class: "button small quiet", type: "button", on: { click: () => this.#publish(row.epoch) } }, t("train.makeModel", { name: this.name })) : null,
    );
  }

  /** Hear what it wrote after an epoch; what plays goes on at the same bar. @param {number} epoch */
  async hear(epoch) {
    this.#chosen = epoch;
    this.#drawRows();
    clear(this.troubles);
    try {
      const found = this.#samples.get(epoch) ?? post(`${this.path}/epochs/${epoch}/sample`);
      this.#samples.set(epoch, found);
      const { id } = await found;
      if (this.closed || this.#chosen !== epoch) return;
      this.#view ??= new PieceView(this.heard, { edits: false });
      const playing = this.#view.player.playing;
      if ((await this.#view.show(id)) && !playing && this.#chosen === epoch) await this.#view.player.play();
    } catch (error) {
      this.#samples.delete(epoch);
      clear(this.troubles, problem(error));
    }
  }

  // ---- afterwards

  #drawFoot() {
    const { state, bytes: size, kept = [], published } = this.#told;
    const active = ACTIVE.has(state);
    renew(
      this.foot,
      published ? this.#card() : null,
      active || !size ? null : h("section", { class: "card stack" },
        h("h2", t("train.disk")),
        h("p", { class: "num" }, t("train.takes", { size: bytes(size), n: kept.length })),
        h("div", { class: "cluster tight" },
          kept.length > 12 ? h("button", { class: "button", type: "button", on: { click: () => this.#thin() } }, t("train.thin")) : null,
          h("button", { class: "button danger", type: "button", on: { click: () => this.#remove() } }, icon("bin"), t("train.remove")),
        ),
      ),
    );
  }

  /** What people say of the model that came of it. */
  #card() {
    const card = this.#told.card ?? {};
    const inputs = Object.fromEntries(CARD.map((line) => [line, h("input", { type: "text", maxlength: 300, value: card[line] ?? "" })]));
    const save = async (event) => {
      event.preventDefault();
      await this.#do(async () => {
        this.#take(await patch(this.path, Object.fromEntries(CARD.map((line) => [line, inputs[line].value.trim()]))));
        notice(t("train.cardSaved"));
      });
    };
    return h("form", { class: "card stack", aria: { label: t("train.card") }, on: { submit: save } },
      h("h2", t("train.card")), h("p", { class: "muted small" }, t("train.cardWhy")),
      field(t("train.title"), inputs.title), field(t("models.corpus"), inputs.corpus), field(t("train.licence"), inputs.licence, { hint: t("train.licenceHint") }),
      h("div", { class: "cluster" }, h("button", { class: "button", type: "submit" }, t("common.save")), h("a", { href: `/models/${encodeURIComponent(this.name)}` }, t("jobs.openModel"))));
  }

  #thin() {
    return this.#do(async () => {
      const told = await post(`${this.path}/thin`);
      const gone = new Set(told.gone);
      for (const row of this.#rows.values()) if (gone.has(row.epoch)) row.kept = false;
      this.#take(told);
      notice(t("train.thinnedOut", { n: told.gone.length }));
    });
  }

  #remove() {
    const also = h("input", { type: "checkbox" });
    dialog(t("train.removeTitle", { name: this.name }), (close) => [
      h("p", t("train.removeWhy")),
      this.#told.published ? h("label", { class: "check" }, also, t("train.removeModel")) : null,
      h("div", { class: "cluster dialog-actions" },
        h("button", { class: "button danger", type: "button", on: { click: () => { close(); this.#do(async () => { await del(`${this.path}${also.checked ? "?model=true" : ""}`); await go("/train"); }); } } }, t("models.deleteYes")),
        h("button", { class: "button", type: "button", autofocus: true, on: { click: close } }, t("common.cancel"))),
    ].filter(Boolean), { closeLabel: t("common.close") });
  }
}

/** How a training stands, as a tag. */
export function stateTag(state) {
  const look = { running: "tag lamp", done: "tag good" }[state] ?? "tag";
  return h("span", { class: look }, t(`train.states.${state}`));
}
