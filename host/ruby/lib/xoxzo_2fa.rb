# frozen_string_literal: true

# SMS two-factor authentication through Xoxzo.
#
#   client = Xoxzo2fa::Client.new(settings, store: "redis://127.0.0.1")
#   challenge = client.start(user)                      # keep challenge.token in the session
#   acceptance = client.verify(token, user, params["pin"]) # then sign in acceptance.subject
#
# An operation returns what was asked for, or raises Misuse, Refuse or Upstream. The rules, limits and texts are the engine's, the same in every
# language.
module Xoxzo2fa
  # Loaded when it is first called, since a client of a server does without.
  autoload :Library, "xoxzo_2fa/library"
end

require_relative "xoxzo_2fa/records"
require_relative "xoxzo_2fa/errors"
require_relative "xoxzo_2fa/functions"
require_relative "xoxzo_2fa/client"
require_relative "xoxzo_2fa/remote"
