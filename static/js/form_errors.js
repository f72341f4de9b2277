// After a form was refused, start the reader at the list of what to put right.
document.querySelector("[data-form-errors]")?.focus();
