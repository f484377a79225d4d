# frozen_string_literal: true

require "json"
require "net/http"
require "uri"

module Xoxzo2fa
  # A client of a server, `xoxzo-2fa-serve rest`, which has the settings, the keys and the counters. It does without the library for C.
  #
  # Any number of threads and forked processes may use one. Each operation has a connection of its own, and is sent once. It goes through no proxy.
  class Remote < Client
    # The fields of an answer without which it is none, by kind. The server makes no keys and signs nothing, and is sent no key for that.
    ANSWERS = {
      "challenged" => { "token" => String, "masked" => String, "expires_in_seconds" => Integer, "resend_after_seconds" => Integer, "delivery" => String },
      "accepted" => { "subject" => String, "receipt" => String, "expires_in_seconds" => Integer },
      "reported" => { "delivery" => String, "detail" => String },
      "previews" => { "previews" => Array },
      "number_index" => { "index" => String },
      "trail" => { "subject" => String, "recipient" => String, "calling_code" => String },
      "limits" => { "limits" => Array },
      "unlocked" => { "failures" => Integer, "subject_failures" => Integer, "messages" => Integer },
      "credits" => { "credits" => Integer },
      "explanation" => { "text" => String, "offers" => Array },
      "claims" => { "id" => String, "audience" => String, "purpose" => String, "test" => [TrueClass, FalseClass], "issued_at_seconds" => Integer,
                    "expires_at_seconds" => Integer },
      "token_info" => { "key_id" => String, "digits" => Integer, "issued_at_seconds" => Integer, "expires_at_seconds" => Integer }
    }.freeze
    FAILURE = { "blame" => String, "code" => String, "detail" => String }.freeze
    # Bytes of an answer.
    MOST = 1 << 20
    private_constant :ANSWERS, :FAILURE, :MOST

    # - origin: such as `http://127.0.0.1:9120`
    # - key: that of this caller, with the rights `send` and `verify`, and `operate` for `limits`, `unlock`, `credits`, `preview`, `trail`, `number_index` and
    #   `inspect_token`. The server knows operators by their key
    #
    # `effective_settings` is nil and `warnings` is empty. So is the `audit` of an answer, but in the operations for operators.
    def initialize(origin, key:) # rubocop:disable Lint/MissingSuper
      @uri = URI(origin)
      raise Misuse.new("request", "the origin has more than scheme, host and port") unless @uri.is_a?(URI::HTTP) && bare?
      raise Misuse.new("request", "the key is not printable ASCII") unless key.to_s.match?(/\A[!-~]+\z/)

      @key = key
      @warnings = [].freeze
    rescue URI::InvalidURIError
      raise Misuse.new("request", "the origin is no URL")
    end

    def inspect = "#<#{self.class.name} #{@uri}>"

    private

    def bare? = @uri.host && @uri.userinfo.nil? && ["", "/"].include?(@uri.path) && @uri.query.nil? && @uri.fragment.nil?

    def ask(question, kind)
      return asked_whether_ready if kind == "ready"
      raise Misuse.new("request", "a server makes no keys") unless ANSWERS.key?(kind)

      function, fields = question.first
      mine = fields.key?(:operator) ? fields.except(:operator) : fields.except(:audit)
      answer = answered(*post(function, JSON.generate(mine)))
      answer.fetch(kind, {})["audit"] ||= {} if fields.key?(:audit)
      Answer.of(answer, kind)
    rescue JSON::GeneratorError
      # Without its cause, which quotes the argument.
      raise Misuse.new("request", "an argument is not UTF-8"), cause: nil
    rescue Error => e
      raise e.explained_by(self)
    end

    # Reads an answer of one kind, whose fields have their types. Nothing but a failure comes with another status than 200.
    def answered(status, body)
      answer = JSON.parse(body)
      (kind, fields), *more = answer.to_a if answer.is_a?(Hash)
      needed = kind == "failure" ? FAILURE : (ANSWERS[kind] if status == "200")
      whole = needed && more.empty? && fields.is_a?(Hash) && needed.all? { |name, types| [*types].any? { |type| fields[name].is_a?(type) } }
      whole ? answer : raise(unanswered("status #{status}, and no answer of the service"))
    rescue JSON::ParserError
      raise unanswered("status #{status}, and an answer that is no JSON")
    end

    # Sends a question once. Returns the status and the body.
    def post(function, body)
      request = Net::HTTP::Post.new("/v1/#{function}", "Authorization" => "Bearer #{@key}", "Content-Type" => "application/json",
                                                       "Accept-Encoding" => "identity")
      request.body = body
      exchanged(request)
    end

    # Asks whether the server's store answers, which takes no key.
    def asked_whether_ready
      status, = exchanged(Net::HTTP::Get.new("/ready", "Accept-Encoding" => "identity"))
      return {} if status == "200"

      raise status == "503" ? Upstream.new("guard", "the service is not ready") : unanswered("status #{status}")
    end

    def exchanged(request)
      read = +""
      response = connection.start { |http| http.request(request) { |each| each.read_body { |part| kept(read, part) } } }
      [response.code, read.force_encoding(Encoding::UTF_8)]
    rescue SystemCallError, IOError, SocketError, OpenSSL::SSL::SSLError, Net::OpenTimeout, Net::WriteTimeout, Net::ReadTimeout,
           Net::ProtocolError, Net::HTTPBadResponse, Net::HTTPHeaderSyntaxError => e
      raise unanswered(e.class.name)
    end

    def connection
      http = Net::HTTP.new(@uri.hostname, @uri.port, nil)
      http.use_ssl = @uri.scheme == "https"
      http.max_retries = 0
      http.open_timeout = http.write_timeout = 10
      # An operation that waits for Xoxzo ends within some 40 seconds.
      http.read_timeout = 45
      http
    end

    def kept(read, part)
      raise unanswered("an answer of over #{MOST} bytes") if read.bytesize + part.bytesize > MOST

      read << part
    end

    def unanswered(cause) = Upstream.new("plugin", "the service: #{cause}")
  end
end
