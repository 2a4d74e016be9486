/**
 * The studio's page: the bar, the banner of a lost server, the keys of everywhere, and the screens.
 */

import { get, connection } from "./api.js";
import { add, announce, clear, h, icon } from "./dom.js";
import { begin as beginDrops } from "./drop.js";
import { LANGUAGES, choose, current, load, preferred, remember, remembered, t } from "./i18n.js";
import { badge, listen } from "./jobs.js";
import { begin as beginKeys, keyList, register } from "./keys.js";
import { dialog, popup } from "./popup.js";
import { problem } from "./problem.js";
import { again, begin as beginScreens, go, onshow } from "./router.js";

/** The screens of the bar, in order. */
const SCREENS = [
  ["compose", "/"],
  ["library", "/library"],
  ["train", "/train"],
  ["lofi", "/lofi"],
  ["models", "/models"],
  ["help", "/help"],
];
/** A screen that is shown from another counts as that in the bar. */
const WITHIN = { piece: "library" };
const THEMES = ["auto", "light", "dark"];
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };

let shown = "";

async function start() {
  await load(preferred());
  const bar = h("header", { class: "bar" });
  const banner = h("div", { class: "banner-place", id: "banner" });
  const main = h("main", { id: "main", tabindex: -1 });
  const skip = h("a", { class: "skip", href: "#main", on: { click: skipped } });
  add(document.body, skip, bar, banner, main);
  add(document.body, h("div", { id: "live", class: "visually-hidden", role: "status", aria: { live: "polite" } }));
  add(document.body, h("div", { id: "notices", class: "notices" }));
  const draw = () => drawBar(bar, skip, draw);
  onshow((screen) => {
    shown = screen;
    marked(bar);
  });
  draw();
  watchServer(banner);
  beginKeys();
  beginDrops();
  listen();
  await beginScreens(main);
  readOnly();
}

function skipped(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function drawBar(bar, skip, redraw) {
  skip.textContent = t("common.skip");
  const nav = h(
    "nav",
    { class: "bar-nav", id: "nav", aria: { label: t("common.screens") } },
    h("ul", SCREENS.map(([name, path]) => h("li", h("a", { href: path, data: { screen: name }, on: { click: () => folded(bar) } }, t(`screens.${name}`))))),
  );
  const menu = h(
    "button",
    { class: "icon-button bar-menu", type: "button", aria: { label: t("common.menu"), expanded: "false", controls: "nav" }, on: { click: () => folded(bar, !bar.classList.contains("open")) } },
    icon("menu"),
  );
  const tools = h("div", { class: "bar-tools" }, badge(), languages(redraw), theme(), keysButton(), menu);
  clear(bar, h("a", { class: "wordmark", href: "/", aria: { label: "Nokturn" } }, moon(), h("span", "Nokturn")), nav, tools);
  marked(bar);
  register("everywhere", everywhere());
}

function folded(bar, open = false) {
  bar.classList.toggle("open", open);
  bar.querySelector(".bar-menu").setAttribute("aria-expanded", String(open));
}

function marked(bar) {
  for (const anchor of bar.querySelectorAll("[data-screen]")) {
    if (anchor.dataset.screen === (WITHIN[shown] ?? shown)) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

function moon() {
  const drawn = icon("moon");
  drawn.querySelector("path").setAttribute("fill", "currentColor");
  return drawn;
}

function languages(redraw) {
  const button = h("button", { class: "icon-button bar-language", type: "button", aria: { label: `${t("common.language")}: ${LANGUAGES[current()]}` }, title: t("common.language") }, current().toUpperCase());
  const take = async (code, close) => {
    close();
    await choose(code);
    redraw();
    await again();
  };
  const item = (close) => ([code, name]) =>
    h("li", h("button", { class: "menu-item", type: "button", lang: code, aria: { current: code === current() ? "true" : null }, on: { click: () => take(code, close) } }, name));
  return popup(button, (close) => h("ul", { class: "menu" }, Object.entries(LANGUAGES).map(item(close))), { label: t("common.language"), end: true });
}

function theme() {
  const now = () => remembered("nokturn.theme") || "auto";
  const button = h("button", { class: "icon-button", type: "button" });
  const draw = () => {
    const told = `${t("common.theme")}: ${t(`common.themes.${now()}`)}`;
    button.setAttribute("aria-label", told);
    button.title = told;
    clear(button, icon(THEME_ICONS[now()]));
  };
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(now()) + 1) % THEMES.length];
    remember("nokturn.theme", next);
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    draw();
    announce(button.title);
    dispatchEvent(new Event("themechange")); // canvases draw themselves anew
  });
  draw();
  return button;
}

function keysButton() {
  return h("button", { class: "icon-button bar-keys", type: "button", aria: { label: t("keys.title") }, title: `${t("keys.title")} (?)`, on: { click: showKeys } }, icon("keyboard"));
}

function everywhere() {
  return [
    { keys: "?", label: t("keys.title"), run: showKeys },
    { keys: "/", label: t("keys.search"), run: () => go("/library") },
  ];
}

/** List the keys that work on this screen. */
function showKeys() {
  if (document.querySelector("dialog[open]")) return;
  dialog(t("keys.title"), keyList, { closeLabel: t("common.close") });
}

function watchServer(place) {
  connection.addEventListener("gone", () => {
    announce(t("errors.gone.what"));
    clear(place, h("div", { class: "banner", role: "alert" }, icon("warning"), h("p", h("strong", t("errors.gone.what")), " ", t("errors.gone.waiting"))));
  });
  connection.addEventListener("back", () => {
    clear(place);
    announce(t("errors.gone.back"));
  });
}

/** Say it where nothing can be made or changed. */
async function readOnly() {
  const about = await get("/about").catch(() => null);
  if (about?.read_only) document.getElementById("banner").append(h("div", { class: "banner quiet" }, icon("info"), h("p", t("common.readOnly"))));
}

start().catch((error) => document.body.append(problem(error)));
