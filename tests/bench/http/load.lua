-- For wrk: whole files, ranges at random places ("range SPAN SIZE"), or a new connection each time ("close").
-- At the end it prints requests, bytes, microseconds and errors in one line.
local span, size

function init(arguments)
    if arguments[1] == "range" then
        span, size = tonumber(arguments[2]), tonumber(arguments[3])
    elseif arguments[1] == "close" then
        wrk.headers["Connection"] = "close"
    end
end

function request()
    if span then
        local first = math.random(0, span - size)
        wrk.headers["Range"] = string.format("bytes=%d-%d", first, first + size - 1)
    end
    return wrk.format()
end

function done(summary)
    local errors = summary.errors
    local all = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    print(string.format("figures %d %d %d %d", summary.requests, summary.bytes, summary.duration, all))
end
