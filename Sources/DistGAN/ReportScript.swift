/// What moves on the page of a report; without it the newest sheet and all curves are there.
enum ReportScript {
  /// JavaScript: the slider over the sheets (arrow keys, a button that plays them), and the numbers under the pointer.
  static let text = """
    "use strict";
    (() => {
      const sheets = [...document.querySelectorAll("#sheets img")], slider = document.getElementById("slider");
      if (!slider) return;
      const shown = document.getElementById("shown"), play = document.getElementById("play");
      let timer = 0;
      const show = () => {
        sheets.forEach((sheet, index) => { sheet.hidden = index !== +slider.value; });
        shown.textContent = "step " + (+sheets[+slider.value].dataset.step).toLocaleString("en");
      };
      const stop = () => { clearInterval(timer); timer = 0; play.innerHTML = "&#9654;"; };
      slider.addEventListener("input", () => { stop(); show(); });
      play.addEventListener("click", () => {
        if (timer) return stop();
        if (+slider.value === sheets.length - 1) slider.value = 0;
        play.innerHTML = "&#10074;&#10074;";
        show();
        timer = setInterval(() => {
          if (+slider.value === sheets.length - 1) return stop();
          slider.value = +slider.value + 1;
          show();
        }, 250);
      });
      document.addEventListener("keydown", event => {
        const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!way || event.target === slider) return;
        stop();
        slider.value = +slider.value + way;
        show();
      });
      show();
    })();
    for (const svg of document.querySelectorAll("svg[data-plot]")) {
      const plot = JSON.parse(svg.dataset.plot), line = svg.querySelector(".pointer"), tip = svg.parentElement.querySelector(".tip");
      const nearest = (steps, step) => {
        let low = 0, high = steps.length - 1;
        while (high - low > 1) { const middle = (low + high) >> 1; if (steps[middle] < step) low = middle; else high = middle; }
        return step - steps[low] < steps[high] - step ? low : high;
      };
      const text = value => value === null || value === undefined ? "none" : (+value.toPrecision(4)).toString();
      svg.addEventListener("pointermove", event => {
        const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
        const x = Math.min(Math.max((event.clientX - box.left) * scale, plot.left), plot.right);
        const step = plot.first + (x - plot.left) / (plot.right - plot.left) * (plot.last - plot.first);
        const rows = plot.curves.map((curve, index) => {
          const at = nearest(curve.steps, step), row = document.createElement("div"), mark = document.createElement("i");
          mark.className = "b" + index % 6;
          const average = curve.averages.length ? " (average " + text(curve.averages[at]) + ")" : "";
          row.append(mark, curve.name + " " + text(curve.values[at]) + average);
          return [row, curve.steps[at]];
        });
        const title = document.createElement("div");
        title.textContent = "step " + rows[0][1].toLocaleString("en");
        tip.replaceChildren(title, ...rows.map(row => row[0]));
        const place = plot.left + (rows[0][1] - plot.first) / (plot.last - plot.first) * (plot.right - plot.left);
        line.setAttribute("x1", place);
        line.setAttribute("x2", place);
        line.style.opacity = 0.5;
        tip.hidden = false;
        const left = place / scale, room = box.width - left;
        tip.style.left = (room > tip.offsetWidth + 16 ? left + 12 : left - tip.offsetWidth - 12) + "px";
        tip.style.top = box.top - svg.parentElement.getBoundingClientRect().top + 14 + "px";
      });
      svg.addEventListener("pointerleave", () => { tip.hidden = true; line.style.opacity = 0; });
    }
    """
}
