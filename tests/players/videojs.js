// video.js with its own HLS engine (VHS) before the glass.
function start(video, source, settings) {
  video.classList.add("video-js");
  const player = videojs(video, { ...settings, autoplay: true, liveui: true });
  player.on("error", () => glass.errors.push(`${player.error().code} ${player.error().message}`));
  player.src({ src: source, type: "application/x-mpegURL" });
  window.player = player;
  player.tech({ IWillNotUseThisInPlugins: true }).on?.("usage", ({ name }) => (glass.usage ??= []).push(name));
}
