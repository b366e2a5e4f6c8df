#!/usr/bin/env python3
"""A live picture with a chat beside it in a browser, by the way any user goes.

Starts the server, creates a channel and its chat room with the AWS SDK, pushes a test picture with ffmpeg over RTMPS,
lets two simulated viewers talk and timed metadata appear over the picture, prints the page that shows it all, and
ends everything at Ctrl-C.

    deploy/demo.py [path of the rillcast binary [flags of `rillcast serve`…]]
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
from demo_chat import Life

CLOCK = (
    "drawtext=font=DejaVu Sans Mono:text='%{localtime\\:%T}':fontsize=h/7.5:fontcolor=white"
    ":box=1:boxcolor=black@0.6:boxborderw=12:x=(w-text_w)/2:y=(h-text_h)/2"
)
#: What an old machine can't encode in time is not live: DEMO_SIZE=640x360 is lighter.
SIZE = os.environ.get("DEMO_SIZE", "1280x720")
#: After so long it looks at its own picture and ends; by default never.
SECONDS = float(os.environ.get("DEMO_SECONDS", "0"))
START_DEADLINE_S = 30
STOP_DEADLINE_S = 15
ON_AIR_DEADLINE_S = 60


def start_server(binary: str, data: Path) -> tuple[subprocess.Popen, dict]:
    """The server and the addresses that it wrote into its ready file."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    ready = data / "ready.json"
    ready.unlink(missing_ok=True)
    log = (data / "server.log").open("w")
    # Whatever else `serve` is to be told stands behind the binary's path.
    command = [binary, "serve", "--data-dir", str(data), "--ready-file", str(ready), *sys.argv[2:]]
    server = subprocess.Popen(command, stdout=log, stderr=log)
    deadline = time.monotonic() + START_DEADLINE_S
    while not ready.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            sys.exit(f"the server did not start:\n{(data / 'server.log').read_text()}")
        time.sleep(0.05)
    return server, json.loads(ready.read_text())


def clients(data: Path, http: str) -> tuple:
    """The AWS SDK's clients of the server, with the key that it made at its first start."""
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(data / "credentials")
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    return tuple(boto3.client(service, endpoint_url=f"http://{http}") for service in ("ivs", "ivschat"))


def demo_room(ivs, chat, channel: str) -> str:
    """The chat room called `demo`, which the channel's tag names; made on the first run."""
    found = chat.list_rooms(name="demo")["rooms"]
    tags = {"rillcast:history": "30", "rillcast:moderation": "true", "rillcast:presence": "3"}
    room = found[0] if found else chat.create_room(name="demo", tags=tags)
    ivs.tag_resource(resourceArn=channel, tags={"rillcast:chat-room": room["id"]})
    return room["arn"]


def demo_channel(ivs) -> tuple[dict, str]:
    """The channel called `demo` and the value of its stream key; made on the first run."""
    found = ivs.list_channels(filterByName="demo")["channels"]
    if not found:
        made = ivs.create_channel(name="demo", latencyMode="LOW", containerFormat="FRAGMENTED_MP4")
        return made["channel"], made["streamKey"]["value"]
    arn = found[0]["arn"]
    key = ivs.list_stream_keys(channelArn=arn)["streamKeys"][0]["arn"]
    return ivs.get_channel(arn=arn)["channel"], ivs.get_stream_key(arn=key)["streamKey"]["value"]


def start_encoder(url: str, data: Path) -> subprocess.Popen:
    """ffmpeg: a test picture with a running clock, and a tone that beeps each second.

    Its words go to a file of the data folder, since they hold the stream key."""
    sources = [
        *("-f", "lavfi", "-i", f"testsrc2=size={SIZE}:rate=30,{CLOCK}"),
        *("-f", "lavfi", "-i", "sine=frequency=440:beep_factor=4:sample_rate=48000"),
    ]
    video = "-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 30 -sc_threshold 0"
    rate = "-b:v 2500k -maxrate 2500k -bufsize 2500k"
    audio = "-c:a aac -b:a 128k -ac 2"
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-re", *sources]
    command += [*video.split(), *rate.split(), *audio.split(), "-f", "flv", url]
    return subprocess.Popen(command, stderr=(data / "encoder.log").open("w"))


def pictures(playlist: str) -> int:
    """How many pictures a player gets in two seconds of it, once it is on air."""
    probe = "ffprobe -v error -select_streams v -count_packets -read_intervals %+2 -show_entries stream=nb_read_packets"
    deadline = time.monotonic() + ON_AIR_DEADLINE_S
    while True:
        asked = subprocess.run([*probe.split(), "-of", "csv=p=0", playlist], capture_output=True, text=True)
        counts = [int(word) for word in asked.stdout.replace(",", " ").split() if word.isdigit()]
        if any(counts):
            return max(counts)
        if time.monotonic() > deadline:
            sys.exit(f"nothing plays at {playlist}: {asked.stderr}")
        time.sleep(0.5)


def main() -> None:
    binary = sys.argv[1] if len(sys.argv) > 1 else "target/debug/rillcast"
    data = Path(os.environ.get("RILLCAST_DATA_DIR", "rillcast-data"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server, addresses = start_server(binary, data)
    children, life = [server], None
    try:
        http = addresses["http"]
        ivs, chat = clients(data, http)
        channel, key = demo_channel(ivs)
        room = demo_room(ivs, chat, channel["arn"])
        children.append(start_encoder(f"rtmps://{addresses['rtmps']}/app/{key}", data))
        life = Life(chat, ivs, room, channel["arn"], http)
        life.begin()
        print(f"\n  Watch:     http://{http}/watch/{channel['arn'].rsplit('/', 1)[1]}")
        print(f"  Console:   http://{http}/console, sign in with the access key in {data}/credentials")
        print(f"  Playlist:  {channel['playbackUrl']}")
        print(f"  API:       http://{http}, the same key")
        print(f"  Logs:      {data}/server.log, {data}/encoder.log")
        print("  Stop:      Ctrl-C\n", flush=True)
        shown = time.monotonic()
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
            if SECONDS and time.monotonic() - shown > SECONDS:
                return print(f"  {pictures(channel['playbackUrl'])} pictures of it can be played; ending as asked")
        sys.exit(f"the server or ffmpeg has ended; see the logs in {data}")
    except KeyboardInterrupt:
        pass
    finally:
        if life:
            life.end()
        for child in reversed(children):
            child.terminate()
        for child in children:
            child.wait(STOP_DEADLINE_S)


if __name__ == "__main__":
    main()
