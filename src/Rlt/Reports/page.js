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
const shown = value => value == null ? "–" : Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : String(+value.toPrecision(4));
const colors = ["#3b82f6", "#f08c00", "#12b886", "#e64980", "#9775fa", "#868e96", "#d4b106", "#15aabf"];
const color = run => colors[run % colors.length];
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

// --- theme -------------------------------------------------------------------------------------------------------------
const root = document.documentElement;
const dark = () => root.style.colorScheme ? root.style.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
try { root.style.colorScheme = localStorage.getItem("rlt-report-theme") ?? ""; } catch { /* a browser without storage has its own theme */ }
byId("theme").onclick = () => {
  root.style.colorScheme = dark() ? "light" : "dark";
  try { localStorage.setItem("rlt-report-theme", root.style.colorScheme); } catch { /* as above */ }
};

// --- charts ------------------------------------------------------------------------------------------------------------
const width = 330, height = 150, left = 46, right = 8, top_ = 8, bottom = 18, most = 600;
const shades = /_(min|p10|p50|p90|max)$/;

function axes(low, high, from, to) {
  if (low === high) { low -= Math.abs(low) / 10 || 1; high += Math.abs(high) / 10 || 1; }
  const x = step => left + (width - left - right) * (to === from ? .5 : (step - from) / (to - from));
  const y = value => top_ + (height - top_ - bottom) * (high - value) / (high - low);
  const marks = [0, .5, 1].flatMap(share => {
    const value = low + (high - low) * share;
    return [make("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }), make("text", { x: left - 4, y: y(value) + 3, "text-anchor": "end" }, shown(+value.toPrecision(3)))];
  });
  marks.push(make("text", { x: left, y: height - 4 }, shown(from)), make("text", { x: width - right, y: height - 4, "text-anchor": "end" }, shown(to)));
  return { x, y, marks };
}

// Long runs are drawn by the means of neighbouring steps; the tooltip has each step's own value.
function points(steps, values) {
  const size = Math.ceil(steps.length / most), result = [];
  for (let i = 0; i < steps.length; i += size) {
    const kept = [];
    for (let k = i; k < Math.min(i + size, steps.length); k++) if (values[k] != null) kept.push(k);
    if (kept.length) result.push([kept.reduce((sum, k) => sum + steps[k], 0) / kept.length, kept.reduce((sum, k) => sum + values[k], 0) / kept.length]);
  }
  return result;
}
const path = list => list.map(([x, y], i) => (i ? "L" : "M") + x.toFixed(1) + " " + y.toFixed(1)).join("");

function chart(name) {
  const runs = data.runs.map((run, index) => ({ ...run, index })).filter(run => run.metrics[name] && !hidden.has(run.index));
  const figure = make("figure");
  if (!runs.length) return figure;
  const steps = [...new Set(runs.flatMap(run => run.steps))].sort((a, b) => a - b);
  let low = Infinity, high = -Infinity;
  for (const run of runs) for (const key of [name, name + "_p10", name + "_p90"]) for (const value of run.metrics[key] ?? []) if (value != null) { low = Math.min(low, value); high = Math.max(high, value); }
  if (low > high) return figure;
  const { x, y, marks } = axes(low, high, steps[0], steps.at(-1));
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img", "aria-label": `${name} by step: ` + runs.map(run => `${run.name} from ${shown(run.metrics[name][0])} to ${shown(run.metrics[name].at(-1))}`).join(", ") }, ...marks);
  for (const run of runs) {
    const at = (key) => points(run.steps, run.metrics[key]).map(([step, value]) => [x(step), y(value)]);
    if (run.metrics[name + "_p10"] && run.metrics[name + "_p90"]) svg.append(make("path", { d: path([...at(name + "_p90"), ...at(name + "_p10").reverse()]) + "Z", fill: color(run.index), opacity: .18 }));
    const line = at(name);
    svg.append(line.length === 1 ? make("circle", { cx: line[0][0], cy: line[0][1], r: 3, fill: color(run.index) }) : make("path", { d: path(line), fill: "none", stroke: color(run.index), "stroke-width": 1.6 }));
  }
  const cursor = make("line", { class: "cursor", y1: top_, y2: height - bottom, visibility: "hidden" });
  svg.append(cursor);
  let at = steps.length - 1;
  const point = index => {
    at = Math.max(0, Math.min(steps.length - 1, index));
    cursor.setAttribute("x1", x(steps[at])); cursor.setAttribute("x2", x(steps[at])); cursor.setAttribute("visibility", "visible");
    const lines = runs.flatMap(run => { const k = run.steps.indexOf(steps[at]); return k < 0 ? [] : [`${run.name}: ${shown(run.metrics[name][k])}` + (run.metrics[name + "_p10"] ? ` (${shown(run.metrics[name + "_p10"][k])} … ${shown(run.metrics[name + "_p90"][k])})` : "")]; });
    const box = svg.getBoundingClientRect(), scale = box.width / width;
    showTip(`step ${steps[at]}\n${lines.join("\n")}`, { left: box.left + x(steps[at]) * scale, bottom: box.top + height * scale, top: box.top });
  };
  const leave = () => { cursor.setAttribute("visibility", "hidden"); hideTip(); };
  svg.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect(), wanted = (event.clientX - box.left) * width / box.width;
    let best = 0;
    steps.forEach((step, i) => { if (Math.abs(x(step) - wanted) < Math.abs(x(steps[best]) - wanted)) best = i; });
    point(best);
  });
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("blur", leave);
  svg.addEventListener("keydown", event => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) { event.preventDefault(); point(at + move); }
  });
  figure.append(make("figcaption", {}, make("b", {}, name), make("span", {}, runs.map(run => shown(run.metrics[name].at(-1))).join(" · "))), svg);
  return figure;
}

