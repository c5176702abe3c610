"use strict";
(() => {
  const tip = document.getElementById("tip");
  const MOST = 4; // printed places that a tip names
  let shown = null;

  function hide() {
    tip.hidden = true;
    shown?.removeAttribute("aria-describedby");
    shown = null;
  }

  // Below what it explains, or above where there is no room; the pointer may move onto it.
  function show(target, lines) {
    hide();
    tip.replaceChildren(...lines.map((text, n) => {
      const line = document.createElement("p");
      line.append(n ? text : Object.assign(document.createElement("b"), { textContent: text }));
      return line;
    }));
    tip.hidden = false;
    const box = target.getBoundingClientRect();
    const below = box.bottom + 6 + tip.offsetHeight < innerHeight || box.top < tip.offsetHeight + 6;
    const left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8));
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(below ? box.bottom + 4 : box.top - tip.offsetHeight - 4) + scrollY}px`;
    target.setAttribute("aria-describedby", "tip");
    shown = target;
  }

  function behind(link) {
    const row = document.querySelector(link.getAttribute("href"));
    const [name, notebook] = row.querySelectorAll("td");
    const said = [...row.querySelectorAll(".said")].map((one) => `Paper, ${one.textContent}`);
    const lines = [`${row.querySelector("th").textContent}: ${name.textContent}`];
    if (notebook.textContent !== "–") lines.push(`Computed in the notebook ${notebook.textContent}`);
    const more = said.length > MOST ? [`and in ${said.length - MOST} more places; a second tap or Enter shows all`] : [];
    return [...lines, ...(said.length ? said.slice(0, MOST) : ["No printed statement is answered by it"]), ...more];
  }

  const explained = (event) => event.target.closest?.("a.value, .spot");
  const explain = (target) => show(target, target.matches("a.value") ? behind(target) : target.dataset.lines.split("\n"));

  document.addEventListener("mouseover", (event) => {
    const target = explained(event);
    if (target && target !== shown) explain(target);
    else if (!target && !tip.contains(event.target) && shown !== document.activeElement) hide();
  });
  document.addEventListener("focusin", (event) => (explained(event) ? explain(explained(event)) : hide()));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  // A tap shows what stands behind a number; the key Enter, or a second tap, goes there.
  document.addEventListener("click", (event) => {
    const target = explained(event);
    if (!target) return tip.contains(event.target) || hide();
    if (target.matches("a.value") && event.detail > 0 && !target.dataset.seen) {
      event.preventDefault();
      document.querySelectorAll("[data-seen]").forEach((one) => delete one.dataset.seen);
      target.dataset.seen = "yes";
      explain(target);
    }
  });
  addEventListener("resize", hide);

  for (const box of document.querySelectorAll("main .wide")) {
    const table = box.querySelector("table");
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy table" });
    button.className = "copy";
    button.setAttribute("aria-label", `Copy table: ${box.getAttribute("aria-label")}`);
    button.addEventListener("click", () => {
      const range = document.createRange();
      range.selectNode(table);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy"); // works from a file, too, and keeps rows and columns
      getSelection().removeAllRanges();
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy table"; }, 1500);
    });
    box.before(button);
  }
  // A figure that was drawn for several populations and rules: the choice, and a spot over each symptom or patient.
  const XML = "http://www.w3.org/2000/svg";
  const choice = (name, options) => {
    const label = document.createElement("label");
    const select = document.createElement("select");
    for (const [value, text] of Object.entries(options)) select.add(new Option(text, value));
    label.append(`${name} `, select);
    return [label, select];
  };
  for (const data of document.querySelectorAll(".drawing > script")) {
    const { populations, rules, pool, variants } = JSON.parse(data.textContent);
    const box = data.parentElement;
    const svg = box.querySelector("svg");
    const words = [...svg.querySelectorAll(":scope > title, :scope > desc")];
    const [byPopulation, population] = choice("Population", populations);
    const [byRule, rule] = choice("Rule", rules);
    const bar = document.createElement("span");
    bar.className = "filters";
    bar.append(byPopulation, byRule);
    box.before(bar);
    // What may get the focus must not lie in what is one picture.
    svg.setAttribute("role", "group");
    const draw = () => {
      const { size: [width, height], lines, spots } = variants[`${population.value}|${rule.value}`];
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.setAttribute("height", height);
      svg.innerHTML = lines.map((n) => pool[n]).join("");
      svg.prepend(...words);
      spots.forEach(([x, y, w, h, text], n) => {
        const spot = document.createElementNS(XML, "rect");
        const given = { x, y, width: w, height: h, class: "spot", role: "img", tabindex: n ? -1 : 0, "aria-label": text };
        for (const [key, value] of Object.entries(given)) spot.setAttribute(key, value);
        spot.dataset.lines = text;
        svg.append(spot);
      });
      hide();
    };
    population.addEventListener("input", draw);
    rule.addEventListener("input", draw);
    // One stop of the key Tab for all spots of a figure; the arrows lead from one to the next.
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const spots = [...svg.querySelectorAll(".spot")];
      const next = step && spots[spots.indexOf(document.activeElement) + step];
      if (!next) return;
      event.preventDefault();
      document.activeElement.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
    draw();
  }
  document.documentElement.classList.add("js");
})();
