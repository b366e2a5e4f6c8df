// Bundles the pages into dist/, from where the binary takes them (crates/rillcast/build.rs).
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { build } from "esbuild";

// Made beside it and put in its place at once: a binary that is built meanwhile has all pages or the old ones.
const MADE = "dist.made";

const options = {
  outdir: MADE,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "linked",
  jsx: "automatic",
  jsxImportSource: "preact",
};

await rm(MADE, { recursive: true, force: true });
await mkdir(MADE);
await build({ ...options, entryPoints: ["src/watch.ts", "src/watch.css", "src/docs.ts", "src/docs.css"] });
// Each page of the console comes when it is looked at; names with fingerprints are kept by browsers for ever.
await build({
  ...options,
  entryPoints: { console: "src/main.tsx" },
  splitting: true,
  chunkNames: "chunk-[name]-[hash]",
});
for (const page of ["watch.html", "console.html"]) await copyFile(`src/${page}`, `${MADE}/${page}`);
await rm("dist", { recursive: true, force: true });
await rename(MADE, "dist");
