// Says a short thing in the polite live region: document.dispatchEvent(new CustomEvent("pc:toast", {detail: {text, close}})).
// htmx responses may send it as the header HX-Trigger: {"pc:toast": {"text": "…"}}.
document.addEventListener("pc:toast", ({ detail }) => {
  const place = document.getElementById("toasts");
  if (!place || !detail?.text) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  const words = document.createElement("span");
  words.textContent = detail.text;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = detail.close ?? "OK";
  close.addEventListener("click", () => toast.remove());
  toast.append(words, close);
  place.replaceChildren(toast);
});
