"use strict";
{
  const line = document.getElementById("wait"), time = line.querySelector("span");
  const buttons = document.querySelectorAll(".ways button, form[name=start] button"), end = Date.now() + line.dataset.seconds * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    time.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    line.hidden = left === 0;
    for (const button of buttons) button.disabled = left > 0;
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}
