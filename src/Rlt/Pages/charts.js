// --- scales ------------------------------------------------------------------------------------------------------------
// Round numbers between two: 1, 2 or 5 times a power of ten apart, about as many as wanted.
function roundTicks(low, high, wanted, whole = false) {
  const rough = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(rough));
  const apart = Math.max(whole ? 1 : 0, power * [1, 2, 5, 10].find(times => times * power >= rough * .999));
  const ticks = [];
  for (let k = Math.ceil(low / apart - 1e-9); k * apart <= high + apart * 1e-9; k++) ticks.push(+(k * apart).toPrecision(12));
  return ticks;
}

// Powers of ten between two positive numbers, with 2 and 5 times them where there are few.
function logTicks(low, high) {
  const decades = [];
  for (let k = Math.floor(Math.log10(low)); k <= Math.ceil(Math.log10(high)); k++) decades.push(k);
  const times = decades.length > 4 ? [1] : [1, 2, 5];
  return decades.flatMap(k => times.map(t => +(t * 10 ** k).toPrecision(3))).filter(tick => tick >= low * .999 && tick <= high * 1.001);
}

// A span from round number to round number, that holds the values.
function roundSpan(low, high, wanted) {
  if (low === high) { low -= Math.abs(low) / 10 || 1; high += Math.abs(high) / 10 || 1; }
  const [first, second] = roundTicks(low, high, wanted), apart = second - first || high - low;
  return [Math.floor(low / apart + 1e-9) * apart, Math.ceil(high / apart - 1e-9) * apart];
}

const duration = seconds => seconds >= 3600 ? `${shown(seconds / 3600)} h` : seconds >= 60 ? `${shown(seconds / 60)} min` : `${shown(seconds)} s`;

