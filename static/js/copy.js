// Shows the copy button of a code block where the clipboard can be used, and says that it worked.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    document.dispatchEvent(new CustomEvent("pc:toast", { detail: { text: button.dataset.copied } }));
  });
}
