{
  const byId = id => document.getElementById(id);
  const kinds = [...document.querySelectorAll("input[type=checkbox]")], rows = [...document.querySelectorAll("details")];
  const show = () => {
    const on = kinds.filter(kind => kind.checked).map(kind => kind.value), words = byId("find").value.toLowerCase();
    const solved = byId("solved").value, found = byId("found").value;
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(on.includes(row.dataset.kind) && (solved === "" || row.dataset.solved === solved) && (found === "" || row.dataset.found === found)
        && row.textContent.toLowerCase().includes(words));
      shown += row.hidden ? 0 : 1;
    }
    byId("shown").textContent = `${shown} shown`;
  };
  for (const control of [...kinds, byId("solved"), byId("found"), byId("find")]) control.addEventListener("input", show);
  for (const button of document.querySelectorAll("#answers button")) {
    button.addEventListener("click", () => { byId("found").value = button.dataset.found; show(); byId("found").scrollIntoView({ block: "start" }); });
  }
  document.querySelector("form").addEventListener("submit", event => event.preventDefault());
  show();
}
