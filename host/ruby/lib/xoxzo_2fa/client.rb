# frozen_string_literal: true

require "json"

module Xoxzo2fa
  # Does the operations. Any number of threads may use one, and one is enough for a process.
  #
  # Processes that are forked may use it with SQLite or Redis. Counters in memory are the parent's: in a child each operation raises Upstream.
  class Client
    include Functions

    # The settings in effect, defaults filled in, as JSON without secrets.
    attr_reader :effective_settings
    # A sentence each on settings that are allowed but unwise.
    attr_reader :warnings

    # Checks the settings, tests the store and sets up the engine: some milliseconds where `make install` compiled it, otherwise about a second.
    #
    # - settings: the JSON text that wit/settings.schema.json describes. For a secret there may stand `{"env": NAME}` or `{"file": PATH}`
    # - store: `memory`, for one process; `sqlite:PATH`, for all processes of one machine; or the URL of a Redis or Valkey server
    # - audit: is called with each operation that ended, a Hash as in wit/SPEC.md, "Events". Nothing in it is personal
    # - logger: a Logger, or what has its methods, which takes the same as a line of JSON. A warning is what operators should look at
    def initialize(settings, store:, audit: nil, logger: nil)
      failure = Library::Failure.new
      @listeners = [audit, logger && Answer.logging(logger)].compact
      @kept = { settings: FFI::MemoryPointer.from_string(settings) }
      opened = Library.x2f_store_open(store, failure)
      raise Answer.failed(Library.told(failure)) if opened.null?

      @store = FFI::AutoPointer.new(opened, Library.method(:x2f_store_close))
      opened_by(failure) { |options| options[:store] = @store }
    end

    # Makes a code and sends it to the recipient.
    def start(user, sending = Sending.new) = challenged(start: { binding: user.to_question, sending: sending.to_question, audit: true })

    # Sends the code of a challenge again, or says it in a call. Token, code, life and guesses stay as they are. Call it only when the user asks.
    def resend(token, user, sending = Sending.new)
      challenged(resend: { token: Answer.typed(token), binding: user.to_question, sending: sending.to_question, audit: true })
    end

    # Checks the code that the user typed. A challenge is accepted at most once: do not repeat a call whose answer was lost.
    #
    # `client` is the user's address, which the setting `failures.per_client` requires.
    def verify(token, user, pin, client: nil)
      question = { token: Answer.typed(token), binding: user.to_question, pin: Answer.typed(pin), client:, audit: true }.compact
      Answer.record(Acceptance, ask({ verify: question }, "accepted"), subject: user.subject)
    end

    # Asks Xoxzo for the delivery of a message: at most once in 5 s for each message, and for one day.
    def status(handle) = Answer.record(Report, ask({ status: { handle: Answer.typed(handle), audit: true } }, "reported"))

    # Returns the texts of a purpose in each language.
    def preview(purpose = nil, transaction: nil)
      question = { purpose:, transaction: transaction&.to_question }.compact
      ask({ preview: question }, "previews")["previews"].map { |each| Answer.record(MessagePreview, each) }
    end

    # Computes an index of a phone number: 22 characters, the same for the same `guard.key`. With it a service finds out whether a number is
    # registered, and by whom, without storing the number in the clear.
    def number_index(recipient) = ask({ index_of: { recipient: } }, "number_index")["index"]

    # Tests the store as at the start, and compares its clock with the host's: for the health check of a service. It charges no user, asks Xoxzo nothing and
    # makes no event. Raises `Upstream` with the code `guard` or `clock`. A client of a server asks that whether its store answers.
    def ready
      ask({ ready: {} }, "ready")
      nil
    end

    # Computes the pseudonyms that events have of a user and their number, for a search in logs.
    def trail(subject, recipient) = Answer.record(Trail, ask({ trail_of: { subject:, recipient: } }, "trail"))

    # Looks up the counters that could refuse a user. The operator is the name in the event, and `client` the user's address.
    def limits(operator, subject, recipient, client: nil)
      question = { operator:, subject:, recipient:, client:, audit: true }.compact
      found = ask({ limits: question }, "limits")
      Limits.new(limits: found["limits"].map { |each| Answer.record(Limit, each) }.freeze, audit: Answer.audit(found["audit"]))
    end

    # Clears the counters that lock out a user. Verify who asks: the operator is the name in the event.
    def unlock(operator, subject, recipient)
      Answer.record(Unlocked, ask({ unlock: { operator:, subject:, recipient:, audit: true } }, "unlocked"))
    end

    # Asks Xoxzo for the balance of the account.
    def credits(operator) = Answer.record(Credits, ask({ credits: { operator:, audit: true } }, "credits"))

    def inspect = "#<#{self.class.name} #{effective_settings}>"

    private

    # Opens the client with options that the block completes.
    def opened_by(failure)
      options = Library::Options.new
      options[:settings] = @kept[:settings]
      yield options
      opened = Library.x2f_open(options, failure)
      raise Answer.failed(Library.told(failure)) if opened.null?

      @client = FFI::AutoPointer.new(opened, Library.method(:x2f_close))
      @effective_settings = Library.x2f_effective(@client).force_encoding(Encoding::UTF_8).freeze
      @warnings = warned
    ensure
      @kept[:settings].clear
    end

    def warned
      sentences = []
      while (sentence = Library.x2f_warning(@client, sentences.length))
        sentences << sentence.force_encoding(Encoding::UTF_8).freeze
      end
      sentences.freeze
    end

    def challenged(question) = Answer.record(Challenge, ask(question, "challenged"))

    def ask(question, kind)
      fields = question.values.first
      # What has an audit is an operation, and has an event.
      fields[:event] = true if @listeners&.any? && fields[:audit]
      answer = Library.ask(@client, question)
      event = answer.values.first.delete("event")
      tell(event) if event
      Answer.of(answer, kind)
    end

    # What was done stays so, whatever becomes of its event.
    def tell(event)
      @listeners.each do |listener|
        listener.call(event)
      rescue StandardError => e
        warn("xoxzo-2fa: a listener raised #{e.class}")
      end
    end
  end
end
