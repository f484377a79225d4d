# frozen_string_literal: true

# The package behind a line of JSON for each call, for the tests that every host passes: tests/python/hosts.py says what a line means.

require "xoxzo_2fa"

# What stands around the client: guard, transport and clock, by callbacks. Programs use the library's own.
module Shell
  Library = Xoxzo2fa.const_get(:Library)

  Library.module_eval do
    attach_function :x2f_store_memory, %i[size_t pointer pointer], :pointer
    attach_function :x2f_store_add, %i[pointer pointer size_t pointer], :uint32
  end

  class Timer < FFI::Struct
    layout :nanoseconds, callback([:pointer], :uint64), :context, :pointer
  end

  class Charge < FFI::Struct
    layout :counter, :pointer, :group, :pointer, :amount, :int32, :limit, :uint32, :ttl_seconds, :uint32
  end

  class Total < FFI::Struct
    layout :total, :uint32, :ends_in_seconds, :uint32
  end

  class Totals < FFI::Struct
    layout :totals, :pointer, :count, :size_t, :now_seconds, :int64, :cause, [:char, 256]
  end

  class Header < FFI::Struct
    layout :name, :string, :value, :string
  end

  class Request < FFI::Struct
    layout :method, :string, :url, :string, :headers, :pointer, :header_count, :size_t, :body, :pointer, :body_length, :size_t,
           :timeout_milliseconds, :uint32
  end

  class Response < FFI::Struct
    layout :status, :uint16, :retry_after, [:char, 65], :body, [:char, 16_384], :body_length, :size_t, :cause, [:char, 256]
  end
end

# A client in a shell.
class Hooked < Xoxzo2fa::Client
  NO_ANSWER = { "not-sent" => 1, "unknown" => 2, "guard-unreachable" => 3, "guard-full" => 4 }.freeze

  attr_accessor :now, :ahead, :guard, :xoxzo
  attr_reader :requests, :events

  def self.new(...) = allocate.tap { |hooked| hooked.send(:prepare, ...) }

  def add(list)
    charges = FFI::MemoryPointer.new(Shell::Charge, list.length + 1)
    kept = list.each_with_index.map { |charge, at| fill(Shell::Charge.new(charges + (at * Shell::Charge.size)), charge) }
    totals = Shell::Totals.new
    totals[:totals] = found = FFI::MemoryPointer.new(Shell::Total, list.length + 1)
    answered = Shell::Library.x2f_store_add(@store, charges, kept.length, totals)
    raise "the guard gave no answer" unless answered.zero?

    made = Array.new(totals[:count]) { |at| Shell::Total.new(found + (at * Shell::Total.size)) }
    now = totals[:now_seconds]
    { totals: made.map { |it| { total: it[:total], ends_in_seconds: it[:ends_in_seconds] } }, now_seconds: now.negative? ? nil : now }
  end

  private

  def prepare(settings, now, scope)
    @now = now
    @ahead = 0
    @xoxzo = { "status" => 201, "body" => '[{"msgid":"m1"}]' }
    @requests = []
    @events = []
    @listeners = [->(event) { @events << event }]
    @kept = { settings: FFI::MemoryPointer.from_string(settings), hooks: }
    failure = Shell::Library::Failure.new
    timer = Shell::Timer.new
    timer[:nanoseconds] = @kept[:hooks][:nanoseconds]
    @store = FFI::AutoPointer.new(Shell::Library.x2f_store_memory(0, timer, failure), Shell::Library.method(:x2f_store_close))
    opened_by(failure) do |options|
      options[:scope] = scope == "shared" ? 1 : 0
      %i[add send seconds].each { |name| options[name] = @kept[:hooks][name] }
    end
  end

  def hooks
    {
      nanoseconds: proc { (@now * 1e9).to_i },
      seconds: proc { @now.to_i + @ahead },
      add: proc { |_, charges, count, totals| counted(charges, count, totals) },
      send: proc { |_, request, response| sent(Shell::Request.new(request), Shell::Response.new(response)) }
    }
  end

  def counted(charges, count, totals)
    return Shell::Library.x2f_store_add(@store, charges, count, totals) if @guard.nil?

    write(Shell::Totals.new(totals)[:cause], @guard["cause"])
    NO_ANSWER.fetch(@guard["no_answer"])
  end

  def sent(request, response)
    headers = Array.new(request[:header_count]) { |at| Shell::Header.new(request[:headers] + (at * Shell::Header.size)) }
    @requests << {
      method: request[:method], url: request[:url], headers: headers.to_h { |it| [it[:name], it[:value]] },
      body: request[:body].read_string(request[:body_length]).force_encoding("UTF-8"), timeout_milliseconds: request[:timeout_milliseconds]
    }
    if @xoxzo["no_answer"]
      write(response[:cause], @xoxzo["cause"])
      return NO_ANSWER.fetch(@xoxzo["no_answer"])
    end
    response[:status] = @xoxzo.fetch("status", 201)
    write(response[:retry_after], @xoxzo["retry_after"])
    response[:body_length] = write(response[:body], @xoxzo["body"], 16_384)
    0
  end

  # Writes a text as far as there is room, and returns its bytes.
  def write(field, text, room = field.size - 1)
    bytes = text.to_s.byteslice(0, room)
    field.to_ptr.put_bytes(0, bytes)
    bytes.bytesize
  end

  # A counter's name is 22 letters for any text.
  def fill(charge, fields)
    names = %w[counter group].map { |name| FFI::MemoryPointer.from_string(fields[name].to_s[0, 21].ljust(22, "A")) }
    charge[:counter], charge[:group] = names
    %w[amount limit ttl_seconds].each { |name| charge[name.to_sym] = fields[name] }
    names
  end
