/* Small comforts over pages that work without them. Words come from the markup, so that they are translated. */
"use strict";
{
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (event, handle, target = document) => target.addEventListener(event, handle);
  const typing = (node) => node.closest?.("input, textarea, select, [contenteditable]");

  // Buttons that only a script can serve are hidden until there is one.
  const reveal = (root) => {
    all("[data-script]", root).forEach((node) => { node.hidden = false; });
    all("[data-card]", root).forEach((card) => { card.draggable = true; });
  };
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
    if (button?.matches("[data-preview-close]")) closePreview();
    if (event.target.closest("#chooser [data-close]")) { event.preventDefault(); closeChooser(); }
    if (button?.matches("[data-print]")) print();
    closeMenus(event.target);
  });

  // A menu is a <details>; it also closes by a click beside it and by Escape.
  const closeMenus = (except) => all(".menu[open]").forEach((menu) => {
    if (!menu.contains(except)) menu.open = false;
  });

  const seeOff = () => all(".toast.success:not([data-leaving])").forEach((toast) => {
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 3000) : toast.remove());
    toast.dataset.leaving = "yes";
    setTimeout(leave, 8000);
  });
  seeOff();

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

  // Files: what is too much at once is said before it is sent; while it is sent, how far that is.
  on("change", (event) => {
    const { files, dataset } = event.target;
    if (!files || !dataset.most) return;
    const size = [...files].reduce((sum, file) => sum + file.size, 0);
    event.target.setCustomValidity(size > Number(dataset.most) ? dataset.tooMuch : "");
    event.target.reportValidity();
  });
  on("htmx:xhr:progress", (event) => {
    const bar = find("[data-sending]", event.target);
    if (!bar || !event.detail.lengthComputable || event.detail.loaded === 0) return;
    bar.hidden = false;
    bar.value = event.detail.loaded / event.detail.total;
  });

  // A fact of a record is edited where it stands: its form takes the focus and gives it back to its button.
  const takeFocus = (place) => {
    const box = find("form :is([aria-invalid=true], [type=radio]:checked)", place)
      ?? find("form :is(input:not([type=hidden]), select, textarea)", place);
    (box ?? find("[data-edit]", place))?.focus();
    if (box?.matches("textarea")) box.setSelectionRange(box.value.length, box.value.length);
    else box?.select?.();
  };
  on("keydown", (event) => {
    const form = event.target.closest?.("[data-in-place]");
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
  on("htmx:sendError", (event) => {
    const form = event.detail.elt.closest("[data-in-place]");
    if (!form) return;
    settle(form, find("[aria-busy]", form));
    form.dataset.changed = "yes";
    find("[data-offline]", form).hidden = false;
  });

  // Lists. A filter's form opens beneath the bar; a row shows beside the list where there is room.
  const closeChooser = () => find("#chooser")?.replaceChildren();
  const hasRoom = () => matchMedia("(min-width: 80rem)").matches;
  const preview = (link) => {
    all("tr[aria-current]").forEach((row) => row.removeAttribute("aria-current"));
    link.closest("tr").setAttribute("aria-current", "true");
    htmx.ajax("GET", `${link.pathname}preview/`, { target: "#preview", swap: "outerHTML" });
  };
  const closePreview = () => {
    const row = find("tr[aria-current]");
    find("#preview").replaceChildren();
    find("#preview").className = "";
    row?.removeAttribute("aria-current");
    find(".row-link", row ?? document)?.focus();
  };
  on("click", (event) => {
    const link = event.target.closest("[data-preview] .row-link");
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    // Enter on a link is a click of no finger (detail 0): it opens the page, as ever.
    if (link && isPlain && event.detail === 1 && hasRoom()) { event.preventDefault(); preview(link); link.focus(); }
    if (link && event.detail === 2) location.assign(link.href);
  });
  const count = () => {
    const picked = all("[name=row][form=bulk]").filter((box) => box.checked).length;
    all("[data-picked]").forEach((words) => { words.textContent = picked; });
  };
  on("change", (event) => {
    if (event.target.matches("[data-pick-all]")) {
      all("[name=row][form=bulk]").forEach((box) => { box.checked = event.target.checked; });
    }
    count();
  });
  on("input", (event) => {
    if (!event.target.matches("[data-sift]")) return;
    const words = event.target.value.toLowerCase();
    all(".ticks label", event.target.closest("form")).forEach((label) => {
      label.hidden = !label.textContent.toLowerCase().includes(words);
    });
  });
  // What was left empty in a form of filters need not stand in the address.
  on("htmx:configRequest", (event) => {
    const { parameters, verb } = event.detail;
    if (verb === "get") Object.keys(parameters).filter((name) => name !== "search" && parameters[name] === "").forEach((name) => { delete parameters[name]; });
  });

  // Keys: / to search, j and k through a list (Enter follows the link, as ever), ? for help, Escape out of what is open.
  const step = (by) => {
    const links = all(".row-link");
    const next = links[links.indexOf(document.activeElement) + by] ?? (by > 0 ? links[0] : links.at(-1));
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    if (next && find("#preview .icon-button")) preview(next);
  };
  on("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = event.target.closest?.(".menu[open]");
      closeMenus();
      const form = event.target.closest?.("[data-in-place]");
      if (menu) find("summary", menu).focus();
      else if (form) find("[data-cancel]", form).click();
      else if (find("#chooser form")) closeChooser();
      else if (find("#preview .icon-button") && !find("dialog[open]")) closePreview();
    }
    if (document.body.dataset.keys === "off") return; // a person's own choice, in the profile
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || find("dialog[open]")) return;
    if (event.key === "/") { event.preventDefault(); find("[data-search]")?.focus(); }
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
    if (event.key === "?") find("[data-help]")?.click();
    const row = document.activeElement.closest("tr");
    if (event.key === "x") find("[name=row]", row ?? document.createElement("i"))?.click();
    if (event.key === "p" && row && find("#preview") && hasRoom()) preview(find(".row-link", row));
    // What a page does with a key of its own: a button is pressed, a link followed, a form opened to type in.
    const owner = find(`[data-key="${CSS.escape(event.key)}"]`);
    if (!owner) return;
    event.preventDefault();
    if (owner.matches("details")) { owner.open = true; find("textarea, input:not([type=hidden])", owner)?.focus(); }
    else owner.click();
  });

  // The search box and what drops down under it: arrows move, Enter follows, Escape closes. ARIA's combobox.
  const box = find("[data-hits]");
  const hits = () => find(`#${box.dataset.hits}`);
  const options = () => all("[role=option]", hits());
  const choose = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (option) box.setAttribute("aria-activedescendant", option.id);
    else box.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  };
  const drop = (open) => {
    hits().toggleAttribute("data-open", open && hits().childElementCount > 0);
    const list = find("[role=listbox]", hits());
    box.setAttribute("aria-expanded", String(hits().hasAttribute("data-open") && list !== null));
    if (list) box.setAttribute("aria-controls", list.id);
    else box.removeAttribute("aria-controls");
    choose(null);
  };
  if (box) {
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-expanded", "false");
    on("keydown", (event) => {
      const found = hits().hasAttribute("data-open") ? options() : [];
      const chosen = found.findIndex((option) => option.ariaSelected === "true");
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!hits().hasAttribute("data-open")) drop(true);
        const by = event.key === "ArrowDown" ? 1 : -1;
        const next = chosen + by;
        if (found.length) choose(found[next < 0 ? found.length - 1 : next % found.length]);
      }
      if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); found[chosen].click(); }
      if (event.key === "Escape" && hits().hasAttribute("data-open")) { event.preventDefault(); drop(false); }
    }, box);
    on("focus", () => { if (box.value.trim()) drop(true); }, box);
    on("input", () => { if (!box.value.trim()) { hits().replaceChildren(); drop(false); } }, box);
    on("focusout", (event) => { if (!box.form.contains(event.relatedTarget)) drop(false); }, box.form);
    // A press on a line keeps the box's focus, so that the list is still there when it becomes a click.
    on("mousedown", (event) => { if (event.target.closest(".hits")) event.preventDefault(); }, box.form);
  }

  // The board: a card dropped on a column presses what in its menu leads there.
  let dragged = null;
  const wayTo = (column) => dragged && column && find(`#menu-${dragged.id} [data-to="${column.dataset.column}"]`);
  const aim = (column) => all("[data-column]").forEach((each) => each.classList.toggle("target", each === column));
  on("dragstart", (event) => {
    dragged = event.target.closest?.("[data-card]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.id);
    dragged.classList.add("dragged");
  });
  on("dragover", (event) => {
    const column = event.target.closest?.("[data-column]");
    if (!wayTo(column)) { aim(); return; }
    event.preventDefault();
    aim(column);
  });
  on("drop", (event) => {
    const way = wayTo(event.target.closest?.("[data-column]"));
    if (way) { event.preventDefault(); way.click(); }
  });
  on("dragend", () => { dragged?.classList.remove("dragged"); dragged = null; aim(); });

  // htmx: an answer without the asked-for part (signed out, an error) is shown as the page it is. A form that came
  // back, with what is wrong or with somebody else's version, is such a part.
  on("htmx:beforeSwap", (event) => {
    const { target, serverResponse, pathInfo, xhr } = event.detail;
    if ([200, 409, 422].includes(xhr.status) && serverResponse.includes(`id="${target.id}"`)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
      return;
    }
    event.preventDefault();
    location.assign(pathInfo.finalRequestPath);
  });
  on("htmx:afterSwap", (event) => {
    reveal(document);
    seeOff();
    if (event.detail.target.matches("[data-fact]")) {
      htmx.process(event.detail.target); // by itself a moment later: Enter in between would leave the page
      takeFocus(event.detail.target);
    }
    if (event.detail.requestConfig?.elt.matches("[data-help]")) find("#help-dialog").showModal();
    if (box && event.detail.target.id === box.dataset.hits) drop(document.activeElement === box && box.value.trim() !== "");
    if (event.detail.target.id !== "chooser") return;
    closeMenus();
    find("#chooser :is([data-first]:not([hidden]), input:not([type=hidden]), select)")?.focus();
  });
}
