// Bundles the pages into dist/, from where the binary takes them (crates/rillcast/build.rs).
import { copyFile, mkdir } from "node:fs/promises";
import { build } from "esbuild";

await mkdir("dist", { recursive: true });
await build({
  entryPoints: ["src/watch.ts", "src/watch.css"],
  outdir: "dist",
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "inline",
});
await copyFile("src/watch.html", "dist/watch.html");
