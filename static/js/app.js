/* Small comforts over pages that work without them. Words come from the markup, so that they are translated. */
"use strict";
{
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (event, handle, target = document) => target.addEventListener(event, handle);
  const typing = (node) => node.closest?.("input, textarea, select, [contenteditable]");

  // Buttons that only a script can serve are hidden until there is one.
  const reveal = (root) => all("[data-script]", root).forEach((node) => { node.hidden = false; });
  reveal(document);

  // On a phone tabs scroll sideways: the current one is in sight.
  find(".tab[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

  // Light or dark: the cookie is read by the server, so the next page arrives in the right colours.
  const toggleTheme = () => {
    const root = document.documentElement;
    const shown = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const theme = shown === "dark" ? "light" : "dark";
    root.dataset.theme = theme;
    const [bound, secure] = location.protocol === "https:" ? ["__Host-", "; secure"] : ["", ""];
    document.cookie = `${bound}theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
  };

  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy || location.href);
    const words = find("[data-words]", button);
    const before = words.textContent;
    words.textContent = button.dataset.done;
    setTimeout(() => { words.textContent = before; }, 2000);
  };

  on("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches("[data-theme-toggle]")) toggleTheme();
    if (button?.matches("[data-copy]")) copy(button);
    if (button?.matches("[data-dismiss]")) button.closest(".toast").remove();
    closeMenus(event.target);
  });

  // A menu is a <details>; it also closes by a click beside it and by Escape.
  const closeMenus = (except) => all(".menu[open]").forEach((menu) => {
    if (!menu.contains(except)) menu.open = false;
  });

  for (const toast of all(".toast.success")) {
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 3000) : toast.remove());
    setTimeout(leave, 8000);
  }

  // A form that destroys something names it and asks once.
  const ask = (words) => new Promise((resolve) => {
    const dialog = find("#confirm");
    find("h2", dialog).textContent = words.confirm;
    find("p", dialog).textContent = words.confirmText || "";
    find("[value=yes]", dialog).textContent = words.confirmVerb;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });

  // A form is sent once, however often its button is pressed.
  const settle = (form, button) => {
    delete form.dataset.sent;
    if (button) { button.disabled = false; button.removeAttribute("aria-busy"); }
  };
  const send = (form, button) => {
    form.dataset.sent = "yes";
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    // Disabled only after the browser has read the button's own name and value.
    setTimeout(() => { button.disabled = true; });
    // No answer at all, the connection gone: let the person try again.
    setTimeout(() => settle(form, button), 10000);
  };
  on("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.dataset.confirm && !form.dataset.agreed) {
      event.preventDefault();
      closeMenus();
      if (await ask(form.dataset)) { form.dataset.agreed = "yes"; form.requestSubmit(event.submitter); }
      return;
    }
    delete form.dataset.changed;
    send(form, event.submitter);
  });
  // Back from the browser's page cache: the buttons work again.
  on("pageshow", (event) => {
    if (event.persisted) all("form[data-sent]").forEach((form) => settle(form, find("[aria-busy]", form)));
  }, window);

  // Nothing typed is lost by leaving the page unawares.
  on("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) form.dataset.changed = "yes";
  });
  on("beforeunload", (event) => { if (find("form[data-changed]")) event.preventDefault(); }, window);

  // Keys: / to search, j and k through a list (Enter follows the link, as ever), ? for help, Escape out of a menu.
  const step = (by) => {
    const links = all(".row-link");
    const next = links[links.indexOf(document.activeElement) + by] ?? (by > 0 ? links[0] : links.at(-1));
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  on("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = event.target.closest?.(".menu[open]");
      closeMenus();
      if (menu) find("summary", menu).focus();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || find("dialog[open]")) return;
    if (event.key === "/") { event.preventDefault(); find("[data-search]")?.focus(); }
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
    if (event.key === "?") find("[data-help]")?.click();
  });

  // htmx: an answer without the asked-for part (signed out, an error) is shown as the page it is.
  on("htmx:beforeSwap", (event) => {
    const { target, serverResponse, pathInfo, xhr } = event.detail;
    if (xhr.status === 200 && serverResponse.includes(`id="${target.id}"`)) return;
    event.preventDefault();
    location.assign(pathInfo.finalRequestPath);
  });
  on("htmx:afterSwap", (event) => {
    reveal(document);
    if (event.detail.requestConfig?.elt.matches("[data-help]")) find("#help-dialog").showModal();
  });
}
