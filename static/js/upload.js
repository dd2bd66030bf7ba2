// Sends chosen files one by one with a bar each. <form data-upload> holds one <input type="file">; every file goes
// as a POST of its own to the form's address. What fails stays listed with 重新上传; when all are through the page is
// loaded again. A hidden <label data-upload-label> takes the place of the browser's own button.
// Without this script the form's own button sends the files.
(() => {
  const MB = 1024 * 1024;

  function row(list, file) {
    const item = document.createElement("li");
    item.className = "file-row";
    item.innerHTML = '<span class="file-row__thumb"></span><div><div class="file-row__name"></div>' +
      '<progress max="100" value="0"></progress><div class="file-row__state" role="status"></div></div><div class="file-row__actions"></div>';
    item.querySelector(".file-row__name").textContent = file.name;
    item.querySelector("progress").setAttribute("aria-label", `正在上传 ${file.name}`);
    list.append(item);
    return item;
  }

  function send(form, file, item) {
    const bar = item.querySelector("progress"), state = item.querySelector(".file-row__state");
    return new Promise((done) => {
      const data = new FormData(form), name = form.querySelector("input[type=file]").name;
      data.delete(name);
      data.append(name, file);
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        bar.value = Math.round(event.loaded / event.total * 100);
        state.textContent = `正在上传 ${bar.value}%`;
      });
      request.addEventListener("loadend", () => {
        const fine = request.status >= 200 && request.status < 300;
        let words = request.status ? "这个文件没有传上来" : "网络断了，这个文件没有传上来，其他的都在";
        try { words = JSON.parse(request.responseText).error || words; } catch { /* not our answer: keep the words */ }
        state.textContent = fine ? "已传好" : words;
        item.classList.toggle("file-row--failed", !fine);
        done(fine);
      });
      request.send(data);
    });
  }

  async function upload(form, files) {
    const limit = Number(form.dataset.maxBytes || 20 * MB);
    const list = form.querySelector("[data-upload-list]") || form.insertBefore(document.createElement("ul"), form.firstChild);
    list.className = "files";
    let failed = 0;
    for (const file of files) {
      const item = row(list, file);
      if (file.size > limit) {
        item.classList.add("file-row--failed");
        item.querySelector(".file-row__state").textContent =
          `这个文件 ${Math.ceil(file.size / MB)} MB，超过 ${limit / MB} MB。请重拍或分页传`;
        failed += 1;
      } else if (!await send(form, file, item)) failed += 1;
    }
    if (!failed) window.location.reload();
  }

  for (const form of document.querySelectorAll("form[data-upload]")) {
    const input = form.querySelector("input[type=file]"), drop = form.querySelector(".drop") || form;
    form.querySelectorAll("[data-upload-button]").forEach((button) => { button.hidden = true; });
    form.querySelectorAll("label[data-upload-label]").forEach((label) => { label.hidden = false; drop.classList.add("is-enhanced"); });
    input.addEventListener("change", () => { upload(form, [...input.files]); input.value = ""; });
    drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("is-over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("is-over");
      upload(form, [...event.dataTransfer.files]);
    });
  }
})();
