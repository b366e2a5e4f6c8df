// Shaka Player before the glass.
async function start(video, source, settings) {
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  const note = error => glass.errors.push(`${error.severity === 2 ? "fatal " : ""}${error.code} ${JSON.stringify(error.data)}`);
  player.addEventListener("error", ({ detail }) => note(detail));
  player.configure(settings);
  await player.attach(video);
  window.player = player;
  glass.told = () => player.getStats().liveLatency;
  glass.levels = () => player.getVariantTracks().map(track => track.height ?? 0).sort((one, other) => other - one);
  glass.next = height => {
    player.configure({ abr: { enabled: false } });
    player.selectVariantTrack(player.getVariantTracks().find(track => track.height === height));
  };
  try {
    await player.load(source, null, "application/x-mpegurl");
    await video.play();
  } catch (error) {
    note(error);
    glass.status = error.data?.[1];
  }
}
