"""Life for the demo's chat room and picture: two simulated viewers, and announcements over the picture.

Promise: what is simulated says so beside its name; a line that breaks is taken up again; all of it ends when told to.
"""

import json
import random
import threading
import time
from collections.abc import Callable

from websockets.sync.client import connect

PEOPLE = [("mira", "Mira"), ("jo", "Jo")]
REMARKS = [
    "Good evening from the hills!",
    "That clock is right on time here.",
    "How far behind the camera are you?",
    "Two seconds behind, I'd say.",
    "Try the mute button, there is a beep each second.",
    "Does anybody know this tune? It is only one note.",
    "I could watch test pictures all day.",
    "Somebody should stream a fireplace instead.",
]
ANSWERS = [
    "Welcome, {name}!",
    "{name}: good question. I am simulated, so I don't know.",
    "Well said, {name}.",
    "{name}, try to moderate us: the console has this room too.",
    "I hear you, {name}.",
]
NEWS = [
    {"title": "Timed metadata", "text": "This card came by PutMetadata, with its moment of the stream."},
    {"title": "Score", "text": "Bars 2 : 1 Tones"},
    {"title": "Question", "text": "Who is first to write in the chat?"},
    {"text": "Everyone sees this with the same picture, however far behind."},
]
PAUSE_S = (7, 18)
NEWS_EVERY_S = 9


class Life:
    """What goes on beside the picture, in threads of its own."""

    def __init__(self, chat, ivs, room: str, channel: str, address: str):
        self._chat, self._ivs = chat, ivs
        self._room, self._channel, self._address = room, channel, address
        self._over = threading.Event()
        people = [threading.Thread(target=self._live, args=(*one,), daemon=True) for one in PEOPLE]
        self._threads = [*people, threading.Thread(target=self._announce, daemon=True)]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5)

    def _live(self, user: str, name: str) -> None:
        while not self._over.is_set():
            try:
                token = self._chat.create_chat_token(
                    roomIdentifier=self._room,
                    userId=user,
                    attributes={"displayName": name, "role": "simulated"},
                    capabilities=["SEND_MESSAGE"],
                    sessionDurationInMinutes=180,
                )["token"]
                with connect(f"ws://{self._address}", subprotocols=[token], compression=None, proxy=None) as line:
                    self._talk(line, user)
            except Exception:  # Whatever is wrong with the line or the server, the next one may be better.
                self._over.wait(3)

    def _talk(self, line, user: str) -> None:
        say: Callable[[str], None] = lambda text: line.send(json.dumps({"Action": "SEND_MESSAGE", "Content": text}))
        remark = time.monotonic() + random.uniform(1, PAUSE_S[1])
        while not self._over.is_set():
            if time.monotonic() >= remark:
                remark = time.monotonic() + random.uniform(*PAUSE_S)
                say(random.choice(REMARKS))
            try:
                # Not for long, so that the end of all is not waited for.
                frame = json.loads(line.recv(timeout=1))
            except TimeoutError:
                continue
            person = self._person(frame)
            # One of the two answers whoever is no simulation.
            if person and self._is_mine(frame, user) and not self._over.wait(random.uniform(1, 3)):
                say(random.choice(ANSWERS).format(name=person)[:500])

    @staticmethod
    def _person(frame: dict) -> str | None:
        """Who wrote it, unless they are simulated."""
        sender = frame.get("Sender") or {}
        if frame.get("Type") != "MESSAGE" or sender.get("UserId") in dict(PEOPLE):
            return None
        return (sender.get("Attributes") or {}).get("displayName") or sender.get("UserId")

    @staticmethod
    def _is_mine(frame: dict, user: str) -> bool:
        turn = sum(frame["Id"].encode()) % len(PEOPLE)
        return PEOPLE[turn][0] == user

    def _announce(self) -> None:
        turn = 0
        while not self._over.wait(NEWS_EVERY_S):
            try:
                self._ivs.put_metadata(channelArn=self._channel, metadata=json.dumps(NEWS[turn % len(NEWS)]))
                turn += 1
            except Exception:  # The channel may not be on air yet, or for a moment.
                continue
