/**
 * The badge of jobs in the bar: how many run or wait, and a list of them with what they made.
 *
 * Jobs live on the server; any tab shows the same. The stream of changes begins with all of them.
 */

import { events, post } from "./api.js";
import { h, icon, throttled } from "./dom.js";
import { ago, duration, has, percent, t } from "./i18n.js";
import { popup } from "./popup.js";
import { notice } from "./problem.js";
import { renew } from "./renew.js";
import { phrase, words } from "./said.js";

const ACTIVE = new Set(["waiting", "running"]);
const STOPPED_WELL = new Set(["generate", "train"]); // of a track the notes stay, however it ends
const SHOWN = 8;

let jobs = []; // the newest first
const listeners = new Set();

/** Make the badge and keep it true. */
export function badge() {
  const count = h("span", { class: "badge-count num", hidden: true });
  const button = h("button", { class: "icon-button badge", type: "button" }, icon("work"), count);
  const redraw = () => {
    const active = jobs.filter((job) => ACTIVE.has(job.state)).length;
    count.textContent = String(active);
    count.hidden = active === 0;
    button.classList.toggle("busy", active > 0);
    button.setAttribute("aria-label", active ? t("jobs.active", { n: active }) : t("jobs.title"));
    button.title = button.getAttribute("aria-label");
  };
  listeners.clear();
  listeners.add(redraw);
  redraw();
  return popup(button, panel, { label: t("jobs.title"), end: true });
}

/** Listen to what changes, for as long as the page lives. */
export function listen() {
  const redraw = throttled(300, () => listeners.forEach((run) => run()));
  const take = (job) => {
    jobs = [job, ...jobs.filter((one) => one.id !== job.id)];
    jobs.sort((a, b) => b.created.localeCompare(a.created));
    redraw();
  };
  events("/events", { job: take }, { endless: true });
}

function panel(close) {
  const body = h("div", { class: "jobs" });
  const draw = () => {
    if (!body.isConnected && body.dataset.drawn) {
      listeners.delete(draw);
      return;
    }
    body.dataset.drawn = "yes";
    const items = jobs.slice(0, SHOWN).map((job) => row(job, close));
    const list = items.length ? h("ul", { class: "jobs-list" }, items) : h("p", { class: "muted" }, t("jobs.none"));
    renew(body, h("h2", { class: "panel-title" }, t("jobs.title")), list);
  };
  listeners.add(draw);
  draw();
  return body;
}

function row(job, close) {
  const active = ACTIVE.has(job.state);
  return h(
    "li",
    { class: "jobs-row", data: { state: job.state } },
    h("div", { class: "jobs-what" }, h("span", { class: "jobs-name" }, titled(job)), h("span", { class: "muted small" }, said(job))),
    active ? h("progress", { class: "progress", max: 1, value: job.progress || 0, aria: { label: titled(job) } }) : null,
    h("div", { class: "cluster tight" }, active ? buttons(job) : results(job, close)),
  );
}

function titled(job) {
  const verb = has(`jobs.verbs.${job.verb}`) ? t(`jobs.verbs.${job.verb}`) : job.verb;
  return job.title ? `${verb}: ${job.title}` : verb;
}

function said(job) {
  if (job.state === "running") {
    const left = job.eta_s ? ` · ${t("jobs.left", { time: duration(job.eta_s) })}` : "";
    return `${percent(job.progress || 0)}${left}`;
  }
  const state = t(`jobs.states.${job.state}`);
  return job.error?.what ? [`${state}: `, phrase(job.error, "what")] : `${state} · ${ago(job.created)}`;
}

function buttons(job) {
  const button = (what, look) => {
    const tell = () => post(`/jobs/${job.id}/${what}`).catch((error) => notice(words(error, "what")));
    return h("button", { class: look, type: "button", data: { focus: `${what}-${job.id}` }, on: { click: tell } }, t(`jobs.${what}`));
  };
  const [stop, cancel] = [button("stop", "button small"), button("cancel", "button small quiet")];
  return job.state === "running" && STOPPED_WELL.has(job.verb) ? [stop, cancel] : [cancel];
}

function results(job, close) {
  const { pieces = [], piece, model } = job.result ?? {};
  const open = (path, text) => h("a", { class: "button small quiet", href: path, data: { focus: `${path}-${job.id}` }, on: { click: () => close(false) } }, text);
  if (model) return [open(`/models/${encodeURIComponent(model)}`, t("jobs.openModel"))];
  if (piece) return [open(`/p/${piece}`, t("jobs.open"))];
  if (job.verb === "lofi") return pieces.map((id) => open(`/lofi/${id}`, t("jobs.open")));
  return pieces.slice(0, 4).map((id, i) => open(`/p/${id}`, pieces.length > 1 ? "ABCD"[i] : t("jobs.open")));
}
