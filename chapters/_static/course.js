// what the page does by itself: the color theme, figures and explorers that come into view, copying

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

// a drawing inside the page follows its theme and typeface; as an image it would not
async function bringIn(image) {
  const answer = await fetch(image.src);
  if (!answer.ok) return;
  const drawing = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  const svg = drawing.documentElement;
  if (svg.localName !== "svg") return;
  svg.querySelector("style")?.remove();
  image.replaceWith(document.adoptNode(svg));
}

function whenInView(elements, begin) {
  const soon = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        soon.unobserve(target);
        begin(target);
      }
    },
    { rootMargin: "400px" },
  );
  for (const element of elements) soon.observe(element);
}

const copyIcon =
  '<svg viewBox="0 0 24 24" fill="none" stroke-width="1.8" stroke-linejoin="round" aria-hidden="true">' +
  '<rect x="8" y="8" width="12" height="12" rx="2"/><path d="M16 8V4H4v12h4"/></svg>';

function offerCopies() {
  for (const code of document.querySelectorAll(".cell_input pre, [class*='highlight-']:not(.cell *) pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.ariaLabel = "Copy code";
    button.innerHTML = copyIcon;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.classList.add("done");
      button.ariaLabel = "Copied";
      setTimeout(() => {
        button.classList.remove("done");
        button.ariaLabel = "Copy code";
      }, 1500);
    });
    code.after(button);
  }
}

chooseTheme(document.querySelector(".theme-switch-button"));
wrapTables();
makeScrollable();
addEventListener("resize", makeScrollable);
markSection([...document.querySelectorAll(".sections a[href^='#']")]);
whenInView(document.querySelectorAll(".explorer"), startExplorer);
if (navigator.clipboard) offerCopies();
if (location.protocol !== "file:") whenInView(document.querySelectorAll(".chart img"), bringIn);
