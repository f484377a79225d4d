// Live update: every second the page is fetched again, and what is new in it is put in place. What is shown
// already stays as it is, so that a selection, a scroll position and a screen reader are not disturbed.
const main = document.querySelector("main");
const news = document.querySelector("#news");

function merge(from, to) {
  const shown = new Map([...to.children].map((element) => [element.id, element]));
  const fresh = [...from.children];
  const kept = new Set(fresh.map((element) => element.id));
  shown.forEach((element, id) => kept.has(id) || element.remove());
  fresh.forEach((element, at) => {
    const own = shown.get(element.id);
    if (!own) {
      to.insertBefore(element, to.children[at] ?? null);
      if (element.matches(".phone")) news.textContent = `${news.dataset.text} ${element.querySelector("h2").textContent}`;
    } else if (own.querySelector("ol")) {
      merge(element.querySelector("ol"), own.querySelector("ol"));
    } else if (own.querySelector(".state")) {
      const [old, state] = [own, element].map((item) => item.querySelector(".state"));
      if (old.outerHTML !== state.outerHTML) old.replaceWith(state);
    }
  });
}

async function update() {
  try {
    const text = await (await fetch(location.href)).text();
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
    if (fresh) merge(fresh, main);
  } catch {
    // The sandbox is gone, or not yet back: the next second tells.
  }
}

setInterval(update, 1000);
