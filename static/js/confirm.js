// <form data-confirm="What happens" data-confirm-yes="Do it" data-confirm-no="Cancel"> asks once more before it is sent.
// Grave acts have a confirmation page of their own, which needs no JavaScript; this is for small ones.
for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.confirmed) return;
    event.preventDefault();
    ask(form, event.submitter);
  });
}

function ask(form, submitter) {
  const dialog = document.createElement("dialog");
  const words = document.createElement("p");
  words.id = "confirm-words";
  words.textContent = form.dataset.confirm;
  dialog.setAttribute("aria-labelledby", words.id);
  const actions = document.createElement("div");
  actions.className = "actions";
  const yes = button(form.dataset.confirmYes ?? submitter?.textContent.trim() ?? "OK", submitter?.className || "button");
  const no = button(form.dataset.confirmNo ?? "×", "button button--quiet");
  yes.addEventListener("click", () => {
    form.dataset.confirmed = "yes";
    dialog.close();
    form.requestSubmit(submitter);
  });
  no.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  actions.append(yes, no);
  dialog.append(words, actions);
  document.body.append(dialog);
  dialog.showModal();
  no.focus();
}

function button(text, className) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = text;
  return element;
}
