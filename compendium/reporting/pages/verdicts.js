"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const section = find("section");
  const population = find("population");
  const search = find("search");
  const toggles = [...document.querySelectorAll("#counts button")];
  const plain = (text) => text.normalize("NFKC").toLowerCase();

  const rows = [...document.querySelectorAll("tr.claim")].map((row) => {
    const button = row.querySelector(".unfold");
    const proof = button && find(button.getAttribute("aria-controls"));
    const text = plain(`${row.id} ${row.textContent} ${proof ? proof.textContent : ""}`);
    return { row, button, proof, text };
  });

  // The state is that of the controls; the part of the address behind # repeats it.
  function state() {
    const given = new URLSearchParams();
    for (const one of toggles) if (one.getAttribute("aria-pressed") === "true") given.append("verdict", one.value);
    if (section.value) given.set("section", section.value);
    if (population.value) given.set("population", population.value);
    if (search.value.trim()) given.set("search", search.value.trim());
    return given;
  }

  function choose(select, value) {
    select.value = value;
    if (select.selectedIndex < 0) select.value = "";
  }

  function restore(given) {
    const verdicts = given.getAll("verdict");
    for (const one of toggles) one.setAttribute("aria-pressed", String(verdicts.includes(one.value)));
    choose(section, given.get("section") ?? "");
    choose(population, given.get("population") ?? "");
    search.value = given.get("search") ?? "";
  }

  function filter() {
    const given = state();
    const verdicts = given.getAll("verdict");
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { row, proof, text } of rows) {
      const data = row.dataset;
      const shown = (!verdicts.length || verdicts.includes(data.verdict))
        && (!section.value || data.section === section.value)
        && (!population.value || data.population === population.value)
        && words.every((word) => text.includes(word));
      row.hidden = !shown;
      if (proof) proof.hidden = !shown;
      count += shown;
    }
    const number = (n) => n.toLocaleString("en-GB");
    find("shown").textContent = `${number(count)} of ${number(rows.length)} statements`;
    find("none").hidden = count > 0;
    find("verdicts").hidden = count === 0;
    find("clear").hidden = given.size === 0;
  }

  function changed() {
    filter();
    const given = state();
    history.replaceState(null, "", given.size ? `#${given}` : location.href.split("#")[0]);
  }

  function unfold(record, open) {
    record.button.setAttribute("aria-expanded", String(open));
    record.proof.classList.toggle("folded", !open);
  }

  function show(record) {
    for (const { row } of rows) row.classList.toggle("here", row === record.row);
    if (record.button) unfold(record, true);
    record.row.scrollIntoView({ block: "center" });
    (record.button ?? record.row.querySelector("a")).focus({ preventScroll: true });
  }

  // An address ends in the name of a statement or of a part of the page, or in the state of the filters.
  function follow() {
    const hash = location.hash.slice(1);
    const given = new URLSearchParams(hash.includes("=") ? hash : "");
    restore(given);
    filter();
    const name = given.get("statement") ?? hash;
    const record = rows.find(({ row }) => row.id === name);
    if (!record) {
      find(name)?.scrollIntoView();
      return;
    }
    // With the bare name the browser would go there itself, later, and take the focus away.
    if (name === hash) history.replaceState(null, "", `#${new URLSearchParams({ statement: name })}`);
    show(record);
  }

  // A statement that the filters hide is shown without them; otherwise they stay. Either way "back" returns.
  // A part of the page is only moved to, so that the address keeps the filters.
  function jump(event, link) {
    event.preventDefault();
    const name = link.getAttribute("href").slice(1);
    const record = rows.find(({ row }) => row.id === name);
    if (!record) {
      find(name).scrollIntoView();
      find(name).focus({ preventScroll: true });
      return;
    }
    const given = record.row.hidden ? new URLSearchParams() : state();
    given.set("statement", name);
    history.pushState(null, "", `#${given}`);
    follow();
  }

  function clicked(event) {
    const link = event.target.closest("a");
    if (link) {
      if (link.getAttribute("href").startsWith("#")) jump(event, link);
      return;
    }
    const row = event.target.closest("tr.unfolds");
    const selecting = !getSelection().isCollapsed && !event.target.closest("button");
    if (!row || selecting) return;
    const record = rows.find((one) => one.row === row);
    unfold(record, record.proof.classList.contains("folded"));
  }

  for (const record of rows) {
    if (!record.button) continue;
    record.button.disabled = false;
    record.row.classList.add("unfolds");
    record.proof.querySelector("details").open = true;
    unfold(record, false);
  }
  for (const one of toggles) {
    one.disabled = false;
    one.addEventListener("click", () => {
      one.setAttribute("aria-pressed", String(one.getAttribute("aria-pressed") !== "true"));
      changed();
    });
  }
  for (const control of [section, population, search]) control.addEventListener("input", changed);
  find("filters").addEventListener("submit", (event) => event.preventDefault());
  find("filters").addEventListener("reset", () => {
    restore(new URLSearchParams());
    changed();
    search.focus();
  });
  document.addEventListener("click", clicked);
  addEventListener("hashchange", follow);
  document.documentElement.classList.add("js");
  follow();
})();
