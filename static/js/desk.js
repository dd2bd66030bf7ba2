// The desk's conveniences; without this script the page does all the same work by mouse or Tab.
// Copies a value, turns a picture, and goes through tray and tasks with J and K.
(() => {
  const said = document.querySelector("[data-said]");
  const say = (words) => { if (said) said.textContent = words; };

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        say(`已复制${button.dataset.name}`);
        button.classList.add("is-done");
      } catch {
        say("没有复制成，请选中文字再复制");
      }
    });
  }

  const picture = document.querySelector("[data-turns]");
  for (const button of document.querySelectorAll("[data-rotate]")) {
    if (!picture) break;
    button.hidden = false;
    button.addEventListener("click", () => {
      const turns = (Number(picture.dataset.turns) + 1) % 4;
      picture.dataset.turns = String(turns);
      say(`已转 ${turns * 90} 度`);
    });
  }

  const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTyping(event.target)) return;
    const step = { j: 1, k: -1 }[event.key];
    if (!step) return;
    const link = document.querySelector(step === 1 ? 'a[rel="next"][data-key]' : 'a[rel="prev"][data-key]');
    if (link) {
      link.click();
      return;
    }
    const rows = [...document.querySelectorAll("[data-row]")];
    if (!rows.length) return;
    const here = rows.indexOf(document.activeElement);
    const next = rows[here === -1 ? (step === 1 ? 0 : rows.length - 1) : here + step];
    if (next) next.focus();
  });
})();
