# The requests of Xoxzo's client for Ruby (xoxzo-cloudruby) and the expectations of its specs, by their names. It follows redirects with
# its credentials, leaves out the last slash of a status, and takes a body that is not JSON for {}.

require 'json'
require 'net/http'
require 'time'

BASE = URI(ENV.fetch('XOXZO_BASE_URL'))
RECIPIENT = '+819012345678'.freeze
CALLER = '810812345678'.freeze
ACTION = 'http://example.com/dummy_action'.freeze

# Sends a request. Returns the status and the decoded body.
def ask(method, path, form = nil)
  request = Net::HTTP.const_get(method).new(path, 'accept' => 'application/json')
  request.basic_auth(ENV.fetch('XOXZO_API_SID'), ENV.fetch('XOXZO_API_AUTH_TOKEN'))
  request.set_form_data(form) if form
  answer = Net::HTTP.start(BASE.host, BASE.port, nil) { |http| http.request(request) }
  return ask(method, answer['location']) if answer.is_a?(Net::HTTPMovedPermanently)

  [answer.code.to_i, parsed(answer.body)]
end

def parsed(body)
  JSON.parse(body)
rescue JSON::ParserError
  {}
end

def expect(holds, told)
  raise "unexpected: #{told}" unless holds
end

# Checks the answer to what was sent, and its status.
def taken(answer, id, status)
  code, told = answer
  expect(code == 201 && told[0].key?(id), answer)
  state = ask(:Get, status + told[0][id])
  expect(state[0] == 200 && state[1].key?(id) && state[1].key?('cost'), state)
end

def call(what)
  ask(:Post, '/voice/simple/playbacks/', { 'caller' => CALLER, 'recipient' => RECIPIENT }.merge(what))
end

def listed(answer)
  code, messages = answer
  expect(code == 200 && messages[0].key?('cost'), answer)
end

def dins(query)
  answer = ask(:Get, "/voice/dins/#{query}")
  expect(answer[0] == 200 && answer[1][0].key?('monthly_cost'), answer)
  answer[1]
end

def subscriptions
  code, all = ask(:Get, '/voice/dins/subscriptions/')
  expect(code == 200, all)
  all
end

def din
  before = subscriptions.length
  uid = dins('')[0]['din_uid']
  own = -> { subscriptions.select { |one| one['din_uid'] == uid } }
  expect(ask(:Post, '/voice/dins/subscriptions/', 'din_uid' => uid)[0] == 201, uid)
  expect(subscriptions.length == before + 1 && own.call.length == 1, subscriptions)
  path = "/voice/dins/subscriptions/#{uid}/"
  expect(ask(:Post, path, 'action_url' => ACTION)[0] == 200, uid)
  expect(own.call[0]['action']['url'] == ACTION, own.call)
  expect(ask(:Delete, path)[0] == 200, uid)
  expect(subscriptions.length == before && own.call.empty?, subscriptions)
end

def sms(recipient)
  ask(:Post, '/sms/messages/', 'message' => 'こんにちは Ruby', 'recipient' => recipient, 'sender' => '8108012345678')
end

TESTS = {
  'has a version number' => 'cannot pass: it is about the library, which is not used here',
  'send sms success and get sent status' => -> { taken(sms(RECIPIENT), 'msgid', '/sms/messages/') },
  'send sms fail, bad recipient format' => lambda {
    code, told = sms('+0808012345678')
    expect(code == 400 && told.key?('recipient'), told)
  },
  'get sms status fail, bad msgid' => -> { expect((told = ask(:Get, '/sms/messages/0123456789')) == [404, {}], told) },
  'get sent sms list all' => -> { listed(ask(:Get, '/sms/messages/')) },
  'get sent sms list with specific date' => lambda {
    listed(ask(:Get, "/sms/messages/?sent_date%3E=#{(Time.now.utc - (30 * 86_400)).strftime('%F')}"))
  },
  'simple voice playback success' => lambda {
    taken(call('recording_url' => 'https://example.com/hello-mp3'), 'callid', '/voice/calls/')
  },
  'tts playback success' => -> { taken(call('tts_message' => 'Hello', 'tts_lang' => 'en'), 'callid', '/voice/calls/') },
  'get simple playback status fail' => lambda {
    expect((told = ask(:Get, '/voice/calls/dabd8e76-390f-421c-87b5-57f31339d0c5')) == [404, {}], told)
  },
  'get din list success 01' => -> { dins('') },
  'get din list success 02' => -> { dins('?country=JP') },
  'get din list success 03' => -> { dins('?prefix=813') },
  'get din list, subscribe, unsubscribe success' => -> { din }
}.freeze

TESTS.each do |name, test|
  next puts("#{name}: #{test}") if test.is_a?(String)

  begin
    test.call
    puts "#{name}: ok"
  rescue StandardError => e
    puts "#{name}: #{e.message.tr("\n", ' ')}"
  end
end
