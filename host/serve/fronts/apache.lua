-- Asks xoxzo-2fa-serve about a request: the function `check` is for LuaHookAccessChecker of Apache, and needs LuaSocket. The variable XOXZO_2FA_SOCKET
-- is the path of the server's socket. A request that may reach the application gets the header x-2fa-receipt. Any other answer is given to the client.
-- After an error Apache answers 500.

local unix = require "socket.unix"

local PATIENCE = 10 -- Seconds. A check waits for nothing but the counters.

-- Headers of one connection or body, and those that this action writes itself.
local OWN = {
    ["connection"] = true, ["content-length"] = true, ["date"] = true, ["expect"] = true, ["host"] = true, ["keep-alive"] = true,
    ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true,
    ["x-forwarded-uri"] = true, ["x-forwarded-method"] = true, ["x-2fa-client"] = true,
}

local function ask(r)
    local lines = {
        "GET /check HTTP/1.1", "host: gate", "connection: close", "x-forwarded-uri: " .. r.unparsed_uri, "x-forwarded-method: " .. r.method,
        "x-2fa-client: " .. r.useragent_ip,
    }
    for name, value in pairs(r:headers_in_table()) do
        if not OWN[name:lower()] then table.insert(lines, name .. ": " .. value) end
    end
    local server = assert(unix())
    server:settimeout(PATIENCE)
    assert(server:connect(r.subprocess_env["XOXZO_2FA_SOCKET"]))
    assert(server:send(table.concat(lines, "\r\n") .. "\r\n\r\n"))
    local answer = assert(server:receive("*a"))
    server:close()
    return assert(answer:match("^HTTP/1.1 (%d%d%d)[^\r]*\r\n(.-\r\n)\r\n(.*)$"))
end

function check(r)
    -- The gate's own pages, in the one spelling that leads there.
    if r.unparsed_uri:gsub("%?.*", ""):match("^/%.2fa/[%l-]*$") then return apache2.DECLINED end
    -- Apache has joined repeated headers with commas. Gate and app must read the same cookies in them.
    local cookies = r.headers_in["Cookie"]
    if cookies then r.headers_in["Cookie"] = cookies:gsub(", ", "; ") end
    local status, head, body = ask(r)
    local receipt = head:match("x%-2fa%-receipt: ([^\r]*)\r\n")
    if status == "200" and receipt then
        r.headers_in["X-2fa-Receipt"] = receipt
        return apache2.OK
    end
    r.status = status == "200" and 503 or tonumber(status)
    for name, value in head:gmatch("([^:\r\n]+): ([^\r]*)\r\n") do
        if name == "content-type" then r.content_type = value elseif not OWN[name] then r.err_headers_out[name] = value end
    end
    r:write(body)
    -- Before the request's body, which may be long.
    r:flush()
    return apache2.DONE
end
