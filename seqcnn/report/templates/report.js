"use strict";
// Sorting, filtering, the other strand, and saving of the files that are packed in the page.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = (text) => { document.getElementById("said").textContent = text; };

  // ---- sorting: the value of a cell is its data-value; what has none stands last
  const compare = (a, b, sign) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    const [x, y] = [Number(a), Number(b)];
    return sign * (Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y);
  };
  const sortBy = (head) => {
    const table = head.closest("table");
    const body = table.tBodies[0];
    const rising = head.getAttribute("aria-sort") !== "ascending";
    all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const value = (row) => row.cells[head.cellIndex].dataset.value ?? "";
    [...body.rows]
      .sort((a, b) => compare(value(a), value(b), rising ? 1 : -1))
      .forEach((row) => body.append(row));
    const name = head.querySelector(".sort").textContent;
    say(`Sorted by ${name}, ${rising ? "ascending" : "descending"}.`);
  };
  all(".sort").forEach((button) => {
    button.addEventListener("click", () => sortBy(button.closest("th")));
  });

  // ---- filtering: words that a row must have, and a verdict
  const [words, verdict] = ["filter", "verdict"].map((id) => document.getElementById(id));
  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = all("#motif-table tbody tr");
    rows.forEach((row) => {
      const text = row.dataset.search.toLowerCase();
      const kept = wanted.every((word) => text.includes(word));
      row.hidden = !kept || (verdict.value !== "" && row.dataset.verdict !== verdict.value);
      const more = document.getElementById(`more-${row.id}`);
      if (more) more.hidden = row.hidden;
    });
    say(`${rows.filter((row) => !row.hidden).length} of ${rows.length} motifs are shown.`);
  };
  if (words) {
    words.addEventListener("input", filter);
    verdict.addEventListener("input", filter);
  }

  // ---- the other strand
  const flip = (id, reverse) => {
    all(`[data-strand-of="${CSS.escape(id)}"]`).forEach((part) => {
      part.hidden = (part.dataset.strand === "-") !== reverse;
    });
    all(`.flip[data-motif="${CSS.escape(id)}"]`).forEach((button) => {
      button.setAttribute("aria-pressed", String(reverse));
    });
  };
  const isReverse = (id) =>
    document.querySelector(`.flip[data-motif="${CSS.escape(id)}"]`)?.getAttribute("aria-pressed") === "true";
  const flips = all(".flip[data-motif]");
  flips.forEach((button) => {
    button.addEventListener("click", () => flip(button.dataset.motif, !isReverse(button.dataset.motif)));
  });
  document.getElementById("flip-all")?.addEventListener("click", () => {
    const reverse = !flips.every((button) => button.getAttribute("aria-pressed") === "true");
    flips.forEach((button) => flip(button.dataset.motif, reverse));
  });

  // ---- files: base64 of a zlib stream of a JSON object, unpacked at the first click
  let files = null;
  const unpack = async () => {
    const letters = atob(document.getElementById("files").textContent.trim());
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  };
  const save = (name, blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say(`Saved ${name}.`);
  };
  // the motif is the first column of the table, which has a head, and the fourth of BED
  const sitesOf = (id, ending) => {
    const lines = files[`sites${ending}`].split("\n");
    const [head, column] = ending === ".tsv" ? [lines.slice(0, 1), 0] : [[], 3];
    const own = lines.slice(head.length).filter((line) => line.split("\t")[column] === id);
    return [...head, ...own].map((line) => `${line}\n`).join("");
  };
  const asPicture = (svg) => new Promise((done, failed) => {
    const picture = new Image();
    picture.onload = () => {
      const canvas = document.createElement("canvas");
      const scale = 6;
      [canvas.width, canvas.height] = [picture.width * scale, picture.height * scale];
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(done, "image/png");
    };
    picture.onerror = failed;
    picture.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  });
  all("[data-file]").forEach((button) => {
    button.addEventListener("click", async () => {
      files ??= await unpack();
      let name = button.dataset.file;
      if (name.endsWith(".svg") || name.endsWith(".png")) {
        const stem = name.slice(0, -4) + (isReverse(button.dataset.motif) ? "_reverse" : "");
        const svg = files[`${stem}.svg`];
        name = stem + name.slice(-4);
        const blob = name.endsWith(".png") ? await asPicture(svg) : new Blob([svg], { type: "image/svg+xml" });
        save(name, blob);
      } else {
        const own = button.dataset.sitesOf;
        const text = own === undefined ? files[name] : sitesOf(own, name.slice(-4));
        save(name, new Blob([text], { type: "text/plain" }));
      }
    });
  });

  // ---- a link to what is folded unfolds it; a print shows everything
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target?.closest("details") ?? target?.querySelector(":scope > details");
    if (folded) { folded.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", unfold);
  unfold();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("main details:not([open])");
    closed.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((part) => { part.open = false; }));
})();
