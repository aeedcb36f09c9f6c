// The page is complete without this script: it only adds filtering, sorting, copying and arrow keys.
"use strict";
const start = () => {
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);
  const words = { copy: "Copy", copied: "Copied", press: "Press Ctrl+C", shown: "{shown} of {all} lines shown", ...document.body.dataset };
  const folded = (text) => text.toLowerCase().replace(/\s+/g, " ");

  // What can be filtered: every line that stands for a finding, with the part of the page and the row it stands in.
  const parts = all("[data-is], #passed, .cause, .wait");
  const kept = new Map();
  const environments = new Map();
  const columns = all("#matrix th[data-component]").map((header) => header.textContent);
  for (const row of all("tr[data-host]", byId("matrix") || document.createElement("div"))) {
    const { environment = "", purpose = "" } = row.parentElement.dataset;
    // Its cells stand under the last columns, whatever spans rows before them.
    const cells = all("td.cell:not(.blind)", row);
    const components = new Set(cells.flatMap((cell, at) => (cell.matches(".st-absent, .st-unknown") ? [] : columns[at])));
    kept.set(row.dataset.host, { environment, purpose, components });
    if (!environment) continue;
    const whole = environments.get(environment) || { purpose, components: new Set() };
    for (const component of components) whole.components.add(component);
    environments.set(environment, whole);
  }
  const read = (element) => {
    const box = element.closest(".finding, .line") || element;
    const list = element.closest("[data-is]");
    const { host = "", mark = "" } = element.dataset;
    const place = kept.get(host) || environments.get(element.dataset.environment) || { purpose: "", components: new Set() };
    const environment = element.dataset.environment || place.environment || "";
    return {
      element, box, list, environment, host, place,
      is: [list.dataset.is, mark],
      severity: element.dataset.severity || box.dataset.severity || "",
      check: element.dataset.check || box.dataset.check || "",
      many: element.matches(".many"),
      text: null,
    };
  };
  const items = all("[data-status], .many, .resolved").filter((element) => element.closest("[data-is]")).map(read);
  const boxes = new Map();
  for (const item of items) {
    if (!boxes.has(item.box)) boxes.set(item.box, { own: [], rows: [], common: null });
    const box = boxes.get(item.box);
    item.at = box.own.push(item) - 1;
  }
  for (const [element, box] of boxes) {
    if (box.own.length > 1 && element.matches(".finding")) box.rows = all(".subjects tbody tr", element);
  }
  // A row of several findings is searched by what is said of each; what is said of the check belongs to all of them.
  const textIn = (...parts) => folded(parts.map((part) => (part ? part.textContent : "")).join(" "));
  const textOf = (item) => {
    const box = boxes.get(item.box);
    if (box.common === null) {
      const wait = item.box.closest(".wait");
      box.common = box.own.length === 1
        ? textIn(item.box, wait && wait.querySelector(".why"))
        : textIn(...all(".headline, .guidance, .badges .id, :scope > summary", item.box));
    }
    if (item.text === null) item.text = box.own.length === 1 ? "" : textIn(item.element, box.rows[item.at]);
    return `${item.text} ${box.common}`;
  };
  // Read while nobody waits, so that the first letter is as fast as the second.
  const warm = (from) => {
    const end = performance.now() + 8;
    let at = from;
    while (at < items.length && performance.now() < end) textOf(items[at++]);
    if (at < items.length) setTimeout(warm, 0, at);
  };
  setTimeout(warm, 0, 0);

  const bar = byId("filter");
  const NAMES = ["text", "status", "severity", "environment", "purpose", "server", "component", "group", "order"];
  const fields = bar ? Object.fromEntries(NAMES.map((name) => [name, byId(`filter-${name}`)])) : {};
  const said = byId("filter-state");
  const sorted = new Map();

  const matches = (item, wanted) =>
    (!wanted.status || item.is.includes(wanted.status)) &&
    (!wanted.severity || !item.severity || item.severity === wanted.severity) &&
    (!wanted.group || item.check.startsWith(`${wanted.group}-`) || (item.many && !item.check)) &&
    (item.many || (
      (!wanted.environment || item.environment === wanted.environment) &&
      (!wanted.purpose || item.place.purpose === wanted.purpose) &&
      (!wanted.server || item.host === wanted.server) &&
      (!wanted.component || item.place.components.has(wanted.component)))) &&
    (!wanted.text || textOf(item).includes(wanted.text));

  const hide = (element, hidden) => { if (element && element.hidden !== hidden) element.hidden = hidden; };

  const filter = () => {
    const wanted = Object.fromEntries(NAMES.map((name) => [name, fields[name].value]));
    wanted.text = folded(wanted.text.trim());
    const active = NAMES.some((name) => name !== "order" && wanted[name]);
    let shown = 0;
    const visible = new Set();
    for (const [box, { own, rows }] of boxes) {
      let any = 0;
      own.forEach((item, index) => {
        const found = !active || matches(item, wanted);
        hide(item.element, !found);
        hide(rows[index], !found);
        if (!found) return;
        any += 1;
        for (let at = item.element.parentElement; at && !visible.has(at); at = at.parentElement) visible.add(at);
      });
      hide(box, !any);
      shown += any;
    }
    for (const part of parts) hide(part, active && !visible.has(part));
    // What no filter reaches would stand between the findings that are left.
    for (const aside of all("#history, #facts")) hide(aside, active);
    said.textContent = active ? words.shown.replace("{shown}", shown).replace("{all}", items.length) : "";
    for (const card of all(".card a[data-filter]")) {
      const own = new URLSearchParams(card.dataset.filter);
      const same = active && NAMES.every((name) => name === "order" || (own.get(name) || "") === fields[name].value);
      if (same) card.setAttribute("aria-current", "true"); else card.removeAttribute("aria-current");
    }
  };

  const order = () => {
    const findings = byId("findings");
    if (!findings) return;
    const own = all(":scope > .finding", findings);
    if (!order.first) order.first = own;
    const by = {
      "": (one, two) => order.first.indexOf(one) - order.first.indexOf(two),
      servers: (one, two) => boxes.get(two).own.length - boxes.get(one).own.length,
      check: (one, two) => one.dataset.check.localeCompare(two.dataset.check, "en"),
    };
    const wanted = [...order.first].sort(by[fields.order.value] || by[""]);
    if (wanted.some((finding, index) => finding !== own[index])) findings.append(...wanted);
  };

  // The state stands behind the # of the address, which works for a file, and is never sent to anybody.
  const keep = () => {
    const state = new URLSearchParams();
    for (const name of NAMES) if (fields[name] && fields[name].value) state.set(name, fields[name].value);
    for (const [table, [column, rising]] of sorted) state.append("sort", `${table}.${column}.${rising ? "up" : "down"}`);
    history.replaceState(null, "", String(state) ? `#${state}` : location.pathname + location.search);
  };
  const set = (state) => {
    for (const name of NAMES) {
      const value = state.get(name) || "";
      if (fields[name]) fields[name].value = value;
      // A value that this report does not offer.
      if (fields[name] && fields[name].value !== value) fields[name].value = "";
    }
    filter();
    order();
  };
  const clear = () => set(new URLSearchParams());

  if (bar) {
    const offer = (name, values, word = (value) => value) => {
      for (const value of values) fields[name].append(new Option(word(value), value));
    };
    const places = [...kept.values()];
    offer("environment", environments.keys());
    offer("purpose", new Set([...environments.values()].map((item) => item.purpose)));
    offer("server", kept.keys());
    offer("component", [...new Set(places.flatMap((item) => [...item.components]))].sort());
    const groups = new Map(all("#groups thead th[data-group]").map((header) => [header.dataset.group, header.textContent]));
    offer("group", groups.keys(), (code) => `${code} – ${groups.get(code)}`);
    bar.hidden = false;
    for (const name of NAMES) fields[name].addEventListener("input", () => { filter(); order(); keep(); });
    fields.text.addEventListener("keydown", (event) => { if (event.key === "Escape") { clear(); keep(); } });
    byId("filter-clear").addEventListener("click", () => { clear(); keep(); });
    const fold = (open) => () => { for (const finding of all(".finding:not([hidden])")) finding.querySelector("details").open = open; };
    byId("expand-all").addEventListener("click", fold(true));
    byId("collapse-all").addEventListener("click", fold(false));
    // A card shows what it counts; the same card again shows everything.
    const narrow = (link, state) => link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      set(link.getAttribute("aria-current") ? new URLSearchParams() : state);
      keep();
      if (link.matches(".card a:not([aria-current])")) return;
      bar.scrollIntoView();
      byId("filter-title").focus({ preventScroll: true });
    });
    for (const card of all(".card a[data-filter]")) narrow(card, new URLSearchParams(card.dataset.filter));
    for (const cell of all("#groups td a")) {
      const { host, environment } = cell.closest("tr").dataset;
      const heading = cell.closest("table").tHead.rows[0].cells[cell.closest("td").cellIndex];
      const state = new URLSearchParams({ group: heading.dataset.group });
      if (host) state.set("server", host); else if (environment) state.set("environment", environment);
      narrow(cell, state);
    }
  }

  // A link to something folded or filtered away brings it to light.
  const reveal = () => {
    const name = location.hash.slice(1);
    if (bar && name.includes("=")) {
      const state = new URLSearchParams(name);
      set(state);
      for (const item of state.getAll("sort")) resort(item);
      bar.scrollIntoView();
      return;
    }
    const target = name ? byId(name) : null;
    if (!target) return;
    if (target.closest("[hidden]")) clear();
    if (target.matches(".finding")) target.querySelector("details").open = true;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };

  // Up and down walk the findings once one of them has the focus.
  document.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const summary = event.target.closest(".finding > details > summary");
    if (!summary || !(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
    const walk = all(".finding > details > summary").filter((item) => !item.closest("[hidden]"));
    const next = walk[walk.indexOf(summary) + steps[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  const sort = (table, column, rising) => {
    const headers = all("thead th", table);
    for (const other of headers) other.removeAttribute("aria-sort");
    headers[column].setAttribute("aria-sort", rising ? "ascending" : "descending");
    const body = table.tBodies[0];
    const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
    const rows = Array.from(body.rows, (row) => [row.cells[column].textContent, row]);
    rows.sort(([one], [two]) => (rising ? collator.compare(one, two) : collator.compare(two, one)));
    body.append(...rows.map(([, row]) => row));
    sorted.set(table.closest("[id]").id, [column, rising]);
  };
  const resort = (text) => {
    const [id, column, way] = text.split(".");
    const table = byId(id) ? byId(id).querySelector("table.sortable") : null;
    if (table && table.tHead.rows[0].cells[Number(column)]) sort(table, Number(column), way !== "down");
  };
  for (const table of all("table.sortable")) {
    all("thead th", table).forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = header.textContent;
      header.replaceChildren(button);
      button.addEventListener("click", () => {
        sort(table, column, header.getAttribute("aria-sort") !== "ascending");
        if (bar) keep();
      });
    });
  }

  for (const box of all(".accept pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words.copy;
    button.addEventListener("click", () => {
      getSelection().selectAllChildren(box);
      // The older way works in a file too.
      button.textContent = document.execCommand("copy") ? words.copied : words.press;
    });
    box.before(button);
  }

  // Paper has no folds.
  window.addEventListener("beforeprint", () => {
    for (const fold of all(".finding details, .cause")) fold.open = true;
  });
  window.addEventListener("hashchange", reveal);
  reveal();
  performance.mark("complete");
};

// Of a large infrastructure most of the page stands in noscript elements, which a browser that runs scripts keeps as
// text: it shows the first part at once and builds the others while nobody waits, or as soon as somebody does.
(() => {
  const later = Array.from(document.querySelectorAll("noscript"));
  const build = () => {
    const part = later.shift();
    const holder = document.createElement("template");
    holder.innerHTML = part.textContent;
    part.replaceWith(holder.content);
  };
  const finish = () => {
    if (finish.done) return;
    finish.done = true;
    while (later.length) build();
    start();
  };
  const step = () => {
    if (later.length) build(); else finish();
    if (!finish.done) setTimeout(step);
  };
  if (!later.length || location.hash) {
    finish();
    return;
  }
  build();
  setTimeout(step);
  for (const touch of ["click", "keydown", "focusin"]) document.addEventListener(touch, finish, { capture: true, once: true });
  for (const need of ["hashchange", "beforeprint"]) window.addEventListener(need, finish, { once: true });
})();
