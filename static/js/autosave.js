// Drafts: <form data-autosave="URL"> is posted a moment after the last key; [data-autosave-state] says what happened.
const PAUSE_MS = 1500;

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
      .then((response) => {
        if (!response.ok || response.redirected) throw new Error(String(response.status));
        saved = now;
        const clock = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
        say("saved", clock);
      })
      .catch(() => say("failed"))
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
  const pairs = [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string");
  return JSON.stringify(pairs);
}
