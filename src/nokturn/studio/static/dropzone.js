/**
 * Files dropped anywhere on a screen.
 *
 *   const off = dropzone({label: t("library.drop"), take: (files) => bring(files)});
 *
 * A veil says what will happen for as long as files are over the page. Folders are looked through.
 */

import { h, icon } from "./dom.js";

/**
 * Take files that are dropped on the page.
 * @param {{label: string, take: (files: File[]) => void}} options
 * @returns {() => void} stops it
 */
export function dropzone({ label, take }) {
  const veil = h("div", { class: "drop-veil", hidden: true }, h("div", { class: "drop-card" }, icon("upload"), h("p", label)));
  document.body.append(veil);
  let depth = 0;
  const ours = (event) => event.dataTransfer?.types.includes("Files");
  const heard = {
    dragenter: (event) => {
      if (!ours(event)) return;
      event.preventDefault();
      depth += 1;
      veil.hidden = false;
    },
    dragover: (event) => {
      if (!ours(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    },
    dragleave: (event) => {
      if (!ours(event)) return;
      depth = Math.max(0, depth - 1);
      veil.hidden = depth === 0;
    },
    drop: async (event) => {
      if (!ours(event)) return;
      const taken = event.defaultPrevented; // by a place of its own on the screen
      event.preventDefault();
      depth = 0;
      veil.hidden = true;
      if (taken) return;
      const files = await dropped(event.dataTransfer);
      if (files.length) take(files);
    },
  };
  for (const [name, run] of Object.entries(heard)) addEventListener(name, run);
  return () => {
    for (const [name, run] of Object.entries(heard)) removeEventListener(name, run);
    veil.remove();
  };
}

/** Return all files that were dropped, those in folders too. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = await Promise.all(entries.map(within));
  return found.flat();
}

/** Say of a file in which folder it lay, as a chosen folder's files do. */
function placed(file, { fullPath }) {
  const path = fullPath.replace(/^\//, "");
  return path === file.name ? file : Object.defineProperty(file, "webkitRelativePath", { value: path });
}

async function within(entry) {
  if (entry.isFile) return [placed(await new Promise((done, refuse) => entry.file(done, refuse)), entry)];
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    const some = await new Promise((done, refuse) => reader.readEntries(done, refuse)); // 100 at a time
    if (!some.length) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(within))).flat();
}
