// Looks at the page as it is shown now and gives what somebody would stumble over, as a list of sentences. It is run over the
// DevTools protocol, where a page's policy does not count. `touch` is whether the page is meant for fingers.
(touch) => {
  "use strict";
  const found = [];
  const name = (el) => {
    const id = el.id ? "#" + el.id : "";
    const words = (el.getAttribute("aria-label") || el.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${el.localName}${id}${el.className && typeof el.className === "string" ? "." + el.className.trim().replace(/\s+/g, ".") : ""}> "${words}"`;
  };
  const wrong = (rule, el, more) => found.push(`${rule}: ${el ? name(el) : ""}${more ? " " + more : ""}`);
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const shown = (el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  // unseen is for screen readers only: clipped to nothing.
  const unseen = (el) => {
    for (let at = el; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.clipPath === "inset(50%)" || (style.position === "absolute" && at.getBoundingClientRect().bottom < 0)) {
        return true;
      }
    }
    return false;
  };
  const root = document.documentElement;

  // Language, title, zoom.
  if (!/^[a-z]{2}(-|$)/.test(root.lang)) { wrong("no language", root); }
  if (document.title.trim() === "") { wrong("no title", root); }
  const viewport = document.querySelector("meta[name=viewport]");
  if (!viewport || /maximum-scale|user-scalable/.test(viewport.content)) { wrong("the page cannot be enlarged", root); }

  // Headings.
  const headings = all("h1, h2, h3, h4, h5, h6").filter(shown);
  if (headings.filter((h) => h.localName === "h1").length !== 1) { wrong("not one h1", null, headings.map(name).join(", ")); }
  headings.reduce((before, h) => {
    const level = Number(h.localName[1]);
    if (level > before + 1) { wrong(`a heading leaves out a level after h${before}`, h); }
    return level;
  }, 0);

  // Landmarks: one main, navigation with names, and no words outside of them.
  if (all("main").length !== 1) { wrong("not one main", null); }
  const navigation = all("nav").filter(shown);
  for (const nav of navigation) {
    if (!nav.getAttribute("aria-label") && !nav.getAttribute("aria-labelledby")) { wrong("a navigation without a name", nav); }
  }
  const names = navigation.map((nav) => nav.getAttribute("aria-label"));
  if (new Set(names).size !== names.length) { wrong("two navigations with one name", null, names.join(", ")); }

  // The way past what every page begins with: the first stop, to the main part, and seen once it has the focus. And where one is.
  const first = all("a[href], button, input:not([type=hidden])").find((el) => el.tabIndex >= 0);
  const skip = first && first.matches('a[href^="#"]') && document.querySelector(first.getAttribute("href"));
  if (!skip || skip.localName !== "main" || skip.tabIndex !== -1) { wrong("the first stop does not lead past the navigation", first); }
  for (const nav of navigation.filter((nav) => nav.closest("header"))) {
    const here = all("[aria-current=page]", nav);
    if (here.length > 1) { wrong("two places are the present one", nav); }
  }
  for (const el of all("[aria-current]")) {
    if (!["page", "true", "false", "step"].includes(el.getAttribute("aria-current"))) { wrong("an unknown aria-current", el); }
  }

  // Times are the reader's own, and say what they are in UTC.
  for (const el of all("main time[datetime*=T]")) {
    if (!/ UTC$/.test(el.title) || /UTC/.test(el.textContent)) { wrong("a time that is not the reader's own", el, el.title); break; }
  }

  // Who wishes for less motion gets none that was not asked for.
  for (const el of all("*").filter(shown)) {
    const style = getComputedStyle(el), moves = (list) => list.split(",").some((time) => parseFloat(time) > 0);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches && (moves(style.transitionDuration) || (style.animationName !== "none" && moves(style.animationDuration)))) {
      wrong("it moves for who wishes for less motion", el);
      break;
    }
  }

  // Many things of one kind are told apart: two buttons with the same name do different things nowhere.
  const deeds = new Map();
  for (const el of all("main button[type=submit], main a[href]").filter((el) => shown(el))) {
    const does = el.localName === "a" ? el.getAttribute("href") : (el.getAttribute("formaction") || el.form?.getAttribute("action")) + "?" + el.name + "=" + el.value
      + (el.form && !el.getAttribute("formaction") ? [...new FormData(el.form)].filter(([k]) => k !== "csrf_token").map(([k, v]) => k + "=" + v).join("&") : "");
    const called = el.localName + " " + (el.getAttribute("aria-label") || el.textContent).trim().replace(/\s+/g, " ");
    if (deeds.has(called) && deeds.get(called) !== does) { wrong("the same name for another deed", el, deeds.get(called) + " and " + does); }
    deeds.set(called, does);
  }

  // References and ids.
  const ids = new Map();
  for (const el of all("[id]")) {
    if (ids.has(el.id)) { wrong("an id is there twice", el); }
    ids.set(el.id, el);
  }
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "aria-errormessage", "for", "headers"]) {
    for (const el of all(`[${attribute}]`)) {
      for (const id of el.getAttribute(attribute).split(/\s+/)) {
        if (id && !ids.has(id)) { wrong(`${attribute} names what is not there`, el, id); }
      }
    }
  }

  // Focus.
  const focusable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  for (const el of all(focusable)) {
    if (el.tabIndex > 0) { wrong("a positive tabindex", el); }
    if (el.closest("[aria-hidden=true]") && el.tabIndex >= 0) { wrong("hidden from screen readers, but reachable", el); }
  }

  // Tables: a caption, and for each cell a head in its column or row.
  for (const table of all("table").filter(shown)) {
    if (!table.caption || table.caption.textContent.trim() === "") { wrong("a table without a caption", table); }
    const heads = table.tHead ? all("th", table.tHead).length : 0;
    for (const th of all("th", table)) {
      if (!th.scope) { wrong("a table's head without a scope", th); }
      if (th.textContent.trim() === "") { wrong("an empty head of a table", th); }
    }
    for (const row of table.tBodies[0] ? table.tBodies[0].rows : []) {
      const cells = [...row.cells].reduce((n, cell) => n + cell.colSpan, 0);
      if (heads && cells !== heads) { wrong(`${cells} cells under ${heads} heads`, row); break; }
    }
  }

  // Pictures.
  for (const el of all("img, svg, canvas")) {
    const hidden = el.getAttribute("aria-hidden") === "true" || el.closest("[aria-hidden=true]");
    const called = el.getAttribute("alt") !== null || (["img", "group"].includes(el.getAttribute("role")) && (el.getAttribute("aria-label") || el.getAttribute("aria-labelledby")));
    if (!hidden && !called && !el.parentElement.closest("svg")) { wrong("a picture that says nothing", el); }
  }

  // What changes by itself is told somewhere.
  if (all("[data-live]").length && !document.querySelector("[role=status], [aria-live=polite]")) { wrong("nothing tells what changes", null); }
  for (const el of all("input[aria-invalid=true], select[aria-invalid=true], textarea[aria-invalid=true]")) {
    if (!el.parentElement.querySelector("[role=alert], .wrong")) { wrong("an invalid field without a reason", el); }
  }

  // Contrast. Colours are painted on a canvas, which knows every way to write one.
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colours = new Map();
  const colour = (text) => {
    if (!colours.has(text)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = "#000";
      pen.fillStyle = text;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      colours.set(text, [r, g, b, a / 255]);
    }
    return colours.get(text);
  };
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3])).concat(1);
  const paper = colour(getComputedStyle(root).colorScheme === "dark" ? "#121212" : "#fff");
  const grounds = new Map();
  const ground = (el) => { // what is painted behind an element's text
    if (!el) { return paper; }
    if (!grounds.has(el)) {
      const style = getComputedStyle(el);
      if (style.backgroundImage !== "none") { wrong("text on a picture, whose contrast nobody knows", el); }
      grounds.set(el, over(colour(style.backgroundColor), ground(el.parentElement)));
    }
    return grounds.get(el);
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const veil = (el) => { // how much of an element its ancestors let through
    let left = 1;
    for (let at = el; at; at = at.parentElement) { left *= Number(getComputedStyle(at).opacity); }
    return left;
  };
  const told = new Set();
  const legible = (el, style, what) => {
    const under = ground(el), ink = colour(style.color).slice();
    ink[3] *= veil(el);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    const got = contrast(over(ink, under), under), want = large ? 3 : 4.5;
    const key = `${style.color} ${under} ${what}`;
    if (got < want && !told.has(key)) {
      told.add(key);
      wrong(`contrast ${got.toFixed(2)}, want ${want}`, el, `${what} ${style.color} on ${under.slice(0, 3).map(Math.round)}`);
    }
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const el = node.parentElement;
    if (node.data.trim() === "" || !shown(el) || unseen(el) || el.closest("script, style, noscript, option, :disabled")) { continue; }
    if (el instanceof SVGElement) {
      const fill = getComputedStyle(el).fill;
      legible(el, { color: fill, fontSize: getComputedStyle(el).fontSize, fontWeight: getComputedStyle(el).fontWeight }, "text of a picture");
    } else {
      legible(el, getComputedStyle(el), "text");
    }
    if (!el.closest("main, header, nav, footer, aside, .skip, [role=status], [role=banner]")) { wrong("words outside of every landmark", el); }
  }
  for (const el of all("input:not([type=hidden]), select, textarea").filter((el) => shown(el) && !el.disabled)) {
    legible(el, getComputedStyle(el), "value");
    if (el.placeholder) { legible(el, { ...pick(getComputedStyle(el)), color: getComputedStyle(el, "::placeholder").color }, "placeholder"); }
    const native = ["checkbox", "radio", "range", "file", "color"].includes(el.type);
    const edge = contrast(over(colour(getComputedStyle(el).borderTopColor), ground(el.parentElement)), ground(el.parentElement));
    if (!native && edge < 3) { wrong(`the edge of a field has contrast ${edge.toFixed(2)}, want 3`, el); }
  }
  for (const el of all("*")) {
    for (const part of ["::before", "::after"]) {
      const style = getComputedStyle(el, part);
      if (/"[^"]*[A-Za-z0-9][^"]*"|attr\(/.test(style.content) && shown(el) && !unseen(el)) { legible(el, style, part); }
    }
  }
  function pick(style) { return { fontSize: style.fontSize, fontWeight: style.fontWeight }; }

  // Targets: 24 by 24 pixels, or as much room around; links within a sentence are let be. What a thumb is to hit on a phone has 44, or
  // the whole of its row; the documents of the API are for who writes programs.
  const targets = all(focusable).filter((el) => shown(el) && !unseen(el) && el.localName !== "pre" && el.id !== "main");
  const boxes = targets.map((el) => {
    const own = el.getBoundingClientRect();
    const label = (el.type === "checkbox" || el.type === "radio") && el.labels && el.labels[0];
    return label ? label.getBoundingClientRect() : own;
  });
  targets.forEach((el, i) => {
    const box = boxes[i];
    if (box.width === 0 || box.height === 0) { return; }
    const words = [...el.parentElement.childNodes].some((n) => n !== el && n.nodeType === Node.TEXT_NODE && n.data.trim() !== "");
    if (getComputedStyle(el).display === "inline" && words) { return; }
    const row = getComputedStyle(el, "::after").position === "absolute" && el.closest("tr");
    const thumb = row ? row.getBoundingClientRect() : box;
    if (touch && el.matches("a, button, summary, input, select, textarea") && !el.closest("svg, .plain, .layout, .top") && (thumb.height < 43.5 || thumb.width < (el.closest(".places") ? 43.5 : 24))) {
      wrong(`only ${thumb.width.toFixed(0)}×${thumb.height.toFixed(0)} for a thumb`, el);
    }
    if (box.width >= 24 && box.height >= 24) { return; }
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const crowded = boxes.some((other, j) => {
      if (i === j || el.contains(targets[j]) || targets[j].contains(el)) { return false; }
      const dx = Math.max(other.x - x, 0, x - other.right), dy = Math.max(other.y - y, 0, y - other.bottom);
      return Math.hypot(dx, dy) < 12;
    });
    if (crowded) { wrong(`only ${box.width.toFixed(0)}×${box.height.toFixed(0)} to hit, and others close by`, el); }
  });

  // Width: the page scrolls downwards only, and nothing is cut off but in boxes that scroll by themselves.
  const width = root.clientWidth;
  if (document.scrollingElement.scrollWidth > width) {
    const widest = all("body *").filter((el) => shown(el) && !el.closest(".places, .table") && el.getBoundingClientRect().right > Math.min(width, screen.width) + 1).slice(0, 4).map(name);
    wrong(`the page is ${document.scrollingElement.scrollWidth} wide in a window of ${width}`, null, widest.join(", "));
  }
  // On a phone a table of figures may scroll, when the keyboard and screen readers know of its box.
  for (const el of all("body *")) {
    const style = getComputedStyle(el);
    if (touch && el.getAttribute("tabindex") === "0" && (el.getAttribute("aria-label") || el.getAttribute("aria-labelledby")) && el.querySelector("table")) { continue; }
    if (/auto|scroll/.test(style.overflowX) && el.scrollWidth > el.clientWidth + 1 && shown(el) && !unseen(el) && el.localName !== "textarea") {
      wrong(`it is ${el.scrollWidth} wide in a box of ${el.clientWidth}`, el);
    }
  }
  return found;
}