function drawCurves() {
  const names = [...new Set(data.runs.flatMap(run => Object.keys(run.metrics)))];
  const known = new Set(names);
  byId("curves").replaceChildren(...Object.entries(data.groups).flatMap(([group, all]) => {
    const own = names.filter(name => all.includes(name) && !(shades.test(name) && known.has(name.replace(shades, ""))));
    if (!own.length) return [];
    const open = remembered.groups?.[group] ?? !["speed", "memory"].includes(group);
    const box = make("div", { class: "charts" });
    const details = make("details", { class: "group", id: "group-" + group, ...(open ? { open: "" } : {}) }, make("summary", {}, group), box);
    const fill = () => { if (details.open && !box.childElementCount) box.append(...own.map(chart).filter(figure => figure.childElementCount)); };
    details.addEventListener("toggle", fill);
    fill();
    return [details];
  }));
}

function drawRuns() {
  byId("runs").replaceChildren(...data.runs.map((run, index) => {
    const check = make("input", { type: "checkbox", id: "run-" + index, checked: "" });
    check.onchange = () => { check.checked ? hidden.delete(index) : hidden.add(index); drawCurves(); drawLengths(); drawSamples(); };
    return make("label", {}, check, make("span", { class: "key", style: `background:${color(index)}` }), run.name);
  }));
}

// --- reward against length ---------------------------------------------------------------------------------------------
function drawLengths() {
  const list = samples.filter(sample => sample.reward != null && sample.length != null && !hidden.has(sample.run)).sort((a, b) => a.length - b.length);
  byId("lengths-section").hidden = !list.length;
  if (!list.length) return;
  const rewards = list.map(sample => sample.reward), steps = list.map(sample => sample.step ?? 0);
  const bound = (values, start, pick) => values.reduce((a, b) => pick(a, b), start);
  const first = bound(steps, Infinity, Math.min), last = bound(steps, -Infinity, Math.max);
  const { x, y, marks } = axes(bound(rewards, Infinity, Math.min), bound(rewards, -Infinity, Math.max), list[0].length, list.at(-1).length);
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img", "aria-label": "reward by tokens of the explanation" }, ...marks);
  const dots = list.map(sample => make("circle", { cx: x(sample.length).toFixed(1), cy: y(sample.reward).toFixed(1), r: 2.2, fill: color(sample.run), opacity: (.25 + .6 * (last > first ? ((sample.step ?? 0) - first) / (last - first) : 1)).toFixed(2) }));
  svg.append(...dots);
  let at = -1;
  const point = index => {
    dots[at]?.classList.remove("at");
    at = Math.max(0, Math.min(list.length - 1, index));
    dots[at].classList.add("at");
    showTip(`${title(list[at])}\n${list[at].length} tokens, reward ${shown(list[at].reward)}\n${list[at].question.slice(0, 120)}`, dots[at].getBoundingClientRect());
  };
  const leave = () => { dots[at]?.classList.remove("at"); hideTip(); };
  svg.addEventListener("pointerover", event => { const index = dots.indexOf(event.target); if (index >= 0) point(index); });
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("blur", leave);
  svg.addEventListener("click", event => { const index = dots.indexOf(event.target); if (index >= 0) openSample(list[index]); });
  svg.addEventListener("keydown", event => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) { event.preventDefault(); point(at + move); }
    if (event.key === "Enter" && at >= 0) openSample(list[at]);
  });
  byId("lengths").replaceChildren(make("figure", {}, make("figcaption", {}, make("b", {}, "reward"), make("span", {}, "tokens of the explanation →")), svg));
}

// --- explanations ------------------------------------------------------------------------------------------------------
const counts = data.runs.map(() => 0);
const samples = data.samples.map((sample, index) => ({ ...sample, index, key: sample.run + "/" + counts[sample.run]++ }));
const title = sample => data.runs[sample.run].name + (sample.step == null ? "" : `, step ${sample.step}`);

