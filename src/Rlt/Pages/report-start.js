markSamples();
byId("samples-section").hidden = !samples.length;
const filterIds = prepareFilters();
for (const id of ["axis", "smoothing", "log"]) {
  if (remembered[id] != null) byId(id)[id === "log" ? "checked" : "value"] = remembered[id];
  byId(id).addEventListener("input", drawCurves);
}
byId("view").addEventListener("submit", event => event.preventDefault());
drawRuns();
drawSamples();
drawCurves();
drawLengths();

// What is worth most is open at once: the best explanation of the latest step.
if (!data.refresh_seconds && matching.length) byId("sample-" + (matching.find(sample => sample.mark === "best") ?? matching[0]).index).open = true;

// While the run goes on, the page is read again, and looks as the reader left it.
if (data.refresh_seconds) {
  for (const sample of samples.filter(sample => remembered.open?.includes(sample.key))) openSample(sample);
  if (remembered.scroll != null) scrollTo(0, remembered.scroll);
  setTimeout(() => {
    const state = Object.fromEntries(filterIds.map(id => [id, byId(id).value]));
    state.groups = [...document.querySelectorAll("details.group")].map(details => details.open);
    [state.axis, state.smoothing, state.log] = [byId("axis").value, byId("smoothing").value, byId("log").checked];
    state.open = [...document.querySelectorAll("details.sample[open]")].map(details => samples[+details.id.slice("sample-".length)].key);
    state.scroll = scrollY;
    try { sessionStorage.setItem(location.pathname, JSON.stringify(state)); } catch { /* a browser without storage begins anew */ }
    location.reload();
  }, data.refresh_seconds * 1000);
}
