// What a script adds to the guide's pages: a search over all of them, and buttons that copy a block of code.
// Promise: pages can be read and walked without it; the index is fetched when somebody begins to search, from the
// site itself, and what was typed goes nowhere.

/** [page, anchor, title, text] */
type Section = [number, string, string, string];
type Index = { pages: [string, string][]; sections: Section[] };

const SHOWN = 12;
const root = document.body.dataset.root ?? "";

let index: Promise<Index> | undefined;

function loaded(): Promise<Index> {
  index ??= fetch(`${root}search.json`).then((answer) => answer.json() as Promise<Index>);
  return index;
}

/** How well a section answers the words; 0 when one of them is not in it. */
function worth([, , title, text]: Section, page: string, words: string[]): number {
  let sum = 0;
  const [heading, head, body] = [title.toLowerCase(), page.toLowerCase(), text.toLowerCase()];
  for (const word of words) {
    const found = (heading.includes(word) ? 8 : 0) + (head.includes(word) ? 4 : 0) + Math.min(3, body.split(word).length - 1);
    if (found === 0) return 0;
    sum += found;
  }
  // Why something was decided is asked more rarely than how it is used.
  return /^\d+\. /.test(page) ? sum / 3 : sum;
}

/** The text around the first word, with all of the words marked. */
function excerpt(text: string, words: string[]): Node[] {
  const low = text.toLowerCase();
  const places = words.map((word) => low.indexOf(word)).filter((place) => place >= 0);
  const from = Math.max(0, Math.min(...(places.length ? places : [0])) - 50);
  const cut = (from > 0 ? "…" : "") + text.slice(from, from + 150);
  const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "i");
  return cut.split(pattern).map((piece, place) => {
    if (place % 2 === 0) return document.createTextNode(piece);
    return Object.assign(document.createElement("mark"), { textContent: piece });
  });
}

function search(box: HTMLElement): void {
  const input = Object.assign(document.createElement("input"), { type: "search", placeholder: "Search (press /)" });
  input.setAttribute("aria-label", "Search the guide");
  const list = Object.assign(document.createElement("ul"), { className: "found" });
  const told = Object.assign(document.createElement("p"), { className: "hidden" });
  told.setAttribute("role", "status");
  box.append(input, list, told);
  box.hidden = false;

  const close = () => {
    list.replaceChildren();
    told.textContent = "";
  };
  const look = async () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return close();
    const { pages, sections } = await loaded();
    const title = (section: Section) => pages[section[0]]?.[1] ?? "";
    const found = sections
      .map((section) => ({ section, sum: worth(section, title(section), words) }))
      .filter(({ sum }) => sum > 0)
      .sort((one, other) => other.sum - one.sum);
    list.replaceChildren(...found.slice(0, SHOWN).map(({ section }) => entry(section, pages, words)));
    told.textContent = found.length === 0 ? "Nothing found" : `${found.length} found`;
    if (found.length === 0) list.append(Object.assign(document.createElement("li"), { textContent: "Nothing found" }));
  };
  input.addEventListener("focus", () => void loaded());
  input.addEventListener("input", () => void look());
  document.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    const typing = document.activeElement instanceof HTMLInputElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) input.focus();
    else if (event.key === "Escape" && links.length > 0) (close(), input.focus());
    else if (event.key === "ArrowDown" && (at >= 0 || document.activeElement === input)) links[at + 1]?.focus();
    else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] ?? input).focus();
    else if (event.key === "Enter" && document.activeElement === input) links[0]?.click();
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (!box.contains(event.target as Node)) close();
  });
  list.addEventListener("click", close);
}

function entry([place, anchor, title, text]: Section, pages: [string, string][], words: string[]): HTMLElement {
  const [url, page] = pages[place] ?? ["", ""];
  const link = Object.assign(document.createElement("a"), { href: `${root}${url}#${anchor}` });
  const said = document.createElement("p");
  said.append(...excerpt(text, words));
  link.append(title === page ? page : `${page} › ${title}`, said);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

function copies(): void {
  for (const block of document.querySelectorAll(".code")) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
    button.addEventListener("click", async () => {
      const code = block.querySelector("code");
      if (!code) return;
      button.textContent = (await copied(code)) ? "Copied" : "Press Ctrl+C";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    block.append(button);
  }
}

/** Browsers give the clipboard to pages over TLS and on this machine only; elsewhere the text is selected. */
async function copied(code: Element): Promise<boolean> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(code.textContent ?? "");
    return true;
  }
  getSelection()?.selectAllChildren(code);
  return false;
}

const box = document.querySelector<HTMLElement>(".search");
if (box) search(box);
copies();
