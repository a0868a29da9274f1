// Lights up everything that belongs to the operator, instruction or row that is pointed at.
for (const table of document.querySelectorAll("table")) {
  const of = new Map();
  for (const item of table.querySelectorAll("[data-op]")) {
    const op = item.dataset.op;
    if (!of.has(op)) of.set(op, []);
    of.get(op).push(item);
  }
  let lit = [];
  const clear = () => {
    lit.forEach((item) => item.classList.remove("lit"));
    lit = [];
  };
  const light = (item) => {
    item.classList.add("lit");
    lit.push(item);
  };
  table.addEventListener("mouseover", (event) => {
    clear();
    const row = event.target.closest("tbody tr");
    if (!row) return;
    light(row);
    const item = event.target.closest("[data-op]");
    const wasm = event.target.closest("td.wasm");
    const items = item ? [item] : wasm ? row.querySelectorAll("[data-op]") : [];
    for (const one of items) of.get(one.dataset.op).forEach(light);
  });
  table.addEventListener("mouseleave", clear);
}
