/**
 * Addresses and the screens that they show.
 *
 *   go("/p/7f3a9c21"); link("/library", t("screens.library"))
 *
 * A screen is a module of `screens/` with `async show(root, params) -> {leave()}`; `params` holds
 * what the address names and `query`. Back, forward and refresh work, as everything that a screen
 * must know stands in its address or on the server.
 */

import { clear, h, sheet } from "./dom.js";
import { has, t } from "./i18n.js";
import { problem } from "./problem.js";

/** Addresses, the first that fits. */
const ROUTES = [
  [/^\/$/, "compose"],
  [/^\/p\/(?<id>[^/]+)$/, "piece"],
  [/^\/library$/, "library"],
  [/^\/train$/, "train"],
  [/^\/train\/(?<name>[^/]+)$/, "train"],
  [/^\/lofi$/, "lofi"],
  [/^\/lofi\/(?<id>[^/]+)$/, "lofi"],
  [/^\/models$/, "models"],
  [/^\/models\/(?<name>[^/]+)$/, "models"],
  [/^\/help$/, "help"],
];

let root = null;
let shown = { screen: "", left: null };
let turn = 0;
const listeners = new Set();

/** Be told the name of every screen that is shown. */
export const onshow = (run) => listeners.add(run);

/** Begin: screens are shown in an element, the first for the present address. */
export function begin(element) {
  root = element;
  addEventListener("popstate", () => show());
  document.addEventListener("click", followed);
  return show({ first: true });
}

/** Go to an address of the studio. */
export function go(path, { replace = false } = {}) {
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  return show();
}

/** Change the address without showing anything anew: the state of a screen. */
export const mark = (path) => history.replaceState(null, "", path);

/** Show the present screen again: the language changed. */
export const again = () => show({ first: true });

/** Make a link that stays in the page. */
export const link = (path, ...children) => h("a", { href: path }, ...children);

function followed(event) {
  const anchor = event.target.closest?.("a[href]");
  if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(anchor.href);
  if (url.origin !== location.origin || anchor.target || anchor.hasAttribute("download") || !matched(url.pathname)) return;
  event.preventDefault();
  if (url.href === location.href) return;
  go(url.pathname + url.search + url.hash);
}

function matched(path) {
  for (const [pattern, screen] of ROUTES) {
    const found = pattern.exec(path);
    if (found) return { screen, params: decoded(found.groups ?? {}) };
  }
  return null;
}

function decoded(groups) {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, safely(value)]));
}

function safely(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // a stray % in the address
  }
}

async function show({ first = false } = {}) {
  turn += 1;
  const mine = turn;
  const left = shown.left;
  shown = { screen: "", left: null };
  await left?.leave?.();
  const found = matched(location.pathname);
  const screen = found?.screen ?? "";
  listeners.forEach((run) => run(screen));
  document.title = has(`screens.${screen}`) ? `${t(`screens.${screen}`)} · Nokturn` : "Nokturn";
  const place = h("div", { class: `screen screen-${screen || "missing"}` });
  clear(root, place);
  if (!first) scrollTo(0, 0);
  if (!found) return missing(place);
  try {
    const [module] = await Promise.all([import(`./screens/${screen}.js`), sheet(screen)]);
    if (mine !== turn) return;
    const params = { ...found.params, query: new URLSearchParams(location.search) };
    const now = (await module.show(place, params)) ?? {};
    if (mine === turn) shown = { screen, left: now };
    else await now.leave?.();
  } catch (error) {
    if (mine !== turn) return;
    clear(place, problem(error, { label: t("common.again"), run: () => show() }));
  }
  if (!first && mine === turn) focused(place);
}

/** Put the focus at the head of a new screen, where a screen reader goes on. */
function focused(place) {
  if (place.contains(document.activeElement)) return; // the screen chose a better one
  const head = place.querySelector("h1") ?? place;
  head.tabIndex = -1;
  head.focus({ preventScroll: true });
}

function missing(place) {
  document.title = `${t("errors.missing.title")} · Nokturn`;
  clear(
    place,
    problem(
      { code: "missing", what: t("errors.missing.what"), why: location.pathname, fix: "" },
      { label: t("errors.missing.fix"), run: () => go("/") },
    ),
  );
}
