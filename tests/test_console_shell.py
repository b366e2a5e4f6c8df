"""The frame of the console: signing in and out, places, looks, the keyboard.

Promise: what is tried is tried as people do it, by form, link and key.
"""

from harness.console import axe, console, shots


def test_a_key_signs_in_and_the_places_are_there(server):
    with console(server) as tab:
        tab.go("/channels")
        axe(tab)
        shots(tab, "channels")
