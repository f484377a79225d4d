// Live update: every second the page is fetched again, and shown if it changed.
const main = document.querySelector("main");
const toEnd = () => document.querySelectorAll(".phone ol").forEach((list) => (list.scrollTop = list.scrollHeight));

async function update() {
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const fresh = page.querySelector("main");
    if (fresh && fresh.innerHTML !== main.innerHTML) {
      main.replaceChildren(...fresh.childNodes);
      toEnd();
    }
  } catch {
    // The sandbox is gone, or not yet back: the next second tells.
  }
}

toEnd();
setInterval(update, 1000);
