"use strict";
(() => {
  const tip = document.getElementById("tip");
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
    return [...lines, ...(said.length ? said : ["Not printed in the paper"])];
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
  document.documentElement.classList.add("js");
})();
