// After a form came back with errors the summary gets the focus, and the title says so.
(() => {
  const summary = document.querySelector("[data-error-summary]");
  if (!summary) return;
  document.title = `有 ${summary.querySelectorAll("li").length} 处要改 · ${document.title}`;
  summary.focus();
})();
