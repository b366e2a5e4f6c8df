// hls.js before the glass.
function start(video, source, settings) {
  const player = new Hls(settings);
  player.on(Hls.Events.ERROR, (_, error) => {
    glass.errors.push(`${error.details}${error.fatal ? " (fatal)" : ""}: ${error.error?.message ?? error.reason ?? ""}`);
    glass.status = error.response?.code ?? glass.status;
  });
  player.on(Hls.Events.MANIFEST_PARSED, () => video.play());
  player.loadSource(source);
  player.attachMedia(video);
  window.player = player;
  glass.target = () => player.targetLatency;
  glass.told = () => player.latency;
}
