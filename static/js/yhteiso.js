// What the pages do beyond HTML and htmx. Every page works without this file.
// Listeners sit on the document, so that swapped-in fragments need no start-up. The browser's storage keeps no content: one word
// at most, that this person has switched the keyboard shortcuts off.
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
  // <form data-save-first>: what is typed goes by itself before the page does, so that a dropped line or an ended sign-in
  // loses nothing. [data-save-here] (Enter in a field) saves and stays.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.hasAttribute("data-save-first")) return;
    const state = stateOf(form);
    if (state.cleared) { state.cleared = false; return; }
    event.preventDefault();
    if (!event.submitter || event.submitter.hasAttribute("data-save-here")) { state.dirty = true; save(form); } else send(form, event.submitter);
  });
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
  // The same answer again is not swapped in: a button that is just being pressed stays where it is.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const shown = event.detail.target.querySelector("[data-same]");
    const found = /data-same="([^"]*)"/.exec(event.detail.serverResponse || "");
    if (shown && found && shown.dataset.same === found[1]) event.detail.shouldSwap = false;
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) each("[data-busy]", free); });

  // -- keyboard: Ctrl+Enter sends the form, Alt+1…4 chooses a card; <body data-keys="off"> switches both off
  document.addEventListener("keydown", (event) => {
    if (body().dataset.keys === "off") return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest && event.target.closest("form[data-ctrl-enter]") || document.querySelector("form[data-ctrl-enter]");
      const button = form && [...form.elements].find((el) => el.type === "submit" && !el.disabled && !el.matches("[formaction], [data-save-here], [data-pressed-only]"));
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

  // -- the shortcuts can be switched off, in this browser
  const keysOff = () => { try { return localStorage.getItem("shortcuts") === "off"; } catch { return false; } };
  document.addEventListener("DOMContentLoaded", () => {
    if (keysOff()) body().dataset.keys = "off";
    each("[data-keys-switch]", (box) => { box.hidden = false; box.querySelector("input").checked = !keysOff(); });
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-keys-switch] input")) return;
    const on = event.target.checked;
    if (on) delete body().dataset.keys; else body().dataset.keys = "off";
    try { if (on) localStorage.removeItem("shortcuts"); else localStorage.setItem("shortcuts", "off"); } catch { /* until the page is left */ }
  });

  // -- <details data-open-for="route=guided"> opens when that answer is chosen
  document.addEventListener("change", (event) => {
    if (event.target.type !== "radio") return;
    each("details[data-open-for]", (part) => { if (part.dataset.openFor === `${event.target.name}=${event.target.value}`) part.open = true; });
  });

  // -- <div data-hide-for="asked=no asked=later"> is not shown while one of those answers is chosen: the server drops its fields
  const hideFor = () => each("[data-hide-for]", (part) => {
    part.hidden = part.dataset.hideFor.split(" ").some((one) => {
      const [name, value] = one.split("=");
      return document.querySelector(`input[name="${name}"][value="${value}"]:checked`) !== null;
    });
  });
  document.addEventListener("change", (event) => { if (event.target.type === "radio") hideFor(); });
  document.addEventListener("DOMContentLoaded", hideFor);
  window.addEventListener("pageshow", hideFor);

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
  let typedAt = -Infinity;
  const stateOf = (form) => {
    if (!saving.has(form)) saving.set(form, { dirty: false, busy: false, stop: false, sent: false, timer: 0, since: 0, tries: 0, running: null });
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
  // A sign-in in another tab brings another token. It is taken only when the same person is back.
  const renew = async () => {
    const answer = await fetch(body().dataset.tokenUrl, { credentials: "same-origin", redirect: "manual", headers: { Accept: "application/json" } });
    if (!answer.ok) return false;
    const { token, who } = await answer.json();
    if (who !== body().dataset.who) return false;
    body().setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
    each('input[name="csrfmiddlewaretoken"]', (field) => { field.value = token; });
    return true;
  };
  // Another window saved first: both texts stand on the page, and nothing is saved until this person says so.
  const conflict = (form, state, json) => {
    state.latest = json.latest;
    const note = document.querySelector("[data-other-window]");
    if (!note || !json.rows) return;
    note.querySelector("[data-other-window-rows]").replaceChildren(...json.rows.map((row) => {
      const line = document.createElement("li");
      const label = document.createElement("b");
      label.textContent = `${row.label}: `;
      line.append(label, row.theirs);
      return line;
    }));
    note.hidden = false;
    note.querySelector("[data-other-window-keep]").hidden = false;
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-other-window-keep]")) return;
    saving.forEach((state, form) => {
      if (state.latest === undefined) return;
      form.elements.namedItem("version").value = state.latest;
      Object.assign(state, { stop: false, dirty: true, latest: undefined });
      save(form);
    });
    each("[data-other-window]", (note) => { note.hidden = true; });
  });
  const accept = async (form, state, answer) => {
    const json = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : {};
    if (answer.status === 409) { state.stop = true; conflict(form, state, json); return "conflict"; }
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return "ended";
    if (answer.status >= 500) return "offline";
    if (!answer.ok && answer.status !== 422) return "lost";
    const version = form.elements.namedItem("version");
    if (version && json.version !== undefined) version.value = json.version;
    touched();
    state.time = json.saved || clockTime();
    return answer.status === 422 ? "invalid" : "saved";
  };
  const attempt = async (form, state, keepalive) => {
    try {
      if (state.ended && !(await renew())) return "ended";
      const data = new FormData(form);
      each("[data-unsaved]", (field) => data.delete(field.name), form);
      return await accept(form, state, await post(form.dataset.autosaveUrl, data, keepalive));
    } catch {
      return "offline";
    }
  };
  const run = async (form, keepalive) => {
    const state = stateOf(form);
    Object.assign(state, { dirty: false, busy: true, since: 0 });
    show(form, "saving");
    const kind = await attempt(form, state, keepalive);
    const again = kind === "offline" || kind === "ended";
    Object.assign(state, { busy: false, ended: kind === "ended", tries: again ? state.tries + 1 : 0, dirty: state.dirty || again });
    show(form, kind === "invalid" ? "lost" : kind, state.time);
    each("[data-session-elsewhere]", (note) => { note.hidden = kind !== "ended"; });
    // Asked again after 2, 4, 8 … seconds, once a minute at most, and at once when the line or the person is back.
    if (state.dirty && !state.stop) state.timer = setTimeout(() => save(form), again ? Math.min(60, 2 ** state.tries) * 1000 : 10000);
    return kind;
  };
  const save = (form, keepalive = false, force = false) => {
    const state = stateOf(form);
    if ((!state.dirty && !force) || state.busy || state.stop || state.sent || !form.isConnected) return state.running;
    clearTimeout(state.timer);
    state.running = run(form, keepalive);
    return state.running;
  };
  const send = async (form, button) => {
    const state = stateOf(form);
    if (state.sending) return undefined;
    state.sending = true;
    busy(button);
    await state.running;
    const kind = await save(form, false, true);
    state.sending = false;
    free(button);
    if (["offline", "ended", "lost"].includes(kind)) return button.focus();
    // What was swapped in meanwhile has the same button anew.
    const twin = button.isConnected ? button : [...form.elements].find((el) => el.type === "submit" && el.name === button.name && el.value === button.value);
    if (!twin) return undefined;
    state.cleared = true;
    return form.requestSubmit(twin);
  };
  const changed = (event) => {
    const form = event.target.form;
    if (!form || !form.hasAttribute("data-autosave") || !form.dataset.autosaveUrl) return;
    const state = stateOf(form);
    state.dirty = true;
    typedAt = Date.now();
    state.since = state.since || Date.now();
    const every = Number(form.dataset.autosaveSeconds || 10) * 1000;
    const wait = event.type === "change" ? 400 : Math.max(0, every - (Date.now() - state.since));
    // While the line is down its own pace holds: a keystroke does not ask again.
    if (state.tries && state.timer) return;
    clearTimeout(state.timer);
    state.timer = setTimeout(() => save(form), wait);
  };
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  window.addEventListener("online", () => saving.forEach((state, form) => save(form)));
  document.addEventListener("visibilitychange", () => {
    saving.forEach((state, form) => { if (document.visibilityState === "hidden") save(form, true); else if (state.tries) save(form); });
  });
  window.addEventListener("focus", () => saving.forEach((state, form) => { if (state.tries) save(form); }));

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
    const waits = (form) => form.isConnected && (!form.hasAttribute("data-autosave") || stateOf(form).failed || (stateOf(form).dirty && !navigator.onLine));
    if ([...unsaved].some(waits)) event.preventDefault();
  });

  // -- the session's end: a note five minutes before, another after
  let last = Date.now();
  let prolonged = 0;
  // Somebody who writes is not asked to carry on: the page asks for more time itself, and no note comes over the text.
  const writes = () => Date.now() - typedAt < 10 * 60 * 1000;
  const prolong = () => {
    if (Date.now() - prolonged < 30000) return;
    prolonged = Date.now();
    post(body().dataset.keepaliveUrl, new FormData()).then((answer) => { if (answer.ok) touched(); }).catch(() => { /* the text's own state tells */ });
  };
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
    if (writes()) {
      if (left < WARN_MS) prolong();
      each("[data-session-note], [data-session-ended]", (note) => { note.hidden = true; });
      return;
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
