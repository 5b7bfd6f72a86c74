// Reads a diagram with Mermaid itself, and prints its boxes and arrows as JSON.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const mermaid = (await import("mermaid")).default;
mermaid.initialize({ startOnLoad: false });

const text = readFileSync(0, "utf8");
await mermaid.parse(text);
const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);

// Entities are kept in a spelling of Mermaid's own until they are drawn.
const shown = (label) => {
  const element = document.createElement("div");
  element.innerHTML = label.replace(/ﬂ°°/g, "&#").replace(/ﬂ°/g, "&").replace(/¶ß/g, ";");
  return element.textContent;
};
const boxes = Object.fromEntries([...db.getVertices().values()].map((one) => [one.id, shown(one.text)]));
const arrows = db.getEdges().map((one) => [one.start, one.end, shown(one.text), one.stroke]);
console.log(JSON.stringify({ boxes, arrows }));