// Places of numbers in a picture of a size, and the marks of its axes.
function axes(size, [low, high], [from, to], { log = false, time = false, names } = {}) {
  const { width, height, left, right, top, bottom } = size;
  const scaled = value => log ? Math.log10(value) : value;
  const x = value => left + (width - left - right) * (to === from ? .5 : (value - from) / (to - from));
  const y = value => top + (height - top - bottom) * (scaled(high) - scaled(value)) / (scaled(high) - scaled(low) || 1);
  const unit = time ? to >= 7200 ? 3600 : to >= 120 ? 60 : 1 : 1;
  const marks = (log ? logTicks(low, high) : roundTicks(low, high, 5)).flatMap(tick => [
    make("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
    make("text", { class: "tick", x: left - 5, y: y(tick) + 4, "text-anchor": "end" }, shown(tick))]);
  for (const tick of from === to ? [from / unit] : roundTicks(from / unit, to / unit, 5, !time)) {
    marks.push(make("line", { class: "grid", x1: x(tick * unit), x2: x(tick * unit), y1: height - bottom, y2: height - bottom + 4 }),
      make("text", { class: "tick", x: x(tick * unit), y: height - bottom + 16, "text-anchor": "middle" }, shown(tick)));
  }
  const title = names?.x ?? (time ? { 1: "seconds", 60: "minutes", 3600: "hours" }[unit] : "step");
  marks.push(make("text", { class: "axis", x: width - right, y: height - 1, "text-anchor": "end" }, title));
  if (names?.y) marks.push(make("text", { class: "axis", x: 0, y: 10 }, names.y));
  return { x, y, marks };
}

// --- curves ------------------------------------------------------------------------------------------------------------
const small = { width: 360, height: 190, left: 50, right: 10, top: 12, bottom: 34 }, most = 600;
const shades = /_(min|p10|p50|p90|max)$/;
const view = () => ({ seconds: byId("axis").value === "seconds", weight: +byId("smoothing").value, log: byId("log").checked });

// The mean of all values so far, the newer ones weighing more.
function smoothed(values, weight) {
  let sum = 0, weights = 0;
  return values.map(value => {
    if (value == null) return null;
    [sum, weights] = [sum * weight + value, weights * weight + 1];
    return sum / weights;
  });
}

// Long runs are drawn by the means of neighbouring steps; the tooltip has each step's own value.
function points(places, values) {
  const size = Math.ceil(places.length / most), result = [];
  for (let i = 0; i < places.length; i += size) {
    const kept = [];
    for (let k = i; k < Math.min(i + size, places.length); k++) if (values[k] != null) kept.push(k);
    if (kept.length) result.push([kept.reduce((sum, k) => sum + places[k], 0) / kept.length, kept.reduce((sum, k) => sum + values[k], 0) / kept.length]);
  }
  return result;
}
const path = list => list.map(([x, y], i) => (i ? "L" : "M") + x.toFixed(1) + " " + y.toFixed(1)).join("");

// Where a run's steps lie on the axis; null where they are not known in seconds.
const placesOf = run => view().seconds ? run.seconds : run.steps;
const withMetric = name => data.runs.map((run, index) => ({ ...run, index })).filter(run => run.metrics[name] && placesOf(run) && !hidden.has(run.index));
const isZero = name => withMetric(name).every(run => run.metrics[name].every(value => value == null || value === 0));

// Steps that were warned of, as bars along the axis; dashed lines where the run went on after a stop.
function eventMarks(run, x, size) {
  const places = placesOf(run), base = size.height - size.bottom, marks = [];
  for (let k = 0; k < places.length; k++) {
    if (!run.warnings[k].length) continue;
    const first = k;
    while (k + 1 < places.length && run.warnings[k + 1].length) k++;
    const [from, to] = [x(places[first]), x(places[k])];
    marks.push(make("line", { class: "warned", x1: (from - 2).toFixed(1), x2: (to + 2).toFixed(1), y1: base, y2: base }));
  }
  for (const step of run.resumes) {
    const k = run.steps.indexOf(step);
    if (k >= 0) marks.push(make("line", { class: "resumed", x1: x(places[k]).toFixed(1), x2: x(places[k]).toFixed(1), y1: size.top, y2: base, style: paint("stroke", run.index) }));
  }
  return marks;
}

function chart(name) {
  const { seconds, weight, log } = view();
  const runs = withMetric(name), figure = make("figure");
  const all = runs.flatMap(run => [name, name + "_p10", name + "_p90"].flatMap(key => run.metrics[key] ?? [])).filter(value => value != null);
  if (!all.length) return figure;
  const low = all.reduce((a, b) => Math.min(a, b)), high = all.reduce((a, b) => Math.max(a, b)), canLog = log && low > 0 && high > low;
  const places = [...new Set(runs.flatMap(placesOf))].sort((a, b) => a - b);
  const { x, y, marks } = axes(small, canLog ? [low, high] : roundSpan(low, high, 5), [places[0], places.at(-1)], { log: canLog, time: seconds });
  const svg = make("svg", { viewBox: `0 0 ${small.width} ${small.height}`, tabindex: 0, role: "img", "aria-label": `${name} by ${seconds ? "time" : "step"}: ` + runs.map(run => `${run.name} from ${shown(run.metrics[name][0])} to ${shown(run.metrics[name].at(-1))}`).join(", ") }, ...marks);
  for (const run of runs) {
    const at = values => points(placesOf(run), values).map(([place, value]) => [x(place), y(value)]);
    const [p10, p90] = [run.metrics[name + "_p10"], run.metrics[name + "_p90"]];
    if (p10 && p90) svg.append(make("path", { class: "band", d: path([...at(p90), ...at(p10).reverse()]) + "Z", style: paint("fill", run.index) }));
    const draw = (line, kind) => svg.append(line.length === 1 ? make("circle", { class: kind, cx: line[0][0], cy: line[0][1], r: 3, style: paint("fill", run.index) }) : make("path", { class: kind, d: path(line), style: paint("stroke", run.index) }));
    if (weight) draw(at(run.metrics[name]), "raw");
    draw(at(weight ? smoothed(run.metrics[name], weight) : run.metrics[name]), "curve");
    svg.append(...eventMarks(run, x, small));
  }
  const cursor = make("line", { class: "cursor", y1: small.top, y2: small.height - small.bottom, visibility: "hidden" });
  svg.append(cursor);
  let at = places.length - 1;
  const point = index => {
    at = Math.max(0, Math.min(places.length - 1, index));
    for (const [key, value] of [["x1", x(places[at])], ["x2", x(places[at])], ["visibility", "visible"]]) cursor.setAttribute(key, value);
    const box = svg.getBoundingClientRect(), scale = box.width / small.width;
    showTip(runs.flatMap(run => toldOf(run, name, places[at])).join("\n"), { left: box.left + x(places[at]) * scale, bottom: box.top + small.height * scale, top: box.top });
  };
  const leave = () => { cursor.setAttribute("visibility", "hidden"); hideTip(); };
  svg.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect(), wanted = (event.clientX - box.left) * small.width / box.width;
    let best = 0;
    places.forEach((place, i) => { if (Math.abs(x(place) - wanted) < Math.abs(x(places[best]) - wanted)) best = i; });
    point(best);
  });
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("blur", leave);
  svg.addEventListener("keydown", event => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) { event.preventDefault(); point(at + move); }
  });
  const last = runs.map(run => make("span", { style: paint("color", run.index), title: run.name }, (runs.length > 1 ? run.name + " " : "") + shown(run.metrics[name].findLast(value => value != null))));
  figure.append(make("figcaption", {}, explained(name), make("span", { class: "last" }, ...last)), svg);
  if (log && !canLog) figure.append(make("p", { class: "hint" }, "not on a log axis: not all values are above 0 and different"));
  return figure;
}

