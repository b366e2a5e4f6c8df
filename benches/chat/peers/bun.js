// Plain broadcast on Bun, which has uWebSockets inside: what one client says, all hear.
// Promise: does nothing else; prints its port when it listens.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("a WebSocket only", { status: 426 })),
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 255,
    sendPings: true,
    open: (socket) => socket.subscribe("room"),
    message: (_, text) => server.publish("room", text),
  },
});
console.log(server.port);
process.on("SIGTERM", () => process.exit(0));
