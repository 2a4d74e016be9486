/**
 * Files that the studio makes, saved by the browser.
 *
 *   await download("/pieces/7f3a/exports/mid"); await download("/export", {ids, kind: "mid"});
 *
 * Errors are told as everywhere, which a plain link cannot do.
 */

import { ApiError, address } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";

/**
 * Save what an address gives.
 * @param {string} path
 * @param {object|null} [body] sent with POST; none = GET
 * @param {{onprogress?: (share: number) => void}} [options] told how much has come, where that is known
 * @returns {Promise<number>} how many bytes it was
 */
export async function download(path, body, { onprogress } = {}) {
  const options = { method: body ? "POST" : "GET", cache: "no-store", credentials: "same-origin" };
  if (body) Object.assign(options, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await fetch(address(path), options).catch(() => null);
  if (!answer) throw new ApiError({ code: "gone", what: t("errors.gone.what"), why: t("errors.gone.why"), fix: t("errors.gone.fix") });
  if (!answer.ok) {
    const told = await answer.json().catch(() => null);
    throw new ApiError({ code: "internal", what: t("errors.internal.what"), ...told?.error, status: answer.status });
  }
  const blob = await received(answer, onprogress);
  save(blob, named(answer.headers.get("Content-Disposition") ?? ""));
  return blob.size;
}

/** Return what an answer holds, telling how far it is. */
async function received(answer, onprogress) {
  const total = Number(answer.headers.get("Content-Length"));
  if (!total || !onprogress) return answer.blob();
  const parts = [];
  let size = 0;
  const reader = answer.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    size += part.value.length;
    onprogress(size / total);
  }
  return new Blob(parts, { type: answer.headers.get("Content-Type") ?? "" });
}

/** Let the browser save data under a name. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const anchor = h("a", { href: url, download: name, hidden: true });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Return the name that the server gave a file. */
function named(disposition) {
  const full = /filename\*=UTF-8''([^;]+)/i.exec(disposition);
  const plain = /filename="([^"]*)"/i.exec(disposition);
  return (full && decodeURIComponent(full[1])) || plain?.[1] || "nokturn";
}
