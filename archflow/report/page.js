// Draws every figure of the page from its Vega-Lite specification, again when the reader turns to dark or light.
const { figures, datasets, themes } = JSON.parse(document.getElementById("figure-data").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");

async function draw() {
  const theme = dark.matches ? "dark" : "light";
  for (const [name, { data_sets, ...spec }] of Object.entries(figures)) {
    // Vega writes into the rows, and figures share them: each gets its own copy.
    spec.datasets = Object.fromEntries(data_sets.map((key) => [key, structuredClone(datasets[key])]));
    await vegaEmbed(document.getElementById(name), spec, {
      config: { ...themes[theme], background: "transparent" },
      renderer: "svg", // sharp on paper, and its text can be searched
      ast: true, // interprets expressions: the page's policy forbids making code from text
      actions: { export: true, source: false, compiled: false, editor: false },
      downloadFileName: name,
      tooltip: { theme },
    });
  }
}

dark.addEventListener("change", draw);
draw();
