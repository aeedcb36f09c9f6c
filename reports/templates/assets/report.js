// The page is complete without this script: it only adds filtering, sorting and arrow keys.
"use strict";
(() => {
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);

  const findings = byId("findings") ? all(".finding", byId("findings")) : [];
  const bar = document.querySelector(".filter");
  const text = byId("filter-text");
  const severity = byId("filter-severity");
  const environment = byId("filter-environment");
  const state = byId("filter-state");
  const contents = new Map(findings.map((finding) => [finding, finding.textContent.toLowerCase()]));

  const matches = (finding) =>
    (!severity.value || finding.dataset.severity === severity.value) &&
    (!environment.value || all("[data-environment]", finding).some((item) => item.dataset.environment === environment.value)) &&
    contents.get(finding).includes(text.value.trim().toLowerCase());

  const filter = () => {
    let shown = 0;
    for (const finding of findings) {
      finding.hidden = !matches(finding);
      shown += finding.hidden ? 0 : 1;
    }
    state.textContent = shown === findings.length ? "" : `${shown} of ${findings.length} shown`;
  };

  const clear = () => {
    text.value = "";
    severity.value = "";
    environment.value = "";
    filter();
  };

  if (bar) {
    bar.hidden = false;
    for (const control of [text, severity, environment]) control.addEventListener("input", filter);
    text.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
    byId("filter-clear").addEventListener("click", clear);
    const fold = (open) => () => { for (const finding of findings) finding.querySelector("details").open = open; };
    byId("expand-all").addEventListener("click", fold(true));
    byId("collapse-all").addEventListener("click", fold(false));
  }

  // A link to something folded or filtered away brings it to light.
  const reveal = () => {
    const target = location.hash.length > 1 ? byId(location.hash.slice(1)) : null;
    if (!target) return;
    const finding = target.closest(".finding");
    if (finding && finding.hidden) clear();
    if (finding === target) finding.querySelector("details").open = true;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  reveal();

  // Up and down walk the findings once one of them has the focus.
  document.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const summary = event.target.closest(".finding > details > summary");
    if (!summary || !(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
    const walk = all(".finding:not([hidden]) > details > summary");
    const next = walk[walk.indexOf(summary) + steps[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  const sort = (table, column, header) => {
    const rising = header.getAttribute("aria-sort") !== "ascending";
    for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const body = table.tBodies[0];
    const compare = (one, two) =>
      one.cells[column].textContent.localeCompare(two.cells[column].textContent, "en", { numeric: true });
    const rows = Array.from(body.rows).sort((one, two) => (rising ? compare(one, two) : compare(two, one)));
    body.append(...rows);
  };
  for (const table of all("table.sortable")) {
    all("thead th", table).forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = header.textContent;
      header.replaceChildren(button);
      button.addEventListener("click", () => sort(table, column, header));
    });
  }

  // Paper has no folds.
  window.addEventListener("beforeprint", () => {
    for (const fold of all(".finding details, .cause")) fold.open = true;
  });
})();
