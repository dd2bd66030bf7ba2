// Saves a form while it is filled in. <form data-autosave="/address">; words appear in [data-save-state].
// The server answers {"saved_at": "09:42", "version": 8}, or {"message": "…"} when it did not save. One save at a time, and the form's own POST waits for a running one,
// so that older text never overwrites newer. Without this script the form is saved by its buttons alone.
(() => {
  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const state = document.querySelector("[data-save-state]");
  const words = state && state.querySelector("[data-save-words]");
  let timer = 0, running = null, dirty = false, leaving = false;

  function show(name, text) {
    if (!state || !words) return;
    state.dataset.state = name;
    words.textContent = text;
    if (name !== "failed") return;
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "重试";
    again.addEventListener("click", save);
    words.append(again);
  }

  function body() {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    return data;
  }

  async function send() {
    dirty = false;
    show("saving", "正在保存");
    try {
      const answer = await fetch(form.dataset.autosave, {
        method: "POST", body: body(), credentials: "same-origin", redirect: "error",
        headers: { "Accept": "application/json" }, signal: AbortSignal.timeout(15000),
      });
      const { saved_at: time, version, message } = await answer.json().catch(() => ({}));
      if (!answer.ok) {
        dirty = true;
        show("failed", message ? `${message}，` : "没保存上，");
        return;
      }
      if (version && form.elements.version) form.elements.version.value = version;
      show("saved", `已保存 ${time}`);
    } catch {
      dirty = true;
      show("failed", navigator.onLine ? "没保存上，" : "网络断了，连上后会再保存，");
    }
  }

  async function save() {
    clearTimeout(timer);
    if (running) return;
    running = send();
    await running;
    running = null;
    if (dirty && state && state.dataset.state === "saved") later();
  }

  function later() {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, 1500);
  }

  form.addEventListener("input", later);
  form.addEventListener("change", (event) => event.target.type !== "file" && later());
  window.addEventListener("online", () => dirty && save());
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    if (leaving || !running) return;
    event.preventDefault();
    await running;
    leaving = true;
    form.requestSubmit(event.submitter);
  });
  window.addEventListener("pageshow", () => { leaving = false; });
})();
