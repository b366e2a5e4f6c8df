// What is on the glass and in the ear, whichever player brings it there.
//
// The picture's top left corner holds the number of the picture: 16 blocks, black or white, and below them
// the same in reverse, so that a torn or blurred number is known from a good one (harness/player_clip.py).
const glass = {
  /** Of each picture shown: its number, the wall clock at that moment, the media time, and how high it is. */
  pictures: [],
  unreadable: 0,
  /** What the player itself calls an error. */
  errors: [],
  /** When the picture stood still for longer than anybody overlooks, once it had begun: since when, how long. */
  stalls: [],
  /** Holes in what is buffered that playing came to: since when, from where to where. */
  holes: [],
  /** When nothing was to be heard, once there was sound: since when, how long. Only when it is asked to listen. */
  silences: [],
  ended: false,
};
window.glass = glass;
const BLOCKS = 16;
const OVERLOOKED_MS = 400;

(() => {
  const canvas = document.createElement("canvas");
  canvas.width = BLOCKS * 4;
  canvas.height = 8;
  const pen = canvas.getContext("2d", { willReadFrequently: true });

  function numberIn(video) {
    const side = video.videoWidth / BLOCKS;
    pen.drawImage(video, 0, 0, video.videoWidth, 2 * side, 0, 0, canvas.width, canvas.height);
    const above = pen.getImageData(0, 1, canvas.width, 1).data;
    const below = pen.getImageData(0, 6, canvas.width, 1).data;
    let number = 0;
    for (let block = 0; block < BLOCKS; block++) {
      const at = (block * 4 + 2) * 4 + 1;
      const bit = above[at] > 127;
      if (bit === below[at] > 127) return null;
      number = number * 2 + (bit ? 1 : 0);
    }
    return number;
  }

  function follow(video) {
    const shown = (_, { mediaTime }) => {
      const number = numberIn(video);
      if (number === null) glass.unreadable++;
      else glass.pictures.push({ number, now: Date.now(), mediaTime, height: video.videoHeight });
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
    video.addEventListener("ended", () => (glass.ended = true));

    let [at, since, begun] = [0, Date.now(), false];
    const look = () => {
      const [now, time] = [Date.now(), video.currentTime];
      if (time !== at) {
        const still = now - since;
        if (begun && still > OVERLOOKED_MS) glass.stalls.push({ since, still });
        begun ||= at > 0;
        [at, since] = [time, now];
      }
      // What the person or the page asked for is no stall.
      if (video.paused || video.seeking) since = now;
      lookAhead(video, now);
    };
    window.setInterval(look, 20);
  }

  /** Further ahead a player may still fill a hole. */
  function lookAhead({ buffered, currentTime }, now) {
    for (let range = 1; range < buffered.length; range++) {
      const [from, to] = [buffered.end(range - 1), buffered.start(range)];
      if (from < currentTime || from > currentTime + 0.1 || glass.holes.some(hole => hole.from === from)) continue;
      glass.holes.push({ since: now, from, to });
    }
  }

  let analyser;
  /** Hertz of what is loudest now, and how loud it is (0 to 255). Asked first, it begins to listen. */
  glass.sound = () => {
    if (!analyser) {
      const context = new AudioContext();
      analyser = context.createAnalyser();
      analyser.fftSize = 4096;
      context.createMediaElementSource(document.querySelector("video")).connect(analyser);
      analyser.connect(context.destination);
    }
    const bins = new Uint8Array(analyser.frequencyBinCount);
    analyser.getByteFrequencyData(bins);
    const loudest = Math.max(...bins);
    return { hertz: (bins.indexOf(loudest) * analyser.context.sampleRate) / analyser.fftSize, loudness: loudest };
  };

  /** Notes silences from now on. `glass.sound` has been asked before, and there is something to be heard. */
  glass.listen = () => {
    const wave = new Float32Array(1024);
    let since = null;
    window.setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      const loud = wave.some(one => Math.abs(one) > 0.01);
      const now = Date.now();
      if (!loud) since ??= now;
      else if (since !== null) {
        glass.silences.push({ since, still: now - since });
        since = null;
      }
    }, 10);
  };

  follow(document.querySelector("video"));
})();
