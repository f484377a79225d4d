// Live update: every second the page is fetched again, and what is new in it is put in place. What is shown
// already stays as it is, so that a selection, a scroll position and a screen reader are not disturbed.
const news = document.querySelector("#news");
const query = document.querySelector("#query");
const clear = document.querySelector("#clear");
const order = document.querySelector("#order");
const wrong = document.querySelector("#wrong");
const withdraw = document.querySelector("#withdraw");

// Puts the children of one list into the order of another, by their ids.
function merge(from, to) {
  const fresh = [...from.children];
  const ids = new Set(fresh.map((element) => element.id));
  [...to.children].forEach((element) => ids.has(element.id) || element.remove());
  const shown = new Map([...to.children].map((element) => [element.id, element]));
  fresh.forEach((element, at) => {
    const own = shown.get(element.id) ?? element;
    if (to.children[at] !== own) to.insertBefore(own, to.children[at] ?? null);
    if (own === element) announce(own);
    else refresh(element, own);
  });
}

// Brings what can change in an entry up to date.
function refresh(element, own) {
  const list = own.querySelector("ol");
  if (list) return merge(element.querySelector("ol"), list);
  for (const part of [".state", ".meta", ".remarks"]) {
    const [old, now] = [own, element].map((item) => item.querySelector(part));
    if (old && old.outerHTML !== now.outerHTML) old.replaceWith(now);
  }
}

// Inside a phone that is shown already its log announces what is new.
function announce(element) {
  if (element.matches(".phone")) news.textContent = `${news.dataset.text} ${element.querySelector("h3").textContent}`;
}

async function update() {
  try {
    const text = await (await fetch(location.href)).text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const list of ["#phones", "#orders", "#calls"]) {
      if (fresh.querySelector(list)) merge(fresh.querySelector(list), document.querySelector(list));
    }
  } catch {
    // The sandbox is gone, or not yet back: the next second tells.
  }
}

query.addEventListener("input", () => {
  history.replaceState(null, "", query.value ? `?q=${encodeURIComponent(query.value)}` : location.pathname);
  update();
});

clear.addEventListener("click", async () => {
  await Promise.all(["inbox", "calls"].map((path) => fetch(`/_sandbox/${path}`, { method: "DELETE" })));
  await update();
  news.textContent = clear.dataset.text;
});

function describe() {
  document.querySelector("#about").textContent = order.elements.fault.selectedOptions[0].dataset.about;
}

order.elements.fault.addEventListener("change", describe);
describe();

// A path begins with a slash, and a number does not.
order.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, target, times } = Object.fromEntries(new FormData(order));
  const asked = new URLSearchParams({ name, times });
  if (target.trim()) asked.set(target.trim().startsWith("/") ? "path" : "recipient", target.trim());
  const answer = await fetch(`/_sandbox/faults?${asked}`, { method: "PUT" });
  wrong.textContent = answer.ok ? "" : (await answer.json()).error;
  order.elements.target.toggleAttribute("aria-invalid", !answer.ok);
  news.textContent = answer.ok ? order.dataset.text : "";
  await update();
});

withdraw.addEventListener("click", async () => {
  await fetch("/_sandbox/faults", { method: "DELETE" });
  await update();
  news.textContent = withdraw.dataset.text;
});

document.addEventListener("click", async ({ target }) => {
  if (target.dataset.copy === undefined) return;
  await navigator.clipboard.writeText(target.dataset.copy);
  news.textContent = "";
  news.textContent = news.dataset.copied;
  target.classList.add("copied");
  setTimeout(() => target.classList.remove("copied"), 1500);
});

document.documentElement.classList.add("live");
setInterval(update, 1000);
