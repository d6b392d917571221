// Puts a chart in the place of each picture that there are data for: to be hovered, zoomed and filtered by series.
//
// The data lie in the page, as `charts.py` writes them; uPlot draws. Without this script the pictures stay.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const TIME_LABELS = [
    [31536000, "{YYYY}", null, null, null, null, null, null, 1],
    [2419200, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [86400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  ];
  const live = [];

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ink = (name) => color("--ink-" + name.replaceAll("_", "-"));
  const plain = (value) => value.toLocaleString("en", { maximumSignificantDigits: 7 }).replace("-", "\u2212");

  // Text from the data is only ever set as text.
  const make = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const button = (text, onClick) => {
    const made = make("button", "", text);
    made.type = "button";
    made.addEventListener("click", onClick);
    return made;
  };

  class LiveChart {
    constructor(figure) {
      this.key = figure.id;
      this.figure = figure;
      this.spec = data.charts[this.key];
      this.bySeries = data.series.names.length > 1 ? data.series.charts[this.key] : undefined;
      this.whole = data.series.whole.includes(this.key);
      this.choice = this.bySeries && !this.whole ? data.series.first : null;
      this.hidden = new Set();
      this.caption = figure.querySelector("figcaption");
      this.wholeCaption = this.caption.textContent;
      this.tools = make("div", "tools");
      this.plot = make("div", "plot");
      this.plot.tabIndex = 0;
      this.plot.setAttribute("role", "img");
      this.plot.setAttribute("aria-label", figure.querySelector("img").alt);
      this.plot.addEventListener("keydown", (event) => this.onKey(event));
      this.legend = make("div", "legend");
      const box = make("div", "chart");
      box.append(this.tools, this.plot);
      figure.querySelector("picture").after(box);
      figure.classList.add("live");
      if (this.bySeries) this.addPicker();
      if (this.spec.unit) this.tools.append(make("span", "unit", this.spec.unit));
      this.tools.append(this.legend);
      this.all = button("Show all", () => this.draw());
      this.all.hidden = true;
      this.tools.append(this.all);
      // A folded figure has no width: it is drawn when it gets one.
      new ResizeObserver(() => this.fit()).observe(this.plot);
    }

    addPicker() {
      const label = make("label", "picker", "Series ");
      this.select = make("select");
      if (this.whole) this.select.append(new Option("all together", ""));
      data.series.names.forEach((name, place) => this.select.append(new Option(name, place)));
      this.select.value = this.choice ?? "";
      this.select.addEventListener("change", () => {
        if (this.select.value === "") this.choose(null);
        else chooseSeries(Number(this.select.value));
      });
      label.append(this.select);
      this.tools.append(label);
    }

    choose(choice) {
      this.choice = choice;
      this.select.value = choice ?? "";
      this.caption.textContent = this.values().caption ?? this.wholeCaption;
      if (this.chart) this.draw();
    }

    values() {
      return this.choice === null ? this.spec : this.bySeries[this.choice];
    }

    size() {
      const width = this.plot.clientWidth;
      return { width, height: width < 500 ? 220 : 260 };
    }

    fit() {
      if (!this.plot.clientWidth) return;
      if (!this.chart) this.draw();
      else if (this.chart.width !== this.plot.clientWidth) this.chart.setSize(this.size());
    }

    draw() {
      if (this.chart) this.chart.destroy();
      const { spec } = this;
      const values = this.values();
      this.x = data.axes[values.x];
      const filled = (row) => (row.length ? row : this.x.map(() => null));
      this.edges = values.edges.map(filled);
      this.hint = make("div", "hint");
      this.hint.hidden = true;
      this.all.hidden = true;
      this.chart = new uPlot(this.options(spec, values), [this.x, ...this.edges, ...values.values.map(filled)], this.plot);
      this.chart.over.append(this.hint);
      this.drawLegend();
    }

    options(spec, values) {
      const step = this.x.length > 1 ? this.x[1] - this.x[0] : 1;
      const margin = spec.bars ? 0.6 * step : 0;
      const edge = { show: true, stroke: "transparent", width: 0, points: { show: false } };
      const axis = { stroke: ink("muted"), grid: { stroke: ink("grid"), width: 1 }, ticks: { stroke: ink("grid"), width: 1 } };
      const xAxis = { ...axis, grid: { show: false } };
      const isTime = spec.kind === "time" || spec.kind === "day";
      if (isTime) xAxis.values = TIME_LABELS;
      else xAxis.incrs = [1, 2, 3, 4, 5, 6, 10, 12, 20, 24, 50, 100, 200, 500, 1000, 5000];
      if (spec.kind === "label") xAxis.values = (_, places) => places.map((place) => spec.labels[place] ?? "");
      const yAxis = {
        ...axis,
        values: (_, places) => places.map((place) => (place === null ? "" : plain(place))),
        size: (_, texts) => 16 + 7 * Math.max(3, ...(texts ?? []).map((text) => text.length)),
      };
      return {
        ...this.size(),
        legend: { show: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        cursor: { y: false, drag: { x: true, y: false }, points: { size: 8 } },
        scales: {
          x: { time: isTime, range: (_, low, high) => [low - margin, high + margin] },
          y: spec.fromZero ? { range: (_, low, high) => [0, 1.06 * high || 1] } : { distr: spec.log ? 3 : 1 },
        },
        axes: [xAxis, yAxis],
        bands: spec.bands.map((band, place) => ({ series: [2 * place + 1, 2 * place + 2], fill: ink(band.ink) + "33" })),
        series: [{}, ...this.edges.map(() => edge), ...spec.lines.map((line, place) => this.lineOptions(line, place))],
        hooks: {
          setCursor: [(chart) => this.onCursor(chart)],
          setScale: [(chart, name) => this.onScale(chart, name)],
          draw: [(chart) => (values.marks ?? []).forEach((mark) => this.drawMark(chart, mark))],
        },
      };
    }

    lineOptions(line, place) {
      const stroke = ink(line.ink);
      const alone = (chart, number, show) => {
        const row = chart.data[number];
        const known = (at) => row[at] !== null && row[at] !== undefined;
        const places = row.map((_, at) => at).filter((at) => known(at) && !known(at - 1) && !known(at + 1));
        return show ? null : places;
      };
      const options = {
        stroke,
        width: line.width,
        dash: line.dash,
        show: !this.hidden.has(place),
        points: { show: line.points, size: line.width + 4, width: 1, fill: stroke, filter: alone },
      };
      if (this.spec.bars) return { ...options, fill: stroke, points: { show: false }, paths: uPlot.paths.bars({ size: [this.spec.kind === "label" ? 0.7 : 0.4, 60] }) };
      return this.isPoints(line) ? { ...options, paths: () => null } : options;
    }

    drawLegend() {
      const rows = this.spec.lines.map((line, place) => {
        const entry = button("", () => {
          if (this.hidden.has(place)) this.hidden.delete(place);
          else this.hidden.add(place);
          entry.setAttribute("aria-pressed", String(!this.hidden.has(place)));
          this.chart.setSeries(1 + this.edges.length + place, { show: !this.hidden.has(place) });
        });
        entry.setAttribute("aria-pressed", String(!this.hidden.has(place)));
        entry.append(this.swatch(line), line.name);
        return entry;
      });
      this.bands().forEach((band) => {
        const entry = make("span", "entry");
        entry.append(this.swatch(band), band.name);
        rows.push(entry);
      });
      this.legend.replaceChildren(...rows);
      this.legend.hidden = rows.length < 2;
    }

    // What is points alone, such as the epoch that was kept, has a point beside its name.
    isPoints(line) {
      return line.points && line.width >= 5;
    }

    // The narrowest first, as readers meet them. Where two lie over each other the inner one is darker.
    bands() {
      return this.spec.bands.map((band, place) => ({ ...band, place, shade: ["44", "77"][place] })).reverse();
    }

    swatch(line) {
      // What is points alone, such as the epoch that was kept, has a point beside its name.
      if (this.isPoints(line)) {
        const dot = make("i", "dot");
        dot.style.background = ink(line.ink);
        return dot;
      }
      const made = make("i", "swatch");
      const style = !line.dash?.length ? "solid" : line.dash[0] > 4 ? "dashed" : "dotted";
      const wide = line.shade ? 10 : this.spec.bars ? 8 : Math.min(line.width + 1, 6);
      made.style.borderTop = `${wide}px ${style} ${ink(line.ink)}${line.shade ?? ""}`;
      return made;
    }

    xText(x) {
      const { kind, labels, xName } = this.spec;
      if (kind === "label") return `${xName}: ${labels[x]}`;
      if (kind === "number") return `${xName} ${plain(x)}`;
      const text = new Date(x * 1000).toISOString();
      return kind === "day" ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
    }

    onCursor(chart) {
      const at = chart.cursor.idx;
      const known = (value) => value !== null && value !== undefined;
      this.hint.hidden = at === null || at === undefined || chart.cursor.left < 0;
      if (this.hint.hidden) return;
      const rows = [make("b", "", this.xText(this.x[at]))];
      const row = (line, text) => {
        const made = make("div");
        made.append(this.swatch(line), `${line.name} `, make("span", "", text));
        rows.push(made);
      };
      this.spec.lines.forEach((line, place) => {
        const value = chart.data[1 + this.edges.length + place][at];
        if (known(value) && !this.hidden.has(place)) row(line, plain(value));
      });
      this.bands().forEach((band) => {
        const [upper, lower] = this.edges.slice(2 * band.place).map((edge) => edge[at]);
        if (known(upper) && known(lower)) row(band, `${plain(lower)} to ${plain(upper)}`);
      });
      this.hint.replaceChildren(...rows);
      const room = chart.over.clientWidth;
      const left = chart.cursor.left;
      this.hint.style.left = left < room / 2 ? `${left + 12}px` : "auto";
      this.hint.style.right = left < room / 2 ? "auto" : `${room - left + 12}px`;
    }

    onScale(chart, name) {
      if (name !== "x" || !chart.scales.x) return;
      const { min, max } = chart.scales.x;
      this.all.hidden = min <= this.x[0] && max >= this.x[this.x.length - 1];
    }

    onKey(event) {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || !this.chart) return;
      event.preventDefault();
      const at = (this.chart.cursor.idx ?? (step > 0 ? -1 : this.x.length)) + step;
      const x = this.x[Math.min(Math.max(at, 0), this.x.length - 1)];
      this.chart.setCursor({ left: this.chart.valToPos(x, "x"), top: 8 });
    }

    drawMark(chart, mark) {
      const { ctx, bbox } = chart;
      const at = Math.round(chart.valToPos(mark, "x", true));
      if (at < bbox.left || at > bbox.left + bbox.width) return;
      ctx.save();
      ctx.strokeStyle = ink("muted");
      ctx.setLineDash([4, 4]);
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
      ctx.restore();
    }
  }

  function chooseSeries(place) {
    for (const chart of live) if (chart.bySeries) chart.choose(place);
  }

  for (const figure of document.querySelectorAll("figure")) {
    if (data.charts[figure.id]) live.push(new LiveChart(figure));
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const chart of live) if (chart.chart) chart.draw();
  });

  window.chooseSeries = chooseSeries;
})();
