// What pages do by themselves when scripts are allowed: they show times by the reader's clock, ask again for what changes, and copy.
// All of it works without, but for what is live.
"use strict";

const lang = document.documentElement.lang === "es" ? "es" : "en-GB";
const short = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const clock = new Intl.DateTimeFormat(lang, short);
const longClock = new Intl.DateTimeFormat(lang, { ...short, year: "numeric" });
const year = new Date().getFullYear();

// localTimes writes the times below an element as the reader's own clock shows them.
function localTimes(root) {
  for (const el of root.querySelectorAll("time[datetime]")) {
    const at = new Date(el.dateTime);
    if (!Number.isNaN(at.getTime()) && el.dateTime.includes("T") && !el.title) { // a day alone is the same day everywhere
      el.title = el.textContent;
      el.textContent = (at.getFullYear() === year ? clock : longClock).format(at);
    }
  }
}

// watch asks for an element's content again while something is under way there. It is the one place that does: a stream of events
// would call refresh instead of the timer. What is told at once when it changes is asked for without a pause, and by another address
// each time; at its end it leads on. When all is over it looks once more: one thing may be the beginning of the next.
function watch(el) {
  const busy = Number(el.dataset.pause ?? 1000), hidden = 1000, most = 30000, after = 4000;
  if ("watched" in el.dataset) {
    return;
  }
  el.dataset.watched = "";
  let wait = busy, said = "", address = el.dataset.live, idle = false;
  async function refresh() {
    if (document.hidden) {
      wait = Math.max(wait, hidden);
      return again();
    }
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (answer.redirected || answer.status === 404) {
        location.reload(); // signed out, or disconnected
        return undefined;
      }
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-part]");
      el.replaceChildren(...document.importNode(part, true).childNodes);
      localTimes(el);
      wait = busy;
      address = part.dataset.again ?? address;
      if (said !== part.dataset.say) {
        said = part.dataset.say;
        document.getElementById("said").textContent = said;
      }
      if (part.dataset.leads) {
        setTimeout(() => location.replace(part.dataset.leads), 600); // the last step is seen
        return undefined;
      }
      if (part.dataset.part !== "busy") {
        await settle();
        wait = after;
        if (idle) {
          delete el.dataset.watched;
          return undefined;
        }
        idle = true;
        return again();
      }
      idle = false;
    } catch {
      wait = Math.min(most, wait * 2);
    }
    return again();
  }
  function again() {
    setTimeout(refresh, wait);
  }
  again();
}

// settle renews what a page lists of runs once nothing is under way any more.
async function settle() {
  const stale = document.querySelectorAll("[data-after]");
  if (stale.length === 0) {
    return;
  }
  const fresh = new DOMParser().parseFromString(await (await fetch(location.href, { headers: { Accept: "text/html" } })).text(), "text/html");
  for (const el of stale) {
    const now = fresh.getElementById(el.id);
    if (now) {
      renew(el, now);
    }
  }
}

// renew puts new content into an element: what was unfolded stays so, and the focus where it was.
function renew(el, now) {
  const stops = () => [...el.querySelectorAll("a[href], button, input, summary")], folds = () => [...el.querySelectorAll("details")];
  const at = stops().indexOf(document.activeElement), open = folds().map((fold) => fold.open);
  el.replaceChildren(...document.importNode(now, true).childNodes);
  folds().forEach((fold, i) => { fold.open = open[i] ?? fold.open; });
  stops()[at]?.focus({ preventScroll: true });
  localTimes(el);
}

// follow keeps a list up to date while its store's events tell of changes. Rows that are the same stay where they are, with what has
// the focus in them, and a browser keeps the place of who has scrolled down.
function follow(list) {
  const rows = (part) => [...part.querySelectorAll("tbody tr")];
  const keyOf = (row) => row.querySelector("a").getAttribute("href");
  const came = new Map(rows(list).map((row) => [keyOf(row), row.outerHTML])); // as the service sent them
  let due;
  function soon() {
    due ??= setTimeout(refresh, 1000);
  }
  async function refresh() {
    due = undefined;
    if (document.hidden) {
      document.addEventListener("visibilitychange", soon, { once: true });
      return;
    }
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
    if (answer?.redirected) {
      location.reload(); // signed out
    }
    if (!answer?.ok) {
      return; // the next event asks again
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(list.id), found = page.getElementById("found");
    const body = list.querySelector("tbody");
    if (!body || rows(fresh).length === 0) {
      list.replaceChildren(...document.importNode(fresh, true).childNodes);
      localTimes(list);
    } else {
      place(body, rows(fresh));
    }
    came.clear();
    rows(fresh).forEach((row) => came.set(keyOf(row), row.outerHTML));
    const said = document.getElementById("found");
    if (said && found && said.textContent !== found.textContent) {
      said.textContent = found.textContent;
      document.getElementById("said").textContent = found.textContent;
    }
  }
  function place(body, fresh) {
    const there = new Map([...body.rows].map((row) => [keyOf(row), row]));
    const now = fresh.map((row) => {
      const old = there.get(keyOf(row));
      if (old && came.get(keyOf(row)) === row.outerHTML) {
        return old;
      }
      if (old) {
        renew(old, row);
        return old;
      }
      const node = document.importNode(row, true);
      localTimes(node);
      return node;
    });
    [...body.rows].filter((row) => !now.includes(row)).forEach((row) => row.remove());
    now.forEach((row, i) => {
      if (body.rows[i] !== row) {
        body.insertBefore(row, body.rows[i] ?? null);
      }
    });
  }
  const source = new EventSource(list.dataset.follow);
  source.addEventListener("order", soon);
  source.addEventListener("reset", soon);
}

for (const list of document.querySelectorAll("[data-follow]")) {
  follow(list);
}
localTimes(document);
for (const el of document.querySelectorAll("[data-live]")) {
  if ("busy" in el.dataset) {
    watch(el);
  }
  if (el.dataset.wakes) { // what begins in another tab, or by itself
    new EventSource(el.dataset.wakes).addEventListener("reset", () => watch(el));
  }
}
for (const button of document.querySelectorAll("button[data-copy]")) {
  const from = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard || !from) {
    continue; // browsers allow it by https and on this machine only
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(from.textContent);
    document.getElementById("said").textContent = button.dataset.copied;
    const label = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
