// Light or dark as the browser has it, until the button says otherwise.
{
  const root = document.documentElement, key = "rlt-theme";
  const dark = () => root.style.colorScheme ? root.style.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  try { root.style.colorScheme = localStorage.getItem(key) ?? ""; } catch { /* a browser without storage has its own theme */ }
  document.getElementById("theme").onclick = () => {
    root.style.colorScheme = dark() ? "light" : "dark";
    try { localStorage.setItem(key, root.style.colorScheme); } catch { /* as above */ }
  };
}
