// Drafts: <form data-autosave="URL"> is posted a moment after the last key; [data-autosave-state] says what happened.
// The form's hidden `revision` follows the server's answer, so that the next save is not taken for a stale one.
const PAUSE_MS = 1500;
const OURS = ["csrfmiddlewaretoken", "revision"];

for (const form of document.querySelectorAll("form[data-autosave]")) {
  const place = form.querySelector("[data-autosave-state]");
  let timer;
  let running = null;
  let saved = snapshot(form);

  const say = (key, extra = "") => {
    if (place) place.textContent = [place.dataset[key], extra].filter(Boolean).join(" ");
  };

  const save = async () => {
    if (running) await running;
    const now = snapshot(form);
    if (now === saved) return;
    say("saving");
    running = fetch(form.dataset.autosave, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Requested-With": "autosave" },
      credentials: "same-origin",
    })
      .then(async (response) => {
        if (!response.ok || response.redirected) throw new Error(await reason(response));
        const { revision } = await response.json();
        if (revision !== undefined) form.elements.revision.value = revision;
        saved = now;
        const clock = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
        say("saved", clock);
      })
      .catch((error) => say("failed", error.message))
      .finally(() => {
        running = null;
      });
    await running;
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE_MS);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    saved = snapshot(form);
  });
  window.addEventListener("beforeunload", (event) => {
    if (snapshot(form) !== saved) event.preventDefault();
  });
}

function snapshot(form) {
  const pairs = [...new FormData(form)].filter(([name, value]) => !OURS.includes(name) && typeof value === "string");
  return JSON.stringify(pairs);
}

// The server says in words why a draft was not kept (another window saved it first, a wrong date).
async function reason(response) {
  if (!response.headers.get("Content-Type")?.startsWith("application/json")) return "";
  return (await response.json()).message ?? "";
}
