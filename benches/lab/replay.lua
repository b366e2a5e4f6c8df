-- wrk's script: sends the requests of a file over and over, and tells how it went.
--
-- The argument after `--` is the file: whole HTTP requests, each behind a line with its length in bytes. Promise: what is sent is byte for byte what the file holds.

local requests, turn = {}, 0

function init(args)
   local file = assert(io.open(args[1], "rb"))
   while true do
      local length = file:read("*l")
      if not length then break end
      requests[#requests + 1] = file:read(tonumber(length))
   end
   file:close()
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
