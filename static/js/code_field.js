// A six-digit code: what is pasted or filled in keeps only its digits ("123 456" and "123-456" work).
for (const input of document.querySelectorAll("[data-code-field] input, input[autocomplete='one-time-code']")) {
  const most = input.maxLength > 0 ? input.maxLength : 6;
  input.inputMode ||= "numeric";
  input.addEventListener("paste", (event) => {
    const digits = (event.clipboardData?.getData("text") ?? "").replace(/\D/g, "").slice(0, most);
    if (!digits) return;
    event.preventDefault();
    input.value = digits;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  input.addEventListener("input", () => {
    const digits = input.value.replace(/\D/g, "").slice(0, most);
    if (digits !== input.value) input.value = digits;
  });
}
