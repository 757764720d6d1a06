// What the pages do beyond HTML and htmx. Every page works without this file.
// Listeners sit on the document, so that swapped-in fragments need no start-up. Nothing is kept in the browser's storage.
(() => {
  "use strict";
  const WARN_MS = 5 * 60 * 1000;
  const body = () => document.body;
  const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);
  const csrf = () => {
    try { return JSON.parse(body().getAttribute("hx-headers") || "{}")["X-CSRFToken"] || ""; } catch { return ""; }
  };
  const post = (url, data, keepalive = false) => fetch(url, {
    method: "POST", body: data, keepalive, credentials: "same-origin", redirect: "manual",
    headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch", Accept: "application/json" },
  });

  // -- htmx notes the page's address in the browser's storage even without its history cache: the address of a case is a secret
  const forget = () => { try { sessionStorage.removeItem("htmx-current-path-for-history"); } catch { /* storage is switched off */ } };
  forget();
  ["htmx:pushedIntoHistory", "htmx:replacedInHistory"].forEach((name) => document.addEventListener(name, forget));

  // -- busy button: the pressed button rests while the answer is on its way (the server is the real guard)
  const busy = (button) => {
    if (!button || button.dataset.busy) return;
    button.dataset.busy = "1";
    button.setAttribute("aria-busy", "true");
    if (button.dataset.busyText) { button.dataset.text = button.textContent; button.textContent = button.dataset.busyText; }
    button.disabled = true;
  };
  const free = (button) => {
    if (!button || !button.dataset.busy) return;
    delete button.dataset.busy;
    button.removeAttribute("aria-busy");
    if (button.dataset.text !== undefined) { button.textContent = button.dataset.text; delete button.dataset.text; }
    button.disabled = false;
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-no-busy")) return;
    const state = saving.get(form);
    if (state) { clearTimeout(state.timer); state.dirty = false; state.sent = true; }
    // After the submission has taken the button's name and value.
    setTimeout(() => busy(event.submitter || form.querySelector("button[type=submit], button:not([type])")), 0);
  });
  const pressed = (event) => event.detail.requestConfig && event.detail.requestConfig.triggeringEvent
    && event.detail.requestConfig.triggeringEvent.submitter;
  document.addEventListener("htmx:beforeRequest", (event) => busy(pressed(event)));
  document.addEventListener("htmx:afterRequest", (event) => { free(pressed(event)); if (event.detail.successful) touched(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) each("[data-busy]", free); });

  // -- keyboard: Ctrl+Enter sends the form, Alt+1…4 chooses a card; <body data-keys="off"> switches both off
  document.addEventListener("keydown", (event) => {
    if (body().dataset.keys === "off") return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest && event.target.closest("form[data-ctrl-enter]") || document.querySelector("form[data-ctrl-enter]");
      const button = form && [...form.elements].find((el) => el.type === "submit" && !el.disabled && !el.hasAttribute("formaction"));
      if (button) { event.preventDefault(); form.requestSubmit(button); }
    } else if (event.altKey && !event.ctrlKey && !event.metaKey && /^Digit[1-9]$/.test(event.code)) {
      const radio = document.querySelector(`[data-alt-key="${event.code.slice(5)}"]:not(:disabled)`);
      if (radio) { event.preventDefault(); radio.focus(); if (!radio.checked) radio.click(); }
    } else if (event.key === "Escape") {
      const menu = event.target.closest && event.target.closest("details.y-menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    }
  });
  document.addEventListener("click", (event) => {
    each("details.y-menu[open]", (menu) => { if (!menu.contains(event.target)) menu.open = false; });
    const printer = event.target.closest("[data-print]");
    if (printer) window.print();
    if (event.target.closest("[data-session-continue]")) keepAlive();
  });

  // -- characters left
  const counting = new WeakMap();
  const count = (area) => {
    const message = document.getElementById(`${area.id}_count`);
    if (!message) return;
    const left = Number(area.dataset.count) - [...area.value.replace(/\r?\n/g, "\n")].length;
    message.textContent = (left < 0 ? message.dataset.over : message.dataset.left).replace("{n}", Math.abs(left));
    message.classList.toggle("govuk-error-message", left < 0);
    message.classList.toggle("govuk-hint", left >= 0);
  };
  const countAll = (root) => each("textarea[data-count]", count, root);
  document.addEventListener("input", (event) => {
    if (!event.target.matches("textarea[data-count]")) return;
    clearTimeout(counting.get(event.target));
    counting.set(event.target, setTimeout(() => count(event.target), 400));
  });

  // -- autosave: <form data-autosave data-autosave-url="…">, state in [data-save-state]
  const saving = new Map();
  const stateOf = (form) => {
    if (!saving.has(form)) saving.set(form, { dirty: false, busy: false, stop: false, sent: false, timer: 0, since: 0 });
    return saving.get(form);
  };
  const show = (form, kind, time) => {
    if (kind !== "saving") stateOf(form).failed = kind !== "saved";
    if (kind === "saved" && !stateOf(form).dirty) unsaved.delete(form);
    const box = (form.id && document.querySelector(`[data-save-state="${form.id}"]`)) || form.querySelector("[data-save-state]")
      || document.querySelector("[data-save-state]");
    if (!box) return;
    box.hidden = false;
    box.className = `y-save y-save--${{ saved: "ok", lost: "lost", conflict: "lost", ended: "lost" }[kind] || "wait"}`;
    const text = box.querySelector("[data-save-text]") || box;
    text.textContent = (box.dataset[kind] || "").replace("{time}", time || "");
  };
  const clockTime = () => { const now = new Date(); return `${now.getHours()}.${String(now.getMinutes()).padStart(2, "0")}`; };
  const accept = async (form, state, answer) => {
    if (answer.status === 409) { state.stop = true; return show(form, "conflict"); }
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) { state.dirty = true; return show(form, "ended"); }
    if (!answer.ok && answer.status !== 422) { state.dirty = true; return show(form, "lost"); }
    const json = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : {};
    const version = form.elements.namedItem("version");
    if (version && json.version !== undefined) version.value = json.version;
    touched();
    show(form, answer.status === 422 ? "lost" : "saved", json.saved || clockTime());
  };
  const save = async (form, keepalive = false) => {
    const state = stateOf(form);
    clearTimeout(state.timer);
    if (!state.dirty || state.busy || state.stop || state.sent || !form.isConnected) return;
    Object.assign(state, { dirty: false, busy: true, since: 0 });
    show(form, "saving");
    try {
      await accept(form, state, await post(form.dataset.autosaveUrl, new FormData(form), keepalive));
    } catch {
      state.dirty = true;
      show(form, "offline");
    } finally {
      state.busy = false;
      if (state.dirty && !state.stop) state.timer = setTimeout(() => save(form), 10000);
    }
  };
  const changed = (event) => {
    const form = event.target.form;
    if (!form || !form.hasAttribute("data-autosave") || !form.dataset.autosaveUrl) return;
    const state = stateOf(form);
    state.dirty = true;
    state.since = state.since || Date.now();
    const wait = event.type === "change" ? 400 : Math.max(0, 10000 - (Date.now() - state.since));
    clearTimeout(state.timer);
    state.timer = setTimeout(() => save(form), wait);
  };
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  window.addEventListener("online", () => saving.forEach((state, form) => save(form)));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") saving.forEach((state, form) => save(form, true));
  });

  // -- leaving the page: <form data-warn-unsaved> with changed fields asks first; one that saves itself, only after it could not
  const unsaved = new Set();
  const noted = (event) => {
    const form = event.target.form;
    if (form && form.hasAttribute("data-warn-unsaved")) unsaved.add(form);
  };
  document.addEventListener("input", noted);
  document.addEventListener("change", noted);
  document.addEventListener("submit", (event) => { if (!event.defaultPrevented) unsaved.delete(event.target); });
  window.addEventListener("beforeunload", (event) => {
    const waits = (form) => form.isConnected && (!form.hasAttribute("data-autosave") || stateOf(form).failed);
    if ([...unsaved].some(waits)) event.preventDefault();
  });

  // -- the session's end: a note five minutes before, another after
  let last = Date.now();
  const touched = () => { last = Date.now(); tick(); };
  // On a shared device the idle time ends in a lock: what is typed stays in the page, out of sight, until it is opened.
  let locked = false;
  const cover = (yes) => {
    locked = yes;
    document.querySelectorAll("main, header, footer, .y-bar").forEach((part) => { part.hidden = yes; });
    each("[data-session-locked]", (note) => { note.hidden = !yes; });
    if (yes) each("[data-session-note]", (note) => { note.hidden = true; });
  };
  const lockScreen = () => {
    cover(true);
    saving.forEach((state, form) => save(form, true));
    post(body().dataset.lockUrl, new FormData()).catch(() => { /* the server locks by its own clock too */ });
  };
  const tick = () => {
    const idle = Number(body().dataset.idleSeconds || 0) * 1000;
    if (!idle) return;
    const left = last + idle - Date.now();
    if (body().dataset.lockUrl) {
      if (left <= 0 && !locked) lockScreen();
      if (locked) return;
    }
    each("[data-session-note]", (note) => { note.hidden = left > WARN_MS || left <= 0; });
    each("[data-session-ended]", (note) => { note.hidden = left > 0; });
  };
  const keepAlive = async () => {
    const url = body().dataset.keepaliveUrl;
    if (!url) return;
    try { const answer = await post(url, new FormData()); if (answer.ok) { if (locked) cover(false); return touched(); } if (locked) return undefined; } catch { /* shown by the next tick */ }
    last = 0;
    tick();
  };
  setInterval(tick, 5000);
  document.addEventListener("visibilitychange", tick);

  document.addEventListener("DOMContentLoaded", () => {
    countAll(document);
    each('form[data-warn-unsaved="now"]', (form) => { unsaved.add(form); stateOf(form).failed = true; });
    const summary = document.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  });
  document.addEventListener("htmx:load", (event) => countAll(event.target));
})();
