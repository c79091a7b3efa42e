// Draws each figure of a page that holds data-days (seconds) and data-values: one line, in the page's own colours.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const draw = (figure) => {
    const days = JSON.parse(figure.dataset.days), values = JSON.parse(figure.dataset.values);
    const axis = { stroke: colour("--pico-muted-color"), grid: { stroke: colour("--pico-muted-border-color"), width: 1 } };
    const day = (seconds) =>
      new Date(1000 * seconds).toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
    const ofDays = { ...axis, space: 60, values: (_, splits) => splits.map(day) };
    new uPlot(
      {
        tzDate: (seconds) => uPlot.tzDate(new Date(1000 * seconds), "UTC"),
        width: figure.clientWidth,
        height: 150,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        series: [{}, { stroke: colour("--pico-primary"), width: 2, points: { show: days.length < 40, size: 5 } }],
        axes: [ofDays, { ...axis, size: 60 }],
      },
      [days, values],
      figure,
    );
  };
  const all = () => document.querySelectorAll("[data-values]").forEach((figure) => {
    figure.querySelectorAll(".uplot").forEach((old) => old.remove());
    draw(figure);
  });
  addEventListener("DOMContentLoaded", all);
  addEventListener("resize", all);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
})();
