"""What the black-box tests stand on: the server as a process, encoders, viewers, a browser.

Promise: nothing here looks inside the server; all of it uses the doors that users have.
"""
