-- Alerts as Prometheus sends them, `per` to a request; every one new, or a fixed set.
-- Arguments: per, "new" or "repeated", a seed that keeps runs apart.
local per, mode, seed, counter, prepared = 1, "new", "s", 0, {}

local function alert(name)
  return string.format(
    '{"labels":{"alertname":"HighErrorRate","instance":"%s","job":"checkout-api",' ..
    '"cluster":"eu-central-1","namespace":"payments","severity":"critical"},' ..
    '"annotations":{"summary":"Error rate of checkout is 31%%, normal is 0.3%%",' ..
    '"description":"More than five percent of requests failed for five minutes."},' ..
    '"startsAt":"%s","endsAt":"%s","generatorURL":"http://prometheus:9090/graph?g0"}',
    name, os.date("!%Y-%m-%dT%H:%M:%SZ", start), os.date("!%Y-%m-%dT%H:%M:%SZ", start + 3600))
end

local function body(first)
  local parts = {}
  for i = 0, per - 1 do parts[#parts + 1] = alert(seed .. "-" .. (first + i)) end
  return "[" .. table.concat(parts, ",") .. "]"
end

function init(args)
  per, mode, seed = tonumber(args[1]), args[2], args[3]
  start = os.time()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if mode == "repeated" then
    local requests = math.max(1, math.floor(1000 / per))
    for i = 0, requests - 1 do
      prepared[i] = wrk.format(nil, nil, nil, body(i * per))
    end
  end
end

function request()
  counter = counter + 1
  if mode == "repeated" then
    return prepared[counter % (#prepared + 1)]
  end
  return wrk.format(nil, nil, nil, body(counter * per))
end

function done(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect +
    summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, failed))
end
