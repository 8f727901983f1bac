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
    make("span", { class: "key", style: paint("background", sample.run) }), make("span", {}, title(sample)), ...(sample.mark ? [make("span", { class: "mark" }, sample.mark)] : []),
    ...fact("reward", sample.reward), ...fact("solution", sample.solution_score), ...fact("KL", sample.think_kl), ...fact("tokens", sample.length), make("span", { class: "q" }, sample.question)));
  details.addEventListener("toggle", () => { if (details.open && details.childElementCount === 1) details.append(body(sample)); });
  return details;
}

// A few are there at once, so that what follows them is not far; the button has more.
let matching = [], drawn = 0;
const few = 6;
const page = 12;
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
  drawMore(few);
}

function drawMore(count = page) {
  byId("samples").append(...matching.slice(drawn, drawn + count).map(entry));
  drawn = Math.min(matching.length, drawn + count);
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
  byId("more").onclick = () => drawMore();
  return ids;
}

