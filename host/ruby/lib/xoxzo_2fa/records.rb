# frozen_string_literal: true

module Xoxzo2fa
  # Values with names. What holds a secret or a number is left out of `inspect`.
  module Record
    # Makes a class of immutable values, of which those in `hidden` are never printed.
    def self.of(*names, hidden: [], **defaults)
      Struct.new(*names, keyword_init: true) do
        define_method(:initialize) do |**given|
          missing = names - defaults.keys - given.keys
          raise ArgumentError, "missing: #{missing.join(', ')}" unless missing.empty?

          super(**defaults, **given)
          freeze
        end
        define_method(:inspect) do
          shown = to_h.map { |name, value| "#{name}=#{hidden.include?(name) && value ? '[hidden]' : value.inspect}" }
          "#<#{self.class.name} #{shown.join(' ')}>"
        end
        alias_method :to_s, :inspect
        # Pretty printers look into a Struct by themselves.
        define_method(:pretty_print) { |printer| printer.text(inspect) }

        # The fields for the engine, without those that are absent.
        define_method(:to_question) { to_h.compact.transform_values { |value| value.respond_to?(:to_question) ? value.to_question : value } }
      end
    end
  end

  # A payment that a challenge confirms: its `amount`, a canonical decimal with the decimals of the currency, such as `12.50`; its `currency`, an ISO 4217
  # code; and its `payee`, at most 40 characters.
  Transaction = Record.of(:amount, :currency, :payee)

  # The user and the act that a challenge is for. Take each field from the server's own records, at the start and at the check.
  #
  # - recipient: phone number in canonical E.164, such as `+819012345678`
  # - subject: the service's immutable internal id of the user, 1 to 128 bytes of printable ASCII without spaces
  # - purpose: one of the purposes in the settings
  # - session: the session that asked, in the same form as the subject. Without it a challenge is good in any session
  # - transaction: the payment that the code confirms
  Binding = Record.of(:recipient, :subject, :purpose, :session, :transaction,
                      hidden: %i[recipient session transaction], purpose: "login", session: nil, transaction: nil)

  # How a message goes out.
  #
  # - channel: `sms`, or for `resend` also `voice`, where the settings allow it
  # - locale: language of the text, such as `ja`. The settings' own if nil
  # - client: the user's address, IPv4 or IPv6. Settings with a cap per client require it
  # - decoy: do everything except sending, for forms that must not reveal whether an account exists
  Sending = Record.of(:channel, :locale, :client, :decoy, hidden: [:client], channel: "sms", locale: nil, client: nil, decoy: false)

  # A user and their number as keyed hashes, the same for the same `guard.key`, and the country code of the number.
  Trail = Record.of(:subject, :recipient, :calling_code)

  # What operators may see of an operation. Nothing in it is personal.
  #
  # - trail: nil for `status`, and where subject or recipient is malformed
  # - challenge_id: the same for each operation on one challenge
  # - message_id: Xoxzo's. Invented for a decoy
  # - decoy: leave the challenge out of metrics, or strangers can move them
  # - cause: why the guard or Xoxzo gave no readable answer. It begins with the kind of fault, such as `dns:`
  # - alarm: what operators should look at now: `failures`, `sends`, `clock` or `delivery`
  Audit = Record.of(:trail, :challenge_id, :message_id, :decoy, :cause, :alarm,
                    trail: nil, challenge_id: nil, message_id: nil, decoy: false, cause: nil, alarm: nil)

  # A code that was sent.
  #
  # - token: 80 characters. Give it to the user's session only
  # - masked: the number with all but the first two and the last two digits as `*`
  # - expires_in, resend_after: seconds
  # - delivery: `accepted`, or `unknown` if Xoxzo did not answer: the message may arrive, and the challenge is usable
  # - handle: the argument of `status`. Nil if the delivery is unknown
  # - parts: billed parts. Nil for a template and for a call
  Challenge = Record.of(:token, :masked, :expires_in, :resend_after, :delivery, :handle, :parts, :audit,
                        hidden: %i[token handle], handle: nil, parts: nil)

  # The proof that a code was right. Nothing else lets a user in.
  #
  # - subject: the user to sign in, that of the binding
  # - receipt: proof for another service, for `check_receipt`
  # - expires_in: life of the receipt in seconds
  Acceptance = Record.of(:subject, :receipt, :expires_in, :audit, hidden: [:receipt])

  # The delivery of a message: `queued`, `delivering`, `delivered`, `failed` or `unknown`; and Xoxzo's own name of the state, for a log.
  Report = Record.of(:delivery, :detail, :audit)

  # The counters that an unlock cleared: consecutive failures of the subject with the recipient, failures of the subject over all recipients, and messages, in
  # the present window.
  Unlocked = Record.of(:failures, :subject_failures, :messages, :audit)

  # A counter that could refuse a user, as it stands.
  #
  # - setting: path of the setting that limits it, such as `failures.soft`
  # - open: for purposes that strangers can start, which have counters or limits of their own
  # - ends_in: seconds. Nil where nothing is counted, and for `failures.hard`, which only a success or an unlock ends
  # - refuses: it refuses the next message or guess of this user
  Limit = Record.of(:setting, :open, :total, :most, :refuses, :ends_in, ends_in: nil)

  # The counters that could refuse a user.
  Limits = Record.of(:limits, :audit)

  # The balance of the account, in whole credits. Below 0 for an account that pays afterwards.
  Credits = Record.of(:credits, :audit)

  # The text of a message in one language, with 123456 for the code; its billed parts; and the words of a call.
  MessagePreview = Record.of(:locale, :text, :parts, :call)

  # A failure in words for the user: plain text, to be escaped in HTML like any other, and the actions that help, the best first: `try-again`, `resend`,
  # `start-again`, `wait`, `contact-support`.
  Explanation = Record.of(:text, :offers)

  # What a receipt must have been made for. Take each field from the checker's own records, never from what came with the receipt. A recipient of nil
  # accepts a receipt for any number.
  Expected = Record.of(:subject, :purpose, :recipient, :session, :transaction,
                       hidden: %i[recipient session transaction], recipient: nil, session: nil, transaction: nil)

  # What a receipt proves. Its `id` is unique: where a receipt must not be replayed, remember the id and accept it once. With `test` it proves nothing.
  Claims = Record.of(:id, :audience, :purpose, :test, :issued_at, :expires_at, :transaction, hidden: [:transaction], transaction: nil)

  # A payment that the gate is asked to confirm.
  StepUp = Record.of(:subject, :transaction, :session, hidden: %i[transaction session], session: nil)

  # The part of a token that anybody can read. None of it is authenticated.
  TokenInfo = Record.of(:key_id, :digits, :issued_at, :expires_at)
end
