/**
 * Pictures from the server, looked through before they are let into the page.
 *
 *   place.append(drawing(await text(`/pieces/${id}/score.svg`)))
 *
 * The server makes its SVG of our own engraving and of titles that strangers wrote. It is parsed as
 * XML, never as markup of the page, and refused where it holds anything that could act.
 */

const ACTING = new Set(["script", "foreignobject", "iframe", "object", "embed", "audio", "video", "style", "a", "animate", "set", "image"]);
const REFERS = new Set(["href", "xlink:href", "src"]);

/**
 * Return an SVG element for this page; raises an Error where the text is none that may be shown.
 * @param {string} text
 * @returns {SVGSVGElement}
 */
export function drawing(text) {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (root.localName !== "svg") throw new Error("This is no picture.");
  for (const el of [root, ...root.querySelectorAll("*")]) clean(el);
  return document.importNode(root, true);
}

/** Take away what a style sheet does better, refuse what could act. */
function clean(el) {
  const name = el.localName.toLowerCase();
  if (name === "style") return el.remove();
  if (ACTING.has(name)) throw new Error(`A picture with <${name}> is not shown.`);
  for (const { name: attribute, value } of [...el.attributes]) {
    if (/^on/i.test(attribute)) throw new Error(`A picture with ${attribute} is not shown.`);
    if (attribute === "style") el.removeAttribute("style"); // the page's policy ignores it, and says so
    if (REFERS.has(attribute) && !value.startsWith("#")) throw new Error("A picture that refers elsewhere is not shown.");
  }
}
