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
    if (!Number.isNaN(at.getTime())) {
      el.title = el.textContent;
      el.textContent = (at.getFullYear() === year ? clock : longClock).format(at);
    }
  }
}

// watch asks for an element's content again while something is under way there. It is the one place that does: a stream of events
// would call refresh instead of the timer.
function watch(el) {
  const busy = 1000, most = 30000;
  let wait = busy, said = "";
  async function refresh() {
    if (document.hidden) {
      return again();
    }
    try {
      const answer = await fetch(el.dataset.live, { headers: { Accept: "text/html" } });
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
      if (said !== part.dataset.say) {
        said = part.dataset.say;
        document.getElementById("said").textContent = said;
      }
      if (part.dataset.part !== "busy") {
        return settle();
      }
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
      el.replaceChildren(...document.importNode(now, true).childNodes);
      localTimes(el);
    }
  }
}

localTimes(document);
for (const el of document.querySelectorAll("[data-live][data-busy]")) {
  watch(el);
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
