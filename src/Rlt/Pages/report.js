"use strict";
// The page is drawn from the embedded data; texts only ever become text nodes, so nothing in them is markup.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);
const make = (name, attributes = {}, ...children) => {
  const node = /^(svg|g|path|line|circle|text)$/.test(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};
const digits = value => +value.toPrecision(4);
const shown = value => value == null ? "–" : Math.abs(value) >= 1e9 ? digits(value).toExponential() : Math.abs(value) >= 1e6 ? `${digits(value / 1e6)}M` : Math.abs(value) >= 1e4 ? `${digits(value / 1e3)}k`
  : value !== 0 && Math.abs(value) < 1e-3 ? (+value.toPrecision(3)).toExponential() : String(digits(value));
const color = run => `var(--c${run % 8})`;
const paint = (what, run) => `${what}:${color(run)}`;
const hidden = new Set();

const remembered = (() => { try { return JSON.parse(sessionStorage.getItem(location.pathname)) ?? {}; } catch { return {}; } })();

// --- tooltip -----------------------------------------------------------------------------------------------------------
const tip = byId("tip");
function showTip(text, box) {
  tip.textContent = text;
  tip.hidden = false;
  const left = Math.min(box.left, innerWidth - tip.offsetWidth - 8);
  const below = box.bottom + 6 + tip.offsetHeight < innerHeight;
  tip.style.left = Math.max(4, left) + "px";
  tip.style.top = (below ? box.bottom + 6 : box.top - tip.offsetHeight - 6) + "px";
}
const hideTip = () => { tip.hidden = true; };
addEventListener("scroll", hideTip, { passive: true });
addEventListener("keydown", event => { if (event.key === "Escape") hideTip(); });

// --- runs --------------------------------------------------------------------------------------------------------------
function drawRuns() {
  byId("runs").replaceChildren(...data.runs.flatMap((run, index) => {
    if (!run.steps.length && !data.samples.some(sample => sample.run === index)) return [];
    const check = make("input", { type: "checkbox", checked: "" });
    check.addEventListener("input", () => { check.checked ? hidden.delete(index) : hidden.add(index); drawCurves(); drawLengths(); drawSamples(); });
    return [make("label", {}, check, make("span", { class: "key", style: paint("background", index) }), run.name)];
  }));
}