// The best, the median and the worst by reward of each step of a run.
function markSamples() {
  const steps = new Map();
  for (const sample of samples) if (sample.reward != null) {
    const key = sample.run + "/" + sample.step;
    if (!steps.has(key)) steps.set(key, []);
    steps.get(key).push(sample);
  }
  for (const list of steps.values()) {
    list.sort((a, b) => b.reward - a.reward);
    list[list.length >> 1].mark = "median";
    list.at(-1).mark = "worst";
    list[0].mark = "best";
  }
}

// Tokens in their places, what lies between them as it stands; tokens of one character are one mark.
function tokens(text, spans, paint) {
  const box = make("div", { class: "text", tabindex: 0, role: "group", "aria-label": "tokens; ← and → go through them" });
  let done = 0;
  for (let i = 0; i < spans.length;) {
    let end = i + 1;
    while (end < spans.length && spans[end][0] === spans[i][0]) end++;
    if (spans[i][0] > done) box.append(text.slice(done, spans[i][0]));
    const token = make("span", { class: "t" }, text.slice(spans[i][0], spans[i][1]));
    const { kind, weight, tip } = paint(i, end);
    token.classList.add(kind);
    token.style.setProperty("--w", Math.round(75 * Math.max(0, Math.min(1, weight))) + "%");
    if (weight >= 2 / full) token.classList.add("strong");
    token.tip = JSON.stringify(token.textContent) + "\n" + tip;
    box.append(token);
    done = spans[i][1];
    i = end;
  }
  box.append(text.slice(done));
  let at = null;
  const point = token => {
    at?.classList.remove("at");
    at = token;
    if (at) { at.classList.add("at"); at.scrollIntoView({ block: "nearest" }); showTip(at.tip, at.getBoundingClientRect()); } else hideTip();
  };
  box.addEventListener("pointerover", event => point(event.target.tip ? event.target : null));
  box.addEventListener("pointerleave", () => point(null));
  box.addEventListener("blur", () => point(null));
  box.addEventListener("keydown", event => {
    const next = { ArrowRight: () => at ? at.nextElementSibling ?? at : box.querySelector(".t"), ArrowLeft: () => at?.previousElementSibling ?? box.querySelector(".t") }[event.key]?.();
    if (next) { event.preventDefault(); point(next); }
  });
  return box;
}

// Full colour at this many nats.
const full = 6;
const sum = (values, from, to) => values.slice(from, to).every(value => value != null) ? values.slice(from, to).reduce((a, b) => a + b, 0) : null;
const chance = logProb => `${shown(logProb)} nats (p ${shown(Math.exp(logProb))})`;

function explanationTokens(sample, detail) {
  return tokens(sample.explanation, detail.explanation_spans, (from, to) => {
    const teacher = sum(detail.teacher_logprobs, from, to), student = sum(detail.student_logprobs, from, to), kl = teacher - student;
    return { kind: kl >= 0 ? "kl" : "sure", weight: Math.abs(kl) / full, tip: `KL ${shown(kl)} nats\nteacher ${chance(teacher)}\nstudent ${chance(student)}` };
  });
}

function solutionTokens(sample, detail, logProbs, gains) {
  return tokens(sample.solution, detail.solution_spans, (from, to) => {
    const after = sum(detail.solution_logprobs, from, to), without = sum(detail.solution_logprobs_without, from, to);
    const gain = without == null ? null : after - without, value = sum(logProbs, from, to);
    const tip = `with the explanation ${chance(after)}\nwithout ${without == null ? "–" : chance(without) + `\ngain ${shown(gain)} nats`}`;
    return gains ? { kind: (gain ?? 0) >= 0 ? "gained" : "lost", weight: Math.abs(gain ?? 0) / full, tip } : { kind: "lost", weight: -(value ?? 0) / full, tip };
  });
}

const mean = values => { const known = values.filter(value => value != null); return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null; };

function body(sample) {
  const raw = byId("detail-" + sample.index);
  const detail = raw ? JSON.parse(raw.textContent) : null;
  const box = make("div", { class: "body" }, make("h3", {}, "question"), make("div", { class: "text" }, sample.question), make("h3", {}, "explanation, coloured by the student's surprise"));
  if (!detail) {
    box.append(make("div", { class: "text" }, sample.explanation), make("h3", {}, "solution"), make("div", { class: "text" }, sample.solution), make("p", { class: "hint" }, "No token details in this row; 'rlt score --details' adds them."));
    return box;
  }
  box.append(
    explanationTokens(sample, detail),
    make("h3", {}, `solution with the explanation: mean ${shown(mean(detail.solution_logprobs))} nats a token`), solutionTokens(sample, detail, detail.solution_logprobs, false),
    make("h3", {}, `solution without it: mean ${shown(mean(detail.solution_logprobs_without))} nats a token`), solutionTokens(sample, detail, detail.solution_logprobs_without, false),
    make("h3", {}, "what the explanation changed"), solutionTokens(sample, detail, detail.solution_logprobs, true));
  return box;
}

