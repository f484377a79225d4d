# frozen_string_literal: true

require "json"
require "net/http"
require "uri"

require_relative "../xoxzo_2fa"

module Xoxzo2fa
  # For tests of services: the sandbox of the command line, a Xoxzo on a loopback port that sends nothing.
  #
  #   Xoxzo2fa::Testing.sandbox do |xoxzo|
  #     client = Xoxzo2fa::Client.new(xoxzo.settings, store: "memory")
  #     challenge = client.start(user)
  #     client.verify(challenge.token, user, xoxzo.pin(user.recipient))
  #   end
  module Testing
    # Starts a sandbox, and ends it with the block. `XOXZO_2FA_CLI` is the command, `xoxzo-2fa` by default.
    def self.sandbox(*arguments)
      command = ENV.fetch("XOXZO_2FA_CLI", "xoxzo-2fa").split
      IO.popen([*command, "sandbox", "--json", "--pace", "0", *arguments]) do |told|
        account = told.gets or raise "#{command.join(' ')} sandbox did not start"
        begin
          yield Sandbox.new(JSON.parse(account))
        ensure
          Process.kill(:TERM, told.pid)
        end
      end
    end

    # An account of the sandbox, and its users' phones.
    class Sandbox
      attr_reader :url

      def initialize(account)
        @url, @sid, @auth_token = account.values_at("url", "sid", "auth_token")
      end

      # Returns settings in test mode, as JSON, whose messages come here, with keys of their own. The changes replace fields.
      def settings(**changes)
        JSON.generate({
          version: 1, audience: "test", service: "Test Shop", destinations: ["JP-mobile"], test: true,
          keys: [Xoxzo2fa.keygen], guard: { key: Xoxzo2fa.keygen },
          xoxzo: { base_url: @url, sid: @sid, auth_token: @auth_token, sender: "Test" }
        }.merge(changes))
      end

      # Returns the messages to a number, each a Hash with its text in `body`, the last at the end.
      def inbox(recipient)
        JSON.parse(Net::HTTP.get(URI("#{@url}/_sandbox/inbox?#{URI.encode_www_form(recipient:)}")))
      end

      # Returns the code in the last message to a number.
      def pin(recipient)
        message = inbox(recipient).last or raise "no message arrived"
        message["body"][/(?<![0-9.,])[0-9]{6,10}(?![0-9]|[.,][0-9])/] or raise "there is no code in the message"
      end

      def inspect = "#<#{self.class.name} #{@url}>"
    end
  end
end
