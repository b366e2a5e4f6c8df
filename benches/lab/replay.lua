-- wrk's script: sends the requests of a file over and over, and tells how it went.
--
-- Arguments after `--`: the file, and how many milliseconds each connection pauses between an answer and its
-- next request. The file holds whole HTTP requests, each behind a line with its length in bytes. Promise: what is sent is byte for byte what the file holds.

local requests, turn, pause = {}, 0, 0

function init(args)
   local file = assert(io.open(args[1], "rb"))
   while true do
      local length = file:read("*l")
      if not length then break end
      requests[#requests + 1] = file:read(tonumber(length))
   end
   file:close()
   pause = tonumber(args[2])
   -- wrk looks for a function of this name; without one it never waits.
   if pause > 0 then delay = function() return pause end end
end

function request()
   turn = turn % #requests + 1
   return requests[turn]
end

function done(summary, latency, _)
   local errors = summary.errors
   local lost = errors.connect + errors.read + errors.write + errors.timeout
   io.write(string.format(
      'RESULT {"requests": %d, "refused": %d, "lost": %d, "bytes": %d, "micros": %d, "median": %d, "p99": %d}\n',
      summary.requests, errors.status, lost, summary.bytes, summary.duration,
      latency:percentile(50), latency:percentile(99)))
end
