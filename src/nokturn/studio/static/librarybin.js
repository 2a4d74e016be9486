/**
 * The bin: what was deleted, to be taken back or to be deleted for good.
 */

import { del, get, post } from "./api.js";
import { clear, h, icon } from "./dom.js";
import { ago, clock, t } from "./i18n.js";
import { keyName, meterName } from "./keyname.js";
import { incipit } from "./incipit.js";
import { along, book } from "./libraryrow.js";
import { dialog } from "./popup.js";
import { notice, problem } from "./problem.js";

/** Show the bin in place of the library. */
export async function showBin(root) {
  const place = h("div", { class: "page stack" });
  clear(root, place);
  await draw(place);
  return {};
}

async function draw(place) {
  const { items, days } = await get("/bin");
  const empty = h("button", { class: "button danger", type: "button", on: { click: () => sure(t("library.binEmptySure", { n: items.length }) + along(items), t("library.binEmpty"), () => work(place, () => del("/bin"))) } }, icon("bin"), t("library.binEmpty"));
  clear(
    place,
    h("a", { class: "button quiet", href: "/library" }, icon("previous"), t("library.back")),
    h("div", { class: "spread" }, h("div", h("h1", { tabindex: -1 }, t("library.bin")), h("p", { class: "muted" }, t("library.binDays", { n: days }))), items.length ? empty : null),
    items.length
      ? h("div", { class: "pieces", role: "list", aria: { label: t("library.bin") } }, items.map((item) => row(place, item)))
      : h("div", { class: "empty" }, icon("bin"), h("p", t("library.binNone")), h("a", { class: "button", href: "/library" }, t("library.back"))),
  );
}

function row(place, item) {
  const restore = () => work(place, () => post(`/bin/${item.id}/restore`), t("library.restored", { n: 1 }));
  const purge = () => sure(t("library.purgeSure", { title: item.title }) + along([item]), t("library.purge"), () => work(place, () => del(`/bin/${item.id}`)));
  const facts = [book(item), keyName(item.key), meterName(item.meter), t("common.barsN", { n: item.bars }), clock(item.seconds), t("library.deleted", { ago: ago(item.deleted) })];
  return h(
    "div", { class: "piece binned", role: "listitem" },
    h("div", { class: "piece-picture" }, incipit(item.incipit)),
    h("div", { class: "piece-text" }, h("div", { class: "piece-name" }, item.title), h("p", { class: "piece-facts small muted" }, facts.filter(Boolean).join(" · "))),
    h(
      "div", { class: "cluster tight" },
      h("button", { class: "button", type: "button", aria: { label: `${t("library.restore")}: ${item.title}` }, on: { click: restore } }, icon("restore"), t("library.restore")),
      h("button", { class: "icon-button", type: "button", aria: { label: `${t("library.purge")}: ${item.title}` }, title: t("library.purge"), on: { click: purge } }, icon("close")),
    ),
  );
}

/** Do something, and show the bin as it is then. */
async function work(place, run, said = "") {
  try {
    await run();
    await draw(place);
    place.querySelector("h1").focus();
    if (said) notice(said);
  } catch (error) {
    place.prepend(problem(error, { label: t("common.again"), run: () => draw(place) }));
  }
}

/** Ask before what cannot be undone. */
function sure(question, label, run) {
  dialog(
    label,
    (close) => [
      h("p", question),
      h(
        "div", { class: "cluster dialog-foot" },
        h("button", { class: "button danger", type: "button", on: { click: () => (close(), run()) } }, label),
        h("button", { class: "button", type: "button", on: { click: close } }, t("common.cancel")),
      ),
    ],
    { closeLabel: t("common.close") },
  );
}