function entry(sample) {
  const fact = (name, value) => value == null ? [] : [make("span", {}, name + " ", make("b", {}, shown(value)))];
  const details = make("details", { class: "sample", id: "sample-" + sample.index }, make("summary", {},
    make("span", { class: "key", style: `background:${color(sample.run)}` }), make("span", {}, title(sample)), ...(sample.mark ? [make("span", { class: "mark" }, sample.mark)] : []),
    ...fact("reward", sample.reward), ...fact("solution", sample.solution_score), ...fact("KL", sample.think_kl), ...fact("tokens", sample.length), make("span", { class: "q" }, sample.question)));
  details.addEventListener("toggle", () => { if (details.open && details.childElementCount === 1) details.append(body(sample)); });
  return details;
}

let matching = [], drawn = 0;
const page = 30;
const orders = {
  step: (a, b) => (b.step ?? 0) - (a.step ?? 0) || a.index - b.index,
  best: (a, b) => (b.reward ?? -Infinity) - (a.reward ?? -Infinity),
  worst: (a, b) => (a.reward ?? Infinity) - (b.reward ?? Infinity),
  kl: (a, b) => (b.think_kl ?? -Infinity) - (a.think_kl ?? -Infinity),
  length: (a, b) => (b.length ?? 0) - (a.length ?? 0),
};

function drawSamples() {
  const words = byId("search").value.toLowerCase(), run = byId("of-run").value, step = byId("of-step").value;
  matching = samples.filter(sample => !hidden.has(sample.run) && (run === "" || sample.run === +run) && (step === "" || sample.step === +step)
    && (byId("which").value === "all" || sample.mark || sample.reward == null)
    && (!words || (sample.question + "\n" + sample.solution + "\n" + sample.explanation).toLowerCase().includes(words)));
  matching.sort(orders[byId("order").value]);
  byId("count").textContent = `${matching.length} of ${samples.length}`;
  byId("samples").replaceChildren();
  drawn = 0;
  drawMore();
}

function drawMore() {
  byId("samples").append(...matching.slice(drawn, drawn + page).map(entry));
  drawn = Math.min(matching.length, drawn + page);
  byId("more").hidden = drawn >= matching.length;
}

function openSample(sample) {
  if (!matching.includes(sample)) {
    for (const id of ["search", "of-run", "of-step"]) byId(id).value = "";
    byId("which").value = "all";
    drawSamples();
  }
  while (!byId("sample-" + sample.index)) drawMore();
  const details = byId("sample-" + sample.index);
  details.open = true;
  details.scrollIntoView({ block: "center" });
  details.querySelector("summary").focus({ preventScroll: true });
}

function prepareFilters() {
  const option = (value, text) => make("option", { value }, text);
  byId("of-run").append(option("", "all"), ...data.runs.map((run, index) => option(index, run.name)));
  byId("of-step").append(option("", "all"), ...[...new Set(samples.map(sample => sample.step).filter(step => step != null))].sort((a, b) => a - b).map(step => option(step, step)));
  const ids = ["search", "of-run", "of-step", "which", "order"];
  for (const id of ids) {
    if (remembered[id] != null) byId(id).value = remembered[id];
    byId(id).addEventListener("input", drawSamples);
  }
  byId("filters").addEventListener("submit", event => event.preventDefault());
  byId("more").onclick = drawMore;
  new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) drawMore(); }, { rootMargin: "400px" }).observe(byId("more"));
  return ids;
}

drawRuns();
drawCurves();
markSamples();
byId("samples-section").hidden = !samples.length;
const filterIds = prepareFilters();
drawSamples();
drawLengths();

// While the run goes on, the page is read again, and looks as the reader left it.
if (data.refresh_seconds) {
  for (const sample of samples.filter(sample => remembered.open?.includes(sample.key))) openSample(sample);
  if (remembered.scroll != null) scrollTo(0, remembered.scroll);
  setTimeout(() => {
    const state = Object.fromEntries(filterIds.map(id => [id, byId(id).value]));
    state.groups = Object.fromEntries([...document.querySelectorAll("details.group")].map(details => [details.id.slice("group-".length), details.open]));
    state.open = [...document.querySelectorAll("details.sample[open]")].map(details => samples[+details.id.slice("sample-".length)].key);
    state.scroll = scrollY;
    try { sessionStorage.setItem(location.pathname, JSON.stringify(state)); } catch { /* a browser without storage begins anew */ }
    location.reload();
  }, data.refresh_seconds * 1000);
}
