// Passkeys (WebAuthn). A button with data-passkey="create" or "get" asks the browser, puts the answer as JSON into the form's
// hidden field and sends the form. Without this file the buttons stay hidden, and the page's words tell another way.
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const withBytes = (list) => (list || []).map((item) => ({ ...item, id: bytes(item.id) }));

  const create = async (options) => {
    const key = options.publicKey;
    const made = await navigator.credentials.create({ publicKey: {
      ...key, challenge: bytes(key.challenge), user: { ...key.user, id: bytes(key.user.id) },
      excludeCredentials: withBytes(key.excludeCredentials),
      // A passkey that signs in by itself is found without a name and asks for a finger, a face or a PIN.
      authenticatorSelection: {
        ...key.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required",
      },
    } });
    const answer = made.response;
    return {
      attestationObject: text(answer.attestationObject), clientDataJSON: text(answer.clientDataJSON),
      transports: answer.getTransports ? answer.getTransports() : [], credential: made,
    };
  };
  const get = async (options) => {
    const key = options.publicKey;
    const found = await navigator.credentials.get({ publicKey: {
      ...key, challenge: bytes(key.challenge), allowCredentials: withBytes(key.allowCredentials),
      userVerification: "required",
    } });
    const answer = found.response;
    return {
      authenticatorData: text(answer.authenticatorData), clientDataJSON: text(answer.clientDataJSON),
      signature: text(answer.signature), userHandle: text(answer.userHandle), credential: found,
    };
  };

  const optionsOf = async (button) => {
    if (button.dataset.options) return JSON.parse(button.dataset.options);
    const answer = await fetch(button.dataset.optionsUrl, {
      credentials: "same-origin", headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
    });
    return (await answer.json()).request_options;
  };
  const tell = (button, kind) => {
    const place = button.closest("[data-passkey-box]");
    place.querySelectorAll("[data-passkey-says]").forEach((line) => { line.hidden = line.dataset.passkeySays !== kind; });
  };

  const ask = async (button) => {
    button.disabled = true;
    tell(button, "");
    try {
      const { credential, ...response } = await (button.dataset.passkey === "create" ? create : get)(await optionsOf(button));
      button.form.elements.namedItem(button.dataset.field).value = JSON.stringify({
        type: credential.type, id: credential.id, rawId: text(credential.rawId), response,
        clientExtensionResults: credential.getClientExtensionResults(),
      });
      button.form.submit();
    } catch (error) {
      tell(button, error.name === "InvalidStateError" ? "known" : error.name === "SecurityError" ? "address" : "failed");
      button.disabled = false;
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-passkey]");
    if (button) ask(button);
  });
  document.addEventListener("DOMContentLoaded", () => {
    const able = Boolean(window.PublicKeyCredential);
    document.querySelectorAll("button[data-passkey]").forEach((button) => { button.hidden = !able; });
    document.querySelectorAll("[data-passkey-says=script]").forEach((line) => { line.hidden = able; });
  });
})();
