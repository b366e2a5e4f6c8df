// Plain broadcast on Node with the package `ws`: what one client says, all hear.
// Promise: does nothing else; prints its port when it listens.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 });
server.on("connection", (socket) => {
  // A client that was cut is no reason to end.
  socket.on("error", () => {});
  socket.on("message", (data) => {
    for (const client of server.clients) client.send(data, { binary: false });
  });
});
server.on("listening", () => console.log(server.address().port));
process.on("SIGTERM", () => process.exit(0));
