// Tries the API from its page. Without this script the page can be read just as well.
"use strict";

const words = document.body.dataset;
const mostShown = 200000; // characters of an answer

for (const part of document.querySelectorAll("#credentials, .filter, .try .run, .try .value, .try textarea")) part.hidden = false;

// Whoever follows a link to something folded wants to see it.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target && target.closest("details");
  if (folded) {
    folded.open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", reveal);
reveal();
document.querySelectorAll("nav a").forEach((a) => a.addEventListener("click", () => setTimeout(reveal)));
if (matchMedia("(max-width: 52rem)").matches) document.querySelector(".menu").open = false;

document.getElementById("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const item of document.querySelectorAll("[data-find]")) item.hidden = !item.dataset.find.toLowerCase().includes(wanted);
  for (const group of document.querySelectorAll("nav [data-group], .group")) group.hidden = !group.querySelector("[data-find]:not([hidden])");
  const left = document.querySelectorAll("nav [data-find]:not([hidden]), .schema:not([hidden])").length;
  document.getElementById("found").textContent = left ? "" : words.none;
});

// request is what a form asks for.
function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const field of form.querySelectorAll("[data-in]")) {
    if (field.value === "") continue;
    if (field.dataset.in === "path") path = path.replace("{" + field.name + "}", encodeURIComponent(field.value));
    if (field.dataset.in === "query") query.set(field.name, field.value);
    if (field.dataset.in === "header") headers[field.name] = field.value;
  }
  const options = { method: form.dataset.method, headers, credentials: "same-origin", cache: "no-store" };
  const body = form.querySelector("textarea");
  if (body && body.value.trim() !== "") {
    options.body = body.value;
    headers["Content-Type"] = form.dataset.send;
  }
  const token = document.getElementById("token").value.trim();
  if (token) headers.Authorization = "Bearer " + token;
  const text = query.toString();
  return { url: location.origin + path + (text ? "?" + text : ""), options, token };
}

// pretty breaks lines of JSON and changes nothing else: every digit stays as it came.
function pretty(text) {
  let out = "", depth = 0, quoted = false;
  const line = () => "\n" + "  ".repeat(depth);
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      out += c;
      if (c === "\\") out += text[++i] ?? "";
      else if (c === '"') quoted = false;
    } else if (c === '"') {
      quoted = true;
      out += c;
    } else if (c === "{" || c === "[") {
      const next = text.slice(i + 1).match(/^\s*([}\]])/);
      if (next) {
        out += c + next[1];
        i += next[0].length;
      } else {
        depth++;
        out += c + line();
      }
    } else if (c === "}" || c === "]") {
      depth--;
      out += line() + c;
    } else if (c === ",") out += c + line();
    else if (c === ":") out += ": ";
    else if (!/\s/.test(c)) out += c;
  }
  return out;
}

async function csrf() {
  const answer = await fetch("/api/session/", { credentials: "same-origin", cache: "no-store" });
  return answer.ok ? (await answer.json()).csrf_token : null;
}

async function send(form) {
  const status = form.querySelector(".status"), shown = form.querySelector(".answer pre");
  const stop = form.querySelector(".stop"), note = form.querySelector(".run [role=status]");
  const { url, options, token } = request(form);
  const control = new AbortController();
  stop.onclick = () => control.abort();
  stop.hidden = false;
  form.querySelector(".answer").hidden = false;
  note.textContent = words.running;
  status.textContent = "";
  shown.textContent = "";
  try {
    if (!token && form.dataset.csrf === "true") {
      const proof = await csrf();
      if (proof) options.headers["X-CSRF-Token"] = proof;
    }
    const begun = performance.now();
    const answer = await fetch(url, { ...options, signal: control.signal });
    const kind = answer.headers.get("Content-Type") ?? "";
    status.textContent = `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - begun)} ms · ${kind}`;
    status.className = "status s" + String(answer.status)[0];
    let text = "";
    const decoder = new TextDecoder();
    const reader = answer.body?.getReader();
    for (let part; reader && !(part = await reader.read()).done; ) {
      text += decoder.decode(part.value, { stream: true });
      if (text.length > mostShown) {
        control.abort();
        break;
      }
      if (kind.startsWith("text/event-stream")) shown.textContent = text;
    }
    const json = /[/+]json/.test(kind) && !kind.includes("ndjson");
    shown.textContent = text.length > mostShown ? text.slice(0, mostShown) + "\n… " + words.shortened : (json ? pretty(text) : text) || words.empty;
    note.textContent = "";
  } catch (error) {
    note.textContent = error.name === "AbortError" ? "" : `${words.failed} ${error.message}`;
  } finally {
    stop.hidden = true;
  }
}

const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

// command is the same for a terminal. The token stays out of it: what is copied ends up in chats and histories.
function command(form) {
  const { url, options } = request(form);
  const parts = ["curl"];
  if (options.method !== "GET") parts.push("-X " + options.method);
  for (const [name, value] of Object.entries(options.headers)) if (name !== "Authorization") parts.push("-H " + quote(name + ": " + value));
  parts.push('-H "Authorization: Bearer $TOKEN"');
  if (options.body) parts.push("--data " + quote(options.body));
  return parts.concat(quote(url)).join(" ");
}

for (const form of document.querySelectorAll(".try")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
  form.querySelector(".copy").addEventListener("click", async () => {
    const text = command(form), note = form.querySelector(".run [role=status]");
    try {
      await navigator.clipboard.writeText(text);
      note.textContent = words.copied;
    } catch { // only pages by https or of this machine may copy
      form.querySelector(".answer").hidden = false;
      form.querySelector(".answer pre").textContent = text;
    }
  });
}
document.getElementById("credentials").addEventListener("submit", (event) => event.preventDefault());
