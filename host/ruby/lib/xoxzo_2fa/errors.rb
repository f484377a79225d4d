# frozen_string_literal: true

module Xoxzo2fa
  # An operation that did not do what was asked. It holds no PIN, token, key or full number.
  class Error < StandardError
    # `wrong-pin`, `expired`, `locked` ...: the same on every host.
    attr_reader :code
    # One line for a log, in English, not for users.
    attr_reader :detail
    # Tries that the challenge still has, with `wrong-pin`.
    attr_reader :guesses_left
    # Seconds until trying again can work. Nil where waiting does not help.
    attr_reader :retry_after
    # Seconds until the token expires, where it was valid.
    attr_reader :expires_in
    # For operators. Nil where the engine could not be asked, or is a server's.
    attr_reader :audit

    def initialize(code, detail, guesses_left: nil, retry_after: nil, expires_in: nil, audit: nil)
      super("#{code}: #{detail}")
      @code = code
      @detail = detail
      @guesses_left = guesses_left
      @retry_after = retry_after
      @expires_in = expires_in
      @audit = audit
    end

    # The party that has to act: `misuse`, `refuse` or `upstream`.
    def blame = self.class.name.split("::").last.downcase

    # Says the failure to the user, in `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`.
    def explain(locale) = (@explainer || Xoxzo2fa).explain(code, locale, guesses_left:, retry_after:)

    # Sets the client that explains the failure, in place of the library.
    def explained_by(client)
      @explainer = client
      self
    end
  end

  # The program has wrong settings, or an argument that no user can cause. Fix it.
  class Misuse < Error; end

  # A wrong code, an expired token, a limit. Show what `explain` says.
  class Refuse < Error; end

  # Xoxzo, the network, the guard, the clock or the engine. Nobody got in. Raise an alarm.
  class Upstream < Error; end

  # The errors by their blame.
  BLAMES = { "misuse" => Misuse, "refuse" => Refuse, "upstream" => Upstream }.freeze
  private_constant :BLAMES
end
