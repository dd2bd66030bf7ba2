// Warns before a person is signed out for doing nothing, with a button that goes on; typing counts as doing something.
// <div data-session data-left="1800" data-warn="300" data-url="/session/"> with a form that posts to the same address.
// Without this script nothing is lost either: what is typed waits until the person has signed in again.
(() => {
  const bar = document.querySelector("[data-session]");
  if (!bar) return;
  const words = bar.querySelector("[data-session-words]"), form = bar.querySelector("form"), link = bar.querySelector("a");
  const warn = Number(bar.dataset.warn) * 1000;
  let ends = 0, typed = false, asking = false, state = "";

  const set = (seconds) => { ends = Date.now() + seconds * 1000; };
  set(Number(bar.dataset.left));

  function show(name, text) {
    if (state === name) return;
    state = name;
    bar.hidden = !name;
    form.hidden = name !== "soon";
    link.hidden = name !== "ended";
    words.textContent = text;
  }

  async function ask(method) {
    asking = true;
    try {
      const how = method === "POST" ? { method, body: new FormData(form) } : { method };
      const answer = await fetch(bar.dataset.url, { ...how, credentials: "same-origin", redirect: "error" });
      if (answer.ok) set((await answer.json()).left);
    } catch { /* no line: the time goes on, and the page says so when it is over */ }
    typed = false;
    asking = false;
    look();
  }

  function look() {
    const left = ends - Date.now();
    if (left <= 0) return show("ended", "为了安全已退出登录。这一页先别关：点页面上的按钮，登录后接着办，填的都在。");
    if (left > warn) return show("", "");
    show("soon", `${Math.ceil(warn / 60000)} 分钟内没有操作就会退出登录，填过的都会保留。`);
  }

  async function tick() {
    if (asking) return;
    // Another tab may have gone on, or the person types: the server is asked before anything is said.
    if (ends - Date.now() <= warn && state !== "ended" && (typed || !state)) await ask(typed ? "POST" : "GET");
    else look();
  }

  document.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask("POST");
  });
  document.addEventListener("visibilitychange", () => document.hidden || tick());
  setInterval(tick, Math.max(500, Math.min(15000, warn / 10)));
})();
