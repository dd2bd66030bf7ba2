// Gives every file control our own button and words, so that it speaks Chinese in any browser. The control itself stays
// in the tab order and keeps its label; upload.js looks after the forms that send files one by one.
(() => {
  for (const input of document.querySelectorAll('input[type="file"]')) {
    if (input.closest("form[data-upload]")) continue;
    input.id ||= `file-${Math.random().toString(36).slice(2)}`;
    const button = document.createElement("label"), words = document.createElement("span");
    button.className = "btn btn-outline-primary file-button";
    button.htmlFor = input.id;
    button.textContent = input.dataset.label || "选文件";
    button.setAttribute("aria-hidden", "true");
    words.className = "file-words";
    words.setAttribute("aria-live", "polite");
    input.classList.add("is-enhanced");
    input.after(button, words);
    input.addEventListener("change", () => {
      const names = [...input.files].map((file) => file.name);
      words.textContent = names.length > 1 ? `已选 ${names.length} 个：${names.join("、")}` : names.join("");
    });
  }
})();