// What a run was at a place of the axis, or at its last one before.
function toldOf(run, name, place) {
  const k = placesOf(run).findLastIndex(other => other <= place);
  if (k < 0) return [];
  const [p10, p90] = [run.metrics[name + "_p10"]?.[k], run.metrics[name + "_p90"]?.[k]];
  return [
    `${run.name}, step ${run.steps[k]}${run.seconds ? ` (${duration(run.seconds[k])})` : ""}: ${shown(run.metrics[name][k])}` + (p10 == null ? "" : ` (${shown(p10)} … ${shown(p90)})`),
    ...run.warnings[k].map(warning => `  warning: ${warning.split(";")[0]}`),
    ...(run.resumes.includes(run.steps[k]) ? ["  went on after a stop"] : [])];
}

// A metric's name, which says what it means when it is pointed at.
function explained(name) {
  const label = make("b", { class: "name", tabindex: 0 }, name);
  const tell = () => showTip(data.about[name] ?? name, label.getBoundingClientRect());
  for (const event of ["pointerenter", "focus"]) label.addEventListener(event, tell);
  for (const event of ["pointerleave", "blur"]) label.addEventListener(event, hideTip);
  return label;
}

function drawCurves() {
  const known = new Set(data.runs.flatMap(run => Object.keys(run.metrics)));
  byId("curves-section").hidden = !known.size;
  byId("curves").replaceChildren(...data.questions.flatMap(({ title, metrics }, place) => {
    const own = metrics.filter(name => !(shades.test(name) && known.has(name.replace(shades, ""))) && withMetric(name).length);
    const zero = own.filter(isZero), drawn = own.filter(name => !zero.includes(name));
    if (!own.length) return [];
    const open = remembered.groups?.[place] ?? place < 2;
    const box = make("div", { class: "charts" });
    const details = make("details", { class: "group", ...(open ? { open: "" } : {}) }, make("summary", {}, title), box);
    if (zero.length) details.append(make("p", { class: "hint zero" }, "always 0: ", ...zero.flatMap((name, i) => [...(i ? [", "] : []), explained(name)])));
    const fill = () => { if (details.open && !box.childElementCount) box.append(...drawn.map(chart).filter(figure => figure.childElementCount)); };
    details.addEventListener("toggle", fill);
    fill();
    return [details];
  }));
}

// --- reward against length ---------------------------------------------------------------------------------------------
const large = { width: 760, height: 320, left: 56, right: 14, top: 22, bottom: 36 };

function drawLengths() {
  const list = samples.filter(sample => sample.reward != null && sample.length != null && !hidden.has(sample.run)).sort((a, b) => a.length - b.length);
  byId("lengths-section").hidden = !list.length;
  if (!list.length) return;
  const bounds = values => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const [first, last] = bounds(list.map(sample => sample.step ?? 0));
  const names = { x: "tokens of the explanation", y: "reward" };
  const { x, y, marks } = axes(large, roundSpan(...bounds(list.map(sample => sample.reward)), 5), roundSpan(list[0].length, list.at(-1).length, 5), { names });
  const svg = make("svg", { viewBox: `0 0 ${large.width} ${large.height}`, tabindex: 0, role: "img", "aria-label": "reward by tokens of the explanation" }, ...marks);
  const dots = list.map(sample => make("circle", { cx: x(sample.length).toFixed(1), cy: y(sample.reward).toFixed(1), r: 3.5, style: paint("fill", sample.run), opacity: (.4 + .6 * (last > first ? ((sample.step ?? 0) - first) / (last - first) : 1)).toFixed(2) }));
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
  byId("lengths").replaceChildren(make("figure", {}, svg));
}
