# frozen_string_literal: true

require "ffi"
require "json"

module Xoxzo2fa
  # The library for C, whose functions are documented in xoxzo_2fa_ffi.h. `XOXZO_2FA_LIBRARY` names another file.
  module Library
    extend FFI::Library
    ffi_lib ENV.fetch("XOXZO_2FA_LIBRARY", "libxoxzo_2fa.so.0.1")

    # x2f_failure, as far as it is read. A library and a package of different versions notice by its size.
    class Failure < FFI::Struct
      layout :size, :size_t, :blame, :uint32, :code, [:char, 24], :detail, [:char, 512],
             :guesses_left, :int64, :retry_after_seconds, :int64, :expires_in_seconds, :int64,
             :subject, [:char, 23], :recipient, [:char, 23], :calling_code, [:char, 4], :challenge_id, [:char, 12], :message_id, [:char, 65],
             :decoy, :bool, :cause, [:char, 801], :alarm, [:char, 12]

      def initialize
        super
        self[:size] = self.class.size
      end
    end

    callback :seconds, [:pointer], :int64
    callback :send, %i[pointer pointer pointer], :uint32
    callback :add, %i[pointer pointer size_t pointer], :uint32

    # x2f_options.
    class Options < FFI::Struct
      layout :size, :size_t, :settings, :pointer, :store, :pointer, :add, :add, :guard_context, :pointer, :scope, :uint32,
             :send, :send, :transport_context, :pointer, :seconds, :seconds, :clock_context, :pointer, :event, :pointer, :auditor_context, :pointer

      def initialize
        super
        self[:size] = self.class.size
      end
    end

    attach_function :x2f_store_open, %i[string pointer], :pointer, blocking: true
    attach_function :x2f_store_close, [:pointer], :void, blocking: true
    attach_function :x2f_open, %i[pointer pointer], :pointer, blocking: true
    attach_function :x2f_close, [:pointer], :void, blocking: true
    attach_function :x2f_effective, [:pointer], :string
    attach_function :x2f_warning, %i[pointer size_t], :string
    attach_function :x2f_call, %i[pointer pointer], :pointer, blocking: true
    attach_function :x2f_free, [:pointer], :void

    # Asks a question of wit/ASK.md, an object with one field, and returns the answer, likewise. The client may be nil.
    def self.ask(client, question)
      text = FFI::MemoryPointer.from_string(JSON.generate(question))
      answer = x2f_call(client, text)
      raise NoMemoryError if answer.null?

      begin
        JSON.parse(answer.read_string.force_encoding(Encoding::UTF_8))
      ensure
        x2f_free(answer)
      end
    rescue JSON::GeneratorError
      # Without its cause, which quotes the argument.
      raise Misuse.new("request", "an argument is not UTF-8"), cause: nil
    ensure
      text&.clear
    end

    # The failure to open a store or a client, as the engine tells one.
    def self.told(failure)
      blame = { 2 => "misuse", 3 => "refuse" }.fetch(failure[:blame], "upstream")
      audit = { "decoy" => false, "cause" => failure[:cause].to_s }.reject { |_, value| value == "" }
      { "blame" => blame, "code" => failure[:code].to_s, "detail" => failure[:detail].to_s, "audit" => audit }
    end
  end
  private_constant :Library
end
