// Makes the table of series one to search, to sort by any column, and to choose a series from.
(() => {
  "use strict";

  const region = document.querySelector(".series-table");
  if (!region) return;
  const body = region.querySelector("tbody");
  const rows = [...body.rows];

  const label = document.createElement("label");
  label.className = "search";
  label.textContent = "Find a series ";
  const search = document.createElement("input");
  search.type = "search";
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
  });
  label.append(search);
  region.before(label);

  const value = (row, column) => (column ? Number(row.cells[column].dataset.value) : row.cells[0].textContent);
  const order = (one, other) => (typeof one === "string" ? one.localeCompare(other, "en", { numeric: true }) : one - other);
  const heads = [...region.querySelectorAll("thead th")];
  heads.forEach((head, column) => {
    const sort = document.createElement("button");
    sort.type = "button";
    sort.textContent = head.textContent;
    sort.addEventListener("click", () => {
      const turn = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", turn > 0 ? "ascending" : "descending");
      body.append(...rows.sort((one, other) => turn * order(value(one, column), value(other, column))));
    });
    head.replaceChildren(sort);
    if (column === Number(region.dataset.sorted)) head.setAttribute("aria-sort", region.dataset.order);
  });

  for (const row of rows) {
    if (row.dataset.series === undefined) continue;
    const choose = document.createElement("button");
    choose.type = "button";
    choose.textContent = row.cells[0].textContent;
    choose.addEventListener("click", () => {
      window.chooseSeries(Number(row.dataset.series));
      document.getElementById(region.dataset.shows)?.scrollIntoView({ block: "center" });
    });
    row.cells[0].replaceChildren(choose);
  }
})();
