// Draws a conversation from its description and lets it be gone through step by step. No library, no request.
function steppedConversation(host) {
  "use strict";
  const told = JSON.parse(host.querySelector('script[type="application/json"]').textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const root = host.attachShadow({ mode: "open" });
  const last = Math.max(...told.panes.map((pane) => pane.steps.length)) - 1;
  const views = [];
  let now = 0, lane = null, timer = null;

  function make(parent, name, attributes, text) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    parent.append(node);
    return node;
  }
  function draw(parent, name, attributes, text) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    parent.append(node);
    return node;
  }

  make(root, "style", {}, told.style);
  const page = make(root, "div", { class: "page" });
  function paint() {
    const lab = document.body && document.body.dataset.jpThemeLight;
    const dark = lab ? lab === "false" : matchMedia("(prefers-color-scheme: dark)").matches;
    page.classList.toggle("dark", dark);
  }
  paint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  if (document.body) new MutationObserver(paint).observe(document.body, { attributeFilter: ["data-jp-theme-light"] });

  const bar = make(page, "div", { class: "bar", role: "toolbar", "aria-label": "Steps" });
  const button = (text, label, act) => {
    const node = make(bar, "button", { type: "button", "aria-label": label }, text);
    node.addEventListener("click", act);
    return node;
  };
  button("|◀", "First step", () => go(0));
  const back = button("◀ Back", "Back", () => move(-1));
  const next = button("Next ▶", "Next", () => move(1));
  const play = button("Play", "Play", () => (timer ? pause() : start()));
  const slider = make(bar, "input", { type: "range", min: 0, max: last, value: 0, "aria-label": "Step" });
  slider.addEventListener("input", () => go(Number(slider.value)));
  const count = make(bar, "span", { class: "count soft" });
  if (told.difference !== null) {
    button("First difference", "Go to the first difference", () => go(told.difference));
  }
  const live = make(page, "p", { class: "say", "aria-live": "polite", role: "status" });
  const panes = make(page, "div", { class: told.panes.length > 1 ? "panes two" : "panes" });
  told.panes.forEach((pane) => views.push(show(pane)));

  // Balances and totals are given where they change; each step is given all of them.
  function standing(pane) {
    let amounts = pane.opening, totals = "", balanced = true;
    const changed = (changes) => {
      amounts = amounts.slice();
      for (const [owner, amount] of changes || []) amounts[owner] = amount;
      return amounts;
    };
    for (const step of pane.steps) {
      const before = changed(step.before), after = changed(step.after);
      step.balances = before.map((amount, owner) => [amount, after[owner]]);
      step.totals = totals = step.totals === undefined ? totals : step.totals;
      step.balanced = balanced = step.balanced === undefined ? balanced : step.balanced;
    }
  }

  function show(pane) {
    standing(pane);
    const frame = make(panes, "section", { class: "pane", "aria-label": pane.title });
    const scroll = make(frame, "div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Sequence diagram. " + pane.title });
    const height = Math.max(...told.panes.map((other) => other.height + other.lower));
    const width = Math.max(...told.panes.map((other) => other.width));
    const top = draw(scroll, "svg", { class: "heads", width, height: 66, viewBox: `0 0 ${width} 66`, role: "group" });
    const svg = draw(scroll, "svg", { width, height: height - 66, viewBox: `0 66 ${width} ${height - 66}`, role: "group" });
    draw(top, "text", { x: 16, y: 22, style: "font-size:14px;font-weight:700" }, pane.title);
    const bands = draw(svg, "g", { transform: `translate(0 ${pane.lower})` });
    const band = pane.steps.map((step, number) => {
      const [from, to] = step.ends;
      const node = draw(bands, "rect", { class: "band", x: 4, y: from - 15, width: width - 8, height: to - from + 22, rx: 4 });
      node.addEventListener("click", () => go(number));
      return node;
    });
    for (const [, x, colour] of pane.lanes) {
      draw(svg, "path", { d: `M${x} 60V${height - 12}`, stroke: colour, "stroke-width": 2, opacity: 0.6 });
    }
    const inner = draw(svg, "g", { transform: `translate(0 ${pane.lower})` });
    for (const [y, text] of pane.pauses) {
      draw(inner, "text", { x: pane.width / 2, y, "text-anchor": "middle", class: "time halo", style: "font-style:italic;font-size:12px" }, text);
    }
    const steps = pane.steps.map((step, number) => {
      const group = draw(inner, "g", { class: `step ${step.style}`, role: "button", tabindex: -1, "aria-label": step.say, "data-step": number });
      group.addEventListener("click", () => go(number));
      return group;
    });
    for (const [y, text] of pane.instants) draw(inner, "text", { x: 12, y: y + 4, class: "time", "pointer-events": "none" }, text);
    pane.steps.forEach((step, number) => drawStep(steps[number], step));
    const heads = pane.lanes.map(([name, x, colour]) => {
      const head = draw(top, "g", { class: "lane", role: "button", tabindex: 0, "aria-pressed": "false", "aria-label": `Only the steps of ${name}`, "data-lane": name });
      draw(head, "rect", { x: x - 52, y: 36, width: 104, height: 26, rx: 5, stroke: colour });
      draw(head, "text", { x, y: 53.5, "text-anchor": "middle" }, name);
      head.addEventListener("click", () => choose(name));
      return head;
    });
    const side = make(frame, "div", { class: "side" });
    return { pane, scroll, steps, band, heads, side };
  }

  function drawStep(group, step) {
    if (step.arrow) {
      const [x1, y1, x2, y2] = step.arrow;
      draw(group, "path", { class: "arrow", d: `M${x1} ${y1}L${x2} ${y2}` });
      if (step.style === "lost") {
        draw(group, "path", { class: "arrow", style: "stroke-width:3px", d: `M${x2 - 6} ${y2 - 6}l12 12m0 -12l-12 12` });
      } else {
        const size = Math.hypot(x2 - x1, y2 - y1) || 1, u = (x2 - x1) / size, v = (y2 - y1) / size;
        const x = x2 - 10 * u, y = y2 - 10 * v;
        draw(group, "path", { class: "tip", d: `M${x - 4 * v} ${y + 4 * u}L${x2} ${y2}L${x + 4 * v} ${y - 4 * u}z` });
      }
      const [x, y, turn] = step.at;
      draw(group, "text", { class: "label halo", x, y, "text-anchor": "middle", transform: `rotate(${turn} ${x} ${y})` }, step.label);
    }
    for (const [x, y, width, height, lines] of step.boxes) {
      draw(group, "rect", { class: "box", x, y, width, height, rx: 3 });
      lines.forEach((line, k) => draw(group, "text", { x: x + width / 2, y: y + 14 + 15 * k, "text-anchor": "middle", style: "font-size:11.5px" }, line));
    }
  }

  const concerns = (step) => lane === null || step.who.includes(lane);
  const wanted = (number) => told.panes.some((pane) => pane.steps[number] && concerns(pane.steps[number]));

  function move(by) {
    let to = now + by;
    while (to >= 0 && to <= last && !wanted(to)) to += by;
    if (to >= 0 && to <= last) go(to);
    else if (by > 0) pause();
  }
  function go(to) {
    now = Math.min(Math.max(to, 0), last);
    slider.value = now;
    slider.setAttribute("aria-valuetext", `step ${now + 1} of ${last + 1}`);
    count.textContent = `step ${now + 1} of ${last + 1}`;
    // A disabled button would lose the focus, and with it the keys.
    back.setAttribute("aria-disabled", String(now === 0));
    next.setAttribute("aria-disabled", String(now === last));
    const said = views.map((view) => (view.pane.steps[now] ? view.pane.steps[now].say : "over"));
    const differs = told.difference !== null && now >= told.difference;
    live.textContent = (said.length > 1 ? (differs ? "Different: " : "Both: ") : "") + (said.length > 1 && !differs ? said[0] : said.join(" | "));
    live.classList.toggle("differs", differs);
    views.forEach(update);
  }
  function update(view) {
    view.steps.forEach((group, number) => {
      group.classList.toggle("now", number === now);
      view.band[number].classList.toggle("now", number === now);
      group.classList.toggle("later", number > now);
      group.classList.toggle("aside", !concerns(view.pane.steps[number]));
      group.setAttribute("tabindex", number === now ? 0 : -1);
      if (number === now) group.setAttribute("aria-current", "step");
      else group.removeAttribute("aria-current");
    });
    view.heads.forEach((head) => head.setAttribute("aria-pressed", String(head.dataset.lane === lane)));
    const step = view.pane.steps[Math.min(now, view.pane.steps.length - 1)];
    if (!step) return;
    const shown = view.steps[view.pane.steps.indexOf(step)].getBoundingClientRect();
    const above = shown.top - view.scroll.getBoundingClientRect().top;
    view.scroll.scrollTop = Math.max(0, view.scroll.scrollTop + above - view.scroll.clientHeight / 3);
    tell(view.side, view.pane, step);
  }
  function tell(side, pane, step) {
    side.replaceChildren();
    make(side, "h2", {}, step.label || `${step.who[0]} by itself`);
    make(side, "p", {}, step.when);
    const meaning = told.meanings[step.kind];
    if (meaning) make(side, "p", { class: "soft" }, meaning);
    if (step.status) make(side, "p", { class: "status" }, step.status);
    make(side, "h3", {}, "Ledger lines");
    if (step.rows.length) table(side, ["book", "why", "debit", "credit", "amount"], step.rows, 4);
    else make(side, "p", { class: "soft" }, "none: nothing moved");
    if (step.balances.length) {
      make(side, "h3", {}, `Balances, ${pane.currency}`);
      const rows = pane.owners.map((name, k) => [name, ...step.balances[k]]);
      table(side, ["entity", "before", "after"], rows, 1);
      const badge = make(side, "p", {});
      make(badge, "span", { class: step.balanced ? "badge good" : "badge bad" }, step.balanced ? "✓ books balance" : "✗ books do not balance");
      make(badge, "span", { class: "soft" }, " " + step.totals);
    }
  }
  function table(side, head, rows, numbersFrom) {
    const node = make(side, "table");
    const line = make(make(node, "thead"), "tr");
    head.forEach((text, k) => make(line, "th", { scope: "col", class: k >= numbersFrom ? "number" : "" }, text));
    const body = make(node, "tbody");
    for (const row of rows) {
      const moved = head.length === 3 && row[1] !== row[2];
      const cells = make(body, "tr", { class: moved ? "moved" : "" });
      // A long account's name may be broken after each colon.
      row.forEach((text, k) => make(cells, "td", { class: k >= numbersFrom ? "number" : "" }, text.replaceAll(":", ":\u200b")));
    }
  }
  function choose(name) {
    lane = lane === name ? null : name;
    views.forEach(update);
  }
  function start() {
    if (now === last) go(0);
    play.textContent = "Pause";
    timer = setInterval(() => move(1), 1200);
  }
  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  page.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const group = event.target.closest && event.target.closest("[data-step], [data-lane]");
    const acts = {
      ArrowRight: () => move(1), ArrowDown: () => move(1), ArrowLeft: () => move(-1), ArrowUp: () => move(-1),
      Home: () => go(0), End: () => go(last),
    };
    if (group) acts.Enter = acts[" "] = () => (group.dataset.lane ? choose(group.dataset.lane) : go(Number(group.dataset.step)));
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  });
  if (last >= 0) go(0);
}
