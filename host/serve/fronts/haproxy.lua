-- Asks xoxzo-2fa-serve about a request: `http-request lua.xoxzo_2fa ADDRESS`, where ADDRESS is the server's, as HAProxy writes it, such as
-- unix@/run/xoxzo-2fa/serve.sock.
--
-- The variable txn.xoxzo_2fa_receipt is set if the request may reach the application, and in no other case: HAProxy goes on after an error in Lua, so
-- that the configuration must deny requests without it. Any other answer of the server is given to the client.

local PATIENCE = 10000 -- Milliseconds. A check waits for nothing but the counters.

-- Headers of one connection and of a body, which are not the check's or the answer's own.
local HOPS = {
    ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true, ["keep-alive"] = true, ["proxy-connection"] = true,
    ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true,
}

-- HAProxy's own tables of values begin at 0.
local function each(headers, take)
    for name, values in pairs(headers) do
        if not HOPS[name] then
            for at = 0, #values do
                if values[at] then take(name, values[at]) end
            end
        end
    end
end

local function asked(txn)
    local headers = {}
    each(txn.http:req_get_headers(), function(name, value)
        headers[name] = headers[name] or {}
        table.insert(headers[name], value)
    end)
    headers["host"] = {"gate"}
    headers["x-forwarded-uri"] = {txn.f:url()}
    headers["x-forwarded-method"] = {txn.f:method()}
    headers["x-2fa-client"] = {txn.f:src()}
    return headers
end

core.register_action("xoxzo_2fa", {"http-req"}, function(txn, address)
    txn:unset_var("txn.xoxzo_2fa_receipt")
    local answer = core.httpclient():get{url = "http://gate/check", dst = address, headers = asked(txn), timeout = PATIENCE}
    local receipt = answer.headers["x-2fa-receipt"]
    if answer.status == 200 and receipt then
        txn:set_var("txn.xoxzo_2fa_receipt", receipt[0])
        return
    end
    local reply = txn:reply{status = answer.status == 200 and 503 or answer.status, body = answer.body}
    each(answer.headers, function(name, value) reply:add_header(name, value) end)
    txn:done(reply)
end, 1)
