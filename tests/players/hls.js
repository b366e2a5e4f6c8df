// hls.js before the glass.
function start(video, source, settings) {
  const player = new Hls(settings);
  player.on(Hls.Events.ERROR, (_, error) => {
    glass.errors.push(`${error.details}${error.fatal ? " (fatal)" : ""}: ${error.error?.message ?? error.reason ?? ""}`);
    glass.status = error.response?.code ?? glass.status;
  });
  // ID3 tags as they are read, each with its time: of the cues made of them Chromium drops those that come too early.
  glass.tags = [];
  player.on(Hls.Events.FRAG_PARSING_METADATA, (_, { samples }) => {
    for (const { data, pts } of samples) glass.tags.push({ at: pts, data: [...data] });
  });
  player.on(Hls.Events.MANIFEST_PARSED, () => video.play());
  player.loadSource(source);
  player.attachMedia(video);
  window.player = player;
  glass.target = () => player.targetLatency;
  glass.told = () => player.latency;
  // How high the pictures of each level are, the best first; 0 where there is sound alone.
  glass.levels = () => player.levels.map(level => level.height).sort((one, other) => other - one);
  const levelOf = height => player.levels.findIndex(level => level.height === height);
  /** On to this one at once, or with the next segment; whatever the line can carry. */
  glass.now = height => (player.currentLevel = levelOf(height));
  glass.next = height => (player.nextLevel = levelOf(height));
  glass.automatic = () => (player.nextLevel = -1);
}
