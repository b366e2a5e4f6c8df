// video.js with its own HLS engine (VHS) before the glass.
function start(video, source, settings) {
  video.classList.add("video-js");
  const player = videojs(video, { ...settings, autoplay: true, liveui: true });
  player.on("error", () => glass.errors.push(`${player.error().code} ${player.error().message}`));
  player.src({ src: source, type: "application/x-mpegURL" });
  window.player = player;
  const all = () => player.tech({ IWillNotUseThisInPlugins: true }).vhs.representations();
  glass.levels = () => all().map(one => one.height ?? 0).sort((one, other) => other - one);
  glass.next = height => all().forEach(one => one.enabled(one.height === height));
  player.tech({ IWillNotUseThisInPlugins: true }).on?.("usage", ({ name }) => (glass.usage ??= []).push(name));
}
