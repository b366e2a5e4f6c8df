// Reads the clock out of each picture at the moment the browser shows it: of any page's video.
// Run in the page; what it saw is in `window.bench`.
function readClock(video, player) {
  const BLOCKS = 40;
  const canvas = document.createElement("canvas");
  canvas.width = BLOCKS * 4;
  canvas.height = 4;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const bench = { samples: [], unreadable: 0, stalls: 0, errors: [] };
  window.bench = bench;

  function clock() {
    const side = video.videoWidth / BLOCKS;
    pen.drawImage(video, 0, 0, video.videoWidth, side, 0, 0, canvas.width, canvas.height);
    const row = pen.getImageData(0, 1, canvas.width, 1).data;
    let value = 0;
    let check = 0;
    for (let n = 0; n < BLOCKS; n++) {
      const bit = row[(n * 4 + 2) * 4 + 1] > 127 ? 1 : 0;
      if (n < 32) value = value * 2 + bit;
      else check = check * 2 + bit;
    }
    let sum = 0;
    for (let rest = value, n = 0; n < 4; n++, rest = Math.floor(rest / 256)) sum += rest % 256;
    return ((sum * 7 + 0x5a) & 0xff) === check ? value : null;
  }

  function shown() {
    const now = performance.timeOrigin + performance.now();
    const drawn = clock();
    if (drawn === null) bench.unreadable++;
    else {
      let age = (now % 2 ** 32) - drawn;
      if (age < -(2 ** 31)) age += 2 ** 32;
      const { latency, targetLatency } = player();
      bench.samples.push({ age, told: latency, target: targetLatency });
    }
    video.requestVideoFrameCallback(shown);
  }

  video.addEventListener("waiting", () => bench.stalls++);
  video.requestVideoFrameCallback(shown);
}
