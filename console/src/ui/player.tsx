// A player for pages: picture, latency, renditions, sound, back to live, and words where nothing plays.
// Promise: hls.js is fetched only where something is to be played, and all that it holds goes with the player.
import { useEffect, useRef, useState } from "preact/hooks";
import type { TimedText } from "../player/id3";
import type { Playback, State } from "../player/playback";
import { bitrate, span } from "./words";

export type { TimedText };

interface Props {
  /** Where from; a function is asked anew whenever playing starts, so that passes can be renewed. */
  src: string | (() => Promise<string>);
  /** Another name is another thing to play; by default `src` if it is a text. */
  name?: string;
  /** What it shows, for those who don't see it. */
  label?: string;
  /** A stream (by default), or a recording from its start. */
  live?: boolean;
  muted?: boolean;
  /** A text was read that belongs to a moment which comes soon; `video` tells the time. */
  onMetadata?: (text: TimedText, video: HTMLVideoElement) => void;
  /** The element, once it is there: to seek, to look at. */
  onVideo?: (video: HTMLVideoElement | null) => void;
}

const FIGURES_MS = 250;

interface Figures {
  latency: number | undefined;
  buffered: number;
  picture: string;
  bits: number | undefined;
  isBack: boolean;
}

export function Player({ src, name, label = "Video", live = true, muted = true, onMetadata, onVideo }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const playback = useRef<Playback | undefined>(undefined);
  const [[state, notice], setState] = useState<[State, string]>(["waiting", "Connecting…"]);
  const [names, setNames] = useState<string[]>([]);
  const [chosen, setChosen] = useState("");
  const [isMuted, setMuted] = useState(muted);
  const [figures, setFigures] = useState<Figures>();
  const newest = useRef({ src, onMetadata });
  newest.current = { src, onMetadata };

  useEffect(() => {
    const here = video.current;
    if (!here) return;
    let wanted = true;
    onVideo?.(here);
    void import("../player/playback").then(
      ({ Playback }) => {
        if (!wanted) return;
        playback.current = new Playback(here, {
          source: async () => {
            const { src } = newest.current;
            return typeof src === "string" ? src : src();
          },
          live,
          // hls.js empties its track by way of a `data:` address, which the page's policy forbids.
          cues: false,
          onState: (state, notice) => setState([state, notice]),
          onQualities: (names, chosen) => {
            setNames(names);
            setChosen(chosen);
          },
          onMetadata: (text) => newest.current.onMetadata?.(text, here),
          forbidden: ({ words }) => words ?? "The server refuses to play this.",
        });
        playback.current.start();
      },
      () => wanted && setState(["failed", "The player can't be fetched. Is the server running?"]),
    );
    const timer = window.setInterval(() => setFigures(figuresOf(here, playback.current)), FIGURES_MS);
    return () => {
      wanted = false;
      window.clearInterval(timer);
      playback.current?.close();
      playback.current = undefined;
      onVideo?.(null);
    };
  }, [name ?? (typeof src === "string" ? src : ""), live]);

  const unmute = () => {
    if (video.current) video.current.muted = false;
  };
  return (
    <div class="player" data-state={state}>
      <div class="stage">
        {/* With controls the browser turns a wheel over what is said. */}
        <video ref={video} playsInline muted={muted} controls={state === "live" || !notice || notice.startsWith("Press")} aria-label={label} onVolumeChange={({ currentTarget }) => setMuted(currentTarget.muted)} />
        {notice && (
          <p class="over" role="status">
            {notice}
          </p>
        )}
        {state === "live" && isMuted && (
          <button type="button" class="unmute" onClick={unmute}>
            Unmute
          </button>
        )}
        {figures?.isBack && (
          <button type="button" class="golive" onClick={() => playback.current?.toEdge()}>
            Back to live
          </button>
        )}
      </div>
      <div class="figures">
        {live && (
          <span>
            Latency <b class="latency">{figures?.latency ? `${figures.latency.toFixed(2)} s` : "–"}</b>
          </span>
        )}
        <span>
          Buffer <b>{figures ? (live ? `${figures.buffered.toFixed(1)} s` : span(figures.buffered)) : "–"}</b>
        </span>
        <span>
          Picture <b>{figures?.picture ?? "–"}</b>
        </span>
        <span>
          Up to <b>{bitrate(figures?.bits)}</b>
        </span>
        {names.length > 1 && (
          <label>
            Rendition{" "}
            <select
              value={chosen}
              onChange={({ currentTarget: { value } }) => {
                setChosen(value);
                playback.current?.choose(value);
              }}
            >
              <option value="">Automatic</option>
              {names.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
    </div>
  );
}

function figuresOf(video: HTMLVideoElement, playback: Playback | undefined): Figures {
  return {
    latency: playback?.pace.latency(),
    buffered: playback?.pace.buffered() ?? 0,
    picture: video.videoWidth ? `${video.videoWidth}×${video.videoHeight}` : "–",
    bits: playback?.level()?.bitrate,
    isBack: playback?.pace.isBack ?? false,
  };
}
