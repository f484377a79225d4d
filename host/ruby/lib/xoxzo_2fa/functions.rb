# frozen_string_literal: true

require "json"

module Xoxzo2fa
  # Records of answers.
  module Answer
    # Reads an answer of one kind. Raises the error of a failure.
    def self.of(answer, kind)
      raise failed(answer["failure"]) if answer.key?("failure")
      raise Upstream.new("plugin", "the library's answer is none of the contract's") unless answer.keys == [kind]

      answer[kind]
    end

    # Makes the error of a failure.
    def self.failed(failure)
      spans = { retry_after: failure["retry_after_seconds"], expires_in: failure["expires_in_seconds"] }
      told = { guesses_left: failure["guesses_left"], audit: failure["audit"] && audit(failure["audit"]) }
      BLAMES.fetch(failure["blame"], Upstream).new(failure["code"], failure["detail"], **told, **spans)
    end

    # Makes a record of the fields that it has. Seconds are called without their unit, as everywhere in this package.
    def self.record(type, fields, **others)
      named = fields.transform_keys { |name| name.delete_suffix("_seconds").to_sym }
      named[:audit] = audit(named[:audit]) if named.key?(:audit)
      type.new(**named.slice(*type.members), **others)
    end

    def self.audit(fields)
      trail = fields["trail"] && record(Trail, fields["trail"])
      Audit.new(**fields.transform_keys(&:to_sym).slice(*Audit.members), trail:)
    end

    # Makes a listener that logs events.
    def self.logging(logger)
      lambda do |event|
        odd = event["alarm"] || !%w[ok refuse].include?(event["outcome"])
        line = JSON.generate(event)
        odd ? logger.warn("xoxzo-2fa") { line } : logger.info("xoxzo-2fa") { line }
      end
    end

    # What may come from a user. The engine refuses an empty text like any other that is wrong.
    def self.typed(text)
      text.is_a?(String) && text.bytesize <= 4096 ? text.dup.force_encoding(Encoding::UTF_8).scrub : ""
    end
  end
  private_constant :Answer

  # What needs no settings: functions of Xoxzo2fa, and of each client, which has a clock for receipts.
  module Functions
    # Says a failure to a user.
    def explain(code, locale, guesses_left: nil, retry_after: nil)
      question = { code:, locale:, guesses_left:, retry_after_seconds: retry_after }.compact
      told = ask({ explain: question }, "explanation")
      Explanation.new(text: told["text"], offers: told["offers"].freeze)
    end

    # Checks with receipt keys (`xoxzo-2fa keygen --receipt-for AUDIENCE`), at most 256, that a receipt is genuine, has not expired and is for the expected
    # values. Otherwise raises Refuse.
    def check_receipt(keys, receipt, expected)
      claims(ask({ check_receipt: { receipt_keys: keys, receipt: Answer.typed(receipt), expected: expected.to_question } }, "claims"))
    end

    # Reads the unauthenticated part of a token, for debugging. It proves nothing.
    def inspect_token(token)
      read = ask({ inspect: { token: Answer.typed(token) } }, "token_info")
      times = %w[issued_at expires_at].to_h { |name| [name.to_sym, Time.at(read["#{name}_seconds"])] }
      TokenInfo.new(key_id: read["key_id"], digits: read["digits"], **times)
    end

    # Makes a key for the settings.
    def keygen = ask({ keygen: {} }, "written_key")["key"]

    # Derives, from a key of the settings, the key by which another service checks receipts.
    def receipt_key(key, audience, test: false)
      ask({ receipt_key: { root_key: key, audience:, test: } }, "written_key")["key"]
    end

    # Derives, from a key of the gate's settings, the key by which a service signs requests to step up.
    def request_key(key, audience, test: false)
      ask({ request_key: { root_key: key, audience:, test: } }, "written_key")["key"]
    end

    # Signs a request to the gate to confirm a payment.
    def sign_request(request_key, step_up)
      ask({ sign_request: { request_key:, step_up: step_up.to_question } }, "signed_request")["request"]
    end

    private

    def claims(read)
      times = %w[issued_at expires_at].to_h { |name| [name.to_sym, Time.at(read["#{name}_seconds"])] }
      paid = read["transaction"] && Answer.record(Transaction, read["transaction"])
      Answer.record(Claims, read.except("issued_at_seconds", "expires_at_seconds", "transaction"), transaction: paid, **times)
    end
  end

  extend Functions

  def self.ask(question, kind) = Answer.of(Library.ask(nil, question), kind)
  private_class_method :ask
end
