# frozen_string_literal: true

# A login by hand-written HMAC, for comparison: a keyed hash of the user, the phone, the expiry and the code is the token.
#
# It has no limit across challenges, of messages or of cost, and forgets its counters with the process.

require "openssl"
require "securerandom"
require_relative "measure"

# A login without an engine.
class Handmade
  LIFE = 90
  GUESSES = 5
  USED = 1 << 20

  def initialize
    @key = SecureRandom.bytes(32)
    @guesses = Hash.new(0)
    @messages = []
    @back = 0
  end

  def locks? = false

  # An altered token looks like a wrong PIN.
  def altered = "wrong-pin"

  def user(number, **) = ["user-#{number}", format("+8190%08d", number)]

  def start(user)
    pin = format("%06d", SecureRandom.random_number(1_000_000))
    expiry = now + LIFE
    @messages << pin
    "#{expiry}.#{hashed(user, expiry, pin)}"
  end

  def verify(token, user, pin)
    parts = /\A([0-9]+)\.([0-9a-f]{64})\z/.match(token) or return "invalid-token"
    return "malformed" unless pin.match?(/\A[0-9]{6}\z/)
    return "expired" if now >= parts[1].to_i

    tried = @guesses[token]
    return tried >= USED ? "used" : "exhausted" if tried >= GUESSES

    @guesses[token] = tried + 1
    return "wrong-pin" unless OpenSSL.fixed_length_secure_compare(parts[2], hashed(user, parts[1].to_i, pin))

    @guesses[token] = USED
    ""
  end

  def sent
    sent = @messages
    @messages = []
    sent
  end

  def turn_back(seconds) = @back = seconds

  private

  def hashed(user, expiry, pin) = OpenSSL::HMAC.hexdigest("SHA256", @key, [*user, expiry, pin].join("|"))

  def now = Time.now.to_i - @back
end

# The settings are of no use to it.
$stdin.gets
Measure.new(Handmade.new).answer