end

# Questions, and records as the contract names them.
module Conform
  SECONDS = %i[expires_in resend_after retry_after ends_in issued_at expires_at].freeze

  module_function

  def opened(asked)
    document = asked["document"].is_a?(String) ? asked["document"] : JSON.generate(asked["document"])
    @client = nil
    @client = if asked["own"]
                Xoxzo2fa::Client.new(document, store: asked["own"]["redis"] || "memory")
              else
                Hooked.new(document, asked["now"], scope(document))
              end
    { prepared: { effective: @client.effective_settings, warnings: @client.warnings } }
  end

  def scope(document)
    guard = JSON.parse(document)["guard"]
    guard["scope"] if guard.is_a?(Hash)
  rescue JSON::ParserError, TypeError, NoMethodError
    nil
  end

  def call(name, asked)
    case name
    when "open" then opened(asked)
    when "now", "ahead"
      @client.public_send("#{name}=", asked)
      { done: {} }
    when "xoxzo"
      @client.xoxzo = asked
      { done: {} }
    when "guard"
      @client.guard = asked == "memory" ? nil : asked
      { done: {} }
    when "add" then { counted: @client.add(asked["charges"]) }
    else operation(name, asked)
    end
  end

  def operation(name, asked)
    whose = asked.values_at("subject", "recipient")
    case name
    when "start" then { challenged: wire(@client.start(user(asked), sending(asked))) }
    when "resend" then { challenged: wire(@client.resend(asked["token"], user(asked), sending(asked))) }
    when "verify" then { accepted: wire(@client.verify(asked["token"], user(asked), asked["pin"], client: asked["client"])) }
    when "status" then { reported: wire(@client.status(asked["handle"])) }
    when "unlock" then { unlocked: wire(@client.unlock("conform", *whose)) }
    when "limits" then { limits: wire(@client.limits("conform", *whose, client: asked["client"])) }
    when "credits" then { credits: wire(@client.credits("conform")) }
    when "ready" then { ready: @client.ready.to_h }
    when "index_of" then { number_index: { index: @client.number_index(asked["recipient"]) } }
    when "inspect" then { token_info: wire(@client.inspect_token(asked["token"])) }
    when "explain" then { explanation: explained(asked) }
    when "check_receipt" then { claims: wire(@client.check_receipt(asked["receipt_keys"], asked["receipt"], record(Xoxzo2fa::Expected, asked["expected"]))) }
    else raise Xoxzo2fa::Misuse.new("request", "no such question")
    end
  end

  def explained(asked)
    left = { guesses_left: asked["guesses_left"], retry_after: asked["retry_after_seconds"] }
    wire(Xoxzo2fa::Refuse.new(asked["code"], "", **left).explain(asked["locale"]))
  end

  def user(asked) = record(Xoxzo2fa::Binding, asked["binding"])
  def sending(asked) = record(Xoxzo2fa::Sending, asked["sending"] || {})

  def record(type, fields)
    paid = fields["transaction"] && record(Xoxzo2fa::Transaction, fields["transaction"])
    type.new(**fields.transform_keys(&:to_sym), **(paid ? { transaction: paid } : {}))
  end

  def wire(value)
    case value
    when Struct then value.to_h.compact.to_h { |name, each| [SECONDS.include?(name) ? "#{name}_seconds" : name, wire(each)] }
    when Array then value.map { |each| wire(each) }
    when Time then value.to_i
    else value
    end
  end

  def failed(error)
    fields = { blame: error.blame, code: error.code, detail: error.detail, guesses_left: error.guesses_left,
               retry_after_seconds: error.retry_after, expires_in_seconds: error.expires_in, audit: wire(error.audit) }
    { failure: fields.compact }
  end

  def answer(line)
    ((name, asked),) = JSON.parse(line).to_a
    requests.clear
    events.clear
    call(name, asked)
  rescue Xoxzo2fa::Error => e
    failed(e)
  end

  def requests = @client.is_a?(Hooked) ? @client.requests : []
  def events = @client.is_a?(Hooked) ? @client.events : []
end

$stdout.sync = true
$stdin.each_line { |line| puts JSON.generate(Conform.answer(line).merge(requests: Conform.requests, events: Conform.events)) }
