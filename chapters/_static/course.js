// what the page does by itself: the color theme, and explorers that start when they come into view

const modes = ["auto", "light", "dark"];
const names = { auto: "as the system", light: "light", dark: "dark" };
const root = document.documentElement;

function chooseTheme(button) {
  const label = () =>
    button.setAttribute("aria-label", `Color theme: ${names[root.dataset.theme]}. Change`);
  button.addEventListener("click", () => {
    root.dataset.theme = modes[(modes.indexOf(root.dataset.theme) + 1) % modes.length];
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // a browser that stores nothing keeps the choice for this page
    }
    label();
  });
  label();
  button.hidden = false;
}

// what scrolls sideways must be reachable with the keyboard
function makeScrollable() {
  for (const box of document.querySelectorAll("pre, .formula, .chart, .table, .output")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

function wrapTables() {
  for (const table of document.querySelectorAll("article table")) {
    if (table.parentElement.matches(".table")) continue;
    const box = document.createElement("div");
    box.className = "table";
    table.replaceWith(box);
    box.append(table);
  }
}

function markSection(links) {
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        for (const link of links) {
          if (link.hash === `#${target.id}`) link.setAttribute("aria-current", "true");
          else link.removeAttribute("aria-current");
        }
      }
    },
    { rootMargin: "0px 0px -75% 0px" },
  );
  for (const link of links) {
    const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (section) watch.observe(section);
  }
}

async function startExplorer(element) {
  const address = new URL(element.dataset.module, document.baseURI);
  const { default: start } = await import(address);
  await start(element, { still: matchMedia("(prefers-reduced-motion: reduce)").matches });
  element.classList.add("live");
}

const soon = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      soon.unobserve(target);
      startExplorer(target);
    }
  },
  { rootMargin: "200px" },
);

chooseTheme(document.querySelector(".theme-switch-button"));
wrapTables();
makeScrollable();
addEventListener("resize", makeScrollable);
markSection([...document.querySelectorAll(".sections a[href^='#']")]);
for (const element of document.querySelectorAll(".explorer")) soon.observe(element);
